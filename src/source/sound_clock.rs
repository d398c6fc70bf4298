//! The clock of a sound card, held against ours. 50 millionths more or less, which is what quartz is good for, are 4 s a day:
//! sound would come away from its pictures. Says when each block of sound begins, and which are to be a sample longer or
//! shorter. Whoever reads the card may be held up for as long as the card's buffer is, and no sound is missing. Pure.

use std::cmp::min;

/// Samples a second.
const RATE: i64 = 48_000;

/// Samples until it is known how late the promptest blocks are; on a loaded machine most are late. 5 s.
const WATCHED: i64 = 5 * RATE;

/// A difference that is let be: blocks are not prompt to the millisecond. 3 ms.
const NEAR: i64 = 3 * RATE / 1000;

/// A difference that no clock makes: something stood still. Sound that is early or late by more is noticed (ITU-R BT.1359). 90 ms.
const FAR: i64 = 90 * RATE / 1000;

/// How long what had piled up before a beginning may take to come. 1 s.
const SETTLING: i64 = RATE;

const SECOND_NS: i64 = 1_000_000_000;

/// The clock of one card, from the first block to the last.
#[derive(Debug, Default)]
pub(super) struct SoundClock {
    /// Where the next block begins. All of these are in samples of our clock.
    next: Option<i64>,
    /// Until then, blocks that came sooner than the times that they would get are left out: they had piled up before.
    settled: i64,
    /// How many blocks are to be a sample longer; shorter, where it is negative.
    owed: i64,
    watch: Watch,
}

/// How late blocks are.
#[derive(Debug, Default)]
struct Watch {
    samples: i64,
    least: Option<i64>,
}

/// What a block becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// The running time at which it begins, in ns.
    pub(super) begins: u64,
    /// The same of the next one.
    pub(super) ends: u64,
    /// Its samples: as many as it has, or one more or less.
    pub(super) samples: usize,
}

impl SoundClock {
    /// What a block becomes of `samples` that has come at the running time `now`, in ns. `is_first`: what was before it, if
    /// anything was, is lost. `None` where it is to be left out, or is empty.
    pub(super) fn place(&mut self, now: u64, samples: usize, is_first: bool) -> Option<Block> {
        let now = i64::try_from(u128::from(now) * RATE as u128 / SECOND_NS as u128).ok()?;
        let length = i64::try_from(samples).ok().filter(|length| *length > 0)?;
        let begins = match self.next {
            Some(next) if !is_first => next,
            next => {
                self.settle(now);
                // Time never goes back.
                (now - length).max(next.unwrap_or(0)).max(0)
            }
        };
        let late = now - (begins + length);
        if now < self.settled && late < -length {
            self.next = Some(begins);
            return None;
        }
        let (longer, pause) = if now < self.settled { (0, 0) } else { self.correct(now, late, length) };
        let ends = begins + length + longer;
        self.next = Some(ends + pause);
        let samples = samples.saturating_add_signed(longer as isize);
        Some(Block { begins: nanoseconds(begins), ends: nanoseconds(ends), samples })
    }

    /// Begins anew.
    fn settle(&mut self, now: i64) {
        (self.settled, self.owed, self.watch) = (now + SETTLING, 0, Watch::default());
    }

    /// By how much a block is to be longer, and how long a pause is to follow.
    fn correct(&mut self, now: i64, late: i64, length: i64) -> (i64, i64) {
        if self.owed != 0 {
            let longer = self.owed.signum();
            self.owed -= longer;
            return (longer, 0);
        }
        // Not while it is corrected: what is measured then is out of date in the end.
        let Some(late) = self.watch.look(late, length) else { return (0, 0) };
        if late > FAR {
            return (0, late);
        }
        if late < -FAR {
            self.settle(now);
        } else if late.abs() > NEAR {
            self.owed = late;
        }
        (0, 0)
    }
}

impl Watch {
    /// How late the promptest of the last blocks was, once for so many.
    fn look(&mut self, late: i64, length: i64) -> Option<i64> {
        let least = self.least.map_or(late, |least| min(least, late));
        (self.samples, self.least) = (self.samples + length, Some(least));
        (self.samples >= WATCHED).then(|| {
            *self = Self::default();
            least
        })
    }
}

/// The sound of a block of 16 bits for left and right, in so many samples.
pub(super) fn stretched(block: &[u8], samples: usize) -> Vec<u8> {
    let sound: Vec<[i16; 2]> = block
        .chunks_exact(4)
        .map(|sample| match sample {
            [left, left_high, right, right_high] => {
                [[*left, *left_high], [*right, *right_high]].map(i16::from_le_bytes)
            }
            _ => [0, 0],
        })
        .collect();
    let (last, steps) = (sound.len().saturating_sub(1), samples.saturating_sub(1).max(1));
    let between = |number: usize| {
        // The first stays the first, and the last the last.
        let (at, part) = (number * last / steps, number * last % steps);
        let one = sound.get(at).copied().unwrap_or_default();
        let next = sound.get(at + 1).copied().unwrap_or(one);
        let blend = |one: i16, next: i16| {
            let (one, next) = (i64::from(one), i64::from(next));
            (one + (next - one) * part as i64 / steps as i64) as i16
        };
        [blend(one[0], next[0]), blend(one[1], next[1])]
    };
    (0..samples).flat_map(between).flat_map(i16::to_le_bytes).collect()
}

