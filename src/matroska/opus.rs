//! What a player must know of an Opus track.

use std::time::Duration;

/// How many samples of 48 kHz an encoder's output lags its input by: what libopus looks ahead, 2.5 ms, and what it makes up
/// for in its mode for speech and its general one, 4 ms. All browsers and GStreamer encode with it.
///
/// A frame's time is that of the sound which went into the encoder with it. Players take this off each time (CodecDelay), so
/// what was said is heard with its picture, and not 6.5 ms later. They also leave out so much at the start (pre-skip): of
/// a recording that begins within a stream, as ours do, 6.5 ms of what is heard nobody misses.
const PRE_SKIP: u16 = 312;

/// The lag in time.
pub(super) const DELAY: Duration = Duration::from_micros(6500);

/// How much sound a player decodes before a place that it seeks, so that the decoder has converged (RFC 7845, section 4.6).
pub(super) const SEEK_PRE_ROLL: Duration = Duration::from_millis(80);

/// The identification header (RFC 7845, section 5.1), of mono or stereo, which need no table of channels (family 0).
pub(super) fn head(channels: u8, sample_rate: u32) -> Vec<u8> {
    /// The version that RFC 7845 describes.
    const VERSION: u8 = 1;
    /// In 1/256 dB.
    const GAIN: i16 = 0;
    const MAPPING_FAMILY: u8 = 0;
    let mut head = b"OpusHead".to_vec();
    head.extend([VERSION, channels]);
    head.extend(PRE_SKIP.to_le_bytes());
    head.extend(sample_rate.to_le_bytes());
    head.extend(GAIN.to_le_bytes());
    head.push(MAPPING_FAMILY);
    head
}
