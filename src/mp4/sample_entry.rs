//! What a decoder must know of a track before the first sample (SampleEntry, in stsd).

use super::{boxes::WriteBoxes, four_cc::FourCc};
use crate::{
    bitstream::opus::PRE_SKIP,
    codec::Codec,
    container::{Shape, Track},
};

/// Appends that of a track.
pub(super) fn write(track: &Track, out: &mut Vec<u8>) {
    out.boxed(four_cc(track.codec), |entry| {
        entry.zeros(6);
        // The media is in this file: the first data reference.
        entry.u16(1);
        match track.shape {
            Shape::Video { width, height } => write_video(track, width, height, entry),
            Shape::Audio { channels, sample_rate } => write_opus(channels, sample_rate, entry),
        }
    });
}

/// The type of a codec's entry. `avc3`: parameter sets are in the stream, and may change (ISO/IEC 14496-15, 5.4.2.1).
pub(super) const fn four_cc(codec: Codec) -> FourCc {
    match codec {
        Codec::H264 => FourCc::AVC3,
        Codec::Vp8 => FourCc::VP08,
        Codec::Vp9 => FourCc::VP09,
        Codec::Av1 => FourCc::AV01,
        Codec::Opus => FourCc::OPUS,
    }
}

/// The rest of a VisualSampleEntry (ISO/IEC 14496-12, section 12.1.3).
fn write_video(track: &Track, width: u32, height: u32, entry: &mut Vec<u8>) {
    /// 72 dots per inch: who plays it does not look at this.
    const RESOLUTION: u32 = 0x0048_0000;
    /// 24: colours, without transparency.
    const DEPTH: u16 = 0x18;
    entry.zeros(16);
    for side in [width, height] {
        entry.u16(side.try_into().unwrap_or(u16::MAX));
    }
    entry.u32(RESOLUTION);
    entry.u32(RESOLUTION);
    entry.zeros(4);
    // How many frames a sample has, then the compressor's name: none.
    entry.u16(1);
    entry.zeros(32);
    entry.u16(DEPTH);
    // pre_defined: -1.
    entry.u16(u16::MAX);
    match track.codec {
        Codec::H264 => entry.boxed(FourCc::AVCC, |config| config.extend_from_slice(&track.private)),
        Codec::Av1 => entry.boxed(FourCc::AV1C, |config| config.extend_from_slice(&track.private)),
        Codec::Vp8 | Codec::Vp9 => write_vp(u64::from(width) * u64::from(height), entry),
        Codec::Opus => {}
    }
}

/// VPCodecConfigurationBox (VP Codec ISO Media File Format Binding) of profile 0: 4:2:0, 8 bits. Colours are not told.
fn write_vp(pixels: u64, entry: &mut Vec<u8>) {
    const PROFILE: u8 = 0;
    /// 8 bits, chroma between luma lines as MPEG-2 has it, and not the full range.
    const DEPTH_AND_CHROMA: u8 = 8 << 4;
    /// ISO/IEC 23091-2: primaries, transfer and matrix are unspecified.
    const COLOURS: [u8; 3] = [2; 3];
    entry.full_box(FourCc::VPCC, 1, 0, |config| {
        config.extend([PROFILE, level(pixels), DEPTH_AND_CHROMA]);
        config.extend(COLOURS);
        // No initialization data.
        config.u16(0);
    });
}

/// The lowest level whose pictures are so large (VP9 bitstream specification, annex A); their rate is not known here.
fn level(pixels: u64) -> u8 {
    /// How many pixels a picture of each level has at most, and the level times ten.
    const LEVELS: [(u64, u8); 8] = [
        (36_864, 10),
        (73_728, 11),
        (122_880, 20),
        (245_760, 21),
        (552_960, 30),
        (983_040, 31),
        (2_228_224, 40),
        (8_912_896, 50),
    ];
    LEVELS.into_iter().find(|(most, _)| pixels <= *most).map_or(60, |(_, level)| level)
}

/// The rest of an OpusSampleEntry (Encapsulation of Opus in ISO Base Media File Format, sections 4.3.1 and 4.3.2).
fn write_opus(channels: u8, sample_rate: u32, entry: &mut Vec<u8>) {
    const VERSION: u8 = 0;
    /// In 1/256 dB.
    const GAIN: u16 = 0;
    /// Mono or stereo, which need no table of channels.
    const MAPPING_FAMILY: u8 = 0;
    entry.zeros(8);
    entry.u16(channels.into());
    // Bits of a sample once it is decoded.
    entry.u16(16);
    entry.zeros(4);
    // 48 kHz, whatever it was before it was encoded, in 1/65536 Hz.
    entry.u32(48_000 << 16);
    entry.boxed(FourCc::DOPS, |config| {
        config.extend([VERSION, channels]);
        config.u16(PRE_SKIP);
        config.u32(sample_rate);
        config.u16(GAIN);
        config.push(MAPPING_FAMILY);
    });
}
