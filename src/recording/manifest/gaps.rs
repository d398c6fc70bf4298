//! What is missing from a segment.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{bounds, ms};

/// How many gaps are listed. Who has more in a few minutes has no use for a longer list.
const MAX_GAPS: usize = 1000;

/// The gaps of a segment, in the order in which they ended, and how many are not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gaps {
    #[serde(deserialize_with = "bounds::list::<_, _, MAX_GAPS>")]
    listed: Vec<Gap>,
    left_out: u64,
    #[serde(rename = "left_out_ms", with = "ms")]
    left_out_time: Duration,
}

/// A time for which a track has nothing. Times are from the segment's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The track's number.
    pub track: u64,
    /// When what came before it ended, in ms; 0 where that was before the segment's beginning.
    #[serde(rename = "from_ms", with = "ms")]
    pub from: Duration,
    /// How long before the segment's beginning that was, in ms. The segment before it says nothing of it.
    #[serde(rename = "earlier_ms", with = "ms", default, skip_serializing_if = "Duration::is_zero")]
    pub earlier: Duration,
    /// When it goes on, in ms.
    #[serde(rename = "to_ms", with = "ms")]
    pub to: Duration,
    /// Why.
    pub kind: GapKind,
    /// How many frames are missing, where that is known.
    pub frames: Option<u64>,
}

/// Why there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GapKind {
    /// It was lost on the network.
    Lost,
    /// Nothing was sent: a track that is muted, or a peer that is gone for a while.
    Silent,
    /// It came faster than it could be written, and was dropped here.
    Dropped,
    /// What came could not be used: before a first keyframe, or not what its codec says.
    Broken,
    /// The disk was full, or did not take it.
    Disk,
}

impl Gap {
    /// How long it is.
    #[must_use]
    pub const fn length(&self) -> Duration {
        self.earlier.saturating_add(self.to.saturating_sub(self.from))
    }
}

impl Gaps {
    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.left_out.saturating_add(self.listed.len() as u64)
    }

    /// Those that are listed: the first 1000.
    #[must_use]
    pub fn listed(&self) -> &[Gap] {
        &self.listed
    }

    /// How many more there were, and how long these were together.
    #[must_use]
    pub const fn left_out(&self) -> (u64, Duration) {
        (self.left_out, self.left_out_time)
    }

    /// Notes a gap. One that goes on where the track's last one of the same kind ended makes that one longer.
    pub fn add(&mut self, gap: Gap) {
        let last = self.listed.iter_mut().rev().find(|listed| listed.track == gap.track);
        if let Some(last) = last.filter(|last| last.kind == gap.kind && last.to == gap.from) {
            last.to = gap.to;
            last.frames = last.frames.zip(gap.frames).map(|(before, now)| before.saturating_add(now));
        } else if self.listed.len() < MAX_GAPS {
            self.listed.push(gap);
        } else {
            self.left_out = self.left_out.saturating_add(1);
            self.left_out_time = self.left_out_time.saturating_add(gap.length());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(track: u64, from: u64, to: u64, kind: GapKind) -> Gap {
        Gap {
            track,
            from: Duration::from_millis(from),
            earlier: Duration::ZERO,
            to: Duration::from_millis(to),
            kind,
            frames: Some(1),
        }
    }

    #[test]
    fn what_goes_on_is_one_gap() {
        let mut gaps = Gaps::default();
        gaps.add(gap(1, 0, 40, GapKind::Lost));
        gaps.add(gap(2, 0, 20, GapKind::Silent));
        gaps.add(gap(1, 40, 80, GapKind::Lost));
        gaps.add(gap(1, 80, 120, GapKind::Dropped));
        gaps.add(gap(1, 160, 200, GapKind::Dropped));
        gaps.add(gap(1, 180, 190, GapKind::Dropped));
        let expected = [
            Gap { frames: Some(2), ..gap(1, 0, 80, GapKind::Lost) },
            gap(2, 0, 20, GapKind::Silent),
            gap(1, 80, 120, GapKind::Dropped),
            gap(1, 160, 200, GapKind::Dropped),
            gap(1, 180, 190, GapKind::Dropped),
        ];
        assert_eq!(gaps.listed(), expected);
        assert_eq!(gaps.left_out(), (0, Duration::ZERO));
    }

    #[test]
    fn the_list_is_bounded_and_the_rest_counted() {
        let mut gaps = Gaps::default();
        for number in 0..MAX_GAPS as u64 + 5 {
            gaps.add(gap(1, number * 10, number * 10 + 4, GapKind::Lost));
        }
        assert_eq!(gaps.listed().len(), MAX_GAPS);
        assert_eq!(gaps.left_out(), (5, Duration::from_millis(20)));
    }
}
