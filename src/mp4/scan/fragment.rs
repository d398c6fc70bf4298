//! What is in a fragment.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Fault,
    element::Element,
    header::{Defaults, Told},
    inner::{Inner, Inners},
};
use crate::{
    container::{Count, Damage},
    mp4::{
        four_cc::FourCc,
        fragment::{
            DATA_OFFSET, DEFAULT_BASE_IS_MOOF, FIRST_SAMPLE_FLAGS, Flags, SAMPLE_COMPOSITION_OFFSET, SAMPLE_DURATION,
            SAMPLE_FLAGS, SAMPLE_SIZE,
        },
    },
};

// What tfhd says besides, in its flags.
const BASE_DATA_OFFSET: u32 = 0x01;
const DESCRIPTION_INDEX: u32 = 0x02;
const DEFAULT_DURATION: u32 = 0x08;
const DEFAULT_SIZE: u32 = 0x10;
const DEFAULT_FLAGS: u32 = 0x20;

/// What a fragment has of each track, by its number.
pub(super) type Tally = BTreeMap<u32, TrackTally>;

/// What a fragment has of one track.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TrackTally {
    pub(super) count: Count,
    /// When the first frame is shown, if it is a keyframe, and the place of its traf, from 1.
    pub(super) start: Option<(u64, u8)>,
}

impl TrackTally {
    /// Takes a sample that is in the `traf`th traf.
    fn take(&mut self, sample: Sample, traf: u8) {
        let Sample { time, end, size, is_keyframe } = sample;
        if self.count.frames == 0 {
            self.start = is_keyframe.then_some((time, traf));
        }
        self.count.add(Count::one(time, end, size, is_keyframe));
    }
}

/// A frame, as the tally takes it.
#[derive(Debug, Clone, Copy)]
struct Sample {
    time: u64,
    end: u64,
    size: u64,
    is_keyframe: bool,
}

/// Reads a moof of such content, whose samples lie in `data` of the file. `before` is what came before it. Gives what is wrong
/// with it besides, too.
pub(super) fn read(
    moof: Element,
    content: &[u8],
    data: Range<u64>,
    tracks: &[Told],
    before: &BTreeMap<u32, Count>,
) -> Result<(Tally, Option<Damage<Fault>>), Damage<Fault>> {
    let left = data.end - data.start;
    let mut reading =
        Reading { moof: moof.at, traf: 0, data, left, reached: moof.at, tracks, before, tally: Tally::new() };
    for inner in Inners::new(moof.content, content) {
        let inner = inner?;
        if inner.kind == FourCc::TRAF {
            reading.traf = reading.traf.saturating_add(1);
            reading.track(inner)?;
        }
    }
    let bytes = reading.left;
    let damage = (bytes > 0).then(|| moof.damage(Fault::NoSample { bytes }));
    Ok((reading.tally, damage))
}

/// A moof that is being read.
struct Reading<'a> {
    /// Where it begins.
    moof: u64,
    /// Which traf is being read, from 1.
    traf: u8,
    data: Range<u64>,
    /// How many bytes of that no sample has yet: it ends the reading of what has too many.
    left: u64,
    /// Where the last sample's bytes end.
    reached: u64,
    tracks: &'a [Told],
    before: &'a BTreeMap<u32, Count>,
    tally: Tally,
}

/// What is told of a track's samples in a traf.
#[derive(Debug, Clone, Copy)]
struct Samples {
    track: u32,
    defaults: Defaults,
    /// What the places of their bytes are counted from.
    base: u64,
    /// When the next one is decoded.
    decode: u64,
}

