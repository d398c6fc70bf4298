//! Opus: how long a packet lasts (RFC 6716, section 3.1), and how late its sound is.

use std::time::Duration;

/// No packet lasts longer (RFC 6716, section 3.4, requirement 5).
const LONGEST: Duration = Duration::from_millis(120);

/// How many samples of 48 kHz an encoder's output lags its input by: what libopus looks ahead, 2.5 ms, and what it makes up
/// for in its mode for speech and its general one, 4 ms. All browsers and GStreamer encode with it.
///
/// A frame's time is that of the sound which went into the encoder with it. Files tell players to take this off each time, so
/// what was said is heard with its picture, and not 6.5 ms later. Players also leave out so much at the start (RFC 7845,
/// section 4.2): of a recording that begins within a stream, as ours do, 6.5 ms of what is heard nobody misses.
pub const PRE_SKIP: u16 = 312;

/// How long a packet lasts, as its first byte and, with code 3, its second say; `None` of what is no packet.
#[must_use]
pub fn duration(packet: &[u8]) -> Option<Duration> {
    let toc = *packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*packet.get(1)? & 0x3f),
    };
    let duration = frame_duration(toc >> 3) * frames;
    (duration > Duration::ZERO && duration <= LONGEST).then_some(duration)
}

/// How long each frame lasts in a configuration (table 2).
const fn frame_duration(config: u8) -> Duration {
    let step = config & 3;
    Duration::from_micros(match config {
        0..12 => [10_000, 20_000, 40_000, 60_000][step as usize],
        12..16 => [10_000, 20_000][(step & 1) as usize],
        _ => [2_500, 5_000, 10_000, 20_000][step as usize],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_says_how_long() {
        let ms = |packet: &[u8]| duration(packet).map(|duration| duration.as_secs_f64() * 1000.0);
        // Configurations of table 2, one frame: SILK 60 ms, hybrid 20 ms, CELT 2.5 and 20 ms.
        for (config, long) in [(3, 60.0), (11, 60.0), (13, 20.0), (16, 2.5), (31, 20.0)] {
            assert_eq!(ms(&[config << 3]), Some(long), "configuration {config}");
        }
        assert_eq!(ms(&[31 << 3 | 1, 0]), Some(40.0), "two frames of one size");
        assert_eq!(ms(&[31 << 3 | 2, 0]), Some(40.0), "two frames of two sizes");
        assert_eq!(ms(&[31 << 3 | 3, 0x80 | 6]), Some(120.0), "six frames");
        // The head of what a browser sends: CELT, fullband, 20 ms, stereo.
        assert_eq!(ms(&[0xfc, 0xff, 0xfe]), Some(20.0));
    }

    #[test]
    fn what_is_no_packet_has_no_duration() {
        for packet in [&[][..], &[31 << 3 | 3], &[31 << 3 | 3, 0], &[31 << 3 | 3, 7], &[3 << 3 | 3, 3]] {
            assert_eq!(duration(packet), None, "{packet:?}");
        }
    }
}
