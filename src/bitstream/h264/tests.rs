use proptest::prelude::*;

use super::*;
use crate::bitstream::{Dimensions, bits::Writer};

/// The head of a keyframe of x264's, and what FFmpeg's muxer makes of its parameter sets.
struct Sample {
    what: &'static str,
    parameters: &'static [u8],
    avcc: &'static [u8],
    size: (u32, u32),
}

const SAMPLES: [Sample; 3] = [
    Sample {
        what: "constrained baseline, cropped",
        parameters: &[
            0x00, 0x00, 0x00, 0x01, 0x67, 0x42, 0xc0, 0x16, 0xd9, 0x00, 0xa4, 0x2f, 0xe2, 0x24, 0xc0, 0x44, 0x00, 0x00,
            0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0x50, 0x3c, 0x58, 0xb9, 0x20, 0x00, 0x00, 0x00, 0x01, 0x68, 0xcb,
            0x83, 0xcb, 0x20,
        ],
        avcc: &[
            0x01, 0x42, 0xc0, 0x16, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x42, 0xc0, 0x16, 0xd9, 0x00, 0xa4, 0x2f, 0xe2, 0x24,
            0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0x50, 0x3c, 0x58, 0xb9, 0x20, 0x01, 0x00,
            0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20,
        ],
        size: (642, 362),
    },
    Sample {
        what: "high 4:2:2 with 10 bits, interlaced, cropped",
        parameters: &[
            0x00, 0x00, 0x00, 0x01, 0x67, 0x7a, 0x00, 0x16, 0xb6, 0xcd, 0x94, 0x0a, 0x46, 0x3c, 0x44, 0x66, 0x02, 0x20,
            0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x02, 0x83, 0xe2, 0x85, 0x32, 0xc0, 0x00, 0x00, 0x00, 0x01,
            0x68, 0xfb, 0xa3, 0xcb, 0x22, 0xc0,
        ],
        avcc: &[
            0x01, 0x7a, 0x00, 0x16, 0xff, 0xe1, 0x00, 0x1c, 0x67, 0x7a, 0x00, 0x16, 0xb6, 0xcd, 0x94, 0x0a, 0x46, 0x3c,
            0x44, 0x66, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x02, 0x83, 0xe2, 0x85, 0x32, 0xc0,
            0x01, 0x00, 0x06, 0x68, 0xfb, 0xa3, 0xcb, 0x22, 0xc0, 0xfe, 0xfa, 0xfa, 0x00,
        ],
        size: (642, 362),
    },
    Sample {
        what: "high 4:4:4 predictive",
        parameters: &[
            0x00, 0x00, 0x00, 0x01, 0x67, 0xf4, 0x00, 0x28, 0x91, 0x9b, 0x28, 0x0f, 0x00, 0x44, 0xfc, 0x4e, 0x02, 0x20,
            0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x02, 0x81, 0xe3, 0x06, 0x32, 0xc0, 0x00, 0x00, 0x00, 0x01,
            0x68, 0xeb, 0xe3, 0xc4, 0x4c, 0x00, 0x04, 0x40,
        ],
        avcc: &[
            0x01, 0xf4, 0x00, 0x28, 0xff, 0xe1, 0x00, 0x1c, 0x67, 0xf4, 0x00, 0x28, 0x91, 0x9b, 0x28, 0x0f, 0x00, 0x44,
            0xfc, 0x4e, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x02, 0x81, 0xe3, 0x06, 0x32, 0xc0,
            0x01, 0x00, 0x08, 0x68, 0xeb, 0xe3, 0xc4, 0x4c, 0x00, 0x04, 0x40, 0xff, 0xf8, 0xf8, 0x00,
        ],
        size: (1920, 1080),
    },
];

const DELIMITER: [u8; 6] = [0, 0, 0, 1, 0x09, 0x10];
const IDR_SLICE: [u8; 9] = [0, 0, 1, 0x65, 0x88, 0x84, 0x0d, 0xf2, 0x62];
const SLICE: [u8; 8] = [0, 0, 0, 1, 0x41, 0x9a, 0x38, 0x1b];

#[test]
fn a_keyframe_says_its_size_and_what_a_file_wants_to_know() {
    for Sample { what, parameters, avcc, size: (width, height) } in SAMPLES {
        let look = look(&[&DELIMITER, parameters, &IDR_SLICE].concat());
        let expected = Look { keyframe: true, size: Dimensions::new(width, height), private: Some(avcc.to_vec()) };
        assert_eq!(look, expected, "{what}");
    }
}

#[test]
fn what_is_no_keyframe_has_nothing_for_the_track() {
    assert_eq!(look(&SLICE), Look::default());
    assert_eq!(look(&[]), Look::default());
    let [Sample { parameters, .. }, ..] = SAMPLES;
    let look_at_slice = look(&[parameters, &SLICE].concat());
    assert!(!look_at_slice.keyframe && look_at_slice.size.is_some() && look_at_slice.private.is_none());
    assert_eq!(look(&IDR_SLICE), Look { keyframe: true, size: None, private: None });
    assert_eq!(look(&[&parameters[..30], &IDR_SLICE].concat()).private, None, "no picture parameter set");
}

#[test]
fn parameter_sets_that_come_twice_are_written_once() {
    let [Sample { parameters, avcc, .. }, ..] = SAMPLES;
    let look = look(&[parameters, parameters, &IDR_SLICE].concat());
    assert_eq!(look.private.as_deref(), Some(avcc));
}

