//! A fragment: frames that are written together (moof and mdat, ISO/IEC 14496-12, section 8.8).

use super::{boxes::WriteBoxes, four_cc::FourCc, lane::Run};
use crate::codec::MediaKind;

/// What is said of how a sample depends on others (sample_flags, section 8.8.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags(pub(super) u32);

impl Flags {
    /// It depends on no other sample.
    const KEYFRAME: Self = Self(0x0200_0000);
    /// It depends on others, and is no sync sample.
    const OTHER: Self = Self(0x0101_0000);

    /// Those of a frame with which decoding can begin, or of any other one.
    pub(super) const fn of(keyframe: bool) -> Self {
        if keyframe { Self::KEYFRAME } else { Self::OTHER }
    }

    /// Whether it is a sync sample (sample_is_non_sync_sample is 0).
    pub(super) const fn is_keyframe(self) -> bool {
        self.0 & 0x0001_0000 == 0
    }
}

/// tfhd: places are counted from the beginning of moof.
pub(super) const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;

// What trun says of the samples, in its flags.
pub(super) const DATA_OFFSET: u32 = 0x001;
pub(super) const FIRST_SAMPLE_FLAGS: u32 = 0x004;
pub(super) const SAMPLE_DURATION: u32 = 0x100;
pub(super) const SAMPLE_SIZE: u32 = 0x200;
pub(super) const SAMPLE_FLAGS: u32 = 0x400;
pub(super) const SAMPLE_COMPOSITION_OFFSET: u32 = 0x800;

/// The bytes of a fragment, the `sequence`th of its file, from 1. Nothing where there are no runs.
pub(super) fn write<F: AsRef<[u8]>>(sequence: u32, runs: &[Run<F>]) -> Vec<u8> {
    if runs.is_empty() {
        return Vec::new();
    }
    let frames = || runs.iter().flat_map(|run| &run.samples).map(|sample| sample.frame.as_ref());
    let head = write_moof(sequence, runs, 0).len();
    let bytes: usize = frames().map(<[u8]>::len).sum();
    let mut out = Vec::with_capacity(head + 8 + bytes);
    // Frames begin behind the head of mdat.
    out.extend(write_moof(sequence, runs, head as u32 + 8));
    out.boxed(FourCc::MDAT, |mdat| frames().for_each(|frame| mdat.extend_from_slice(frame)));
    out
}

/// moof, when the first run's frames begin so many bytes behind its beginning. The others follow.
fn write_moof<F: AsRef<[u8]>>(sequence: u32, runs: &[Run<F>], frames: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.boxed(FourCc::MOOF, |moof| {
        moof.full_box(FourCc::MFHD, 0, 0, |mfhd| mfhd.u32(sequence));
        let mut at = frames;
        for run in runs {
            moof.boxed(FourCc::TRAF, |traf| write_run(run, at, traf));
            at += run.samples.iter().map(|sample| sample.frame.as_ref().len() as u32).sum::<u32>();
        }
    });
    out
}

/// What is in traf.
fn write_run<F: AsRef<[u8]>>(run: &Run<F>, frames: u32, traf: &mut Vec<u8>) {
    traf.full_box(FourCc::TFHD, 0, DEFAULT_BASE_IS_MOOF, |tfhd| tfhd.u32(run.track));
    traf.full_box(FourCc::TFDT, 1, 0, |tfdt| tfdt.u64(run.begin));
    let mut told = DATA_OFFSET | SAMPLE_DURATION | SAMPLE_SIZE;
    if run.kind == MediaKind::Video {
        told |= SAMPLE_FLAGS;
    }
    if run.samples.iter().any(|sample| sample.offset != 0) {
        told |= SAMPLE_COMPOSITION_OFFSET;
    }
    let count = run.samples.len() as u32;
    // Version 1: offsets have a sign.
    traf.full_box(FourCc::TRUN, 1, told, |trun| {
        trun.u32(count);
        trun.u32(frames);
        for sample in &run.samples {
            trun.u32(sample.duration);
            trun.u32(sample.frame.as_ref().len() as u32);
            if told & SAMPLE_FLAGS != 0 {
                trun.u32(Flags::of(sample.keyframe).0);
            }
            if told & SAMPLE_COMPOSITION_OFFSET != 0 {
                trun.u32(sample.offset.cast_unsigned());
            }
        }
    });
    if run.kind == MediaKind::Audio {
        traf.full_box(FourCc::SBGP, 0, 0, |sbgp| {
            sbgp.extend(FourCc::ROLL.0);
            // All of them are of the first description in stbl.
            sbgp.u32(1);
            sbgp.u32(count);
            sbgp.u32(1);
        });
    }
}
