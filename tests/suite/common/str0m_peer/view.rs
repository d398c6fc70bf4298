//! What a viewer has seen.

use std::{fmt, sync::Arc, time::Duration};

use peergate::codec::{Codec, MediaKind};
use serde_json::Value;
use str0m::channel::ChannelConfig;

/// Everything that a viewer has seen. Times count from its `join`.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Its connections, oldest first; those that were replaced too.
    pub(crate) connections: Vec<Connection>,
    /// The room's messages to it and to all.
    pub(crate) signals: Vec<Value>,
    /// Answers and candidates of peers that it does not know. The library throws at each.
    pub(crate) strays: usize,
    /// Whether the relay ended the connection.
    pub(crate) relay_lost: bool,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The remote peer's id.
    pub(crate) peer: String,
    /// Whether the offer was the viewer's.
    pub(crate) offered: bool,
    /// Where it is.
    pub(crate) state: State,
    /// When it was connected.
    pub(crate) connected_after: Option<Duration>,
    /// What comes, in the order of the first frames.
    pub(crate) tracks: Vec<Track>,
    /// The data channels that opened.
    pub(crate) channels: Vec<ChannelConfig>,
    /// What came over them.
    pub(crate) messages: Vec<Message>,
    /// Keyframe requests that came.
    pub(crate) keyframe_requests: u64,
    /// Requests to send packets of sound again that came, and of pictures; a second old at most.
    pub(crate) nacks: [u64; 2],
    /// The peer's description as it came.
    pub(crate) remote_sdp: String,
    /// The viewer's description as it went out.
    pub(crate) local_sdp: String,
    /// The peer's candidates as they came.
    pub(crate) candidates: Vec<String>,
    /// What str0m refused, if it refused something.
    pub(crate) error: Option<String>,
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Descriptions and candidates travel.
    Negotiating,
    /// ICE and DTLS are through.
    Connected,
    /// ICE hears nothing.
    Disconnected,
    /// It is over.
    Closed,
}

/// One track that comes.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    /// How it is encoded.
    pub(crate) codec: Codec,
    /// Frames (video) or packets (audio) so far.
    pub(crate) frames: u64,
    /// Keyframes so far.
    pub(crate) keyframes: u64,
    /// Bytes of frames so far.
    pub(crate) bytes: u64,
    /// Holes in the RTP sequence numbers between one frame and the next.
    pub(crate) gaps: u64,
    /// When the first keyframe came.
    pub(crate) first_keyframe_after: Option<Duration>,
    /// When the latest frame came.
    pub(crate) latest_after: Duration,
    /// Whether the first frame was a keyframe.
    pub(crate) began_with_keyframe: bool,
    /// The first frames, as many as the options keep.
    pub(crate) kept: Vec<Frame>,
}

/// A whole frame.
#[derive(Clone)]
pub(crate) struct Frame {
    /// Whether it can be decoded by itself.
    pub(crate) keyframe: bool,
    /// Its RTP time.
    pub(crate) time: Duration,
    /// The frame: H.264 in Annex B.
    pub(crate) data: Arc<[u8]>,
}

/// What came over a data channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// As text.
    Text(String),
    /// As bytes.
    Binary(Vec<u8>),
}

impl View {
    /// The tracks of all connections.
    pub(crate) fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.connections.iter().flat_map(|one| &one.tracks)
    }

    /// The latest connection to `peer`.
    pub(crate) fn connection(&self, peer: &str) -> Option<&Connection> {
        self.connections.iter().rev().find(|one| one.peer == peer)
    }
}

impl Connection {
    pub(super) fn new(peer: &str, offered: bool) -> Self {
        Self {
            peer: peer.to_owned(),
            offered,
            state: State::Negotiating,
            connected_after: None,
            tracks: Vec::new(),
            channels: Vec::new(),
            messages: Vec::new(),
            keyframe_requests: 0,
            nacks: [0; 2],
            remote_sdp: String::new(),
            local_sdp: String::new(),
            candidates: Vec::new(),
            error: None,
        }
    }
}

impl Track {
    /// Whether it is video.
    pub(crate) fn is_video(&self) -> bool {
        self.codec.kind() == MediaKind::Video
    }
}

/// What a failed test prints: the state of things, without frames and descriptions.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self.signals.iter().map(|signal| signal["event"].as_str().unwrap_or("?")).collect::<Vec<_>>();
        writeln!(f, "signals {events:?}, strays {}, relay lost {}", self.strays, self.relay_lost)?;
        for one in &self.connections {
            let Connection { peer, state, error, channels, candidates, tracks, messages, .. } = one;
            let channels: Vec<_> = channels.iter().map(|channel| &channel.label).collect();
            writeln!(f, "  {peer}: {state:?}, error {error:?}, channels {channels:?}, candidates {candidates:?}, ")?;
            writeln!(f, "    {} messages; tracks {tracks:?}", messages.len())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.keyframe { "key" } else { "delta" };
        write!(f, "{kind} {} B at {:?}", self.data.len(), self.time)
    }
}
