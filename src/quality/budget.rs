//! What the box may send in all, shared out over its viewers.

use super::{AUDIO_OVERHEAD, VIDEO_OVERHEAD, scaled};
use crate::units::Bitrate;

/// What is left for what nobody plans: packets that are sent again, reports, messages.
const UNPLANNED: f64 = 0.05;

/// A viewer that wants pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// What its link bears, as far as that is known.
    pub bears: Option<Bitrate>,
    /// More than this is of no use to it.
    pub full: Bitrate,
    /// And less than this neither.
    pub least: Bitrate,
}

/// What each viewer may be sent of its encode, so that all that leaves the box fits into `uplink`. Sound comes first:
/// `audio` is what each stream of it is encoded at. `None`: as much as it wants. Where there is not enough for the least of
/// everybody's pictures, the last get none: 0.
#[must_use]
pub fn allot(uplink: Bitrate, audio: &[Bitrate], wishes: &[Wish]) -> Vec<Option<Bitrate>> {
    let sound = audio.iter().map(|audio| u64::from(audio.bits()) + u64::from(AUDIO_OVERHEAD.bits())).sum::<u64>();
    let left = u64::from(scaled(uplink, 1.0 - UNPLANNED).bits()).saturating_sub(sound);
    let wanted = |wish: &Wish| scaled(wish.bears.map_or(wish.full, |bears| bears.min(wish.full)), VIDEO_OVERHEAD);
    let mut left = u32::try_from(left).unwrap_or(u32::MAX);
    let mut served = Vec::new();
    for wish in wishes {
        let want = wanted(wish).bits();
        let least = scaled(wish.least, VIDEO_OVERHEAD).bits().min(want);
        let Some(rest) = left.checked_sub(least) else { break };
        left = rest;
        served.push((least, want));
    }
    let more: Vec<_> = served.iter().map(|(least, want)| Bitrate::from_bits(want - least)).collect();
    let limited = |((least, want), more): (&(u32, u32), Bitrate)| {
        let given = least + more.bits();
        (given < *want).then(|| scaled(Bitrate::from_bits(given), 1.0 / VIDEO_OVERHEAD))
    };
    let allotted = served.iter().zip(share(Bitrate::from_bits(left), &more)).map(limited);
    allotted.chain(std::iter::repeat_n(Some(Bitrate::from_bits(0)), wishes.len() - served.len())).collect()
}

/// Shares `total` out over those who want `wants`: each gets the same, and who wants less leaves the rest to the others.
#[must_use]
pub fn share(total: Bitrate, wants: &[Bitrate]) -> Vec<Bitrate> {
    let mut order: Vec<usize> = (0..wants.len()).collect();
    order.sort_by_key(|&index| wants[index]);
    let mut shares = vec![Bitrate::from_bits(0); wants.len()];
    let mut left = total.bits();
    for (served, &index) in order.iter().enumerate() {
        let equal = left / u32::try_from(wants.len() - served).unwrap_or(u32::MAX);
        let share = wants[index].bits().min(equal);
        shares[index] = Bitrate::from_bits(share);
        left -= share;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shared(total: u32, wants: &[u32]) -> Vec<u32> {
        let wants: Vec<_> = wants.iter().map(|&bits| Bitrate::from_bits(bits)).collect();
        share(Bitrate::from_bits(total), &wants).into_iter().map(Bitrate::bits).collect()
    }

    fn wish(bears: Option<u32>) -> Wish {
        let [full, least] = [2_000_000, 125_000].map(Bitrate::from_bits);
        Wish { bears: bears.map(|kilobits| Bitrate::from_bits(kilobits * 1000)), full, least }
    }

    #[test]
    fn sound_comes_first_and_pictures_get_what_is_left() {
        let sound = [Bitrate::from_bits(64_000); 2];
        let both = [wish(None), wish(Some(5000))];
        // 174 kbit/s of sound with what it is wrapped in, and a twentieth that nobody gets.
        let allotted = allot(Bitrate::from_bits(2_394_106), &sound, &both);
        assert_eq!(allotted, [Some(Bitrate::from_bits(1_000_000)); 2]);
        assert_eq!(allot(Bitrate::from_bits(100_000), &sound, &both), [Some(Bitrate::from_bits(0)); 2]);
        let enough = allot(Bitrate::from_bits(10_000_000), &sound, &both);
        assert_eq!(enough, [None; 2], "nobody is limited");
    }

    #[test]
    fn who_came_last_gets_no_pictures_where_there_is_not_enough_for_the_least_of_all() {
        let allotted = |kilobits: u32, wishes: &[Wish]| {
            let allotted = allot(Bitrate::from_bits(kilobits * 1000), &[], wishes);
            allotted.into_iter().map(|bits| bits.map(Bitrate::kilobits)).collect::<Vec<_>>()
        };
        let three = [wish(None), wish(Some(100)), wish(None)];
        assert_eq!(allotted(350, &three), [Some(216), None, Some(0)], "125 and 100 with what they are wrapped in");
        assert_eq!(allotted(400, &three), [Some(130), None, Some(130)]);
        assert_eq!(allotted(100, &three), [Some(0); 3]);
    }

    #[test]
    fn who_wants_little_leaves_the_rest_to_the_others() {
        assert_eq!(shared(3000, &[2000, 2000, 200]), [1400, 1400, 200]);
        assert_eq!(shared(9000, &[2000, 2000, 200]), [2000, 2000, 200], "there is enough");
        assert_eq!(shared(300, &[2000, 2000, 200]), [100, 100, 100]);
        assert_eq!(shared(300, &[]), [0_u32; 0]);
    }

    proptest! {
        #[test]
        fn who_gets_something_gets_the_least_of_it_or_all_that_it_wants(
            uplink in 0_u32..20_000_000,
            wishes in prop::collection::vec((prop::option::of(1_u32..5_000_000), 1_u32..5_000_000, 1_u32..1_000_000), 0..20),
        ) {
            let bits = Bitrate::from_bits;
            let wish = |(bears, full, least): (Option<u32>, u32, u32)| {
                Wish { bears: bears.map(bits), full: bits(full), least: bits(least.min(full)) }
            };
            let wishes: Vec<_> = wishes.into_iter().map(wish).collect();
            let allotted = allot(bits(uplink), &[], &wishes);
            prop_assert_eq!(allotted.len(), wishes.len());
            let mut sum = 0;
            for (wish, allotted) in wishes.iter().zip(allotted) {
                let want = wish.bears.map_or(wish.full, |bears| bears.min(wish.full));
                let sent = allotted.unwrap_or(want);
                // Rounding takes a bit or two.
                prop_assert!(sent.bits() == 0 || sent.bits() + 2 >= wish.least.min(want).bits(), "{wish:?}: {sent:?}");
                sum += u64::from(scaled(sent, VIDEO_OVERHEAD).bits());
            }
            prop_assert!(sum <= u64::from(uplink));
        }

        #[test]
        fn never_more_than_there_is_and_nobody_is_envious(
            total in 0_u32..100_000_000,
            wants in prop::collection::vec(0_u32..5_000_000, 0..40),
        ) {
            let shares = shared(total, &wants);
            prop_assert!(shares.iter().map(|&share| u64::from(share)).sum::<u64>() <= u64::from(total));
            for (index, (&share, &want)) in shares.iter().zip(&wants).enumerate() {
                prop_assert!(share <= want);
                // Who gets less than it wants gets no less than any other, but for what a division leaves.
                if share < want {
                    prop_assert!(shares.iter().all(|&other| other <= share + 1), "{index}: {shares:?} of {wants:?}");
                }
            }
        }
    }
}