const fn nanoseconds(samples: i64) -> u64 {
    (samples as i128 * SECOND_NS as i128 / RATE as i128) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: usize = 960;
    const MS: u64 = 1_000_000;

    /// A card that began at 1 s, and whose second is by so many millionths of ours shorter.
    struct Card {
        clock: SoundClock,
        fast: f64,
        blocks: u64,
        last: Option<Block>,
    }

    impl Card {
        fn new(fast: i32) -> Self {
            Self { clock: SoundClock::default(), fast: f64::from(fast), blocks: 0, last: None }
        }

        /// When the next block is whole, in ns.
        fn due(&self) -> u64 {
            let blocks = (self.blocks + 1) as f64 * 20e6 / (1.0 + self.fast / 1e6);
            1000 * MS + blocks as u64
        }

        /// The next block, so many ns late. Time goes on without a gap.
        fn block(&mut self, late: u64) -> Option<Block> {
            let block = self.clock.place(self.due() + late, BLOCK, self.blocks == 0);
            self.blocks += 1;
            if let (Some(last), Some(block)) = (self.last, block) {
                assert_eq!(last.ends, block.begins);
            }
            self.last = block.or(self.last);
            block
        }

        /// How far what is said of the latest block's end is after the truth, in ns.
        fn off(&self) -> i64 {
            let next = self.due();
            self.last.unwrap().ends.cast_signed() - (next - 20 * MS).cast_signed()
        }
    }

    /// Lateness as on a loaded machine: most blocks wait for one that waits long.
    fn load(number: u64) -> u64 {
        number.wrapping_mul(2_654_435_761) % 400 * u64::from(!number.is_multiple_of(7)) * MS
    }

    #[test]
    fn a_card_with_our_clock_is_let_be_whoever_reads_it_is_held_up() {
        let mut card = Card::new(0);
        for number in 0..10_000 {
            let late = if number == 0 { 0 } else { load(number) };
            assert_eq!(card.block(late).unwrap().samples, BLOCK, "{number}");
        }
        assert_eq!(card.off(), 0);
    }

    #[test]
    fn a_card_of_another_clock_stays_within_some_milliseconds_and_lacks_nothing() {
        for fast in [-500, -50, 50, 500] {
            let mut card = Card::new(fast);
            let hour = 3600 * 50;
            for number in 0..hour {
                let samples = card.block(load(number)).unwrap().samples;
                assert!(samples.abs_diff(BLOCK) <= 1);
                assert!(card.off().unsigned_abs() < 8 * MS, "{fast} millionths: {} ns at {number}", card.off());
            }
        }
    }

    #[test]
    fn what_piled_up_before_the_beginning_is_left_out() {
        let mut card = Card::new(0);
        // Ten blocks at once, when the tenth is whole.
        let left_out = (0..10_u64).filter(|number| card.block((9 - number) * 20 * MS).is_none()).count();
        assert_eq!(left_out, 8);
        for _ in 0..2000 {
            assert!(card.block(0).is_some());
        }
        assert!(card.off().unsigned_abs() < 4 * MS, "{} ns", card.off());
    }

    #[test]
    fn an_empty_block_is_none_even_while_blocks_are_to_be_shorter() {
        let mut card = Card::new(500);
        while card.clock.owed >= 0 {
            card.block(0);
        }
        let now = card.due();
        assert_eq!(card.clock.place(now, 0, false), None);
        assert!(card.block(0).is_some(), "the next one follows the last");
    }

    #[test]
    fn what_is_lost_is_a_gap_and_time_never_goes_back() {
        let mut clock = SoundClock::default();
        let first = clock.place(1000 * MS, BLOCK, true).unwrap();
        assert_eq!((first.begins, first.ends), (980 * MS, 1000 * MS));
        let later = clock.place(1500 * MS, BLOCK, true).unwrap();
        assert_eq!((later.begins, later.ends), (1480 * MS, 1500 * MS));
        let at_once = clock.place(1500 * MS, BLOCK, true).unwrap();
        assert_eq!(at_once.begins, 1500 * MS);
    }

    #[test]
    fn a_card_that_stood_still_makes_a_pause() {
        let mut clock = SoundClock::default();
        let mut placed = |number: u64, late: u64| clock.place((1020 + number * 20 + late) * MS, BLOCK, number == 0);
        let before = (0..500).map(|number| placed(number, 0)).last().unwrap().unwrap();
        let after = (500..1000).map(|number| placed(number, 700)).last().unwrap().unwrap();
        assert_eq!(after.ends - before.ends, 500 * 20 * MS + 700 * MS);
    }

    #[test]
    fn a_longer_or_shorter_block_begins_and_ends_as_before() {
        let ramp: Vec<u8> = (0..960_i16).flat_map(|at| [at * 10, -at * 10]).flat_map(i16::to_le_bytes).collect();
        assert_eq!(stretched(&ramp, 960), ramp);
        for samples in [959, 961] {
            let sound = stretched(&ramp, samples);
            assert_eq!(sound.len(), samples * 4);
            assert_eq!((&sound[..4], &sound[sound.len() - 4..]), (&ramp[..4], &ramp[ramp.len() - 4..]));
            let left = |at: usize| i16::from_le_bytes([sound[at * 4], sound[at * 4 + 1]]);
            assert!((1..samples).all(|at| (8..=12).contains(&(left(at) - left(at - 1)))), "it stays a ramp");
        }
        assert!(stretched(&[], 1).len() == 4 && stretched(&ramp, 0).is_empty());
    }
}
