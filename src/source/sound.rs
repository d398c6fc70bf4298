//! Sound from a PulseAudio server, or from PipeWire in its place: microphones, and what is played.

use super::{
    SourceError,
    devices::{self, Sound},
    error::there,
    plan::{Plan, Trouble},
    sound_server,
};

/// PulseAudio's own names for what its user has chosen.
const DEFAULT_SOURCE: &str = "@DEFAULT_SOURCE@";
const DEFAULT_MONITOR: &str = "@DEFAULT_MONITOR@";

/// Records a source: by its name or description, or the default.
pub(super) async fn microphone(selector: Option<&str>) -> Result<Plan, SourceError> {
    let device = match selector {
        None => DEFAULT_SOURCE.to_owned(),
        // A monitor by its full name is a source, too.
        Some(selector) if selector.ends_with(".monitor") => selector.to_owned(),
        Some(selector) => find(selector, "microphone", devices::sound_sources).await?,
    };
    Ok(plan(device))
}

/// Records what a sink plays: by the sink's name or description, or the default.
pub(super) async fn monitor(selector: Option<&str>) -> Result<Plan, SourceError> {
    let device = match selector {
        None => DEFAULT_MONITOR.to_owned(),
        Some(selector) => {
            let sink = selector.strip_suffix(".monitor").unwrap_or(selector);
            format!("{}.monitor", find(sink, "sound output", devices::sound_sinks).await?)
        }
    };
    Ok(plan(device))
}

fn plan(device: String) -> Plan {
    let values = vec![("device", device.as_str().into())];
    Plan::new(include_str!("../../pipelines/source/sound.launch"), values)
        .explain(move |trouble| explain(trouble, &device))
}

async fn find(selector: &str, kind: &str, list: fn() -> Vec<Sound>) -> Result<String, SourceError> {
    let sounds = tokio::task::spawn_blocking(list).await.unwrap_or_default();
    let found = sounds
        .iter()
        .find(|sound| sound.name == selector)
        .or_else(|| sounds.iter().find(|sound| sound.description.eq_ignore_ascii_case(selector)));
    match found {
        Some(sound) => Ok(sound.name.clone()),
        None => Err(SourceError::Missing {
            wanted: format!("{kind} {selector:?}"),
            there: there(sounds.iter().map(ToString::to_string)),
            help: if sounds.is_empty() { format!("; {}", sound_server::help()) } else { String::new() },
        }),
    }
}

fn explain(trouble: &Trouble, device: &str) -> Option<SourceError> {
    let words = format!("{} {}", trouble.error.message(), trouble.debug);
    if words.contains("No such entity") {
        return Some(SourceError::Missing {
            wanted: format!("sound device {device:?}"),
            there: there(devices::sound_sources().iter().chain(&devices::sound_sinks()).map(ToString::to_string)),
            help: String::new(),
        });
    }
    let lost = ["Failed to connect", "Connection refused", "Connection terminated", "Disconnected", "Bad state"];
    lost.iter().any(|sign| words.contains(sign)).then(|| SourceError::Unreachable {
        server: "the sound server".to_owned(),
        why: trouble.error.message().to_owned(),
        help: sound_server::help(),
    })
}
