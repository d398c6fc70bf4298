//! A sequence parameter set (ITU-T H.264, section 7.3.2.1.1).

use crate::bitstream::{Dimensions, bits::Bits};

/// Profiles whose parameter sets tell of chroma and bit depths (`profile_idc`, section 7.3.2.1.1).
const WITH_CHROMA: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Profiles whose `avcC` does not (ISO/IEC 14496-15, 5.3.3.1): Baseline, Main, Extended.
const WITHOUT_CHROMA: [u8; 3] = [66, 77, 88];

/// `num_ref_frames_in_pic_order_cnt_cycle` is at most this (section 7.4.2.1.1).
const LONGEST_CYCLE: u32 = 255;

/// What a sequence parameter set says, as far as it is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sequence {
    /// `profile_idc`, the constraint flags and `level_idc`.
    pub(super) profile: [u8; 3],
    /// `chroma_format_idc`, 0 to 3.
    pub(super) chroma_format: u8,
    /// Bits of a luma sample beyond 8, 0 to 6.
    pub(super) luma_depth: u8,
    /// Bits of a chroma sample beyond 8, 0 to 6.
    pub(super) chroma_depth: u8,
    /// `None` where the cropping leaves nothing.
    size: Option<Dimensions>,
}

impl Sequence {
    /// Reads what follows a NAL unit's header. `None` where it is none, or cut off.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let payload = without_emulation_prevention(payload);
        let (profile, rest) = payload.split_first_chunk::<3>()?;
        let mut bits = Bits::new(rest);
        // seq_parameter_set_id
        bits.exp_golomb()?;
        let chroma = if WITH_CHROMA.contains(&profile[0]) { Chroma::read(&mut bits)? } else { Chroma::USUAL };
        // log2_max_frame_num_minus4
        bits.exp_golomb()?;
        skip_picture_order(&mut bits)?;
        // max_num_ref_frames, gaps_in_frame_num_value_allowed_flag
        bits.exp_golomb()?;
        bits.skip(1)?;
        let size = size(&mut bits, chroma)?;
        let Chroma { format, luma_depth, chroma_depth, .. } = chroma;
        Some(Self { profile: *profile, chroma_format: format, luma_depth, chroma_depth, size })
    }

    /// How large pictures are once they are cropped.
    pub(super) const fn size(&self) -> Option<Dimensions> {
        self.size
    }

    /// Whether an `avcC` tells of chroma and bit depths.
    pub(super) fn is_high(&self) -> bool {
        !WITHOUT_CHROMA.contains(&self.profile[0])
    }
}

#[derive(Debug, Clone, Copy)]
struct Chroma {
    format: u8,
    separate_planes: bool,
    luma_depth: u8,
    chroma_depth: u8,
}

impl Chroma {
    /// 4:2:0 with 8 bits: what is meant where nothing is said.
    const USUAL: Self = Self { format: 1, separate_planes: false, luma_depth: 0, chroma_depth: 0 };

    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let up_to = |bits: &mut Bits<'_>, most| bits.exp_golomb()?.try_into().ok().filter(|value| *value <= most);
        let format = up_to(bits, 3)?;
        let separate_planes = format == 3 && bits.flag()?;
        let (luma_depth, chroma_depth) = (up_to(bits, 6)?, up_to(bits, 6)?);
        // qpprime_y_zero_transform_bypass_flag
        bits.skip(1)?;
        let has_scaling_matrix = bits.flag()?;
        if has_scaling_matrix {
            for list in 0..if format == 3 { 12 } else { 8 } {
                if bits.flag()? {
                    skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
        Some(Self { format, separate_planes, luma_depth, chroma_depth })
    }

    /// `CropUnitX` and `CropUnitY` of a picture with `fields` lines' halves in each (section 7.4.2.1.1): 1 where lines are
    /// not interlaced, or else 2.
    const fn crop_unit(self, fields: u32) -> (u32, u32) {
        match (self.format, self.separate_planes) {
            (1, _) => (2, 2 * fields),
            (2, _) => (2, fields),
            _ => (1, fields),
        }
    }
}

/// Passes over `scaling_list()` (section 7.3.2.1.1.1).
fn skip_scaling_list(bits: &mut Bits<'_>, entries: u32) -> Option<()> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..entries {
        if next != 0 {
            next = (last + bits.signed_exp_golomb()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Passes over what is said of the order of pictures.
fn skip_picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.exp_golomb()? {
        // log2_max_pic_order_cnt_lsb_minus4
        0 => bits.exp_golomb().map(|_| ()),
        1 => {
            // delta_pic_order_always_zero_flag, offset_for_non_ref_pic, offset_for_top_to_bottom_field
            bits.skip(1)?;
            bits.exp_golomb()?;
            bits.exp_golomb()?;
            let cycle = bits.exp_golomb().filter(|cycle| *cycle <= LONGEST_CYCLE)?;
            (0..cycle).try_for_each(|_| bits.exp_golomb().map(|_| ()))
        }
        2 => Some(()),
        _ => None,
    }
}

/// The size, from `pic_width_in_mbs_minus1` on. The outer `None` is a set that is cut off.
fn size(bits: &mut Bits<'_>, chroma: Chroma) -> Option<Option<Dimensions>> {
    let (columns, rows) = (bits.exp_golomb()?, bits.exp_golomb()?);
    let frame_mbs_only = bits.flag()?;
    if !frame_mbs_only {
        // mb_adaptive_frame_field_flag
        bits.skip(1)?;
    }
    // direct_8x8_inference_flag
    bits.skip(1)?;
    let mut crop = [0; 4];
    let is_cropped = bits.flag()?;
    if is_cropped {
        for side in &mut crop {
            *side = bits.exp_golomb()?;
        }
    }
    let fields = if frame_mbs_only { 1 } else { 2 };
    let (unit_x, unit_y) = chroma.crop_unit(fields);
    let [left, right, top, bottom] = crop;
    let width = cropped(columns, 16, unit_x, left, right);
    let height = cropped(rows, 16 * fields, unit_y, top, bottom);
    Some(width.zip(height).and_then(|(width, height)| Dimensions::new(width, height)))
}

/// A side of `count_minus_1` + 1 macroblocks, without what is cropped from both its ends.
fn cropped(count_minus_1: u32, macroblock: u32, unit: u32, one_end: u32, other_end: u32) -> Option<u32> {
    let side = count_minus_1.checked_add(1)?.checked_mul(macroblock)?;
    side.checked_sub(one_end.checked_add(other_end)?.checked_mul(unit)?)
}

/// Without the 3 in each `00 00 03`, which keeps start codes out of NAL units (section 7.4.1).
fn without_emulation_prevention(payload: &[u8]) -> Vec<u8> {
    let mut zeros = 0;
    let mut kept = payload.to_vec();
    kept.retain(|byte| {
        let keep = zeros < 2 || *byte != 3;
        zeros = if keep && *byte == 0 { zeros + 1 } else { 0 };
        keep
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_start_codes_out_is_left_out() {
        for (payload, kept) in [
            (&[1, 0, 0, 3, 1][..], &[1, 0, 0, 1][..]),
            (&[0, 0, 3, 0, 0, 3, 0], &[0, 0, 0, 0, 0]),
            (&[0, 0, 3, 3, 0, 0, 3], &[0, 0, 3, 0, 0]),
            (&[0, 3, 0, 1, 0, 3], &[0, 3, 0, 1, 0, 3]),
        ] {
            assert_eq!(without_emulation_prevention(payload), kept, "{payload:?}");
        }
    }
}
