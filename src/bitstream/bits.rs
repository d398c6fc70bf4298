//! Headers read bit by bit, the most significant first.

/// Where a header is being read. Each read gives `None` once the bytes do not hold as much, and from then on.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// How many bits have been read.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next bit, a flag.
    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// The next `count` bits as a number; `count` is 32 at most.
    pub(super) fn number(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |number, _| Some(number << 1 | u32::from(self.flag()?)))
    }

    /// Passes over `count` bits, which must be there.
    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.flag().map(|_| ()))
    }

    /// An unsigned Exp-Golomb code (ITU-T H.264, 9.1). AV1 calls it `uvlc()` (4.10.3).
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros == 32 {
                // 2^32 - 1 is the largest value of both specifications.
                return None;
            }
        }
        Some(((1 << zeros) - 1) + self.number(zeros)?)
    }

    /// A signed Exp-Golomb code (ITU-T H.264, 9.1.1).
    pub(super) fn signed_exp_golomb(&mut self) -> Option<i64> {
        let code = i64::from(self.exp_golomb()?);
        Some(if code % 2 == 0 { -(code / 2) } else { code / 2 + 1 })
    }
}

/// Writes what [`Bits`] reads: headers that no encoder at hand makes.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<bool>);

#[cfg(test)]
impl Writer {
    pub(super) fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.push(flag);
        self
    }

    pub(super) fn number(&mut self, number: u32, count: u32) -> &mut Self {
        self.0.extend((0..count).rev().map(|bit| number >> bit & 1 == 1));
        self
    }

    pub(super) fn exp_golomb(&mut self, number: u32) -> &mut Self {
        let length = (number + 1).ilog2();
        self.number(0, length).number(number + 1, length + 1)
    }

    /// What was written; the last byte is filled up with 0.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at));
        self.0.chunks(8).map(byte).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_until_there_are_no_more() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b0010_1000]);
        assert_eq!(bits.flag(), Some(true));
        assert_eq!(bits.number(3), Some(0b010));
        bits.skip(1).unwrap();
        // 1, 010, 011, 00100 are 0, 1, 2, 3 (table 9-2).
        assert_eq!([bits.exp_golomb(), bits.exp_golomb(), bits.exp_golomb()], [Some(0), Some(0), Some(3)]);
        assert_eq!(bits.exp_golomb(), Some(3));
        assert_eq!(bits.number(8), None);
        assert_eq!(bits.flag(), None);
    }

    #[test]
    fn signed_codes_alternate() {
        // 1, 010, 011, 00100, 00101 (table 9-3).
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let read: Vec<i64> = std::iter::from_fn(|| bits.signed_exp_golomb()).take(5).collect();
        assert_eq!(read, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn codes_that_never_end_are_none() {
        assert_eq!(Bits::new(&[0; 64]).exp_golomb(), None);
        let largest = [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Bits::new(&largest).exp_golomb(), Some(u32::MAX - 1));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.flag(true).number(0x1234_5678, 32).exp_golomb(0).exp_golomb(300).number(5, 3);
        let bytes = writer.bytes();
        let mut bits = Bits::new(&bytes);
        assert_eq!(bits.flag(), Some(true));
        assert_eq!(bits.number(32), Some(0x1234_5678));
        assert_eq!([bits.exp_golomb(), bits.exp_golomb(), bits.number(3)], [Some(0), Some(300), Some(5)]);
    }
}
