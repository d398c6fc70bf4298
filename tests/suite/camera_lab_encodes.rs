//! A real V4L2 device that encodes, as a Raspberry Pi has one, behind the element that GStreamer makes for it: the
//! kernel's own test codec (vicodec). It makes FWHT, which no browser plays, and has no control for a bitrate or a
//! keyframe. So it is tried, as any device is, and it is told what it can't do.

use std::{fs, io::Read, os::unix::fs::OpenOptionsExt};

use peergate::{
    encoder::{Catalogue, Encoder, Fault, Picture, Report, Trials},
    media::clockwork::Clockwork,
    units::Size,
};

use crate::common::{
    guest::{self, Camera},
    logs,
};

/// It takes none that are smaller. The guest's processor is interpreted.
const PICTURE: Picture = Picture { size: Size { width: 640, height: 360 }, fps: 5 };

/// As an operator adds a device of his own. What it has controls for takes the place of bitrate and keyframe.
const ROW: &str = r#"
[[encoder]]
codec = "vp8"
element = "v4l2fwhtenc"
template = "fwht"
package = "gstreamer1.0-plugins-good"
bitrate = { control = "fwht_p_frame_qp_value", unit = "kbit/s" }
keyframes = { control = "video_gop_size" }
align = [8, 8]
[encoder.hardware]
devices = ["/dev/video*"]
group = "video"
drivers = ["/sys/class/video4linux/*/name"]
"#;

const TEMPLATE: &str = "
queue name=in leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0
! videoconvertscale
! video/x-raw,format=NV12,width={width},height={height},pixel-aspect-ratio=1/1
! v4l2fwhtenc name=encoder extra-controls=\"controls,video_gop_size=16,fwht_i_frame_qp_value=9\"
! appsink name=out
";

/// The ids of its controls (linux/v4l2-controls.h), as the kernel writes them into its log.
const GOP_SIZE: &str = "0x9909cb";
const I_FRAME_QP: &str = "0x990a22";
const P_FRAME_QP: &str = "0x990a23";

fn encoder() -> Encoder {
    let catalogue = Catalogue::with_own(ROW, |_| Ok(TEMPLATE.to_owned())).unwrap();
    catalogue.iter().find(|encoder| encoder.row.element == "v4l2fwhtenc").cloned().unwrap()
}

async fn tried(picture: Picture) -> Report {
    logs::show();
    gst::init().unwrap();
    Trials::new(None, Clockwork::start()).run(&encoder(), Some(picture)).await
}

/// What the kernel has said so far.
fn kernel_log() -> String {
    const WITHOUT_WAITING: i32 = 0o4000;
    let mut log = fs::OpenOptions::new().read(true).custom_flags(WITHOUT_WAITING).open("/dev/kmsg").unwrap();
    let (mut text, mut record) = (String::new(), [0; 8192]);
    // A record at a time; an error: there is no more.
    while let Ok(length) = log.read(&mut record) {
        text.push_str(&String::from_utf8_lossy(&record[..length]));
    }
    text
}

#[test]
fn by_a_real_driver_that_is_set_up_and_told_as_the_catalogue_says() {
    guest::with_camera(Camera::Codec, async {
        // Each request to the driver is logged, with what is in it.
        fs::write("/sys/class/video4linux/video0/dev_debug", "3").unwrap();
        let report = tried(PICTURE).await;
        assert!(report.frames_per_second > 5.0, "{report:?}");
        assert_eq!(report.faults, [Fault::IgnoresKeyframes, Fault::IgnoresBitrate]);
        let log = kernel_log();
        let (set_up, told) = log.split_once("VIDIOC_STREAMON").expect("it was started");
        assert_eq!(controls(set_up), [format!("id={GOP_SIZE}, value=16"), format!("id={I_FRAME_QP}, value=9")]);
        // A quarter of its bitrate is more than this control goes up to.
        assert_eq!(controls(told), [format!("id={GOP_SIZE}, value=1"), format!("id={P_FRAME_QP}, value=31")]);
    });
}

/// The controls that were set, in order.
fn controls(log: &str) -> Vec<String> {
    let set = log.lines().filter_map(|line| line.split_once("VIDIOC_S_CTRL: "));
    set.filter_map(|(_, control)| Some(control.split_once(", ")?.1.to_owned())).collect()
}

#[test]
fn and_one_that_takes_no_such_picture_says_so() {
    guest::with_camera(Camera::Codec, async {
        let report = tried(Picture { size: Size { width: 320, height: 180 }, fps: 5 }).await;
        assert!(report.why().contains("takes no pictures of 320x176"), "{report:?}");
    });
}

#[test]
fn and_one_that_is_gone_says_so() {
    guest::with_camera(Camera::Codec, async {
        logs::show();
        gst::init().unwrap();
        assert!(encoder().is_installed());
        fs::write("/sys/bus/platform/drivers/vicodec/unbind", "vicodec.0").unwrap();
        let report = tried(PICTURE).await;
        assert!(!report.is_usable() && report.why().contains("v4l2fwhtenc"), "{report:?}");
    });
}
