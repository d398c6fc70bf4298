//! How a screen's pixels lie in memory, and the pointer, drawn into them. Pure.

/// The pixels of a screen. Lines are padded to 4 bytes, as X servers and GStreamer have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pixels {
    /// A byte for each colour, at these places within a pixel of so many bytes.
    Bytes { red: usize, green: usize, blue: usize, length: usize },
    /// 5, 6 and 5 bits for red, green and blue, in two bytes, the lower one first.
    Packed,
}

/// What a server says of its screen's pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visual {
    /// For each pixel, the unused ones among them.
    pub(super) bits: u8,
    /// Where in a pixel red, green and blue are.
    pub(super) masks: [u32; 3],
    /// Whether the highest byte of a pixel comes first.
    pub(super) is_big_endian: bool,
}

/// The pointer, where it is in a picture. It may be beside it.
#[derive(Debug, Clone)]
pub(super) struct Pointer {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) width: usize,
    /// Alpha, red, green, blue from the highest byte on; colours are multiplied with alpha already.
    pub(super) pixels: Vec<u32>,
}

impl Pixels {
    /// `None` where a picture can't be made of them.
    pub(super) fn of(visual: Visual) -> Option<Self> {
        let Visual { bits, masks, is_big_endian } = visual;
        if bits == 16 && masks == [0xf800, 0x07e0, 0x001f] && !is_big_endian {
            return Some(Self::Packed);
        }
        let length = match bits {
            24 => 3,
            32 => 4,
            _ => return None,
        };
        let place = |mask: u32| {
            let from_the_lowest = (0..length).find(|place| mask == 0xff_u32 << (8 * place))?;
            Some(if is_big_endian { length - 1 - from_the_lowest } else { from_the_lowest })
        };
        let [red, green, blue] = masks;
        Some(Self::Bytes { red: place(red)?, green: place(green)?, blue: place(blue)?, length })
    }

    /// Bytes from the start of one line to the next.
    pub(super) const fn stride(self, width: usize) -> usize {
        (width * self.length()).next_multiple_of(4)
    }

    const fn length(self) -> usize {
        match self {
            Self::Bytes { length, .. } => length,
            Self::Packed => 2,
        }
    }

    /// Puts a pixel of the pointer over one of the picture.
    fn cover(self, pixel: &mut [u8], with: u32) {
        let [alpha, red, green, blue] = with.to_be_bytes();
        let over = |below: u8, above: u8| {
            let shines_through = u16::from(below) * u16::from(255 - alpha) / 255;
            above.saturating_add(u8::try_from(shines_through).unwrap_or(u8::MAX))
        };
        match (self, pixel) {
            (Self::Bytes { red: at_red, green: at_green, blue: at_blue, .. }, pixel) => {
                for (at, colour) in [(at_red, red), (at_green, green), (at_blue, blue)] {
                    if let Some(below) = pixel.get_mut(at) {
                        *below = over(*below, colour);
                    }
                }
            }
            (Self::Packed, [low, high]) => {
                let below = u16::from_le_bytes([*low, *high]);
                let byte = |shift: u16, bits: u16| ((below >> shift & ((1 << bits) - 1)) << (8 - bits)) as u8;
                let (red, green, blue) = (over(byte(11, 5), red), over(byte(5, 6), green), over(byte(0, 5), blue));
                let packed = u16::from(red >> 3) << 11 | u16::from(green >> 2) << 5 | u16::from(blue >> 3);
                [*low, *high] = packed.to_le_bytes();
            }
            (Self::Packed, _) => {}
        }
    }
}

