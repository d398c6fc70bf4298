//! A gateway on a host of its own, and viewers, one of them behind a link of its own; and what they see.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use peergate::codec::{Codec, MediaKind};
use serde_json::Value;

use super::{
    distant::DistantGateway,
    netns::{self, Host},
    plain_relay::PlainRelay,
    str0m_peer::{Options, Track, Viewer},
};

/// How long a viewer waits for a lost packet. A browser goes on with the next keyframe in any case, str0m does not.
pub(crate) const PATIENCE: Duration = Duration::from_millis(300);

/// A gateway on a host of its own, and viewers, one of them behind a link of its own.
pub(crate) struct Scene {
    pub(crate) host: Host,
    pub(crate) gateway: DistantGateway,
    pub(crate) relay: PlainRelay,
    pub(crate) slow_address: Ipv4Addr,
}

/// What a viewer has seen at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) frames: u64,
    pub(crate) gaps: u64,
    pub(crate) sound: u64,
    pub(crate) sound_gaps: u64,
}

impl Scene {
    /// A gateway whose test picture is large enough to need that `bitrate`.
    pub(crate) async fn new(bitrate: &str, more: &[&str]) -> Self {
        let host = Host::new();
        let relay = PlainRelay::start_on(host.router).await;
        let picture = ["--size", "960x540", "--bitrate", bitrate, "--codec", "h264", "--room", relay.url()];
        let gateway = DistantGateway::start(&host, &[&picture, more].concat()).await;
        let scene = Self { host, gateway, relay, slow_address: netns::another_address() };
        let is_in_room = |state: &Value| state["members"][0]["relay"]["state"] == "connected";
        scene.until("a gateway in the room", Duration::from_secs(10), is_in_room).await;
        scene
    }

    pub(crate) async fn viewer(&self, id: &str) -> Viewer {
        Viewer::join(self.relay.url(), Options::new(id).codecs(&[Codec::H264, Codec::Opus])).await
    }

    pub(crate) async fn slow_viewer(&self) -> Viewer {
        let options = Options::new("slow").codecs(&[Codec::H264, Codec::Opus]);
        Viewer::join(self.relay.url(), Options { address: self.slow_address.into(), patience: PATIENCE, ..options })
            .await
    }

    pub(crate) async fn state(&self) -> Value {
        self.gateway.state().await
    }

    pub(crate) async fn until(&self, what: &str, limit: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        self.gateway.until(what, limit, is_so).await
    }
}

pub(crate) fn peer<'a>(state: &'a Value, id: &str) -> &'a Value {
    state["members"][0]["peers"].as_array().unwrap().iter().find(|peer| peer["id"] == id).unwrap_or(&Value::Null)
}

/// The rung of the pictures that a peer is sent.
pub(crate) fn rung(state: &Value, id: &str) -> Option<u64> {
    pictures(state, id)?["rung"].as_u64()
}

/// Whether a peer is sent sound alone, though it takes pictures.
pub(crate) fn is_paused(state: &Value, id: &str) -> bool {
    pictures(state, id).is_some_and(|track| track["rung"].is_null())
}

fn pictures<'a>(state: &'a Value, id: &str) -> Option<&'a Value> {
    peer(state, id)["sending"].as_array()?.iter().find(|track| track["kind"] == "video")
}

pub(crate) fn encoder(state: &Value, rung: u64) -> &Value {
    let mut encoders = state["encoders"].as_array().unwrap().iter();
    encoders.find(|encoder| encoder["codec"] == "h264" && encoder["rung"] == rung).unwrap()
}

pub(crate) fn seen(viewer: &Viewer) -> Seen {
    let view = viewer.view();
    let of = |kind: MediaKind| view.tracks().find(|track| track.codec.kind() == kind);
    let count = |kind, what: fn(&Track) -> u64| of(kind).map_or(0, what);
    Seen {
        at: Instant::now(),
        frames: count(MediaKind::Video, |track| track.frames),
        gaps: count(MediaKind::Video, |track| track.gaps),
        sound: count(MediaKind::Audio, |track| track.frames),
        sound_gaps: count(MediaKind::Audio, |track| track.gaps),
    }
}

/// What all see, ten times a second, for so long.
pub(crate) async fn watch<const COUNT: usize>(viewers: [&Viewer; COUNT], time: Duration) -> [Vec<Seen>; COUNT] {
    let mut all = [const { Vec::new() }; COUNT];
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    let begun = Instant::now();
    while begun.elapsed() < time {
        turns.tick().await;
        for (viewer, seen_by) in viewers.iter().zip(&mut all) {
            seen_by.push(seen(viewer));
        }
    }
    all
}

/// The fewest frames of any second. A busy machine may make a second longer.
pub(crate) fn slowest(seen: &[Seen]) -> u64 {
    let second = |from: &Seen| {
        let to = seen.iter().find(|to| to.at - from.at >= Duration::from_secs(1))?;
        Some(((to.frames - from.frames) as f64 / (to.at - from.at).as_secs_f64()).round() as u64)
    };
    seen.iter().filter_map(second).min().unwrap()
}

/// The frames of a second, on the whole.
pub(crate) fn each_second(seen: &[Seen]) -> f64 {
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    (last.frames - first.frames) as f64 / (last.at - first.at).as_secs_f64()
}

pub(crate) fn after(seen: &[Seen], begun: Instant, time: Duration) -> &[Seen] {
    let index = seen.iter().position(|seen| seen.at >= begun + time).unwrap();
    &seen[index..]
}

pub(crate) fn gaps(seen: &[Seen]) -> u64 {
    seen[seen.len() - 1].gaps - seen[0].gaps
}
