//! What the gateway tells about itself: the state that `GET /api/state` shows and the events of
//! `GET /api/events`. Plain data, so that every floor can speak of it; the state can be read again, by who asks a daemon for it.

mod event;
mod message;
mod reloaded;
mod server;

use std::{collections::BTreeMap, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{
    codec::{Codec, MediaKind},
    ice::Way,
    ids::{MemberKey, PeerId, RecordingId, SourceName},
    limit::Limit,
    quality::verdict::Verdict,
    units::{Bitrate, Size},
};
pub use event::Event;
pub use message::Message;
pub use reloaded::{Fates, MemberName, Reloaded};
pub use server::ServerState;

/// The whole, at one moment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Our appearances in rooms.
    pub members: Vec<MemberState>,
    /// What is captured.
    pub sources: Vec<SourceState>,
    /// What is encoded.
    pub encoders: Vec<EncoderState>,
    /// What is being recorded.
    pub recordings: Vec<RecordingState>,
    /// Where that goes; `None` where nothing is known of it yet: nothing was recorded, nor is it sure to be.
    pub disk: Option<DiskState>,
    /// Pipelines that were to be taken down and hang, each with its threads and descriptors. A restart frees them.
    pub pipelines_left_behind: usize,
}

/// One appearance in one room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberState {
    /// Which one it is, within this process.
    #[serde(skip)]
    pub key: MemberKey,
    /// Our id in the room.
    pub id: PeerId,
    /// The room's address without user, password, query or fragment.
    pub room: String,
    /// Whether the relay is there.
    pub relay: RelayState,
    /// The remote peers.
    pub peers: Vec<PeerState>,
    /// How often somebody in the room took too much of something.
    pub limits_reached: BTreeMap<Limit, u64>,
    /// How often somebody was ignored for a while.
    pub penalties: u64,
}

/// Whether the relay is there, and since when.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RelayState {
    /// Connected.
    Connected {
        /// Unix time in ms.
        #[serde(with = "unix_ms")]
        since: SystemTime,
    },
    /// Away; tried again by itself.
    Away {
        /// Unix time in ms.
        #[serde(with = "unix_ms")]
        since: SystemTime,
        /// Why, in words.
        why: String,
    },
}

/// One remote peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeerState {
    /// Its id in the room.
    pub id: PeerId,
    /// Where the connection is.
    pub connection: Connection,
    /// ICE's own word: `new`, `checking`, `connected`, `completed`, `failed`, `disconnected`, `closed`.
    pub ice: String,
    /// Unix time in ms of the last change of `connection`.
    #[serde(with = "unix_ms")]
    pub since: SystemTime,
    /// The way that ICE has found; `None` until it has.
    pub way: Option<Way>,
    /// How it does, in words; `None` while it is not connected.
    pub verdict: Option<Verdict>,
    /// What is known of what the way bears; `None` while we send it no pictures.
    pub link: Option<LinkState>,
    /// What we send it.
    pub sending: Vec<TrackState>,
    /// What it sends us.
    pub receiving: Vec<TrackState>,
    /// The data channel, if there is one.
    pub channel: Option<ChannelState>,
}

impl PeerState {
    /// What is known of a peer before its connection reports.
    #[must_use]
    pub fn met(id: PeerId, since: SystemTime) -> Self {
        Self {
            id,
            connection: Connection::Negotiating,
            ice: "new".to_owned(),
            since,
            way: None,
            verdict: None,
            link: None,
            sending: Vec::new(),
            receiving: Vec::new(),
            channel: None,
        }
    }
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Descriptions and candidates travel.
    Negotiating,
    /// Media and data can flow.
    Connected,
    /// It is being taken down.
    Closing,
}

/// The way to a peer, as its reports show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkState {
    /// What it bears of pictures, in bit/s; never more than half as much again as they have in full. `None` while nothing is known.
    pub estimate: Option<Bitrate>,
    /// Whether that is judged by when each packet arrived; else by losses and round trips alone.
    pub by_arrival: bool,
    /// The share of the packets with pictures that were lost lately, as it last reported: 0 to 1.
    pub lost: Option<f64>,
    /// How long a packet and its answer take, in ms.
    pub round_trip_ms: Option<f64>,
}

/// One track of a peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrackState {
    /// Audio or video.
    pub kind: MediaKind,
    /// How it is encoded.
    pub codec: Codec,
    /// The quality of pictures that we send: 0 for full, then each of a quarter of the bitrate of the one before. `None` while
    /// the link, or our uplink, bears none of them, for sound, and for what it sends us.
    pub rung: Option<usize>,
    /// Encoded bytes so far, without packet headers.
    pub bytes: u64,
    /// Frames (video) or packets of sound (audio) so far.
    pub frames: u64,
    /// Frames that were dropped because the peer did not keep up.
    pub dropped: u64,
}