impl Reading<'_> {
    fn track(&mut self, traf: Inner<'_>) -> Result<(), Damage<Fault>> {
        let broken = |fault| Damage { offset: traf.at, fault };
        let tfhd = traf.child(FourCc::TFHD)?.ok_or(broken(Fault::TooShort))?;
        let mut samples = self.head(tfhd)?;
        if let Some(tfdt) = traf.child(FourCc::TFDT)? {
            let mut fields = tfdt.fields();
            let (version, _) = fields.version_and_flags()?;
            samples.decode = fields.versioned(version)?;
        }
        self.reached = samples.base;
        for inner in traf.boxes() {
            let inner = inner?;
            if inner.kind == FourCc::TRUN {
                self.run(inner, &mut samples)?;
            }
        }
        Ok(())
    }

    /// tfhd.
    fn head(&self, tfhd: Inner<'_>) -> Result<Samples, Damage<Fault>> {
        let mut fields = tfhd.fields();
        let (_, flags) = fields.version_and_flags()?;
        let track = fields.u32()?;
        let told = self.tracks.iter().find(|told| told.number == track);
        let told = told.ok_or(Damage { offset: tfhd.at, fault: Fault::NoSuchTrack { track } })?;
        let base = if flags & BASE_DATA_OFFSET != 0 {
            fields.u64()?
        } else if flags & DEFAULT_BASE_IS_MOOF != 0 {
            self.moof
        } else {
            // Those of the first one, from moof on; those of others, behind the ones before.
            self.reached
        };
        let mut defaults = told.defaults;
        if flags & DESCRIPTION_INDEX != 0 {
            fields.u32()?;
        }
        if flags & DEFAULT_DURATION != 0 {
            defaults.duration = fields.u32()?;
        }
        if flags & DEFAULT_SIZE != 0 {
            defaults.size = fields.u32()?;
        }
        if flags & DEFAULT_FLAGS != 0 {
            defaults.flags = fields.u32()?;
        }
        // What has no tfdt goes on where the track is.
        let before = self.tally.get(&track).map(|tally| &tally.count).or_else(|| self.before.get(&track));
        let decode = before.map_or(0, |count| count.end);
        Ok(Samples { track, defaults, base, decode })
    }

    /// trun.
    fn run(&mut self, trun: Inner<'_>, samples: &mut Samples) -> Result<(), Damage<Fault>> {
        let mut fields = trun.fields();
        let (_, told) = fields.version_and_flags()?;
        let count = fields.u32()?;
        if told & DATA_OFFSET != 0 {
            let offset = fields.u32()?.cast_signed();
            self.reached = samples.base.saturating_add_signed(offset.into());
        }
        let mut first = if told & FIRST_SAMPLE_FLAGS != 0 { Some(fields.u32()?) } else { None };
        let defaults = samples.defaults;
        for _ in 0..count {
            let duration = if told & SAMPLE_DURATION != 0 { fields.u32()? } else { defaults.duration };
            let size = if told & SAMPLE_SIZE != 0 { fields.u32()? } else { defaults.size };
            let flags = if told & SAMPLE_FLAGS != 0 { fields.u32()? } else { defaults.flags };
            // Version 0 has no sign, but who writes that writes no numbers that would be taken for one.
            let offset = if told & SAMPLE_COMPOSITION_OFFSET != 0 { fields.u32()?.cast_signed() } else { 0 };
            self.claim(size.into()).ok_or(Damage { offset: trun.at, fault: Fault::NoData })?;
            let is_keyframe = Flags(first.take().unwrap_or(flags)).is_keyframe();
            let time = samples.decode.saturating_add_signed(offset.into());
            samples.decode = samples.decode.saturating_add(duration.into());
            let sample = Sample { time, end: samples.decode, size: size.into(), is_keyframe };
            self.tally.entry(samples.track).or_default().take(sample, self.traf);
        }
        Ok(())
    }

    /// Goes on behind so many bytes of a sample; `None` where they are none, or not in the data.
    fn claim(&mut self, size: u64) -> Option<()> {
        let end = self.reached.checked_add(size)?;
        let is_there = size > 0 && self.data.start <= self.reached && end <= self.data.end;
        self.left = self.left.checked_sub(size).filter(|_| is_there)?;
        self.reached = end;
        Some(())
    }
}