impl Pointer {
    /// Draws it into a picture of this width, as far as it is in there.
    pub(super) fn draw(&self, picture: &mut [u8], width: usize, pixels: Pixels) {
        let (stride, length) = (pixels.stride(width), pixels.length());
        let place = |from: i32, by: usize| usize::try_from(from.checked_add(i32::try_from(by).ok()?)?).ok();
        for (row, line) in self.pixels.chunks(self.width.max(1)).enumerate() {
            let Some(y) = place(self.top, row) else { continue };
            for (column, pixel) in line.iter().enumerate() {
                let Some(x) = place(self.left, column).filter(|x| *x < width) else { continue };
                let at = y * stride + x * length;
                if let Some(below) = picture.get_mut(at..at + length) {
                    pixels.cover(below, *pixel);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RGB: [u32; 3] = [0x00ff_0000, 0x0000_ff00, 0x0000_00ff];

    const fn visual(bits: u8, masks: [u32; 3], is_big_endian: bool) -> Visual {
        Visual { bits, masks, is_big_endian }
    }

    #[test]
    fn most_screens_have_blue_first_and_a_byte_that_means_nothing_last() {
        let blue_first = Pixels::Bytes { red: 2, green: 1, blue: 0, length: 4 };
        assert_eq!(Pixels::of(visual(32, RGB, false)), Some(blue_first));
        let red_second = Pixels::Bytes { red: 1, green: 2, blue: 3, length: 4 };
        assert_eq!(Pixels::of(visual(32, RGB, true)), Some(red_second));
        let swapped = [RGB[2], RGB[1], RGB[0]];
        assert_eq!(
            Pixels::of(visual(24, swapped, false)),
            Some(Pixels::Bytes { red: 0, green: 1, blue: 2, length: 3 })
        );
        assert_eq!(Pixels::of(visual(16, [0xf800, 0x07e0, 0x001f], false)), Some(Pixels::Packed));
    }

    #[test]
    fn palettes_and_ten_bits_a_colour_are_no_pictures() {
        assert_eq!(Pixels::of(visual(8, [0, 0, 0], false)), None);
        assert_eq!(Pixels::of(visual(32, [0x3ff0_0000, 0x000f_fc00, 0x3ff], false)), None);
        assert_eq!(Pixels::of(visual(16, [0x7c00, 0x03e0, 0x001f], false)), None);
    }

    #[test]
    fn lines_are_padded_to_four_bytes() {
        assert_eq!(Pixels::Packed.stride(3), 8);
        assert_eq!(Pixels::Bytes { red: 0, green: 1, blue: 2, length: 3 }.stride(5), 16);
    }

    #[test]
    fn the_pointer_covers_and_lets_shine_through() {
        let pixels = Pixels::Bytes { red: 2, green: 1, blue: 0, length: 4 };
        let pointer = Pointer { left: 1, top: 0, width: 3, pixels: vec![0xff10_2030, 0x0000_0000, 0x8000_0080] };
        let mut picture = [100_u8; 16];
        pointer.draw(&mut picture, 4, pixels);
        assert_eq!(picture[..4], [100; 4], "left of it");
        assert_eq!(picture[4..7], [0x30, 0x20, 0x10], "covered");
        assert_eq!(picture[8..12], [100; 4], "transparent");
        assert_eq!(picture[12..15], [0x80 + 49, 49, 49], "half of it");
    }

    #[test]
    fn packed_pixels_are_covered_too() {
        let pointer = Pointer { left: 0, top: 0, width: 1, pixels: vec![0xffff_ffff] };
        let mut picture = [0_u8; 4];
        pointer.draw(&mut picture, 2, Pixels::Packed);
        assert_eq!(picture, [0xff, 0xff, 0, 0]);
    }

    #[test]
    fn what_is_beside_the_picture_is_not_drawn() {
        let pixels = Pixels::Bytes { red: 2, green: 1, blue: 0, length: 4 };
        for (left, top) in [(-2, 0), (0, -2), (4, 0), (0, 1), (i32::MAX, i32::MAX)] {
            let mut picture = [7_u8; 16];
            Pointer { left, top, width: 2, pixels: vec![u32::MAX; 4] }.draw(&mut picture, 4, pixels);
            assert_eq!(picture, [7; 16], "at {left}, {top}");
        }
        Pointer { left: 0, top: 0, width: 0, pixels: vec![u32::MAX; 2] }.draw(&mut [], 0, pixels);
    }
}
