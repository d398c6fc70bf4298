//! What is in a cluster.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use super::{
    Damage, Fault, ScannedTrack,
    source::{Element, Source, Stop, number, width},
};
use crate::{
    codec::MediaKind,
    matroska::{
        cluster::KEYFRAME,
        id::Id,
        index::{Index, Point},
    },
};

/// What a segment is made of: any of these ends a cluster that does not say how long it is (RFC 8794, section 6.2).
pub(super) const LEVEL_ONE: [Id; 8] =
    [Id::SEEK_HEAD, Id::INFO, Id::TRACKS, Id::CLUSTER, Id::CUES, Id::CHAPTERS, Id::TAGS, Id::ATTACHMENTS];

/// What a block has before its frames at most: the track's number in eight bytes, the time in two, and flags.
const LONGEST_BLOCK_HEAD: usize = 11;

/// What a cluster holds, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Tally {
    tracks: BTreeMap<u64, TrackTally>,
    /// Whether there are pictures.
    has_pictures: bool,
    /// The first block's track and time.
    first: Option<(u64, u64)>,
}

/// What a cluster holds of one track.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TrackTally {
    pub(super) blocks: u64,
    pub(super) keyframes: u64,
    pub(super) bytes: u64,
    /// The earliest and the latest block's time, in ticks.
    pub(super) span: Option<(u64, u64)>,
    /// The first keyframe's time, of pictures.
    start: Option<u64>,
}

impl TrackTally {
    /// Adds what another cluster holds.
    pub(super) fn add(&mut self, other: Self) {
        self.blocks += other.blocks;
        self.keyframes += other.keyframes;
        self.bytes += other.bytes;
        self.span = match (self.span, other.span) {
            (Some(own), Some(other)) => Some((own.0.min(other.0), own.1.max(other.1))),
            (own, other) => own.or(other),
        };
    }
}

/// A block, as the tally takes it.
#[derive(Debug, Clone, Copy)]
struct Block {
    track: u64,
    time: u64,
    keyframe: bool,
    /// How many bytes its frames have.
    bytes: u64,
}

impl Tally {
    /// What there is of each track.
    pub(super) fn tracks(&self) -> impl Iterator<Item = (u64, TrackTally)> {
        self.tracks.iter().map(|(number, tally)| (*number, *tally))
    }

    /// Says to the index where in it can be begun to play, as the writer does.
    pub(super) fn point_out(&self, cluster: u64, index: &mut Index) {
        if let Some((track, time)) = self.first.filter(|_| !self.has_pictures) {
            index.add(Point { time, track, cluster });
        }
        for (track, tally) in self.tracks() {
            if let Some(time) = tally.start {
                index.add(Point { time, track, cluster });
            }
        }
    }

    fn add(&mut self, block: Block, is_video: bool) {
        let Block { track, time, keyframe, bytes } = block;
        self.first = self.first.or(Some((track, time)));
        self.has_pictures |= is_video;
        let tally = self.tracks.entry(track).or_default();
        let keyframes = keyframe.into();
        tally.add(TrackTally { blocks: 1, keyframes, bytes, span: Some((time, time)), start: None });
        tally.start = tally.start.or((keyframe && is_video).then_some(time));
    }
}

/// Reads a cluster whose head has been read, and goes behind it. Gives what is wrong with it though all its elements are there.
/// `tally` has what came before what is broken.
pub(super) fn read<R: Read + Seek>(
    source: &mut Source<R>,
    cluster: Element,
    tracks: &[ScannedTrack],
    tally: &mut Tally,
) -> Result<Option<Damage>, Stop> {
    let limit = cluster.end().unwrap_or(source.length());
    let mut checksum = None;
    let mut begin = None;
    while source.at() < limit {
        let element = source.peek_element(limit)?;
        if cluster.size.is_none() && LEVEL_ONE.contains(&element.id) {
            break;
        }
        let (element, end) = source.whole_element(limit)?;
        match element.id {
            Id::CRC_32 if element.at == cluster.content => {
                checksum = Some((element, source.content(element, 4)?));
                source.begin_checksum();
            }
            Id::TIMESTAMP => begin = Some(number(&source.content(element, 8)?)),
            Id::SIMPLE_BLOCK => {
                let begin = begin.ok_or(element.damage(Fault::NoTimestamp))?;
                let (block, flags) = block(source, element, end, begin, tracks)?;
                tally.add(Block { keyframe: flags & KEYFRAME != 0, ..block }, is_video(tracks, block.track));
            }
            Id::BLOCK_GROUP => {
                let begin = begin.ok_or(element.damage(Fault::NoTimestamp))?;
                if let Some(block) = group(source, end, begin, tracks)? {
                    tally.add(block, is_video(tracks, block.track));
                }
            }
            Id::VOID | Id::CRC_32 | Id::POSITION | Id::PREV_SIZE | Id::SILENT_TRACKS => {}
            _ => return Err(element.damage(Fault::NoElement).into()),
        }
        source.skip(end - source.at())?;
    }
    let found = source.end_checksum();
    Ok(checksum
        .and_then(|(element, told)| (found.map(Vec::from) != Some(told)).then_some(element.damage(Fault::Checksum))))
}

/// Reads what a block has before its frames (RFC 9559, section 10), and gives its flags, too.
fn block<R: Read + Seek>(
    source: &mut Source<R>,
    element: Element,
    end: u64,
    begin: u64,
    tracks: &[ScannedTrack],
) -> Result<(Block, u8), Stop> {
    let mut bytes = [0; LONGEST_BLOCK_HEAD];
    let bytes = source.peek(&mut bytes, end)?;
    let (number, rest) = match width(bytes).and_then(|width| bytes.split_at_checked(width)) {
        Some((track, rest)) => (number(track) & !(1 << (7 * track.len())), rest),
        None => return Err(element.damage(Fault::NoElement).into()),
    };
    let [high, low, flags, ..] = *rest else { return Err(element.damage(Fault::NoElement).into()) };
    if tracks.iter().all(|track| track.number != number) {
        return Err(element.damage(Fault::NoSuchTrack { track: number }).into());
    }
    let time = begin.saturating_add_signed(i16::from_be_bytes([high, low]).into());
    let head = bytes.len() - rest.len() + 3;
    let bytes = (end - source.at()).saturating_sub(head as u64);
    Ok((Block { track: number, time, keyframe: false, bytes }, flags))
}

/// Reads a BlockGroup up to its end: its block is a keyframe if it refers to no other one.
fn group<R: Read + Seek>(
    source: &mut Source<R>,
    limit: u64,
    begin: u64,
    tracks: &[ScannedTrack],
) -> Result<Option<Block>, Stop> {
    let (mut found, mut keyframe) = (None, true);
    while source.at() < limit {
        let (element, end) = source.whole_element(limit)?;
        match element.id {
            Id::BLOCK => found = Some(block(source, element, end, begin, tracks)?.0),
            Id::REFERENCE_BLOCK => keyframe = false,
            _ => {}
        }
        source.skip(end - source.at())?;
    }
    Ok(found.map(|block| Block { keyframe, ..block }))
}

fn is_video(tracks: &[ScannedTrack], number: u64) -> bool {
    tracks.iter().any(|track| track.number == number && track.kind == Some(MediaKind::Video))
}
