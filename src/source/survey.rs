//! All that can be captured here, with the `--video` or `--audio` that takes it.

use std::{path::PathBuf, time::Duration};

use serde::Serialize;
use tokio::time::timeout;

use super::{
    Format, SourceError, camera,
    devices::{self, Camera, Sound},
    screen, sound_server,
};
use crate::{media::clockwork::Clockwork, units::Size};

/// How long the sound server may take to say what it has. One that is well takes some ms; libpulse waits for others much
/// longer.
const SOUND_LIMIT: Duration = Duration::from_secs(5);

/// What was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Survey {
    /// By node number.
    pub cameras: Vec<FoundCamera>,
    /// In the sound server's order.
    pub microphones: Vec<FoundSound>,
    /// What is played, by where it is played to.
    pub monitors: Vec<FoundSound>,
    /// By number.
    pub screens: Vec<FoundScreen>,
    /// Why a kind could not be looked for.
    #[serde(skip)]
    pub untold: Vec<String>,
}

/// A V4L2 camera.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundCamera {
    /// What its driver calls it.
    pub name: String,
    /// Where it is now.
    pub node: PathBuf,
    /// For `device` in a configuration: what stays the same.
    pub selector: String,
    /// For `--video`.
    pub spec: String,
    /// What it delivers.
    pub formats: Vec<Format>,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A source or sink of the sound server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundSound {
    /// Its description, for people.
    pub name: String,
    /// For `device` in a configuration.
    pub selector: String,
    /// For `--audio`.
    pub spec: String,
}

/// An X display of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundScreen {
    /// For `display` in a configuration.
    pub selector: String,
    /// For `--video`.
    pub spec: String,
    /// How large it is, in pixels.
    pub size: Option<Size>,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Looks at everything. Cameras are opened for it, not started. Within a tokio runtime, with GStreamer started.
pub async fn take(clockwork: &Clockwork) -> Survey {
    let listed = tokio::task::spawn_blocking(|| (devices::cameras(), devices::displays()));
    let (cameras, displays) = listed.await.unwrap_or_default();
    let mut survey = Survey::default();
    for camera in cameras {
        survey.cameras.push(FoundCamera::of(&camera, clockwork).await);
    }
    match timeout(SOUND_LIMIT, sounds()).await {
        Ok(Ok((sources, sinks))) => {
            survey.microphones = sources.into_iter().map(|sound| FoundSound::of("microphone", sound)).collect();
            survey.monitors = sinks.into_iter().map(|sound| FoundSound::of("monitor", sound)).collect();
        }
        Ok(Err(error)) => survey.untold.push(format!("microphones and monitors: {error}")),
        Err(_) => {
            let limit = SOUND_LIMIT.as_secs();
            survey.untold.push(format!("microphones and monitors: the sound server does not answer within {limit} s"));
        }
    }
    for display in displays {
        survey.screens.push(FoundScreen::of(display).await);
    }
    survey
}

/// What the sound server records from, and what it plays to.
///
/// # Errors
/// When it does not answer.
pub async fn sounds() -> Result<(Vec<Sound>, Vec<Sound>), SourceError> {
    let asked = tokio::task::spawn_blocking(|| {
        sound_server::reach()?;
        Ok((devices::sound_sources(), devices::sound_sinks()))
    });
    match asked.await {
        Ok(Ok(sounds)) => Ok(sounds),
        Ok(Err(refusal)) => Err(sound_server::Refusal::explain(refusal).await),
        Err(_) => Err(SourceError::Ended),
    }
}

impl FoundCamera {
    async fn of(camera: &Camera, clockwork: &Clockwork) -> Self {
        let (formats, problem) = told(camera::formats(camera, clockwork).await);
        Self {
            name: camera.card.clone(),
            node: camera.node.clone(),
            selector: camera.selector(),
            spec: format!("camera:{}", camera.selector()),
            formats: formats.unwrap_or_default(),
            problem,
        }
    }
}

impl FoundSound {
    fn of(kind: &str, sound: Sound) -> Self {
        Self { name: sound.description, spec: format!("{kind}:{}", sound.name), selector: sound.name }
    }
}

impl FoundScreen {
    async fn of(display: String) -> Self {
        let (size, problem) = told(screen::size(&display).await);
        Self { spec: format!("screen:{display}"), selector: display, size, problem }
    }
}

fn told<T>(outcome: Result<T, SourceError>) -> (Option<T>, Option<String>) {
    match outcome {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error.to_string())),
    }
}
