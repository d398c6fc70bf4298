//! What is broken or lost of a file, on the way through it.

use std::ops::Range;

use super::Damage;

/// How much of what is wrong with a file is told; who wants to know more looks for what breaks files.
const MOST_DAMAGE: usize = 64;

/// How many gaps are remembered. What has more is not worth repairing.
const MOST_GAPS: usize = 1024;

/// What is broken or lost of a file, on the way through it. Places are in bytes from its start.
#[derive(Debug)]
pub(crate) struct Losses<F> {
    damage: Vec<Damage<F>>,
    gaps: Vec<Range<u64>>,
    /// The last gap between parts.
    last: Option<Range<u64>>,
    /// How many bytes may be read again: as many as the file has.
    again: u64,
}

impl<F> Losses<F> {
    /// None yet, of a file of such a length.
    pub(crate) const fn of(length: u64) -> Self {
        Self { damage: Vec::new(), gaps: Vec::new(), last: None, again: length }
    }

    /// Notes what is wrong.
    pub(crate) fn note(&mut self, damage: Damage<F>) {
        if self.damage.len() < MOST_DAMAGE {
            self.damage.push(damage);
        }
    }

    /// Notes what can't be read.
    pub(crate) fn note_gap(&mut self, gap: Range<u64>) {
        if self.gaps.len() < MOST_GAPS {
            self.gaps.push(gap);
        }
    }

    /// Where to look for the next part when the one at `start`, read as far as `reached`, is broken. Its size may be what is
    /// wrong with it, so the next one may lie within, from `least` on. But what is made so that there is always one within is
    /// not read again and again.
    pub(crate) fn search_from(&mut self, start: u64, reached: u64, least: u64) -> u64 {
        match self.again.checked_sub(reached.saturating_sub(start)) {
            Some(left) => {
                self.again = left;
                least
            }
            None => reached.max(least),
        }
    }

    /// Notes that nothing is there from the broken part at `start` to the next one.
    pub(crate) fn lose(&mut self, start: u64, next: u64) {
        // What begins right behind a gap and is broken, too, belongs to it.
        let begin = self.last.take().filter(|last| last.end == start).map_or(start, |last| last.start);
        self.gaps.pop_if(|gap| gap.start == begin && gap.end == start);
        self.note_gap(begin..next);
        self.last = Some(begin..next);
    }

    /// Whether all could be read so far.
    pub(crate) const fn has_no_gap(&self) -> bool {
        self.gaps.is_empty()
    }

    /// What is wrong, and what can't be read of the file up to `whole`.
    pub(crate) fn tell(mut self, whole: u64) -> (Vec<Damage<F>>, Vec<Range<u64>>) {
        self.gaps.retain(|gap| gap.end <= whole);
        (self.damage, self.gaps)
    }
}
