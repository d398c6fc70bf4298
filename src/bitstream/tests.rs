use proptest::prelude::*;

use super::*;

fn size(width: u32, height: u32) -> Option<Dimensions> {
    Dimensions::new(width, height)
}

fn delta(size: Option<Dimensions>) -> Look {
    Look { keyframe: false, size, private: None }
}

fn keyframe(width: u32, height: u32) -> Look {
    Look { keyframe: true, size: size(width, height), private: None }
}

/// The heads of frames of libvpx's.
#[test]
fn vp8_frames() {
    let key = [0x30, 0x59, 0x00, 0x9d, 0x01, 0x2a, 0x42, 0x01, 0xb6, 0x00, 0x00, 0x07];
    assert_eq!(look(Codec::Vp8, &key), keyframe(322, 182));
    let upscaled = [0x30, 0x59, 0x00, 0x9d, 0x01, 0x2a, 0x42, 0x41, 0xb6, 0x80];
    assert_eq!(look(Codec::Vp8, &upscaled), keyframe(322, 182), "the two bits above say how to show it");
    assert_eq!(look(Codec::Vp8, &[0x71, 0x08, 0x00, 0x09, 0x10, 0xac, 0x00, 0x1e, 0x9a, 0x36]), delta(None));
    for cut in 0..10 {
        assert_eq!(look(Codec::Vp8, &key[..cut]), delta(None), "nobody can decode {cut} bytes of it");
    }
}

/// The heads of frames of libvpx's, of each profile.
#[test]
fn vp9_frames() {
    for (profile, head) in [
        ("0", &[0x82, 0x49, 0x83, 0x42, 0x00, 0x14, 0x10, 0x0b, 0x56][..]),
        ("1, 4:4:4", &[0xa2, 0x49, 0x83, 0x42, 0x00, 0x02, 0x82, 0x01, 0x6a, 0xc1]),
        ("1, RGB", &[0xa2, 0x49, 0x83, 0x42, 0xe0, 0x14, 0x10, 0x0b, 0x56, 0x08]),
        ("3, 4:4:4 with 10 bits", &[0xb1, 0x24, 0xc1, 0xa1, 0x00, 0x00, 0xa0, 0x80, 0x5a, 0xb0]),
    ] {
        assert_eq!(look(Codec::Vp9, head), keyframe(322, 182), "profile {profile}");
        assert_eq!(look(Codec::Vp9, &head[..7]), delta(None), "profile {profile}, cut off");
    }
    assert_eq!(look(Codec::Vp9, &[0x86, 0x00, 0x40, 0x92, 0x9c, 0x1c, 0x49, 0x40, 0x00]), delta(None));
    let shown_again = 0b1000_1000;
    assert_eq!(look(Codec::Vp9, &[shown_again]), delta(None));
}

/// Sizes change without a keyframe when the encoder's link wavers.
#[test]
fn vp9_frames_that_change_the_size() {
    // Marker, profile 0, no existing frame, no keyframe, shown, error resilient; all to be refreshed; three references.
    let inter = [0x87, 0xff, 0x00, 0x00, 0x04, 0xfe, 0x02, 0xce];
    assert_eq!(look(Codec::Vp9, &inter), delta(size(640, 360)));
    // The same, hidden and intra only.
    let intra =
        [0b1000_0101, 0b1010_0100, 0b1100_0001, 0b1010_0001, 0b0111_1111, 0b1000_0001, 0b0011_1111, 0b1000_0000];
    let intra = [&intra[..], &[0b1011_0011, 0b1000_0000]].concat();
    assert_eq!(
        look(Codec::Vp9, &intra),
        delta(size(640, 360)),
        "a decoder can't begin with it: others are referred to"
    );
}

#[test]
fn vp9_superframes_are_what_their_frames_are() {
    let key = [0x82, 0x49, 0x83, 0x42, 0x00, 0x14, 0x10, 0x0b, 0x56];
    let larger = [0x87, 0xff, 0x00, 0x00, 0x04, 0xfe, 0x02, 0xce];
    let superframe = |first: &[u8], second: &[u8]| {
        let index = [0b1100_0001, first.len() as u8, second.len() as u8, 0b1100_0001];
        [first, second, &index].concat()
    };
    assert_eq!(look(Codec::Vp9, &superframe(&key, &larger)), keyframe(640, 360), "two layers; the upper one is shown");
    assert_eq!(
        look(Codec::Vp9, &superframe(&larger, &key)),
        delta(size(322, 182)),
        "a decoder would begin with the first"
    );
}

#[test]
fn each_packet_of_opus_can_be_begun_with() {
    assert_eq!(look(Codec::Opus, &[0xfc, 0xff, 0xfe]), Look { keyframe: true, size: None, private: None });
    assert_eq!(look(Codec::Opus, &[]), Look::default());
}

#[test]
fn what_needs_no_change_is_stored_as_it_is() {
    for codec in [Codec::Vp8, Codec::Vp9, Codec::Opus] {
        assert!(matches!(stored(codec, b"frame"), Cow::Borrowed(b"frame")), "{codec}");
    }
}

/// Bytes that are not all alike: headers of real frames with anything behind, and anything.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let heads = prop::sample::select(vec![
        &[][..],
        &[0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x16, 0xd9],
        &[0, 0, 1, 0x67, 0xf4, 0x00, 0x28, 0x91, 0x9b],
        &[0x30, 0x59, 0x00, 0x9d, 0x01, 0x2a],
        &[0x82, 0x49, 0x83, 0x42],
        &[0xb1, 0x24, 0xc1, 0xa1],
        &[0x12, 0x00, 0x0a, 0x0b, 0x00],
        &[0x0a, 0x7f, 0x04],
    ]);
    let byte = prop_oneof![2 => Just(0_u8), 1 => Just(1), 1 => Just(0xff), 1 => 0xc0..0xe0_u8, 4 => any::<u8>()];
    (heads, prop::collection::vec(byte, 0..80)).prop_map(|(head, rest)| [head, &rest].concat())
}

proptest! {
    #[test]
    fn whatever_comes_is_looked_at(frame in frame()) {
        for codec in Codec::ALL {
            let look = look(codec, &frame);
            prop_assert!(look.size.is_none_or(|size| size.width > 0 && size.height > 0));
            prop_assert!(look.private.is_none() || look.keyframe);
            let stored = stored(codec, &frame);
            // A start code of 3 bytes becomes a length of 4, and there is at least one byte behind each.
            prop_assert!(stored.len() <= frame.len() + frame.len() / 4);
        }
        prop_assert!(opus::duration(&frame).is_none_or(|duration| duration.as_millis() <= 120));
    }
}
