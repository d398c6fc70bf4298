//! `peergate doctor`: what works here, what does not, and what mends it. One file for each examination.

mod account;
mod certificate;
mod clock;
mod devices;
mod disk;
mod elements;
mod encoder_table;
mod encoders;
mod finding;
mod limits;
mod names;
mod network;
mod report;
mod rooms;
mod servers;
mod sound;
mod sources;
mod wishes;

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

pub use self::{
    encoder_table::{Encoders, Found},
    finding::{Finding, Grade},
    report::Report,
};
use crate::{config::Settings, media::elements::NotReady};

/// How long an examination may take. Each has shorter limits of its own; this is for what hangs in the system.
const LIMIT: Duration = Duration::from_secs(30);

/// What is examined beside the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// All encoders that there are; else until those are found that the configuration asks for.
    pub all_encoders: bool,
    /// The rooms, with the daemon in them. Takes GLib's main loop.
    pub rooms: bool,
}

/// Examines the machine for what `settings` need of it; `started` is how GStreamer came up. With the encoders, where all
/// were tried. Within a tokio runtime.
pub async fn examine(settings: Settings, started: Result<(), NotReady>, scope: Scope) -> (Report, Option<Encoders>) {
    let settings = Arc::new(settings);
    let has_elements = started.is_ok();
    let of_media = async {
        // Without elements all of these fail, and for that reason alone.
        if !has_elements {
            return Vec::new();
        }
        let (devices, sources, sound) = tokio::join!(
            blocking("devices", &settings, devices::examine),
            sources::examine(&settings),
            within("sound", LIMIT, sound::examine(&settings)),
        );
        [devices, sources, sound].concat()
    };
    let of_the_system = async {
        let (network, names, certificate, servers, disk, clock, limits) = tokio::join!(
            blocking("network", &settings, network::examine),
            names::examine(&settings),
            blocking("certificate", &settings, certificate::examine),
            servers::examine(&settings),
            blocking("recordings", &settings, disk::examine),
            blocking("clock", &settings, |_| clock::examine()),
            blocking("limits", &settings, limits::examine),
        );
        [network, names, certificate, servers, disk, clock, limits].concat()
    };
    let (of_media, of_the_system) = tokio::join!(of_media, of_the_system);
    let mut of_rooms = Vec::new();
    if scope.rooms && has_elements {
        of_rooms = within("rooms", LIMIT, rooms::examine(&settings)).await;
    }
    // Their speed is measured, so nothing else runs.
    let (of_encoders, encoders) = if !has_elements {
        (Vec::new(), None)
    } else if scope.all_encoders {
        let (findings, encoders) = encoders::try_all(&settings).await;
        (findings, Some(encoders))
    } else {
        (encoders::examine(&settings).await, None)
    };
    let findings = [elements::examine(&started), of_media, of_encoders, of_the_system, of_rooms].concat();
    (Report::of(findings), encoders)
}

/// An examination that asks the system, which may take its time.
async fn blocking(
    about: &'static str,
    settings: &Arc<Settings>,
    examine: impl FnOnce(&Settings) -> Vec<Finding> + Send + 'static,
) -> Vec<Finding> {
    let settings = Arc::clone(settings);
    let examined = tokio::task::spawn_blocking(move || examine(&settings));
    within(about, LIMIT, async {
        examined.await.unwrap_or_else(|_| vec![Finding::failure(about, "the examination broke off")])
    })
    .await
}

/// Gives an examination up after `limit`.
async fn within(about: &'static str, limit: Duration, examination: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let given_up = |_| vec![Finding::failure(about, format!("nothing is known of it after {} s", limit.as_secs()))];
    timeout(limit, examination).await.unwrap_or_else(given_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_examination_that_hangs_is_given_up() {
        let findings = within("clock", LIMIT, std::future::pending()).await;
        assert_eq!(findings, [Finding::failure("clock", "nothing is known of it after 30 s")]);
    }

    #[tokio::test]
    async fn an_examination_that_breaks_off_is_a_failure() {
        let settings = Arc::new(crate::config::parse("").unwrap());
        let findings = blocking("clock", &settings, |_| panic!("as it should")).await;
        assert_eq!(findings, [Finding::failure("clock", "the examination broke off")]);
    }
}
