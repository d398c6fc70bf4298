//! Whether a frame is a keyframe, read from the frame itself where elements do not say.

use gst::prelude::*;

use crate::{bitstream::vp8, codec::Codec};

/// Flags the frames that come to `pad` as what they are. Of VP8 only: GStreamer has no parser for it that would, and
/// with 1.22.0 a V4L2 device's frames are never flagged as keyframes, not even the first.
pub(super) fn set_flags(pad: &gst::Pad, codec: Codec) {
    if codec != Codec::Vp8 {
        return;
    }
    pad.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        if let Some(buffer) = info.buffer_mut() {
            let says_delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            let is_keyframe = buffer.map_readable().ok().and_then(|frame| vp8::is_keyframe(&frame));
            match is_keyframe {
                Some(false) if !says_delta => buffer.make_mut().set_flags(gst::BufferFlags::DELTA_UNIT),
                Some(true) if says_delta => buffer.make_mut().unset_flags(gst::BufferFlags::DELTA_UNIT),
                _ => {}
            }
        }
        gst::PadProbeReturn::Ok
    });
}
