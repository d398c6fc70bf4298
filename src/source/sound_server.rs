//! The sound server: PulseAudio, or PipeWire in its place.

use std::{
    env,
    future::pending,
    path::{Path, PathBuf},
    time::Duration,
};

use gst::prelude::*;
use tokio::{net::UnixStream, time::sleep};

use super::{SourceError, devices::PROVIDER};

/// How often it is looked whether one that is away is back. Nobody is asked anything: a socket is opened and closed.
const LOOK: Duration = Duration::from_millis(500);

/// Whether the sound server answers. May take a while: not for async code.
///
/// # Errors
/// When it does not, or can't be asked.
pub(super) fn reach() -> Result<(), SourceError> {
    let unreachable = |why: &str, help: String| SourceError::Unreachable {
        server: "the sound server".to_owned(),
        why: why.to_owned(),
        help,
    };
    let provider = gst::DeviceProviderFactory::by_name(PROVIDER).ok_or_else(|| {
        unreachable("GStreamer lacks its plug-in for it", "sudo apt install gstreamer1.0-plugins-good".to_owned())
    })?;
    // Listing devices alone gives an empty list where nobody answers.
    provider.start().map_err(|_| unreachable("it does not answer", help()))?;
    provider.stop();
    Ok(())
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
