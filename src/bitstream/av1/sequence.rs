//! A sequence header (AV1 bitstream specification, section 5.5).

use crate::bitstream::{Dimensions, bits::Bits};

/// `SELECT_SCREEN_CONTENT_TOOLS`.
const SELECT_SCREEN_CONTENT_TOOLS: u32 = 2;

/// Levels above this one, 3.3, have two tiers (section 5.5.1).
const LAST_OF_ONE_TIER: u32 = 7;

/// What a sequence header says, as far as it is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sequence {
    /// `reduced_still_picture_header`: each frame is a shown keyframe, and does not say so.
    pub(super) reduced: bool,
    /// The largest that its frames get.
    pub(super) size: Dimensions,
    profile: u8,
    /// `seq_level_idx[0]`.
    level: u8,
    /// `seq_tier[0]`.
    high_tier: bool,
    color: Color,
}

impl Sequence {
    /// `sequence_header_obu()`. `None` where it is none, or cut off.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(payload);
        let profile = bits.number(3)?;
        // still_picture
        bits.skip(1)?;
        let reduced = bits.flag()?;
        let (level, high_tier) = if reduced { (bits.number(5)?, false) } else { operating_points(&mut bits)? };
        let (width_bits, height_bits) = (bits.number(4)? + 1, bits.number(4)? + 1);
        let size = Dimensions { width: bits.number(width_bits)? + 1, height: bits.number(height_bits)? + 1 };
        skip_tools(&mut bits, reduced)?;
        let color = Color::read(&mut bits, profile)?;
        // Of 3 and 5 bits.
        Some(Self { reduced, size, profile: profile as u8, level: level as u8, high_tier, color })
    }

    /// `AV1CodecConfigurationRecord` without its OBUs (AV1 Codec ISO Media File Format Binding, section 2.3.3).
    pub(super) fn av1c(&self) -> [u8; 4] {
        let Color { high_bitdepth, twelve_bit, monochrome, subsampling: (x, y), sample_position } = self.color;
        let flags = [self.high_tier, high_bitdepth, twelve_bit, monochrome, x, y];
        let flags = flags.into_iter().fold(0, |flags, flag| flags << 1 | u8::from(flag));
        // marker and version; profile and level; the rest; no initial presentation delay.
        [0x81, self.profile << 5 | self.level, flags << 2 | sample_position, 0]
    }
}

/// Passes over what comes before the size where the header is not reduced: gives the first operating point's level, and
/// whether it is of the high tier.
fn operating_points(bits: &mut Bits<'_>) -> Option<(u32, bool)> {
    let mut delay_bits = None;
    let has_timing_info = bits.flag()?;
    if has_timing_info {
        // num_units_in_display_tick, time_scale
        bits.skip(64)?;
        let equal_picture_interval = bits.flag()?;
        if equal_picture_interval {
            bits.exp_golomb()?;
        }
        let has_decoder_model = bits.flag()?;
        if has_decoder_model {
            delay_bits = Some(bits.number(5)? + 1);
            // num_units_in_decoding_tick, buffer_removal_time_length_minus_1, frame_presentation_time_length_minus_1
            bits.skip(32 + 5 + 5)?;
        }
    }
    let has_display_delay = bits.flag()?;
    let mut first = None;
    for _ in 0..=bits.number(5)? {
        // operating_point_idc
        bits.skip(12)?;
        let level = bits.number(5)?;
        let high_tier = level > LAST_OF_ONE_TIER && bits.flag()?;
        if let Some(delay_bits) = delay_bits
            && bits.flag()?
        {
            // decoder_buffer_delay, encoder_buffer_delay, low_delay_mode_flag
            bits.skip(2 * delay_bits + 1)?;
        }
        if has_display_delay && bits.flag()? {
            bits.skip(4)?;
        }
        first.get_or_insert((level, high_tier));
    }
    first
}

/// Passes over what comes between the size and the colors.
fn skip_tools(bits: &mut Bits<'_>, reduced: bool) -> Option<()> {
    let has_frame_ids = !reduced && bits.flag()?;
    if has_frame_ids {
        bits.skip(4 + 3)?;
    }
    // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    bits.skip(3)?;
    if !reduced {
        // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
        bits.skip(4)?;
        let has_order_hints = bits.flag()?;
        if has_order_hints {
            bits.skip(2)?;
        }
        let chosen_by_frame = bits.flag()?;
        let screen_content = if chosen_by_frame { SELECT_SCREEN_CONTENT_TOOLS } else { bits.number(1)? };
        if screen_content > 0 {
            // seq_choose_integer_mv, or else seq_force_integer_mv
            let chosen_by_frame = bits.flag()?;
            if !chosen_by_frame {
                bits.skip(1)?;
            }
        }
        if has_order_hints {
            bits.skip(3)?;
        }
    }
    // enable_superres, enable_cdef, enable_restoration
    bits.skip(3)
}

/// `color_config()`, section 5.5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Color {
    high_bitdepth: bool,
    twelve_bit: bool,
    monochrome: bool,
    /// `subsampling_x` and `subsampling_y`.
    subsampling: (bool, bool),
    /// `chroma_sample_position`.
    sample_position: u8,
}

impl Color {
    /// `color_primaries`, `transfer_characteristics` and `matrix_coefficients` of sRGB.
    const SRGB: u32 = 0x01_0d_00;
    /// The same where nothing is said: unspecified.
    const UNSAID: u32 = 0x02_02_02;

    fn read(bits: &mut Bits<'_>, profile: u32) -> Option<Self> {
        let high_bitdepth = bits.flag()?;
        let twelve_bit = profile == 2 && high_bitdepth && bits.flag()?;
        let monochrome = profile != 1 && bits.flag()?;
        let is_described = bits.flag()?;
        let description = if is_described { bits.number(24)? } else { Self::UNSAID };
        let color = Self { high_bitdepth, twelve_bit, monochrome, subsampling: (true, true), sample_position: 0 };
        if description == Self::SRGB && !monochrome {
            return Some(Self { subsampling: (false, false), ..color });
        }
        // color_range
        bits.skip(1)?;
        if monochrome {
            return Some(color);
        }
        let subsampling = match profile {
            0 => (true, true),
            1 => (false, false),
            _ if twelve_bit => {
                let x = bits.flag()?;
                (x, x && bits.flag()?)
            }
            _ => (true, false),
        };
        // Of 2 bits.
        let sample_position = if subsampling == (true, true) { bits.number(2)? as u8 } else { 0 };
        Some(Self { subsampling, sample_position, ..color })
    }
}
