//! Whether a frame is a keyframe, read from the frame itself where elements do not say.

use gst::prelude::*;

use crate::codec::Codec;

/// Flags the frames that come to `pad` as what they are. Of VP8 only: GStreamer has no parser for it that would, and
/// with 1.22.0 a V4L2 device's frames are never flagged as keyframes, not even the first.
pub(super) fn set_flags(pad: &gst::Pad, codec: Codec) {
    if codec != Codec::Vp8 {
        return;
    }
    pad.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        if let Some(buffer) = info.buffer_mut() {
            let says_delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            match is_delta(buffer) {
                Some(true) if !says_delta => buffer.make_mut().set_flags(gst::BufferFlags::DELTA_UNIT),
                Some(false) if says_delta => buffer.make_mut().unset_flags(gst::BufferFlags::DELTA_UNIT),
                _ => {}
            }
        }
        gst::PadProbeReturn::Ok
    });
}

/// The first bit of a VP8 frame (RFC 6386, section 9.1); `None` of an empty one.
fn is_delta(frame: &gst::BufferRef) -> Option<bool> {
    frame.map_readable().ok()?.first().map(|first| first & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_s_first_bit_says_it() {
        gst::init().unwrap();
        let says = |bytes: &'static [u8]| is_delta(&gst::Buffer::from_slice(bytes));
        assert_eq!(says(&[0x30, 0x12, 0x9d]), Some(false));
        assert_eq!(says(&[0x31]), Some(true));
        assert_eq!(says(&[]), None);
    }
}
