use proptest::prelude::*;

use super::*;
use crate::bitstream::{Dimensions, bits::Writer};

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

/// What a sequence header may say.
#[derive(Debug, Clone)]
struct Shape {
    profile: u32,
    /// Whether pictures come at equal intervals, and whether there is a decoder model, with delays of so many bits.
    timing: Option<(bool, Option<u32>)>,
    display_delay: bool,
    /// Each one's level, tier, and whether it has a decoder model and a display delay.
    points: Vec<(u32, bool, bool, bool)>,
    size: (u32, u32),
    frame_ids: bool,
    order_hints: bool,
    /// Whether frames choose, or else whether the tools are used.
    screen_content: Option<bool>,
    color: (bool, bool, bool),
    description: Option<u32>,
    /// Of the professional profile with 12 bits.
    subsampling: (bool, bool),
    sample_position: u32,
}

impl Shape {
    /// Section 5.5, in the order of its lines; with the record of what it says.
    fn write(&self) -> (Vec<u8>, [u8; 4]) {
        let mut writer = Writer::default();
        writer.number(self.profile, 3).flag(false).flag(false).flag(self.timing.is_some());
        let mut delay_bits = None;
        if let Some((equal, model)) = self.timing {
            writer.number(1, 32).number(30, 32).flag(equal);
            if equal {
                writer.exp_golomb(9);
            }
            writer.flag(model.is_some());
            if let Some(bits) = model {
                writer.number(bits - 1, 5).number(7, 32).number(3, 5).number(4, 5);
            }
            delay_bits = model;
        }
        writer.flag(self.display_delay).number(self.points.len() as u32 - 1, 5);
        for &(level, tier, model, delay) in &self.points {
            writer.number(0xfff, 12).number(level, 5);
            if level > 7 {
                writer.flag(tier);
            }
            if let Some(bits) = delay_bits {
                writer.flag(model);
                if model {
                    writer.number(u32::MAX, bits).number(u32::MAX, bits).flag(true);
                }
            }
            if self.display_delay {
                writer.flag(delay);
                if delay {
                    writer.number(9, 4);
                }
            }
        }
        let (width, height) = (self.size.0 - 1, self.size.1 - 1);
        writer.number(15, 4).number(12, 4).number(width, 16).number(height, 13).flag(self.frame_ids);
        if self.frame_ids {
            writer.number(u32::MAX, 7);
        }
        writer.number(5, 3).number(10, 4).flag(self.order_hints);
        if self.order_hints {
            writer.number(1, 2);
        }
        writer.flag(self.screen_content.is_none());
        if let Some(forced) = self.screen_content {
            writer.flag(forced);
        }
        if self.screen_content != Some(false) {
            writer.flag(false).flag(true);
        }
        if self.order_hints {
            writer.number(6, 3);
        }
        writer.number(2, 3);
        let flags = self.write_color(&mut writer);
        let (level, tier, ..) = self.points[0];
        let tier = u8::from(tier && level > 7) << 7;
        (writer.number(1, 8).bytes(), [0x81, (self.profile << 5 | level) as u8, tier | flags, 0])
    }

    fn write_color(&self, writer: &mut Writer) -> u8 {
        let (high, twelve, mono) = self.color;
        writer.flag(high);
        let twelve = twelve && high && self.profile == 2;
        if high && self.profile == 2 {
            writer.flag(twelve);
        }
        let mono = mono && self.profile != 1;
        if self.profile != 1 {
            writer.flag(mono);
        }
        writer.flag(self.description.is_some());
        if let Some(description) = self.description {
            writer.number(description, 24);
        }
        let is_srgb = self.description == Some(0x01_0d_00) && !mono;
        if !is_srgb {
            writer.flag(true);
        }
        let (x, y) = match self.profile {
            _ if mono => (true, true),
            _ if is_srgb => (false, false),
            0 => (true, true),
            1 => (false, false),
            _ if !twelve => (true, false),
            _ => {
                let (x, y) = self.subsampling;
                writer.flag(x);
                if x {
                    writer.flag(y);
                }
                (x, x && y)
            }
        };
        let has_position = x && y && !mono;
        if has_position {
            writer.number(self.sample_position, 2);
        }
        let position = if has_position { self.sample_position as u8 } else { 0 };
        [high, twelve, mono, x, y].into_iter().fold(0, |flags, flag| flags << 1 | u8::from(flag)) << 2 | position
    }
}

prop_compose! {
    fn shape()(
        profile in 0..3_u32,
        timing in prop::option::of((any::<bool>(), prop::option::of(1..=32_u32))),
        display_delay: bool,
        points in prop::collection::vec((0..32_u32, any::<bool>(), any::<bool>(), any::<bool>()), 1..5),
        size in (1..=65_536_u32, 1..=8192_u32),
        (frame_ids, order_hints) in any::<(bool, bool)>(),
        screen_content: Option<bool>,
        color: (bool, bool, bool),
        description in prop::option::of(prop_oneof![Just(0x01_0d_00_u32), 0..1_u32 << 24]),
        subsampling: (bool, bool),
        sample_position in 0..4_u32,
    ) -> Shape {
        Shape {
            profile, timing, display_delay, points, size, frame_ids, order_hints, screen_content, color, description,
            subsampling, sample_position,
        }
    }
}

proptest! {
    #[test]
    fn any_sequence_header_is_read(shape in shape()) {
        let (payload, av1c) = shape.write();
        let sequence = Sequence::read(&payload).unwrap();
        prop_assert_eq!(sequence.size, Dimensions { width: shape.size.0, height: shape.size.1 });
        prop_assert_eq!(sequence.av1c(), av1c);
        for cut in 0..payload.len() - 2 {
            prop_assert_eq!(Sequence::read(&payload[..cut]), None, "cut off at {}", cut);
        }
    }

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
