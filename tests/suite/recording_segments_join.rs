//! A recording in several files has each picture and each packet of sound once: none is missing, and none twice, where
//! one file ends and the next begins.

use std::collections::BTreeSet;

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::State,
};

use crate::common::{
    camera::Camera,
    daemon::Daemon,
    flash_and_beep::{FlashAndBeep, RATE},
    recordings::Recordings,
};

/// The shortest that can be configured.
const SETTINGS: &str = "[record]\nsegment = '10s'\n";

/// So long is recorded.
const SECONDS: u32 = 22;

/// How long a packet of sound is, in s.
const PACKET: f64 = 0.02;

#[tokio::test(flavor = "multi_thread")]
async fn of_h264() {
    of(Codec::H264).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_vp8() {
    of(Codec::Vp8).await;
}

async fn of(codec: Codec) {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), SETTINGS).await;
    let media = FlashAndBeep::start(codec).await;
    let camera = Camera::join(&gateway, "camera", &media).await;
    let half = u64::from(RATE * SECONDS / 2);
    // A state is waited for so long and no longer.
    camera.goes_on(&gateway, MediaKind::Video, half).await;
    camera.goes_on(&gateway, MediaKind::Video, half).await;
    camera.leave(&gateway).await;

    let segments = recordings.settled(3).await;
    assert_eq!(segments.len(), 3, "{segments:#?}");
    recordings.are_chained();
    let (mut numbers, mut ends) = (Vec::new(), Vec::new());
    for (sequence, segment) in (0..).zip(&segments) {
        let manifest = &segment.manifest;
        assert_eq!((manifest.sequence, &manifest.state), (sequence, &State::Finished));
        assert_eq!(manifest.previous.is_some(), sequence > 0);
        segment.is_what_its_manifest_says();
        assert!(manifest.gaps.listed().is_empty(), "{:?}", manifest.gaps);
        if sequence < 2 {
            let length = segment.duration().as_secs_f64();
            assert!((10.0..11.5).contains(&length), "as long as it is to be, up to the next keyframe: {length} s");
        }
        numbers.extend(segment.numbers().into_iter().map(|(_, number)| number));
        let sound = segment.packets(MediaKind::Audio);
        // When it was heard, whichever file it is in.
        ends.push([sound[0], sound[sound.len() - 1]].map(|packet| segment.since_boot(packet.time)));
    }
    let ids: BTreeSet<_> = segments.iter().map(|segment| segment.manifest.recording.as_str()).collect();
    assert_eq!(ids.len(), 1, "one recording");
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "each picture once: {numbers:?}");
    for pair in ends.windows(2) {
        let passed = pair[1][0] - pair[0][1];
        assert!((passed - PACKET).abs() < PACKET / 2.0, "{passed} s from the last packet of a file to the next one's first");
    }
}
