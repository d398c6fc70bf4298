//! What is drawn into the test picture and mixed into the test tone: frame counter, flash and tick.
//!
//! All follow from the running time alone, so picture and sound agree, and go on where they were after a restart.
//! Each full second the picture flashes for 100 ms and the tone ticks for 50 ms, both from the same moment. Pure.

use std::f64::consts::TAU;

use super::strip::Strip;

/// How long a flash lasts: three frames at 30/s.
pub const FLASH_NS: u64 = 100_000_000;
/// How long a tick lasts.
pub const TICK_NS: u64 = 50_000_000;
/// A tick's pitch, in Hz: well away from the tone's 440.
pub const TICK_HZ: f64 = 1000.0;

const SECOND_NS: u64 = 1_000_000_000;
const RATE: u64 = 48_000;
/// Half of full scale: twice the tone.
const TICK_PEAK: f64 = 16_383.0;

/// The segments of a digit, as bits: top, upper left, upper right, middle, lower left, lower right, bottom.
const DIGITS: [u8; 10] = [
    0b111_0111, 0b001_0010, 0b101_1101, 0b101_1011, 0b011_1010, 0b110_1011, 0b110_1111, 0b101_0010, 0b111_1111,
    0b111_1011,
];

/// The number of the frame that is shown at this running time.
#[must_use]
pub const fn frame_number(running_time_ns: u64, fps: u32) -> u64 {
    (running_time_ns as u128 * fps as u128 / SECOND_NS as u128) as u64
}

/// When the frame of this number is shown. The first at or after each full second is a multiple of `fps`.
#[must_use]
pub const fn frame_time(number: u64, fps: u32) -> u64 {
    let fps = if fps == 0 { 1 } else { fps as u128 };
    (number as u128 * SECOND_NS as u128).div_ceil(fps) as u64
}

/// Draws the flash, the frame counter for people and the strip for machines into a plane of luma.
pub fn draw(luma: &mut [u8], stride: usize, width: usize, height: usize, number: u64, fps: u32) {
    let Some(strip) = Strip::of(width, height) else { return };
    strip.draw(luma, stride, (number % u64::from(super::strip::NUMBERS)) as u32);

    let mut canvas = Canvas { luma, stride };
    let box_height = (height / 8).min(strip.top());
    let top = strip.top() - box_height;
    let flashes = frame_time(number, fps) % SECOND_NS < FLASH_NS;
    canvas.fill(0, top, width / 8, box_height, if flashes { 235 } else { 16 });

    let digit = Digit { width: box_height / 2, height: box_height };
    if digit.width < 6 {
        return;
    }
    let text = number.to_string();
    canvas.fill(width / 8, top, (digit.width * text.len()).min(width * 7 / 8), box_height, 16);
    for (at, figure) in text.bytes().enumerate() {
        let left = width / 8 + at * digit.width;
        if left + digit.width <= width {
            digit.draw(&mut canvas, left, top, DIGITS[usize::from(figure - b'0') % 10]);
        }
    }
}

/// Puts the ticks into interleaved stereo samples at 48 kHz that begin at this running time.
pub fn tick(samples: &mut [i16], running_time_ns: u64) {
    let first = (u128::from(running_time_ns) * u128::from(RATE) / u128::from(SECOND_NS)) as u64;
    for (at, frame) in samples.chunks_exact_mut(2).enumerate() {
        let into_second = (first + at as u64) % RATE;
        if into_second < TICK_NS * RATE / SECOND_NS {
            let phase = TAU * TICK_HZ * into_second as f64 / RATE as f64;
            frame.fill((phase.sin() * TICK_PEAK) as i16);
        }
    }
}

struct Canvas<'a> {
    luma: &'a mut [u8],
    stride: usize,
}

struct Digit {
    width: usize,
    height: usize,
}

impl Canvas<'_> {
    fn fill(&mut self, left: usize, top: usize, width: usize, height: usize, colour: u8) {
        for line in top..top + height {
            let start = line * self.stride + left;
            if let Some(pixels) = self.luma.get_mut(start..start + width) {
                pixels.fill(colour);
            }
        }
    }
}

impl Digit {
    fn draw(&self, canvas: &mut Canvas<'_>, left: usize, top: usize, segments: u8) {
        let pen = (self.width / 6).max(1);
        let (left, top) = (left + pen, top + pen);
        let (width, height) = (self.width.saturating_sub(2 * pen), self.height.saturating_sub(2 * pen));
        let (right, middle, bottom) = (left + width.saturating_sub(pen), top + (height - pen) / 2, top + height - pen);
        let half = height / 2;
        let strokes = [
            (left, top, width, pen),
            (left, top, pen, half),
            (right, top, pen, half),
            (left, middle, width, pen),
            (left, top + half, pen, height - half),
            (right, top + half, pen, height - half),
            (left, bottom, width, pen),
        ];
        for (at, (x, y, width, height)) in strokes.into_iter().enumerate() {
            if segments >> (6 - at) & 1 == 1 {
                canvas.fill(x, y, width, height, 235);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn frames_are_numbered_by_running_time() {
        for fps in [1, 15, 24, 25, 30, 60, 120] {
            for number in (0..300).chain(30_000_000..30_000_300) {
                assert_eq!(frame_number(frame_time(number, fps), fps), number, "at {fps}/s");
            }
            assert_eq!(frame_time(u64::from(fps) * 86_400, fps), 86_400 * SECOND_NS);
        }
    }

    #[test]
    fn the_flash_lasts_three_frames_from_the_full_second() {
        let bright: Vec<_> = (150..210_u64)
            .filter(|number| {
                let mut luma = vec![100; 320 * 240];
                draw(&mut luma, 320, 320, 240, *number, 30);
                luma[190 * 320 + 10] == 235
            })
            .collect();
        assert_eq!(bright, [150, 151, 152, 180, 181, 182]);
    }

    #[test]
    fn the_strip_holds_the_frame_number() {
        let mut luma = vec![100; 320 * 240];
        draw(&mut luma, 320, 320, 240, 3000, 30);
        assert_eq!(Strip::of(320, 240).unwrap().read(&luma, 320), Some(3000));
    }

    #[test]
    fn ticks_begin_at_the_full_second_across_buffers() {
        let mut begun = Vec::new();
        for buffer in 0..100_u64 {
            let mut samples = vec![0_i16; 960 * 2];
            tick(&mut samples, 10 * SECOND_NS + buffer * 20 * MS);
            if samples.iter().any(|sample| *sample != 0) {
                begun.push(buffer * 20);
            }
        }
        assert_eq!(begun, [0, 20, 40, 1000, 1020, 1040]);
    }

    #[test]
    fn drawing_into_too_small_a_plane_is_harmless() {
        draw(&mut [0; 10], 320, 320, 240, 0, 30);
        draw(&mut [0; 64 * 32], 64, 64, 32, 0, 30);
        draw(&mut [], 0, 0, 0, 0, 30);
    }
}
