//! Whether a frame is a keyframe, read from the frame itself where elements do not say.

use gst::prelude::*;

/// Flags the frames that come to `pad` as what they are. `is_keyframe` reads it; `None` where a frame does not say.
pub(crate) fn set_flags(pad: &gst::Pad, is_keyframe: impl Fn(&[u8]) -> Option<bool> + Send + Sync + 'static) {
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(buffer) = info.buffer_mut() {
            let says_delta = buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
            let is_keyframe = buffer.map_readable().ok().and_then(|frame| is_keyframe(&frame));
            match is_keyframe {
                Some(false) if !says_delta => buffer.make_mut().set_flags(gst::BufferFlags::DELTA_UNIT),
                Some(true) if says_delta => buffer.make_mut().unset_flags(gst::BufferFlags::DELTA_UNIT),
                _ => {}
            }
        }
        gst::PadProbeReturn::Ok
    });
}
