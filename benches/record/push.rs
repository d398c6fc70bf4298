//! Gives packets to pipelines in real time.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

use peergate::media::clockwork::Clockwork;

use crate::packets::{Packets, Stream};

/// One track of all streams.
struct Lane<'a> {
    stream: Stream<'a>,
    /// How many frames are pushed in a second, of all streams.
    rate: u64,
    /// How many were.
    pushed: u64,
    /// The last one that was made.
    frame: gst::BufferList,
}

/// Pushes each frame to each stream's sources, one for each of `packets`, when it is due. Streams follow each other within the
/// time of a frame, as peers' do. Once it has `ended`, and each stream has had as many frames as any other, it tells how many
/// that were in all.
pub(crate) fn push(
    packets: &[Packets],
    sources: &[Vec<gst_app::AppSrc>],
    clockwork: &Clockwork,
    ended: &AtomicBool,
) -> u64 {
    let (begun, begun_at) = (Instant::now(), clockwork.running_time());
    let streams = sources.len() as u64;
    let mut lanes: Vec<_> = packets.iter().map(|packets| Lane::new(packets, streams)).collect();
    while lanes.iter().any(|lane| !lane.pushed.is_multiple_of(streams)) || !ended.load(Relaxed) {
        let Some((track, lane)) = lanes.iter_mut().enumerate().min_by_key(|(_, lane)| lane.due()) else { return 0 };
        let due = lane.due();
        std::thread::park_timeout((begun + due).saturating_duration_since(Instant::now()));
        let stream = lane.pushed % streams;
        if stream == 0 {
            lane.frame = lane.stream.next(begun_at + gst::ClockTime::from_nseconds(due.as_nanos() as u64));
        }
        sources[stream as usize][track].push_buffer_list(lane.frame.clone()).unwrap();
        lane.pushed += 1;
    }
    lanes.iter().map(|lane| lane.pushed).sum()
}

impl<'a> Lane<'a> {
    fn new(packets: &'a Packets, streams: u64) -> Self {
        let rate = u64::from(packets.rate) * streams;
        Self { stream: packets.stream(), rate, pushed: 0, frame: gst::BufferList::new() }
    }

    /// When the next one is pushed, from the beginning.
    fn due(&self) -> Duration {
        Duration::from_nanos(self.pushed * 1_000_000_000 / self.rate)
    }
}
