//! The gateway as it is configured.

use std::collections::BTreeSet;

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

/// For each member, the ids of the others in the same room. Rooms are the same when their addresses are, user, password
/// and query left out.
pub(super) fn siblings(members: &[MemberSettings]) -> Vec<BTreeSet<PeerId>> {
    let room = |member: &MemberSettings| member.relay.url.to_string();
    members
        .iter()
        .map(|own| {
            let others = members.iter().filter(|other| room(other) == room(own) && other.id != own.id);
            others.map(|other| other.id.clone()).collect()
        })
        .collect()
}
