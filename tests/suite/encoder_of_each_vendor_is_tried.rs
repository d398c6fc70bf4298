//! Each device of the catalogue, stood in for, in its trial: it is told its bitrate in its own unit and tuned in its own
//! words; each way in which it may not work is found; and it is given sizes that it takes.

use std::collections::BTreeSet;

use peergate::{
    encoder::{Align, Catalogue, Encoder, Fault, Picture, Report, Trials},
    media::clockwork::Clockwork,
    units::Size,
};

use crate::common::{
    logs,
    stand_in::{
        self, Behaviour,
        vendors::{self, Device},
    },
};

const SMALL: Picture = Picture { size: Size { width: 320, height: 240 }, fps: 30 };

/// No device takes sides like these.
const ODD: Picture = Picture { size: Size { width: 341, height: 243 }, fps: 30 };

fn encoder(device: &Device) -> Encoder {
    Catalogue::default().iter().find(|encoder| encoder.row.element == device.element).cloned().unwrap()
}

async fn tried(encoder: &Encoder, picture: Picture) -> Report {
    Trials::new(None, Clockwork::start()).run(encoder, Some(picture)).await
}

/// The report on each device that behaves so.
async fn reports(behaviour: Behaviour) -> Vec<(&'static str, Report)> {
    logs::show();
    let mut reports = Vec::new();
    for device in vendors::all() {
        stand_in::register(&[(device.element, behaviour)]);
        reports.push((device.element, tried(&encoder(device), SMALL).await));
    }
    reports
}

/// None is used, and each says why.
async fn each_is_refused(behaviour: Behaviour, why: &str) {
    for (element, report) in reports(behaviour).await {
        assert!(report.why().contains(why), "{element}: {}", report.why());
        assert!(!report.is_usable(), "{element}");
    }
}

#[test]
fn none_of_the_catalogue_is_left_out() {
    let here: BTreeSet<_> = vendors::all().map(|device| (device.codec.to_string(), device.element.to_owned())).collect();
    let catalogue = Catalogue::default();
    let hardware = catalogue.iter().filter(|encoder| !encoder.is_software());
    assert_eq!(here, hardware.map(|encoder| (encoder.row.codec.to_string(), encoder.row.element.clone())).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_works_and_is_told_and_tuned_in_its_own_words() {
    for (element, report) in reports(Behaviour::Works).await {
        assert_eq!(report.faults, [], "{element}");
    }
    for Device { element, unit, tuned, .. } in vendors::all() {
        // 2.17 bits for each pixel and second, and a quarter of that.
        let bits = (320.0 * 240.0 * 2.17) as u32;
        assert_eq!(stand_in::told(element), [bits / unit, bits / 4 / unit], "{element}");
        assert_eq!(stand_in::was_live(element), Some(true), "{element} is tried as it is used: no frame is held back");
        for (property, value) in *tuned {
            assert_eq!(stand_in::tuned(element, property).as_deref(), Some(*value), "{element} {property}");
        }
    }
    assert_eq!(stand_in::tuned("nvh264enc", "tune"), None, "this version has no such property");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_without_a_device_is_refused() {
    each_is_refused(Behaviour::HasNoDevice, "there is no device").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_that_gives_up_is_refused() {
    each_is_refused(Behaviour::FailsAfter(10), "the device is gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_that_stalls_is_refused() {
    each_is_refused(Behaviour::StallsAfter(0), "frames went in, and none came out").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_that_ignores_requests_for_keyframes_is_refused() {
    each_is_refused(Behaviour::IgnoresKeyframesAfter(0), "it makes no keyframe when one is asked for").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_that_ignores_its_bitrate_is_better_than_none() {
    for (element, report) in reports(Behaviour::IgnoresBitrate).await {
        assert_eq!(report.faults, [Fault::IgnoresBitrate], "{element}");
        assert!(report.is_usable(), "{element}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_given_a_size_that_it_takes() {
    logs::show();
    for device in vendors::all() {
        let (width, height) = device.align;
        stand_in::register(&[(device.element, Behaviour::WantsMultiples(width, height))]);
        assert_eq!(tried(&encoder(device), ODD).await.faults, [], "{}", device.element);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_that_refuses_a_size_says_so_and_a_row_of_one_s_own_helps() {
    logs::show();
    for device in vendors::all() {
        for (width, height) in [(128, 2), (2, 64)] {
            stand_in::register(&[(device.element, Behaviour::WantsMultiples(width, height))]);
            let mut encoder = encoder(device);
            let report = tried(&encoder, ODD).await;
            assert!(report.why().contains("is no size of this device"), "{}: {}", device.element, report.why());
            assert!(!report.is_usable(), "{}", device.element);
            encoder.row.align = Align::try_from([width.max(device.align.0), height]).unwrap();
            assert_eq!(tried(&encoder, ODD).await.faults, [], "{}", device.element);
        }
    }
}
