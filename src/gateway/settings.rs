//! The gateway as it is configured.

use crate::{
    encoder,
    ids::{PeerId, SourceName},
    peer,
    recording::{self, Wanted},
    room, signal, source,
};

/// The whole gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our appearances in rooms.
    pub members: Vec<MemberSettings>,
    /// What can be captured. A source runs while somebody takes from it.
    pub sources: Vec<source::Spec>,
    /// How it is encoded.
    pub encode: encoder::Settings,
    /// Where recordings go.
    pub record: recording::Settings,
}

/// One appearance in one room.
#[derive(Debug, Clone)]
pub struct MemberSettings {
    /// Our id in the room.
    pub id: PeerId,
    /// The room's relay.
    pub relay: signal::client::Settings,
    /// The source of the pictures that peers are shown.
    pub video: Option<SourceName>,
    /// The source of the sound that peers hear.
    pub audio: Option<SourceName>,
    /// How much the room may ask of us.
    pub limits: room::Limits,
    /// What is recorded from the start.
    pub record: Wanted,
    /// How connections to peers are made.
    pub peer: peer::Settings,
}

impl MemberSettings {
    /// What it shows and makes heard.
    pub(super) fn sources(&self) -> Vec<SourceName> {
        self.video.iter().chain(&self.audio).cloned().collect()
    }
}
