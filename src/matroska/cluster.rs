//! A cluster: frames that are written together (RFC 9559, section 5.1.3).

use std::collections::BTreeMap;

use super::{
    crc::Crc,
    element::{CRC_LENGTH, WriteElements, element_length, uint_width},
    id::Id,
    index::{Index, Point},
};
use crate::codec::MediaKind;

/// What a cluster lasts at most, in ticks, and so what is lost when the writing breaks off. The WebM guidelines allow for 5 s.
const LONGEST: u64 = 1000;

/// What a cluster lasts at least, in ticks, before a keyframe begins another, so that a track of keyframes alone does not make
/// a write of each frame.
const SHORTEST: u64 = 250;

/// How far a cluster's frames may lie apart, in ticks: a block's time is told from its cluster's in 16 bits, with a sign.
const WIDEST: u64 = i16::MAX as u64;

/// How many bytes of blocks a cluster has, unless it is a single one: 1 s at 64 Mbit/s.
const LARGEST: u64 = 8 << 20;

/// How many bytes a SimpleBlock has before its frame: the track's number, the time, and flags (RFC 9559, section 10.2).
pub(super) const BLOCK_HEAD: u64 = 4;

/// That of the flags which says that decoding can begin with the frame.
pub(super) const KEYFRAME: u8 = 0x80;

/// What a track's number of one byte is marked with.
const ONE_BYTE: u8 = 0x80;

/// A frame that has its place.
#[derive(Debug)]
pub(super) struct Placed<F> {
    /// Its track's number, to 126.
    pub(super) track: u8,
    /// What it is.
    pub(super) kind: MediaKind,
    /// When it is seen or heard, in ticks.
    pub(super) time: u64,
    /// Whether decoding can begin with it.
    pub(super) keyframe: bool,
    /// What is encoded.
    pub(super) frame: F,
}

/// The frames that the next cluster will hold.
#[derive(Debug)]
pub(super) struct Cluster<F> {
    /// In the order in which they came, each with the latest time of its track so far.
    frames: Vec<(u64, Placed<F>)>,
    tracks: BTreeMap<u8, Span>,
    /// How many bytes their blocks have.
    bytes: u64,
}

/// From when to when a track's frames are, in ticks.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// The time of the one that came first.
    first: u64,
    earliest: u64,
    latest: u64,
}

impl<F> Default for Cluster<F> {
    fn default() -> Self {
        Self { frames: Vec::new(), tracks: BTreeMap::new(), bytes: 0 }
    }
}

impl<F: AsRef<[u8]>> Cluster<F> {
    /// Whether it is to be written before this frame is added.
    ///
    /// A track may be seconds behind another one, or stand still. So the time that counts is that since the frame which the
    /// cluster began with, and that since the first one of the same track.
    pub(super) fn is_full_before(&self, next: &Placed<F>) -> bool {
        let Some((_, first)) = self.frames.first() else { return false };
        let lasts = next.time.saturating_sub(first.time);
        let own = self.tracks.get(&next.track).map_or(0, |own| next.time.saturating_sub(own.first));
        let earliest = self.tracks.values().map(|span| span.earliest).fold(next.time, u64::min);
        let latest = self.tracks.values().map(|span| span.latest).fold(next.time, u64::max);
        lasts.max(own) >= LONGEST
            || next.keyframe && next.kind == MediaKind::Video && lasts >= SHORTEST
            || latest - earliest > WIDEST
            || self.bytes + block_length(next) > LARGEST
    }

    /// Adds one.
    pub(super) fn add(&mut self, next: Placed<F>) {
        let time = next.time;
        let span = self.tracks.entry(next.track).or_insert(Span { first: time, earliest: time, latest: time });
        span.earliest = span.earliest.min(time);
        span.latest = span.latest.max(time);
        self.bytes += block_length(&next);
        self.frames.push((span.latest, next));
    }

    /// The element, or nothing where there is no frame. Says where in it can be begun to play to the index; it lies so many
    /// bytes behind the segment's first element.
    pub(super) fn write(mut self, position: u64, index: &mut Index) -> Vec<u8> {
        let Some(begin) = self.tracks.values().map(|span| span.earliest).min() else { return Vec::new() };
        // By time, as players want them, but those of a track as they came: that is the order to decode them in.
        self.frames.sort_by_key(|(latest, _)| *latest);
        self.point_out(position, index);

        let size = CRC_LENGTH + element_length(Id::TIMESTAMP, uint_width(begin)) + self.bytes;
        let mut out = Vec::with_capacity(element_length(Id::CLUSTER, size) as usize);
        out.head(Id::CLUSTER, size);
        out.checksum(Crc::new());
        let checked = out.len();
        out.uint(Id::TIMESTAMP, begin);
        for (_, placed) in &self.frames {
            let frame = placed.frame.as_ref();
            // It fits: no more than `WIDEST` lies between the first and the last.
            let behind = i16::try_from(placed.time - begin).unwrap_or(i16::MAX);
            let flags = if placed.keyframe { KEYFRAME } else { 0 };
            out.head(Id::SIMPLE_BLOCK, BLOCK_HEAD + frame.len() as u64);
            out.push(placed.track | ONE_BYTE);
            out.extend(behind.to_be_bytes());
            out.push(flags);
            out.extend_from_slice(frame);
        }
        let (head, content) = out.split_at_mut(checked);
        if let Some(checksum) = head.last_chunk_mut() {
            *checksum = Crc::of(content).bytes();
        }
        out
    }

    /// Where to begin: with the first keyframe of each track of pictures. Where there are no pictures, with the first frame.
    fn point_out(&self, position: u64, index: &mut Index) {
        let frames = || self.frames.iter().map(|(_, placed)| placed);
        let mut add = |start: Option<&Placed<F>>| {
            if let Some(Placed { track, time, .. }) = start {
                index.add(Point { time: *time, track: (*track).into(), cluster: position });
            }
        };
        if frames().all(|placed| placed.kind == MediaKind::Audio) {
            add(frames().next());
            return;
        }
        for track in self.tracks.keys() {
            add(frames().find(|placed| placed.track == *track && placed.kind == MediaKind::Video && placed.keyframe));
        }
    }
}

/// How many bytes a frame's block takes.
fn block_length<F: AsRef<[u8]>>(placed: &Placed<F>) -> u64 {
    element_length(Id::SIMPLE_BLOCK, BLOCK_HEAD + placed.frame.as_ref().len() as u64)
}
