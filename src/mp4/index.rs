//! Where in a file which time is found (mfra, ISO/IEC 14496-12, section 8.8.9).

use super::{boxes::WriteBoxes, four_cc::FourCc, scale::Scale};
use crate::codec::MediaKind;

/// How many points an index has at most: those of a point a second for 18 hours, in 2 MB of memory.
const MOST: usize = 1 << 16;

/// How far apart points are once there have been too many; it is doubled as often as that happens.
const STEP_SECONDS: u64 = 2;

/// A fragment from which the film can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// When its first keyframe is shown, in ticks.
    pub(super) time: u64,
    /// Where it begins, in bytes from the file's start.
    pub(super) offset: u64,
    /// Which of its trafs is that of the keyframe, from 1.
    pub(super) traf: u8,
}

/// Points in the order in which their fragments lie in the file. They are those of one track: the first one of pictures, or,
/// where there are no pictures, the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    track: u32,
    scale: Scale,
    points: Vec<Point>,
    /// How far apart they are at least, in ticks.
    step: u64,
}

impl Index {
    /// One of a track whose times are in that scale, without a point.
    pub(super) const fn new(track: u32, scale: Scale) -> Self {
        Self { track, scale, points: Vec::new(), step: 0 }
    }

    /// One of a file with such tracks, of which the number, the kind and the scale are known.
    pub(super) fn of(tracks: impl Iterator<Item = (u32, Option<MediaKind>, Scale)> + Clone) -> Self {
        let pictures = tracks.clone().find(|(_, kind, _)| *kind == Some(MediaKind::Video));
        let (track, _, scale) = pictures.or_else(|| tracks.clone().next()).unwrap_or((0, None, Scale::MOVIE));
        Self::new(track, scale)
    }

    /// Which track its points are of.
    pub(super) const fn track(&self) -> u32 {
        self.track
    }

    /// Adds one. Where there are too many, it keeps fewer: what is long is sought in with longer steps.
    pub(super) fn add(&mut self, point: Point) {
        if is_apart(self.points.last(), point, self.step) {
            self.points.push(point);
        }
        while self.points.len() > MOST && self.step < u64::MAX {
            self.step = self.step.saturating_mul(2).max(STEP_SECONDS * u64::from(self.scale.per_second()));
            let mut last = None;
            self.points.retain(|point| {
                let stays = is_apart(last.as_ref(), *point, self.step);
                if stays {
                    last = Some(*point);
                }
                stays
            });
        }
    }

    /// Appends the box. It is there even where there is no point: a file that ends with it is one that was ended.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.boxed(FourCc::MFRA, |mfra| {
            mfra.full_box(FourCc::TFRA, 1, 0, |tfra| {
                tfra.u32(self.track);
                // The numbers of traf, trun and sample have a byte each.
                tfra.u32(0);
                tfra.u32(self.points.len() as u32);
                for Point { time, offset, traf } in &self.points {
                    tfra.u64(*time);
                    tfra.u64(*offset);
                    // The first trun's first sample.
                    tfra.extend([*traf, 1, 1]);
                }
            });
            // Who reads from the end finds there how long all of it is.
            mfra.full_box(FourCc::MFRO, 0, 0, |mfro| mfro.zeros(4));
        });
        let size = (out.len() - begin) as u32;
        if let Some(place) = out.last_chunk_mut() {
            *place = size.to_be_bytes();
        }
    }
}

fn is_apart(last: Option<&Point>, point: Point, step: u64) -> bool {
    last.is_none_or(|last| point.time.abs_diff(last.time) >= step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_never_ends_stays_small_and_spans_it_all() {
        let mut index = Index::new(1, Scale::MOVIE);
        for second in 0..500_000 {
            index.add(Point { time: second * 1000, offset: second, traf: 1 });
            assert!(index.points.len() <= MOST);
        }
        let times: Vec<u64> = index.points.iter().map(|point| point.time).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 8000), "half a million points in 65,536");
        assert!(times[0] == 0 && times.last().is_some_and(|last| *last >= 499_992_000));
    }
}
