//! The sound server: PulseAudio, or PipeWire in its place.

use std::{
    env,
    future::pending,
    os::unix::net::UnixStream as BlockingStream,
    path::{Path, PathBuf},
    time::Duration,
};

use gst::prelude::*;
use tokio::{
    net::UnixStream,
    sync::Mutex,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{SourceError, devices::PROVIDER};

/// How often it is looked whether one that is away is back. Nobody is asked anything: a socket is opened and closed.
const LOOK: Duration = Duration::from_millis(500);

/// How long one may take to answer: as long as a pipeline may take to its state. One that is well takes some ms, and one
/// that is begun by being asked some seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Whether the sound server answers, in time. Asked before each start of a source: a `pulsesrc` that reaches no server leaves a
/// loop and its descriptors behind, and the list of devices does not. It is libpulse that looks for the server, as
/// `pulsesrc` does: on another machine, too, and one that begins when it is asked begins.
///
/// # Errors
/// When it does not, or can't be asked.
pub(super) async fn answers() -> Result<(), SourceError> {
    // libpulse waits half a minute for one that stands still. Of all who ask meanwhile, one holds a thread.
    static TURN: Mutex<()> = Mutex::const_new(());
    let asked = async {
        let turn = TURN.lock().await;
        let asked = spawn_blocking(move || {
            let _turn = turn;
            reach()
        });
        asked.await.unwrap_or(Err(SourceError::Ended))
    };
    timeout(ANSWER_LIMIT, asked).await.unwrap_or_else(|_| {
        let why = format!("it has not answered for {} s", ANSWER_LIMIT.as_secs());
        let help = "where it hangs it has to be begun anew: systemctl --user restart pipewire-pulse, or pulseaudio";
        Err(unreachable(why, help.to_owned()))
    })
}

/// Whether the sound server answers. May take a while: not for async code.
///
/// # Errors
/// When it does not, or can't be asked.
pub(super) fn reach() -> Result<(), SourceError> {
    let provider = gst::DeviceProviderFactory::by_name(PROVIDER).ok_or_else(|| {
        let help = "sudo apt install gstreamer1.0-plugins-good".to_owned();
        unreachable("GStreamer lacks its plug-in for it".to_owned(), help)
    })?;
    // Listing devices alone gives an empty list where nobody answers.
    provider.start().map_err(|_| refused(socket(|name| env::var(name).ok()).as_deref()))?;
    provider.stop();
    Ok(())
}

fn unreachable(why: String, help: String) -> SourceError {
    SourceError::Unreachable { server: "the sound server".to_owned(), why, help }
}

/// What libpulse does not say: whether somebody listens at its socket, if that is known.
fn refused(socket: Option<&Path>) -> SourceError {
    let Some(path) = socket else { return unreachable("it does not answer".to_owned(), help()) };
    let at = path.display();
    match BlockingStream::connect(path) {
        Ok(_) => unreachable(
            format!("it listens at {at} and does not let us in"),
            "a server of another user's wants that user's cookie shown: docs/install.md".to_owned(),
        ),
        Err(error) => unreachable(format!("it does not answer at {at}: {error}"), help()),
    }
}

/// Where the server is looked for, since it runs for one user and knows no other.
pub(super) fn help() -> String {
    let variable =
        |name: &str| env::var(name).map_or_else(|_| format!("{name} is not set"), |value| format!("{name}={value}"));
    format!(
        "PulseAudio or pipewire-pulse must run for this user ({}, {}); a system service sets PULSE_SERVER",
        variable("PULSE_SERVER"),
        variable("XDG_RUNTIME_DIR")
    )
}

/// Waits until a server that is away is back. Never comes where it is there, or can't be told without asking it: on other
/// machines, and where only libpulse's own configuration says where it is.
pub async fn returns() {
    match socket(|name| env::var(name).ok()) {
        Some(socket) => listens_again(&socket).await,
        None => pending().await,
    }
}

async fn listens_again(socket: &Path) {
    let listens = async || UnixStream::connect(socket).await.is_ok();
    if listens().await {
        // What fails there is something else.
        return pending().await;
    }
    while !listens().await {
        sleep(LOOK).await;
    }
}

/// Where it listens, if that is a place on this machine. As libpulse reads its environment (pulseaudio(1), "Environment").
fn socket(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let path = |text: &str| text.starts_with('/').then(|| PathBuf::from(text));
    if let Some(server) = variable("PULSE_SERVER") {
        let first = server.split_whitespace().next()?;
        // `{MACHINE}unix:PATH` is for that machine alone.
        let address = first.strip_prefix('{').map_or(Some(first), |rest| rest.split_once('}').map(|(_, rest)| rest))?;
        return path(address.strip_prefix("unix:").unwrap_or(address));
    }
    let folder = variable("PULSE_RUNTIME_PATH").or_else(|| Some(format!("{}/pulse", variable("XDG_RUNTIME_DIR")?)))?;
    path(&folder).map(|folder| folder.join("native"))
}

#[cfg(test)]
mod tests {
    use tokio::{net::UnixListener, time::timeout};

    use super::*;

    #[test]
    fn it_listens_where_the_environment_says() {
        let at = |environment: &[(&str, &str)]| {
            let variable =
                |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            socket(variable).map(|path| path.display().to_string())
        };
        let runtime = ("XDG_RUNTIME_DIR", "/run/user/7");
        assert_eq!(at(&[]), None);
        assert_eq!(at(&[runtime]).as_deref(), Some("/run/user/7/pulse/native"));
        assert_eq!(at(&[runtime, ("PULSE_RUNTIME_PATH", "/tmp/p")]).as_deref(), Some("/tmp/p/native"));
        for server in ["unix:/run/p/native", "/run/p/native", "{0badcafe}unix:/run/p/native tcp:box:4713"] {
            assert_eq!(at(&[runtime, ("PULSE_SERVER", server)]).as_deref(), Some("/run/p/native"), "{server}");
        }
        for server in ["tcp:box:4713", "box", ""] {
            assert_eq!(at(&[runtime, ("PULSE_SERVER", server)]), None, "{server}");
        }
    }

    #[test]
    fn who_refuses_is_told_from_who_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("native");
        let told = |socket| refused(socket).to_string();
        assert!(told(None).starts_with("the sound server can't be reached: it does not answer; "), "{}", told(None));
        let none = told(Some(&socket));
        assert!(none.contains("/native: No such file") && none.contains("XDG_RUNTIME_DIR"), "{none}");
        let _server = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let closed = told(Some(&socket));
        assert!(closed.contains("/native and does not let us in") && closed.contains("cookie"), "{closed}");
    }

    #[tokio::test]
    async fn one_that_was_away_is_noticed_as_it_comes_and_one_that_is_there_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("native");
        let back = tokio::spawn({
            let socket = socket.clone();
            async move { listens_again(&socket).await }
        });
        assert!(timeout(LOOK / 5, listens_again(&socket)).await.is_err(), "nobody is there");
        let _server = UnixListener::bind(&socket).unwrap();
        assert!(timeout(LOOK * 4, back).await.is_ok(), "it is noticed");
        assert!(timeout(LOOK * 2, listens_again(&socket)).await.is_err(), "it has not been away");
    }
}
