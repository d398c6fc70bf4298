//! Where in a file which time is found (Cues).

use std::collections::BTreeMap;

use super::{element::WriteElements, id::Id};

/// How many points an index has at most: those of a point a second for 18 hours, in 1.5 MB of memory.
const MOST: usize = 1 << 16;

/// How far apart the points of a track are once there have been too many, in ticks; it is doubled as often as that happens.
const STEP: u64 = 2000;

/// A place from which a track can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// Its time, in ticks.
    pub(super) time: u64,
    /// The track's number.
    pub(super) track: u64,
    /// Where its cluster begins, counted from the segment's first element.
    pub(super) cluster: u64,
}

/// Points in the order in which their clusters lie in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Index {
    points: Vec<Point>,
    /// The last one's time of each track.
    last: BTreeMap<u64, u64>,
    /// How far apart the points of a track are at least, in ticks.
    step: u64,
}

impl Index {
    /// Adds one. Where there are too many, it keeps fewer: what is long is sought in with longer steps.
    pub(super) fn add(&mut self, point: Point) {
        if is_apart(point, self.step, &mut self.last) {
            self.points.push(point);
        }
        while self.points.len() > MOST && self.step < u64::MAX {
            self.step = self.step.saturating_mul(2).max(STEP);
            self.last.clear();
            self.points.retain(|point| is_apart(*point, self.step, &mut self.last));
        }
    }

    /// Whether there is no point.
    pub(super) const fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Appends the element, unless there is no point: there is no such element without (RFC 9559, section 5.1.5).
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.points.is_empty() {
            return;
        }
        let mut points = self.points.clone();
        points.sort_by_key(|point| point.time);
        out.checked_master(Id::CUES, |cues| {
            for point in points {
                cues.master(Id::CUE_POINT, |cue| {
                    cue.uint(Id::CUE_TIME, point.time);
                    cue.master(Id::CUE_TRACK_POSITIONS, |positions| {
                        positions.uint(Id::CUE_TRACK, point.track);
                        positions.uint(Id::CUE_CLUSTER_POSITION, point.cluster);
                    });
                });
            }
        });
    }
}

/// Whether it is far enough from the last one of its track; if so, it is the last one.
fn is_apart(Point { time, track, .. }: Point, step: u64, last: &mut BTreeMap<u64, u64>) -> bool {
    let is_apart = last.get(&track).is_none_or(|last| last.abs_diff(time) >= step);
    if is_apart {
        last.insert(track, time);
    }
    is_apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_never_ends_stays_small_and_spans_it_all() {
        let mut index = Index::default();
        for second in 0..500_000 {
            for track in 1..=2 {
                index.add(Point { time: second * 1000, track, cluster: second });
                assert!(index.points.len() <= MOST);
            }
        }
        for track in 1..=2 {
            let times: Vec<u64> =
                index.points.iter().filter(|point| point.track == track).map(|point| point.time).collect();
            assert_eq!(times[0], 0);
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 16_000), "a million points in 65,536");
            assert!(times.last().is_some_and(|last| *last >= 499_984_000));
        }
    }
}
