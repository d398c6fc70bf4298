//! A number that a machine reads back from the picture: black and white blocks at its lower edge.
//!
//! Two rows of 16 blocks, the most significant bit of each to the left, white for 1. A block is a 16th of the picture
//! wide, and a 36th of it high but 16 pixels at least, so it comes through an encoder. The upper row is the number's low
//! 16 bits. The lower row is its high 8 bits, then 8 bits that check the others. Pure.

/// A number wraps around here: after 6.5 days at 30/s.
pub const NUMBERS: u32 = 1 << 24;

/// What luma a block of 0 and of 1 has (ITU-R BT.601's black and white), and what is taken for a 1.
const BLACK: u8 = 16;
const WHITE: u8 = 235;
const THRESHOLD: u32 = 126;

const COLUMNS: usize = 16;
const ROWS: usize = 2;

/// Where the strip lies in a picture of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    block_width: usize,
    block_height: usize,
    top: usize,
}

impl Strip {
    /// `None` for a picture that has no room for one.
    #[must_use]
    pub const fn of(width: usize, height: usize) -> Option<Self> {
        let block_height = if height / 36 > 16 { height / 36 } else { 16 };
        if width < COLUMNS * 4 || height < ROWS * block_height {
            return None;
        }
        Some(Self { block_width: width / COLUMNS, block_height, top: height - ROWS * block_height })
    }

    /// Its first line.
    #[must_use]
    pub const fn top(&self) -> usize {
        self.top
    }

    /// Draws `number` into a plane of luma.
    pub fn draw(&self, luma: &mut [u8], stride: usize, number: u32) {
        for (row, bits) in rows(number % NUMBERS).into_iter().enumerate() {
            for line in 0..self.block_height {
                let start = (self.top + row * self.block_height + line) * stride;
                for column in 0..COLUMNS {
                    let colour = if bits >> (COLUMNS - 1 - column) & 1 == 1 { WHITE } else { BLACK };
                    let left = start + column * self.block_width;
                    if let Some(block) = luma.get_mut(left..left + self.block_width) {
                        block.fill(colour);
                    }
                }
            }
        }
    }

    /// Reads a number back. `None` when what is there is none.
    #[must_use]
    pub fn read(&self, luma: &[u8], stride: usize) -> Option<u32> {
        let mut bits = [0_u16; ROWS];
        for (row, bits) in bits.iter_mut().enumerate() {
            for column in 0..COLUMNS {
                *bits = *bits << 1 | u16::from(self.mean(luma, stride, row, column)? > THRESHOLD);
            }
        }
        let number = u32::from(bits[1] >> 8) << 16 | u32::from(bits[0]);
        (rows(number) == bits).then_some(number)
    }

    /// The mean luma of a block's middle: its edges are blurred.
    fn mean(&self, luma: &[u8], stride: usize, row: usize, column: usize) -> Option<u32> {
        let (mut sum, mut count) = (0, 0);
        for line in self.block_height / 4..self.block_height * 3 / 4 {
            let start = (self.top + row * self.block_height + line) * stride + column * self.block_width;
            let middle = luma.get(start + self.block_width / 4..start + self.block_width * 3 / 4)?;
            sum += middle.iter().copied().map(u32::from).sum::<u32>();
            count += u32::try_from(middle.len()).ok()?;
        }
        sum.checked_div(count)
    }
}

/// The bits of the two rows.
const fn rows(number: u32) -> [u16; ROWS] {
    let low = (number & 0xffff) as u16;
    let high = (number >> 16 & 0xff) as u16;
    // Neither an all black nor an all white strip is a number.
    let check = (low >> 8 ^ low & 0xff ^ high ^ 0xa5) & 0xff;
    [low, high << 8 | check]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_drawn_is_read(number in 0..NUMBERS, width in 64_usize..2000, height in 32_usize..1200, pad in 0_usize..64) {
            let strip = Strip::of(width, height).unwrap();
            let stride = width + pad;
            let mut luma = vec![128; stride * height];
            strip.draw(&mut luma, stride, number);
            prop_assert_eq!(strip.read(&luma, stride), Some(number));
        }
    }

    #[test]
    fn a_plain_picture_holds_no_number() {
        let strip = Strip::of(320, 240).unwrap();
        for colour in [0, 16, 128, 235, 255] {
            assert_eq!(strip.read(&vec![colour; 320 * 240], 320), None, "luma {colour}");
        }
    }

    #[test]
    fn numbers_wrap_around() {
        let strip = Strip::of(320, 240).unwrap();
        let mut luma = vec![0; 320 * 240];
        strip.draw(&mut luma, 320, NUMBERS + 7);
        assert_eq!(strip.read(&luma, 320), Some(7));
    }

    #[test]
    fn a_tiny_picture_has_no_strip() {
        assert_eq!(Strip::of(32, 240), None);
        assert_eq!(Strip::of(320, 20), None);
    }
}
