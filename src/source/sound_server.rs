//! The sound server: PulseAudio, or PipeWire in its place.

use std::{
    env,
    future::pending,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
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

/// What helps where one is there and does nothing.
const HANGS: &str = "where it hangs it has to be begun anew: systemctl --user restart pipewire-pulse, or pulseaudio";

/// Who asks the sound server, one at a time. Made once, handed to each capture; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct SoundServer {
    /// libpulse waits half a minute for one that stands still. Of all who ask meanwhile, one holds a thread.
    turn: Arc<Mutex<()>>,
}

/// Why the sound server can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// GStreamer's plug-in for it is not installed.
    NoPlugin,
    /// libpulse is let in by nobody, and does not say why.
    NoAnswer,
}

impl SoundServer {
    /// Whether it answers, in time. Asked before each start of a source: a `pulsesrc` that reaches no server leaves a loop and
    /// its descriptors behind, and the list of devices does not. It is libpulse that looks for the server, as `pulsesrc`
    /// does: on another machine, too, and one that begins when it is asked begins.
    ///
    /// # Errors
    /// When it does not, or can't be asked.
    pub(super) async fn answers(&self) -> Result<(), SourceError> {
        let asked = async {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            let asked = spawn_blocking(move || {
                let _turn = turn;
                reach()
            });
            match asked.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(refusal)) => Err(refusal.explain().await),
                Err(_) => Err(SourceError::Ended),
            }
        };
        timeout(ANSWER_LIMIT, asked).await.unwrap_or_else(|_| {
            Err(unreachable(format!("it has not answered for {} s", ANSWER_LIMIT.as_secs()), HANGS.to_owned()))
        })
    }
}

impl Refusal {
    /// In a source's words, with what helps.
    pub(super) async fn explain(self) -> SourceError {
        match self {
            Self::NoPlugin => {
                let help = "sudo apt install gstreamer1.0-plugins-good".to_owned();
                unreachable("GStreamer lacks its plug-in for it".to_owned(), help)
            }
            Self::NoAnswer => no_answer(socket(|name| env::var(name).ok()).as_deref()).await,
        }
    }
}

/// Whether the sound server answers. May take a while: not for async code.
///
/// # Errors
/// When it does not, or can't be asked.
pub(super) fn reach() -> Result<(), Refusal> {
    let provider = gst::DeviceProviderFactory::by_name(PROVIDER).ok_or(Refusal::NoPlugin)?;
    // Listing devices alone gives an empty list where nobody answers.
    provider.start().map_err(|_| Refusal::NoAnswer)?;
    provider.stop();
    Ok(())
}

fn unreachable(why: String, help: String) -> SourceError {
    SourceError::Unreachable { server: "the sound server".to_owned(), why, help }
}

/// What libpulse does not say: whether somebody listens at its socket, if that is known. Waits for nobody.
async fn no_answer(socket: Option<&Path>) -> SourceError {
    let Some(path) = socket else { return unreachable("it does not answer".to_owned(), help()) };
    let at = path.display();
    match UnixStream::connect(path).await {
        Ok(_) => unreachable(
            format!("it listens at {at} and does not let us in"),
            "a server of another user's wants that user's cookie shown: docs/install.md".to_owned(),
        ),
        // As many wait already as may (connect(2), "EAGAIN").
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            unreachable(format!("it listens at {at} and lets nobody in"), HANGS.to_owned())
        }
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
    use tokio::{
        net::{UnixListener, UnixSocket},
        time::timeout,
    };

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

    #[tokio::test]
    async fn who_refuses_is_told_from_who_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("native");
        let told = async |socket| no_answer(socket).await.to_string();
        let unknown = told(None).await;
        assert!(unknown.starts_with("the sound server can't be reached: it does not answer; "), "{unknown}");
        let none = told(Some(&socket)).await;
        assert!(none.contains("/native: No such file") && none.contains("XDG_RUNTIME_DIR"), "{none}");
        let listener = UnixSocket::new_stream().unwrap();
        listener.bind(&socket).unwrap();
        let _server = listener.listen(1).unwrap();
        let closed = told(Some(&socket)).await;
        assert!(closed.contains("/native and does not let us in") && closed.contains("cookie"), "{closed}");
        let mut waiting = Vec::new();
        while let Ok(one) = UnixStream::connect(&socket).await {
            waiting.push(one);
        }
        let full = told(Some(&socket)).await;
        assert!(full.contains("/native and lets nobody in") && full.contains("restart"), "{full}");
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
