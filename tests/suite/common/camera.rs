//! A peer that sends to a gateway which records it.

use std::time::Duration;

use peergate::codec::{Codec, MediaKind};
use serde_json::Value;

use super::{
    daemon::{Daemon, GATEWAY, is_connected, receiving},
    flash_and_beep::FlashAndBeep,
    gate::Gate,
    str0m_peer::{Options, Order, Viewer},
};

/// How long a gateway may take to let go of a peer that says goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(10);

/// A peer that sends. Dropping it is a crash.
#[derive(Debug)]
pub(crate) struct Camera {
    pub(crate) viewer: Viewer,
    pub(crate) picture: Gate,
    pub(crate) sound: Gate,
    id: String,
    codec: Codec,
}

impl Camera {
    /// Enters the gateway's room, and sends picture and sound, as a browser does: beginning with a keyframe.
    pub(crate) async fn join(gateway: &Daemon, id: &str, media: &FlashAndBeep) -> Self {
        let camera = Self::silent(gateway, id, media).await;
        camera.picture.open().await;
        camera.sound.open().await;
        camera
    }

    /// Enters the gateway's room, and is connected to it. What it sends is for the test to say.
    pub(crate) async fn silent(gateway: &Daemon, id: &str, media: &FlashAndBeep) -> Self {
        Self::with(gateway, Options::new(id), media).await
    }

    /// The same, with options of its own.
    pub(crate) async fn with(gateway: &Daemon, options: Options, media: &FlashAndBeep) -> Self {
        let id = options.id.clone();
        let (picture, sound) = (Gate::of(&media.picture), Gate::of(&media.sound));
        let options = options.meeting(GATEWAY).codecs(&[media.codec, Codec::Opus]);
        let options = options.sending(picture.frames()).sending(sound.frames());
        let options = Options { encoder: Some(media.encoder.clone()), ..options };
        let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
        // What comes to a gateway before it has keys for it is lost.
        gateway.peer(&id, is_connected).await;
        Self { viewer, picture, sound, id, codec: media.codec }
    }

    /// Waits until the gateway has got so many frames of a kind from it.
    pub(crate) async fn has_sent(&self, gateway: &Daemon, kind: MediaKind, frames: u64) {
        gateway.peer(&self.id, |peer| self.frames(peer, kind) >= frames).await;
    }

    /// Waits until the gateway has got so many frames more.
    pub(crate) async fn goes_on(&self, gateway: &Daemon, kind: MediaKind, more: u64) {
        let before = self.frames(&gateway.peer(&self.id, |_| true).await, kind);
        self.has_sent(gateway, kind, before + more).await;
    }

    /// How many frames of a kind have come, as the gateway's state has it.
    fn frames(&self, peer: &Value, kind: MediaKind) -> u64 {
        let codec = if kind == MediaKind::Audio { Codec::Opus } else { self.codec }.to_string();
        receiving(peer, &codec).and_then(|track| track["frames"].as_u64()).unwrap_or_default()
    }

    /// Says goodbye, and waits until the gateway has heard it.
    pub(crate) async fn leave(&self, gateway: &Daemon) {
        self.viewer.order(Order::Close);
        gateway.gone(&self.id, GOODBYE_LIMIT).await;
    }
}
