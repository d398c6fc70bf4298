//! What `GET /api/state` says of the peers of a daemon's first member.

use serde_json::Value;

/// The peers.
pub(crate) fn peers(state: &Value) -> &[Value] {
    state["members"][0]["peers"].as_array().map_or(&[], Vec::as_slice)
}

/// How many frames of a kind came from all of them.
pub(crate) fn received(state: &Value, kind: &str) -> u64 {
    frames(state, "receiving", kind).map(|(_, frames)| frames).sum()
}

/// The codecs of a kind that are sent to them, one for each who gets some, in alphabetical order.
pub(crate) fn sent_codecs<'a>(state: &'a Value, kind: &str) -> Vec<&'a str> {
    let mut codecs: Vec<_> =
        frames(state, "sending", kind).filter(|(_, frames)| *frames > 0).map(|(codec, _)| codec).collect();
    codecs.sort_unstable();
    codecs
}

/// To how many of them a message can be sent.
pub(crate) fn open_channels(state: &Value) -> usize {
    peers(state).iter().filter(|peer| peer["channel"]["open"] == true).count()
}

/// Codec and frames of each track of a kind.
fn frames<'a>(state: &'a Value, direction: &str, kind: &str) -> impl Iterator<Item = (&'a str, u64)> {
    let tracks = peers(state).iter().flat_map(move |peer| peer[direction].as_array().unwrap());
    let of_kind = tracks.filter(move |track| track["kind"] == kind);
    of_kind.map(|track| (track["codec"].as_str().unwrap(), track["frames"].as_u64().unwrap()))
}
