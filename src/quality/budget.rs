//! What the box may send in all, shared out over its viewers.

use crate::units::Bitrate;

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

    #[test]
    fn who_wants_little_leaves_the_rest_to_the_others() {
        assert_eq!(shared(3000, &[2000, 2000, 200]), [1400, 1400, 200]);
        assert_eq!(shared(9000, &[2000, 2000, 200]), [2000, 2000, 200], "there is enough");
        assert_eq!(shared(300, &[2000, 2000, 200]), [100, 100, 100]);
        assert_eq!(shared(300, &[]), [0_u32; 0]);
    }

    proptest! {
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
