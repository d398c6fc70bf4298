//! Carries out what a room wants: messages to the relay, commands to the peers' connections.

use std::{collections::HashMap, sync::Arc};

use super::{MemberSettings, roster::Shared};
use crate::{
    codec::MediaKind,
    connection::PeerCommand,
    ids::{MemberKey, PeerId, PeerKey, SourceName},
    media::clockwork::Clockwork,
    peer::{self, OutboundTrack, Peer, Reporter, Reports, SendError, Unresponsive},
    recorder::Recorder,
    recording::Wanted,
    report::Message,
    studio::Studio,
};

/// Events of a member's peers that may wait. Their connections wait for us when it is full. Messages among them are bounded by
/// their bytes, too.
const PEER_EVENTS: usize = 1024;

/// The connections to a member's peers.
#[derive(Debug)]
pub(super) struct Connections {
    peers: HashMap<PeerKey, Peer>,
    settings: Arc<peer::Settings>,
    sources: Vec<(MediaKind, SourceName)>,
    key: MemberKey,
    member: PeerId,
    record: Wanted,
    recorder: Recorder,
    studio: Studio,
    clockwork: Clockwork,
    reporter: Reporter,
}

impl Connections {
    /// None yet. What they will report comes out of the receiver.
    pub(super) fn new(key: MemberKey, member: &MemberSettings, shared: &Shared) -> (Self, Reports) {
        let video = member.video.iter().map(|name| (MediaKind::Video, name.clone()));
        let audio = member.audio.iter().map(|name| (MediaKind::Audio, name.clone()));
        let sources = video.chain(audio).collect();
        let settings = Arc::new(member.peer.clone());
        let (reporter, reports) = Reporter::new(PEER_EVENTS);
        let connections = Self {
            peers: HashMap::new(),
            settings,
            sources,
            key,
            member: member.id.clone(),
            record: member.record,
            recorder: shared.recorder.clone(),
            studio: shared.studio.clone(),
            clockwork: shared.clockwork.clone(),
            reporter,
        };
        (connections, reports)
    }

    /// Hands `command` to a connection, which is made by the first.
    ///
    /// # Errors
    /// When the connection takes no more. It is dropped then, which ends it.
    pub(super) fn tell(&mut self, key: &PeerKey, command: PeerCommand) -> Result<(), Unresponsive> {
        let peer = match command {
            PeerCommand::Offer | PeerCommand::AcceptOffer(_) => {
                let peer = self.spawn(key.clone());
                self.peers.entry(key.clone()).or_insert(peer)
            }
            _ => self.peers.get(key).ok_or(Unresponsive)?,
        };
        let told = peer.tell(command);
        if told.is_err() {
            self.peers.remove(key);
        }
        told
    }

    /// Sends a message to a peer, if there is a connection.
    pub(super) fn send(
        &self,
        key: &PeerKey,
        message: Message,
    ) -> Option<impl Future<Output = Result<(), SendError>> + Send + use<>> {
        self.peers.get(key).map(|peer| peer.send(message))
    }

    /// Forgets a connection that has reported its end.
    pub(super) fn remove(&mut self, key: &PeerKey) {
        self.peers.remove(key);
    }

    fn spawn(&self, key: PeerKey) -> Peer {
        let recorded = self.recorder.remote(self.key, self.member.clone(), key.id.clone(), self.record.remote);
        let (settings, clockwork) = (Arc::clone(&self.settings), self.clockwork.clone());
        Peer::spawn(key, settings, self.tracks(), Some(recorded), clockwork, self.reporter.clone())
    }

    /// What a new peer is sent: each source in every codec that can be encoded here; its answer chooses.
    fn tracks(&self) -> Vec<OutboundTrack> {
        let track = |(kind, source): &(MediaKind, SourceName)| OutboundTrack {
            kind: *kind,
            source: source.clone(),
            codecs: self.studio.codecs(source),
            studio: self.studio.clone(),
        };
        self.sources.iter().map(track).collect()
    }
}
