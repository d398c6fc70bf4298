//! The controls of a camera's own encoder, as far as it has them. GStreamer 1.22 stumbles over those that it does not
//! find, so the camera is asked first.

use std::{fs, path::Path};

use gst::prelude::*;
use rustix::ioctl::{self, Opcode, Updater, opcode};

/// What can be asked of a camera's encoder: the control's number (linux/v4l2-controls.h) and GStreamer's name for it.
const PROFILE: Control = Control { id: CODECS + 363, name: "h264_profile" };
const PERIOD: Control = Control { id: CODECS + 358, name: "h264_i_frame_period" };
const REPEAT_HEADERS: Control = Control { id: CODECS + 226, name: "repeat_sequence_header" };
const FORCE_KEYFRAME: Control = Control { id: CODECS + 229, name: "force_key_frame" };

const CODECS: u32 = 0x0099_0900;
/// `V4L2_MPEG_VIDEO_H264_PROFILE_CONSTRAINED_BASELINE`
const CONSTRAINED_BASELINE: i32 = 1;

#[derive(Debug, Clone, Copy)]
struct Control {
    id: u32,
    name: &'static str,
}

/// Those that a camera has.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::source) struct Controls {
    profile: bool,
    period: bool,
    repeat_headers: bool,
    force_keyframe: bool,
}

impl Controls {
    /// Asks the device `node`. Where it can't be asked it has none.
    pub(in crate::source) fn of(node: &Path) -> Self {
        let Ok(device) = fs::File::options().read(true).write(true).open(node) else { return Self::default() };
        let has = |control: Control| has(&device, control.id);
        Self {
            profile: has(PROFILE),
            period: has(PERIOD),
            repeat_headers: has(REPEAT_HEADERS),
            force_keyframe: has(FORCE_KEYFRAME),
        }
    }

    /// Before it starts: constrained baseline, headers again and again, and a keyframe every `period` frames.
    pub(super) fn set_up(self, camera: &gst::Element, period: u32) {
        let mut controls = gst::Structure::new_empty("controls");
        let mut set = |has: bool, control: Control, value: i32| {
            if has {
                controls.set(control.name, value);
            }
        };
        set(self.profile, PROFILE, CONSTRAINED_BASELINE);
        set(self.period, PERIOD, i32::try_from(period).unwrap_or(i32::MAX));
        set(self.repeat_headers, REPEAT_HEADERS, 1);
        if controls.n_fields() > 0 {
            camera.set_property("extra-controls", controls);
        }
    }

    /// Asks for a keyframe. A camera without the control takes no notice.
    pub(super) fn ask(self, camera: &gst::Element) {
        if self.force_keyframe {
            let controls = gst::Structure::builder("controls").field(FORCE_KEYFRAME.name, 1).build();
            camera.set_property("extra-controls", controls);
        }
    }
}

/// `struct v4l2_queryctrl` of linux/videodev2.h
#[repr(C)]
#[derive(Default)]
struct Query {
    id: u32,
    kind: u32,
    name: [u8; 32],
    minimum: i32,
    maximum: i32,
    step: i32,
    default: i32,
    flags: u32,
    reserved: [u32; 2],
}

const VIDIOC_QUERYCTRL: Opcode = opcode::read_write::<Query>(b'V', 36);
const DISABLED: u32 = 1;

fn has(device: &fs::File, id: u32) -> bool {
    let mut query = Query { id, ..Query::default() };
    // SAFETY: the request reads and writes a `struct v4l2_queryctrl`, which `Query` is. Another device refuses it.
    let asked = unsafe { ioctl::ioctl(device, Updater::<VIDIOC_QUERYCTRL, Query>::new(&mut query)) };
    asked.is_ok() && query.flags & DISABLED == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_kernels() {
        assert_eq!((size_of::<Query>(), VIDIOC_QUERYCTRL), (68, 0xc044_5624));
    }

    #[test]
    fn what_is_no_camera_has_none() {
        let controls = Controls::of(Path::new("/dev/null"));
        assert!(!controls.force_keyframe && !controls.profile);
    }
}
