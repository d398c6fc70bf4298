//! The devices of the catalogue, each as its vendor made it, and what is expected of what is said to it.

use peergate::codec::Codec::{self, Av1, H264, Vp8, Vp9};

/// An element that runs on a device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) element: &'static str,
    pub(crate) codec: Codec,
    /// How many bits a second one of its units is.
    pub(crate) unit: u32,
    /// What the sides of its pictures are multiples of.
    pub(crate) align: (u32, u32),
    /// What it is set to, so that no frame waits for another.
    pub(crate) tuned: Tuned,
}

/// Properties, and their values as texts.
type Tuned = &'static [(&'static str, &'static str)];

const TUNED_VA: Tuned = &[("rate-control", "cbr"), ("key-int-max", "1024"), ("ref-frames", "1"), ("target-usage", "7")];
const TUNED_VA_H264: Tuned = &[("rate-control", "cbr"), ("b-frames", "0"), ("ref-frames", "1"), ("target-usage", "7")];
const TUNED_VA_VP8: Tuned = &[("rate-control", "cbr"), ("key-int-max", "1024"), ("target-usage", "7")];
const TUNED_QSV: Tuned = &[("low-latency", "true"), ("rate-control", "cbr"), ("ref-frames", "1"), ("gop-size", "1024")];

/// One that counts in kbit/s and takes all pictures with even sides.
const fn device(element: &'static str, codec: Codec, tuned: Tuned) -> Device {
    Device { element, codec, unit: 1000, align: (2, 2), tuned }
}

pub(crate) const VA_H264: [Device; 2] =
    [device("vah264enc", H264, TUNED_VA_H264), device("vah264lpenc", H264, TUNED_VA_H264)];
pub(crate) const VA_VPX: [Device; 4] = [
    device("vavp8enc", Vp8, TUNED_VA_VP8),
    device("vavp8lpenc", Vp8, TUNED_VA_VP8),
    device("vavp9enc", Vp9, TUNED_VA),
    device("vavp9lpenc", Vp9, TUNED_VA),
];
pub(crate) const VA_AV1: [Device; 2] = [device("vaav1enc", Av1, TUNED_VA), device("vaav1lpenc", Av1, TUNED_VA)];
pub(crate) const VAAPI: [Device; 1] =
    [device("vaapih264enc", H264, &[("rate-control", "cbr"), ("max-bframes", "0"), ("quality-level", "7")])];
pub(crate) const QUICK_SYNC: [Device; 3] = [
    device(
        "qsvh264enc",
        H264,
        &[
            ("low-latency", "true"),
            ("rate-control", "cbr"),
            ("disable-hrd-conformance", "true"),
            ("b-frames", "0"),
            ("ref-frames", "1"),
        ],
    ),
    device("qsvvp9enc", Vp9, TUNED_QSV),
    device("qsvav1enc", Av1, TUNED_QSV),
];
pub(crate) const NVENC: [Device; 2] = [
    // Of the properties that not every version has, those that this one has.
    device("nvh264enc", H264, &[("rc-mode", "cbr"), ("gop-size", "-1"), ("zerolatency", "true"), ("bframes", "0")]),
    device(
        "nvav1enc",
        Av1,
        &[("rc-mode", "cbr"), ("gop-size", "-1"), ("zerolatency", "true"), ("tune", "ultra-low-latency")],
    ),
];
pub(crate) const JETSON: [Device; 1] = [Device {
    unit: 1,
    ..device(
        "nvv4l2h264enc",
        H264,
        &[
            ("control-rate", "constant_bitrate"),
            ("preset-level", "UltraFastPreset"),
            ("profile", "Baseline"),
            ("insert-sps-pps", "true"),
            ("maxperf-enable", "true"),
            ("poc-type", "2"),
        ],
    )
}];
pub(crate) const ROCKCHIP: [Device; 2] = [
    Device {
        unit: 1,
        align: (16, 2),
        ..device("mpph264enc", H264, &[("rc-mode", "cbr"), ("header-mode", "each-idr"), ("profile", "baseline")])
    },
    Device { unit: 1, align: (16, 2), ..device("mppvp8enc", Vp8, &[("rc-mode", "cbr"), ("gop", "1024")]) },
];
pub(crate) const V4L2: [Device; 2] = [
    Device {
        unit: 1,
        align: (32, 2),
        ..device(
            "v4l2h264enc",
            H264,
            &[("video_bitrate_mode", "1"), ("h264_i_frame_period", "1024"), ("repeat_sequence_header", "1")],
        )
    },
    Device {
        unit: 1,
        align: (16, 2),
        ..device("v4l2vp8enc", Vp8, &[("video_bitrate_mode", "1"), ("video_gop_size", "1024")])
    },
];

/// Software that is not here.
pub(crate) const SVT_AV1: Device = device(
    "svtav1enc",
    Av1,
    &[("preset", "12"), ("intra-period-length", "-1"), ("parameters-string", "pred-struct=1:rc=2")],
);

/// All devices.
pub(crate) fn all() -> impl Iterator<Item = &'static Device> {
    let vendors: [&'static [Device]; 9] =
        [&VA_H264, &VA_VPX, &VA_AV1, &VAAPI, &QUICK_SYNC, &NVENC, &JETSON, &ROCKCHIP, &V4L2];
    vendors.into_iter().flatten()
}
