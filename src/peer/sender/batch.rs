//! Packets that leave together.

/// How many packets the kernel takes in one call at most (`UDP_MAX_SEGMENTS` of Linux 4.18; later it is 128).
const MOST_PACKETS: usize = 64;

/// How many bytes: those of one datagram over IPv4, before it is cut.
const MOST_BYTES: usize = 65_507;

/// Packets, one behind the other in memory.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// Packets of one length, but for the last, which may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run<'a> {
    pub(super) bytes: &'a [u8],
    /// Of each packet but the last.
    pub(super) length: u16,
}

impl Run<'_> {
    /// How many packets it is.
    pub(super) fn packets(&self) -> usize {
        self.bytes.len().div_ceil(usize::from(self.length).max(1))
    }
}

impl Batch {
    pub(super) fn push(&mut self, packet: &[u8]) {
        self.bytes.extend_from_slice(packet);
        self.ends.push(self.bytes.len());
    }

    /// How many packets there are.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |begin, &end| Some(&self.bytes[std::mem::replace(begin, end)..end]))
    }

    /// All packets in their order, each run as long as it can be.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut ends = self.ends.iter().copied().peekable();
        let mut begin = 0;
        std::iter::from_fn(move || {
            let mut end = ends.next()?;
            let length = end - begin;
            for _ in 1..MOST_PACKETS {
                let fits = |next: &usize| next - end <= length && next - begin <= MOST_BYTES;
                let Some(next) = ends.next_if(fits) else { break };
                let is_last = next - end < length;
                end = next;
                if is_last {
                    break;
                }
            }
            let bytes = &self.bytes[std::mem::replace(&mut begin, end)..end];
            Some(Run { bytes, length: u16::try_from(length).unwrap_or(u16::MAX) })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch(lengths: &[usize]) -> Batch {
        let mut batch = Batch::default();
        for (index, length) in lengths.iter().enumerate() {
            batch.push(&vec![index as u8; *length]);
        }
        batch
    }

    fn runs(lengths: &[usize]) -> Vec<(usize, u16)> {
        batch(lengths).runs().map(|run| (run.bytes.len(), run.length)).collect()
    }

    #[test]
    fn a_picture_is_one_run_and_its_last_packet_may_be_shorter() {
        assert_eq!(runs(&[1200, 1200, 1200, 300]), [(3900, 1200)]);
        assert_eq!(runs(&[1200, 1200]), [(2400, 1200)]);
        assert_eq!(runs(&[80]), [(80, 80)]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn a_shorter_packet_ends_a_run_and_a_longer_one_begins_another() {
        assert_eq!(runs(&[40, 1200, 1200, 300, 1200, 90, 90]), [(40, 40), (2700, 1200), (1290, 1200), (90, 90)]);
    }

    #[test]
    fn no_run_is_longer_than_the_kernel_takes() {
        assert_eq!(runs(&[100; 150]), [(6400, 100), (6400, 100), (2200, 100)]);
        assert_eq!(runs(&[1300; 60]), [(65_000, 1300), (13_000, 1300)]);
        assert_eq!(runs(&[1000; 70]), [(64_000, 1000), (6000, 1000)]);
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_whatever_the_lengths(lengths in prop::collection::vec(1_usize..1500, 0..200)) {
            let batch = batch(&lengths);
            let cut = batch.runs().flat_map(|run| run.bytes.chunks(usize::from(run.length)));
            prop_assert!(cut.eq(batch.packets()));
            prop_assert!(batch.runs().all(|run| run.packets() <= MOST_PACKETS && run.bytes.len() <= MOST_BYTES));
            prop_assert_eq!(batch.runs().map(|run| run.packets()).sum::<usize>(), lengths.len());
        }
    }
}