/// A peer's data channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelState {
    /// Its label.
    pub label: String,
    /// Whether messages can be sent now.
    pub open: bool,
    /// Bytes that wait to be sent.
    pub buffered: u64,
    /// Messages sent so far.
    pub sent: u64,
    /// Messages received so far.
    pub received: u64,
    /// Those of them that were left out, because so many bytes of messages waited already: this machine does not keep up.
    pub dropped: u64,
}

/// One source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceState {
    /// Its name in the configuration.
    pub name: SourceName,
    /// Audio or video.
    pub kind: MediaKind,
    /// What it captures, as in `--video`: `test`, `camera:front`.
    pub spec: String,
    /// How it does.
    pub condition: Condition,
    /// Its size, once it is known.
    pub size: Option<Size>,
    /// Frames or buffers of sound captured so far.
    pub frames: u64,
    /// How long its frames take to the peers; `None` when none went to any lately.
    pub capture_to_wire: Option<CaptureToWire>,
}

/// How long the frames of the last 5 to 10 s took from the moment of their capture until they had been handed to the
/// sockets of all peers, encoding included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CaptureToWire {
    /// Half of them took at most so long, in ms.
    pub p50_ms: f64,
    /// 95 of 100 took at most so long, in ms.
    pub p95_ms: f64,
}

/// How a source or an encoder does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Condition {
    /// Nobody takes it.
    Idle,
    /// It was started, and nothing has come yet.
    Starting,
    /// It delivers.
    Running,
    /// It failed, and is tried again.
    Failed {
        /// What is wrong, whose doing it is, and what helps.
        why: String,
    },
}

/// One encoder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EncoderState {
    /// The source it encodes.
    pub source: SourceName,
    /// The codec.
    pub codec: Codec,
    /// Which quality: 0 for full, then each of a quarter of the bitrate of the one before.
    pub rung: usize,
    /// The GStreamer element that encodes now, or will.
    pub element: String,
    /// The one before it, if another had to take over.
    pub replaced: Option<Replaced>,
    /// How it does.
    pub condition: Condition,
    /// What it was asked for; of a camera that is passed through, what it has made in the busiest of the last three seconds.
    pub bitrate: Bitrate,
    /// Who takes from it now.
    pub takers: usize,
    /// Frames that came to it so far, without what stands in for a source that gives nothing.
    #[serde(skip)]
    pub offered: u64,
    /// Frames so far.
    pub frames: u64,
    /// Keyframes so far.
    pub keyframes: u64,
    /// Encoded bytes so far.
    pub bytes: u64,
}

/// An encoder that another took over from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Its GStreamer element.
    pub element: String,
    /// Why, in words.
    pub why: String,
    /// Unix time in ms.
    #[serde(with = "unix_ms")]
    pub since: SystemTime,
}

/// One recording that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingState {
    /// Its id.
    pub id: RecordingId,
    /// Our id in the room.
    pub member: PeerId,
    /// Whose tracks it holds; `None` for our own.
    pub peer: Option<PeerId>,
    /// Unix time in ms of its start.
    #[serde(with = "unix_ms")]
    pub since: SystemTime,
    /// How it does.
    pub condition: RecordingCondition,
    /// The file that is written, below the folder of recordings.
    pub file: Option<String>,
    /// How many files it has begun.
    pub segments: u64,
    /// Bytes written so far, to all of them.
    pub bytes: u64,
    /// Frames that were left out because the disk did not keep up.
    pub dropped: u64,
}

/// How a recording does, judged by what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RecordingCondition {
    /// Nothing has come yet.
    Starting,
    /// What comes is written.
    Recording,
    /// Nothing comes any more: the peer is muted, the source fails.
    Silent {
        /// Unix time in ms of the last write.
        #[serde(with = "unix_ms")]
        since: SystemTime,
    },
    /// The disk takes nothing. It is tried again.
    Failed {
        /// What is wrong, whose doing it is, and what helps.
        why: String,
    },
}

/// Where recordings go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiskState {
    /// The folder.
    pub dir: String,
    /// Bytes that are free on its disk.
    pub free: Option<u64>,
    /// Bytes of it that the recordings take that are kept there, their manifests included.
    pub kept: u64,
    /// How many segments they have.
    pub segments: u64,
    /// Hours until the oldest of them goes, or the disk is full, at the rate of the last seconds; `None` while nothing is
    /// written.
    pub hours_left: Option<f64>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Unix time in ms.
mod unix_ms {
    use std::time::{Duration, SystemTime};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        serializer.serialize_u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let since = Duration::from_millis(u64::deserialize(deserializer)?);
        SystemTime::UNIX_EPOCH.checked_add(since).ok_or_else(|| D::Error::custom("a time that no clock can show"))
    }
}
