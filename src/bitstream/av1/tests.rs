use proptest::prelude::*;

use super::*;
use crate::bitstream::Dimensions;

const DELIMITER: [u8; 2] = [0x12, 0x00];
/// Sequence headers of libaom's, main profile with 8 bits and professional profile in 4:2:2 with 10 bits, and what
/// FFmpeg's muxer makes of them.
const MAIN: [u8; 13] = [0x0a, 0x0b, 0x00, 0x00, 0x00, 0x04, 0x3d, 0x06, 0xd4, 0xda, 0xf9, 0x00, 0x40];
const MAIN_AV1C: [u8; 4] = [0x81, 0x00, 0x0c, 0x00];
const PROFESSIONAL: [u8; 16] =
    [0x0a, 0x0e, 0x40, 0x00, 0x00, 0x04, 0x3d, 0x06, 0xd4, 0xda, 0xf9, 0x48, 0x08, 0x08, 0x08, 0x80];
const PROFESSIONAL_AV1C: [u8; 4] = [0x81, 0x40, 0x48, 0x00];
/// The head of the keyframe behind, with the size of what is left of it.
const KEY_FRAME: [u8; 6] = [0x32, 0x04, 0x14, 0x00, 0xa0, 0xa8];
/// The head of a frame that refers to others.
const INTER_FRAME: [u8; 6] = [0x32, 0x04, 0x30, 0x03, 0xc2, 0x00];

#[test]
fn a_keyframe_says_its_size_and_what_a_file_wants_to_know() {
    for (sequence, av1c) in [(&MAIN[..], MAIN_AV1C), (&PROFESSIONAL, PROFESSIONAL_AV1C)] {
        let look = look(&[&DELIMITER, sequence, &KEY_FRAME].concat());
        let private = Some([&av1c, sequence].concat());
        assert_eq!(look, Look { keyframe: true, size: Dimensions::new(322, 182), private });
    }
}

#[test]
fn what_a_decoder_can_t_begin_with_is_no_keyframe() {
    for (what, unit) in [
        ("no sequence header", [&DELIMITER[..], &KEY_FRAME].concat()),
        ("it refers to others", [&MAIN[..], &INTER_FRAME].concat()),
        ("the first frame refers to others", [&MAIN[..], &INTER_FRAME, &KEY_FRAME].concat()),
        ("hidden", [&MAIN[..], &[0x32, 0x02, 0x04, 0x00]].concat()),
        ("one that came before is shown", [&MAIN[..], &[0x1a, 0x01, 0x88]].concat()),
        ("cut off", [&MAIN[..], &KEY_FRAME[..5]].concat()),
        ("no frame", MAIN.to_vec()),
    ] {
        let look = look(&unit);
        assert_eq!((look.keyframe, look.private), (false, None), "{what}");
    }
}

#[test]
fn a_sequence_header_is_noted_with_its_size() {
    let bare = [&[MAIN[0] & !HAS_SIZE], &MAIN[2..]].concat();
    let obu = Obus::of(&bare).next().unwrap();
    assert_eq!(obu.with_size(), MAIN);
    let long = [&[0x0a, 0xc8, 0x01][..], &[7; 200]].concat();
    assert_eq!(Obus::of(&long).next().unwrap().with_size(), long);
    let layered = [0x0e, 0x20, 0x01, 0x55];
    assert_eq!(Obus::of(&layered).next().unwrap().with_size(), layered);
}

#[test]
fn still_pictures_have_a_header_of_their_own() {
    // Profile 0, still, reduced, level 4, sides of 8 bits, 64 x 48; all tools off; 4:2:0 with 8 bits.
    let payload = [0b0001_1001, 0b0001_1101, 0b1100_1111, 0b1100_1011, 0b1100_0000, 0b0000_0000, 0b0000_0100];
    let sequence = Sequence::read(&payload).unwrap();
    assert!(sequence.reduced);
    assert_eq!(sequence.size, Dimensions { width: 64, height: 48 });
    assert_eq!(sequence.av1c(), [0x81, 4, 0x0c, 0]);
    let unit = [&[0x0a, 7][..], &payload, &[0x32, 1, 0]].concat();
    assert!(look(&unit).keyframe);
}

#[test]
fn delimiters_are_not_stored() {
    let frames = [&MAIN[..], &KEY_FRAME].concat();
    let usual = [&DELIMITER[..], &frames].concat();
    assert!(matches!(stored(&usual), Cow::Borrowed(bytes) if bytes == frames));
    let many = [&DELIMITER[..], &MAIN, &DELIMITER, &KEY_FRAME, &DELIMITER].concat();
    assert_eq!(stored(&many), frames);
    assert!(stored(&DELIMITER).is_empty());
    let odd = [&DELIMITER[..], &[0xff, 1, 2]].concat();
    assert_eq!(stored(&odd), &[0xff, 1, 2][..], "what can't be read is left as it is");
}

proptest! {
    #[test]
    fn sizes_of_any_length_are_read(payload in prop::collection::vec(any::<u8>(), 0..400), behind: Vec<u8>) {
        let obu = Obu { kind: SEQUENCE_HEADER, first: 0x08, extension: None, payload: &payload, whole: &[] };
        let bytes = [obu.with_size(), behind.clone()].concat();
        let mut obus = Obus::of(&bytes);
        prop_assert_eq!(obus.next().map(|obu| obu.payload), Some(&payload[..]));
        prop_assert_eq!(obus.rest, &behind);
    }

    #[test]
    fn what_is_stored_has_no_delimiters_and_all_else(
        units in prop::collection::vec(prop::sample::select(vec![&DELIMITER[..], &MAIN, &KEY_FRAME, &INTER_FRAME]), 0..6),
    ) {
        let without: Vec<u8> = units.iter().filter(|unit| **unit != DELIMITER).copied().flatten().copied().collect();
        let unit = units.concat();
        prop_assert_eq!(stored(&unit), without);
    }
}
