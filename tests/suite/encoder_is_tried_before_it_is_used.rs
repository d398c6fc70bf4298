//! A trial shows whether an encoder works, and each way in which one does not; what it has shown is known the next time.
//! (Each vendor's: `encoder_of_each_vendor_is_tried.rs`.)

use std::time::Duration;

use peergate::{
    codec::Codec,
    encoder::{Catalogue, Encoder, Fault, Picture, Report, Trials},
    media::clockwork::Clockwork,
    units::Size,
};

use crate::common::{
    logs,
    stand_in::{self, Behaviour, vendors::SVT_AV1},
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

/// GStreamer's element takes none while it runs.
#[tokio::test(flavor = "multi_thread")]
async fn svt_av1_takes_no_new_bitrate() {
    let report = tried("svtav1enc", Behaviour::Works, SMALL).await;
    assert_eq!(report.faults, [Fault::IgnoresBitrate]);
    for (property, value) in SVT_AV1.tuned {
        assert_eq!(stand_in::tuned("svtav1enc", property).as_deref(), Some(*value), "{property}");
    }
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
async fn one_that_stalls_from_the_start_fails_within_seconds() {
    let begun = std::time::Instant::now();
    let report = tried("v4l2h264enc", Behaviour::StallsAfter(0), SMALL).await;
    assert!(report.why().contains("frames went in, and none came out"), "{}", report.why());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
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
