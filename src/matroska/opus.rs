//! What a player must know of an Opus track.

use std::time::Duration;

use crate::bitstream::opus::PRE_SKIP;

/// What players take off each time (CodecDelay): [`PRE_SKIP`] in time.
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