#[test]
fn units_are_stored_with_their_lengths_and_delimiters_are_not() {
    let access_unit = [&DELIMITER[..], &[0, 0, 0, 1, 0x67, 1, 0, 0], &IDR_SLICE].concat();
    assert_eq!(stored(&access_unit), [0, 0, 0, 2, 0x67, 1, 0, 0, 0, 6, 0x65, 0x88, 0x84, 0x0d, 0xf2, 0x62]);
    assert!(stored(&[0x65, 0x88]).is_empty(), "without a start code there is no unit");
    assert!(stored(&DELIMITER).is_empty());
}

/// As a NAL unit has it: with a stop bit, and with a 3 where a start code would be.
fn payload(writer: &mut Writer) -> Vec<u8> {
    let mut payload: Vec<u8> = Vec::new();
    for byte in writer.flag(true).bytes() {
        if payload.ends_with(&[0, 0]) && byte <= 3 {
            payload.push(3);
        }
        payload.push(byte);
    }
    payload
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    profile: u8,
    chroma: u32,
    interlaced: bool,
    order: u32,
    macroblocks: (u32, u32),
    crop: [u32; 4],
}

fn sequence(shape: Shape) -> Vec<u8> {
    let Shape { profile, chroma, interlaced, order, macroblocks: (columns, rows), crop } = shape;
    let mut writer = Writer::default();
    writer.number(profile.into(), 8).number(0, 8).number(31, 8).exp_golomb(0);
    if profile == 100 {
        writer.exp_golomb(chroma);
        if chroma == 3 {
            writer.number(0, 1);
        }
        // Bit depths, no bypass, scaling lists: the first ends after two entries, the rest are not there.
        writer.exp_golomb(2).exp_golomb(0).number(0, 1).number(1, 1).number(1, 1).exp_golomb(3).exp_golomb(20);
        writer.number(0, if chroma == 3 { 11 } else { 7 });
    }
    writer.exp_golomb(4).exp_golomb(order);
    if order == 0 {
        writer.exp_golomb(2);
    } else if order == 1 {
        writer.number(0, 1).exp_golomb(5).exp_golomb(6).exp_golomb(3).exp_golomb(1).exp_golomb(2).exp_golomb(300);
    }
    writer.exp_golomb(1).number(0, 1).exp_golomb(columns - 1).exp_golomb(rows - 1);
    writer.number(u32::from(!interlaced), 1);
    if interlaced {
        writer.number(0, 1);
    }
    writer.number(1, 1).number(1, 1);
    for side in crop {
        writer.exp_golomb(side);
    }
    payload(writer.flag(false))
}

#[test]
fn cropping_that_leaves_nothing_leaves_no_size() {
    let shape = Shape { profile: 66, chroma: 1, interlaced: false, order: 2, macroblocks: (1, 1), crop: [4, 4, 0, 0] };
    let read = |shape| Sequence::read(&sequence(shape)).unwrap().size();
    assert_eq!(read(shape), None);
    assert_eq!(read(Shape { crop: [u32::MAX - 1, u32::MAX - 1, 0, 0], ..shape }), None);
    assert_eq!(read(Shape { crop: [4, 3, 0, 0], ..shape }), Dimensions::new(2, 16));
}

proptest! {
    #[test]
    fn any_shape_of_picture_is_read(
        is_high: bool, chroma in 0..4_u32, interlaced: bool, order in 0..3_u32,
        macroblocks in (1..600_u32, 1..600_u32), crop in [0..4_u32, 0..4_u32, 0..4_u32, 0..4_u32],
    ) {
        let (profile, chroma) = if is_high { (100, chroma) } else { (66, 1) };
        let payload = sequence(Shape { profile, chroma, interlaced, order, macroblocks, crop });
        let fields = if interlaced { 2 } else { 1 };
        let (unit_x, unit_y) = match chroma { 1 => (2, 2), 2 => (2, 1), _ => (1, 1) };
        let width = (macroblocks.0 * 16).checked_sub(unit_x * (crop[0] + crop[1]));
        let height = (macroblocks.1 * 16 * fields).checked_sub(unit_y * fields * (crop[2] + crop[3]));
        let size = width.zip(height).and_then(|(width, height)| Dimensions::new(width, height));
        let read = Sequence::read(&payload);
        prop_assert_eq!(read.and_then(|read| read.size()), size);
        prop_assert_eq!(read.map(|read| read.profile), Some([profile, 0, 31]));
        // Cut off anywhere it is none, or complete but for its end.
        for cut in 0..payload.len() {
            let read = Sequence::read(&payload[..cut]);
            prop_assert!(read.is_none_or(|read| read.size() == size));
        }
    }

    #[test]
    fn units_come_back_as_they_went_in(units: Vec<(bool, Vec<u8>)>, padding in 0..3_usize) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (is_long, bytes) in units {
            // What an encoder makes: no start codes within, and no 0 at the end.
            let unit = [&[0x41], bytes.iter().map(|byte| byte.max(&1)).copied().collect::<Vec<u8>>().as_slice()].concat();
            stream.extend(&[0, 0, 0, 1][usize::from(!is_long)..]);
            stream.extend(&unit);
            stream.extend(vec![0; padding]);
            expected.push(unit);
        }
        let units: Vec<Vec<u8>> = NalUnits::of(&stream).map(|nal| nal.bytes().to_vec()).collect();
        prop_assert_eq!(units, expected);
    }

    #[test]
    fn start_codes_are_found_where_they_are(bytes in prop::collection::vec(0..3_u8, 0..40)) {
        prop_assert_eq!(start_code(&bytes), bytes.windows(3).position(|three| three == [0, 0, 1]));
    }
}
