//! A trial shows whether an encoder works: each element of the catalogue with its own properties, units and ways, and
//! each way in which one does not.

use std::time::Duration;

use peergate::{
    codec::Codec,
    encoder::{Catalogue, Encoder, Fault, Picture, Report, Trials},
    media::clockwork::Clockwork,
    units::Size,
};

use crate::common::{
    logs,
    stand_in::{self, Behaviour},
};

const SMALL: Picture = Picture { size: Size { width: 320, height: 240 }, fps: 30 };

fn encoder(element: &str) -> Encoder {
    Catalogue::default().iter().find(|encoder| encoder.row.element == element).cloned().unwrap()
}

fn trials() -> Trials {
    logs::show();
    gst::init().unwrap();
    Trials::new(None, Clockwork::start())
}

async fn tried(element: &'static str, behaviour: Behaviour, picture: Picture) -> Report {
    stand_in::register(&[(element, behaviour)]);
    trials().run(&encoder(element), Some(picture)).await
}

/// It works, and was told a bitrate and a quarter of it in its own unit: 2.17 bits for each pixel and second.
async fn works(element: &'static str, bits_per_unit: u32) {
    let report = tried(element, Behaviour::Works, SMALL).await;
    assert_eq!(report.faults, [], "{element}");
    let bits = (320.0 * 240.0 * 2.17) as u32;
    assert_eq!(stand_in::told(element), [bits / bits_per_unit, bits / 4 / bits_per_unit]);
}

#[tokio::test(flavor = "multi_thread")]
async fn va() {
    works("vah264enc", 1000).await;
    works("vah264lpenc", 1000).await;
    works("vavp9enc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vaapi() {
    works("vaapih264enc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_sync() {
    works("qsvh264enc", 1000).await;
    works("qsvvp9enc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nvenc() {
    works("nvh264enc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetson_with_its_signal_and_its_memory() {
    works("nvv4l2h264enc", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rockchip() {
    works("mpph264enc", 1).await;
    works("mppvp8enc", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v4l2_with_its_controls() {
    works("v4l2h264enc", 1).await;
    works("v4l2vp8enc", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_tuned_to_make_nothing_wait() {
    let all = ["vah264enc", "nvh264enc", "nvv4l2h264enc", "mpph264enc", "qsvh264enc", "vaapih264enc"];
    for element in all {
        assert!(tried(element, Behaviour::Works, SMALL).await.works(), "{element}");
    }
    let wanted = [
        ("vah264enc", "rate-control", "cbr"),
        ("vah264enc", "b-frames", "0"),
        ("vah264enc", "ref-frames", "1"),
        ("vaapih264enc", "rate-control", "cbr"),
        ("vaapih264enc", "max-bframes", "0"),
        ("qsvh264enc", "low-latency", "true"),
        ("qsvh264enc", "disable-hrd-conformance", "true"),
        ("nvh264enc", "rc-mode", "cbr"),
        // Of the properties that not every version has, those that this one has.
        ("nvh264enc", "zerolatency", "true"),
        ("nvv4l2h264enc", "maxperf-enable", "true"),
        ("nvv4l2h264enc", "insert-sps-pps", "true"),
        ("nvv4l2h264enc", "control-rate", "constant_bitrate"),
        ("mpph264enc", "rc-mode", "cbr"),
        ("mpph264enc", "header-mode", "each-idr"),
    ];
    for (element, property, value) in wanted {
        assert_eq!(stand_in::tuned(element, property).as_deref(), Some(value), "{element} {property}");
    }
    assert_eq!(stand_in::tuned("nvh264enc", "tune"), None, "this version has no such property");
}

#[tokio::test(flavor = "multi_thread")]
async fn software() {
    let trials = trials();
    for element in ["x264enc", "openh264enc", "vp8enc", "vp9enc", "av1enc"] {
        let mut report = trials.run(&encoder(element), Some(SMALL)).await;
        // How fast it is depends on what else the machine does.
        report.faults.retain(|fault| !matches!(fault, Fault::Slow { .. }));
        assert_eq!(report.faults, [], "{element}");
    }
    assert_eq!(trials.run(&encoder("opusenc"), None).await.faults, [], "opusenc");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_a_device_fails_in_its_own_words() {
    let report = tried("vah264enc", Behaviour::HasNoDevice, SMALL).await;
    assert!(report.why().contains("there is no device"), "{}", report.why());
    assert!(!report.is_usable());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_gives_up_fails() {
    let report = tried("nvh264enc", Behaviour::FailsAfter(10), SMALL).await;
    assert!(report.why().contains("the device is gone"), "{}", report.why());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stalls_from_the_start_fails_within_seconds() {
    let begun = std::time::Instant::now();
    let report = tried("v4l2h264enc", Behaviour::StallsAfter(0), SMALL).await;
    assert!(report.why().contains("frames went in, and none came out"), "{}", report.why());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ignores_requests_for_keyframes_is_not_usable() {
    let report = tried("mpph264enc", Behaviour::IgnoresKeyframesAfter(0), SMALL).await;
    assert_eq!(report.faults, [Fault::IgnoresKeyframes]);
    assert!(!report.is_usable());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ignores_its_bitrate_is_better_than_none() {
    let report = tried("vah264enc", Behaviour::IgnoresBitrate, SMALL).await;
    assert_eq!(report.faults, [Fault::IgnoresBitrate]);
    assert!(report.is_usable());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_too_slow_is_told_by_how_much() {
    let report = tried("vah264enc", Behaviour::Takes(Duration::from_millis(50)), SMALL).await;
    assert!(report.faults.contains(&Fault::Slow { wanted: 30 }), "{report:?}");
    assert!((15.0..21.0).contains(&report.frames_per_second), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_makes_another_profile_is_not_usable() {
    let report = tried("mpph264enc", Behaviour::MakesHighProfile, SMALL).await;
    let promised = "constrained-baseline".to_owned();
    assert_eq!(report.faults, [Fault::Profile { made: "high".to_owned(), promised }]);
    assert!(!report.is_usable());
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_cut_to_the_widths_that_a_device_takes() {
    let odd = Picture { size: Size { width: 340, height: 240 }, fps: 30 };
    // The catalogue says that it wants multiples of 32.
    let report = tried("v4l2h264enc", Behaviour::WantsWidths(32), odd).await;
    assert_eq!(report.faults, []);
    // Of this one it does not.
    let report = tried("vah264enc", Behaviour::WantsWidths(32), odd).await;
    assert!(report.why().contains("340 is no width of this device"), "{}", report.why());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_is_known_the_next_time() {
    stand_in::register(&[("vah264enc", Behaviour::IgnoresKeyframesAfter(0))]);
    let folder = tempfile::tempdir().unwrap();
    let open = || Trials::new(Some(folder.path().to_owned()), Clockwork::start());
    let encoder = encoder("vah264enc");
    assert_eq!(encoder.row.codec, Codec::H264);
    assert_eq!(open().known(&encoder, Some(SMALL)), None);
    let report = open().run(&encoder, Some(SMALL)).await;
    assert_eq!(open().known(&encoder, Some(SMALL)), Some(report));
    let larger = Picture { size: Size { width: 640, height: 480 }, fps: 30 };
    assert_eq!(open().known(&encoder, Some(larger)), None, "of such pictures nothing is known");
}
