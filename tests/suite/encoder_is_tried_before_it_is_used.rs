//! A trial shows whether an encoder works: each element of the catalogue with its own properties, units and ways, and
//! each way in which one does not.

use std::time::Duration;

use peergate::{
    codec::Codec,
    encoder::{Align, Catalogue, Encoder, Fault, Picture, Report, Trials},
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
    assert_eq!(stand_in::was_live(element), Some(true), "{element} is tried as it is used: no frame is held back");
}

#[tokio::test(flavor = "multi_thread")]
async fn va() {
    works("vah264enc", 1000).await;
    works("vah264lpenc", 1000).await;
    works("vavp9enc", 1000).await;
    works("vavp9lpenc", 1000).await;
    works("vaav1enc", 1000).await;
    works("vaav1lpenc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vaapi() {
    works("vaapih264enc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_sync() {
    works("qsvh264enc", 1000).await;
    works("qsvvp9enc", 1000).await;
    works("qsvav1enc", 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nvenc() {
    works("nvh264enc", 1000).await;
    works("nvav1enc", 1000).await;
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

/// GStreamer's element takes none while it runs.
#[tokio::test(flavor = "multi_thread")]
async fn svt_av1_takes_no_new_bitrate() {
    let report = tried("svtav1enc", Behaviour::Works, SMALL).await;
    assert_eq!(report.faults, [Fault::IgnoresBitrate]);
    assert_eq!(stand_in::tuned("svtav1enc", "intra-period-length").as_deref(), Some("-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_tuned_to_make_nothing_wait() {
    let all = ["vah264enc", "nvh264enc", "nvav1enc", "nvv4l2h264enc", "mpph264enc", "qsvh264enc", "vaapih264enc"];
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
        ("nvh264enc", "bframes", "0"),
        ("nvav1enc", "tune", "ultra-low-latency"),
        ("nvv4l2h264enc", "maxperf-enable", "true"),
        ("nvv4l2h264enc", "preset-level", "UltraFastPreset"),
        ("nvv4l2h264enc", "profile", "Baseline"),
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
async fn pictures_are_cut_to_the_sizes_that_a_device_takes() {
    let odd = Picture { size: Size { width: 341, height: 243 }, fps: 30 };
    // What the catalogue says of each: lines of 32 or 16 pixels, and an even number of them; or even sides.
    let wants = [("v4l2h264enc", 32), ("v4l2vp8enc", 16), ("mpph264enc", 16), ("mppvp8enc", 16), ("vah264enc", 2)];
    for (element, width) in wants {
        let report = tried(element, Behaviour::WantsMultiples(width, 2), odd).await;
        assert_eq!(report.faults, [], "{element}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_refuses_a_size_says_so() {
    let picture = Picture { size: Size { width: 340, height: 242 }, fps: 30 };
    let refuses = |width, height| tried("qsvh264enc", Behaviour::WantsMultiples(width, height), picture);
    for report in [refuses(32, 2).await, refuses(2, 16).await] {
        assert!(report.why().contains("340x242 is no size of this device"), "{}", report.why());
        assert!(!report.is_usable());
    }
    // A row of one's own helps.
    let mut encoder = encoder("qsvh264enc");
    encoder.row.align = Align::try_from([32, 16]).unwrap();
    stand_in::behave("qsvh264enc", Behaviour::WantsMultiples(32, 16));
    assert_eq!(trials().run(&encoder, Some(picture)).await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_property_takes_no_such_value_fails_in_words() {
    stand_in::register(&[("vah264enc", Behaviour::Works), ("nvh264enc", Behaviour::Works)]);
    let mut template = encoder("vah264enc");
    template.template = template.template.replace("rate-control=cbr", "rate-control=constant").into();
    let report = trials().run(&template, Some(SMALL)).await;
    assert!(report.why().contains("rate-control") && report.why().contains("constant"), "{}", report.why());
    let mut optional = encoder("nvh264enc");
    optional.row.optional.insert("zerolatency".to_owned(), "perhaps".to_owned());
    let report = trials().run(&optional, Some(SMALL)).await;
    let expected = "the property \"zerolatency\" of nvh264enc does not take \"perhaps\"";
    assert!(report.why().starts_with(expected), "{}", report.why());
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
