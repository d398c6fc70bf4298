//! What is in a cluster.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
    ops::Range,
};

use super::{
    Fault,
    source::{Element, Source, marked_number, number},
};
use crate::{
    codec::MediaKind,
    container::{Count, Damage, ScannedTrack, Stop},
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
    pub(super) count: Count,
    /// The first keyframe's time, of pictures.
    start: Option<u64>,
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
        tally.count.add(Count::one(time, time, bytes, keyframe));
        tally.start = tally.start.or((keyframe && is_video).then_some(time));
    }
}

/// A cluster, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// What it holds.
    pub(super) tally: Tally,
    /// The first thing that is wrong with it.
    pub(super) damage: Option<Damage<Fault>>,
    /// Where what is in it can't be told apart any more, if so.
    pub(super) broken_at: Option<u64>,
    /// Where its CRC-32 is, if it begins with one.
    pub(super) checksum: Option<Range<u64>>,
}

impl Cluster {
    /// Reads one whose head has been read, and goes behind it or to what is broken in it.
    pub(super) fn read<R: Read + Seek>(
        source: &mut Source<R>,
        element: Element,
        tracks: &[ScannedTrack],
    ) -> io::Result<Self> {
        let mut reading = Reading { source, tracks, timestamp: None, told: None, read: Self::default() };
        match reading.children(element) {
            Ok(()) => {}
            Err(Stop::Io(error)) => return Err(error),
            Err(Stop::Damage(damage)) => reading.read.damage = Some(damage),
        }
        Ok(reading.read)
    }
}

/// A cluster that is being read.
struct Reading<'a, R> {
    source: &'a mut Source<R>,
    tracks: &'a [ScannedTrack],
    timestamp: Option<u64>,
    /// What its CRC-32 says.
    told: Option<Vec<u8>>,
    read: Cluster,
}

impl<R: Read + Seek> Reading<'_, R> {
    fn children(&mut self, cluster: Element) -> Result<(), Stop<Fault>> {
        let limit = cluster.end().unwrap_or(self.source.length());
        while self.source.at() < limit {
            self.read.broken_at = Some(self.source.at());
            let child = self.source.peek_element(limit)?;
            if cluster.size.is_none() && LEVEL_ONE.contains(&child.id) {
                break;
            }
            let (child, end) = self.source.whole_element(limit)?;
            self.child(child, end, child.at == cluster.content)?;
            self.source.skip(end - self.source.at())?;
        }
        self.read.broken_at = None;
        let found = self.source.end_checksum().map(Vec::from);
        if found != self.told
            && let Some(checksum) = &self.read.checksum
        {
            self.read.damage = Some(Damage { offset: checksum.start, fault: Fault::Checksum });
        }
        Ok(())
    }

    /// Reads what there is to know of an element that has its end there.
    fn child(&mut self, child: Element, end: u64, is_first: bool) -> Result<(), Stop<Fault>> {
        match child.id {
            Id::CRC_32 if is_first => {
                self.told = Some(self.source.content(child, 4)?);
                self.read.checksum = Some(child.at..end);
                self.source.begin_checksum();
            }
            Id::TIMESTAMP => self.timestamp = Some(number(&self.source.content(child, 8)?)),
            Id::SIMPLE_BLOCK => {
                let (block, flags) = self.block(child, end)?;
                self.add(child, Block { keyframe: flags & KEYFRAME != 0, ..block });
            }
            Id::BLOCK_GROUP => {
                if let Some(block) = self.group(end)? {
                    self.add(child, block);
                }
            }
            Id::VOID | Id::CRC_32 | Id::POSITION | Id::PREV_SIZE | Id::SILENT_TRACKS => {}
            _ => return Err(child.damage(Fault::NoElement).into()),
        }
        Ok(())
    }

    /// Reads what a block has before its frames (RFC 9559, section 10), and gives its flags, too.
    fn block(&mut self, element: Element, end: u64) -> Result<(Block, u8), Stop<Fault>> {
        let timestamp = self.timestamp.ok_or(element.damage(Fault::NoTimestamp))?;
        let mut bytes = [0; LONGEST_BLOCK_HEAD];
        let bytes = self.source.peek(&mut bytes, end)?;
        let Some((number, [high, low, flags, rest @ ..])) = marked_number(bytes) else {
            return Err(element.damage(Fault::NoElement).into());
        };
        let time = timestamp.saturating_add_signed(i16::from_be_bytes([*high, *low]).into());
        let head = (bytes.len() - rest.len()) as u64;
        let bytes = end - self.source.at() - head;
        Ok((Block { track: number, time, keyframe: false, bytes }, *flags))
    }

    /// Reads a BlockGroup up to its end: its block is a keyframe if it refers to no other one.
    fn group(&mut self, limit: u64) -> Result<Option<Block>, Stop<Fault>> {
        let (mut found, mut keyframe) = (None, true);
        while self.source.at() < limit {
            let (child, end) = self.source.whole_element(limit)?;
            match child.id {
                Id::BLOCK => found = Some(self.block(child, end)?.0),
                Id::REFERENCE_BLOCK => keyframe = false,
                _ => {}
            }
            self.source.skip(end - self.source.at())?;
        }
        Ok(found.map(|block| Block { keyframe, ..block }))
    }

    /// Takes a block if the header knows its track. Players leave the others alone.
    fn add(&mut self, element: Element, block: Block) {
        match self.tracks.iter().find(|track| track.number == block.track) {
            Some(track) => self.read.tally.add(block, track.kind == Some(MediaKind::Video)),
            None => {
                let damage = element.damage(Fault::NoSuchTrack { track: block.track });
                self.read.damage = self.read.damage.or(Some(damage));
            }
        }
    }
}
