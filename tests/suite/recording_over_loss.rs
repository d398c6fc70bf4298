//! Packets are lost on the way: what stays away is a gap in the manifest. The file has whole pictures only, and plays to its
//! end.

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::{GapKind, State},
};

use crate::common::{
    camera::Camera,
    daemon::Daemon,
    flash_and_beep::{FlashAndBeep, RATE},
    netns,
    recordings::Recordings,
    str0m_peer::Options,
};

/// So many packets are lost: one in twenty.
const SHARE: f32 = 0.05;

#[tokio::test(flavor = "multi_thread")]
async fn of_vp8() {
    of(Codec::Vp8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_h264() {
    of(Codec::H264).await;
}

async fn of(codec: Codec) {
    let recordings = Recordings::new();
    let gateway = Daemon::recording("remote", recordings.dir(), "").await;
    let media = FlashAndBeep::start(codec).await;
    let address = netns::another_address();
    let options = Options { address: address.into(), ..Options::new("camera") };
    let camera = Camera::with(&gateway, options, &media).await;
    camera.picture.open().await;
    camera.sound.open().await;
    camera.goes_on(&gateway, MediaKind::Video, 60).await;
    netns::lose_from(address, SHARE);
    media.pictures(10 * RATE).await;
    let lost = netns::lost_from(address);
    assert!(lost > 20, "{lost} packets were lost");
    // Longer than anybody keeps what it sent.
    netns::lose_from(address, 1.0);
    media.pictures(4 * RATE).await;
    netns::lose_from(address, 0.0);
    camera.goes_on(&gateway, MediaKind::Video, 90).await;
    let [of_sound, of_pictures] = camera.viewer.view().connections[0].nacks;
    assert_eq!(of_sound, 0, "nobody agreed to send sound again");
    assert!(of_pictures > 0);
    camera.leave(&gateway).await;

    let segments = recordings.settled(1).await;
    let [segment] = segments.as_slice() else { panic!("one file: {segments:#?}") };
    assert_eq!(segment.manifest.state, State::Finished);
    segment.is_what_its_manifest_says();
    recordings.are_chained();
    // Each picture's number has a sum that is checked: one that is broken has none.
    let numbers = segment.numbers();
    let holes: Vec<_> = numbers.windows(2).filter(|pair| pair[1].1 != pair[0].1 + 1).collect();
    assert!(holes.iter().all(|hole| hole[1].1 > hole[0].1), "none is twice: {holes:?}");
    assert!(holes.iter().any(|hole| hole[1].1 - hole[0].1 > RATE), "the long one is there: {holes:?}");
    // One, mostly. If nothing were asked for again it would be ten: each costs the pictures up to the next keyframe.
    assert!(holes.len() <= 3, "what was lost alone was asked for again, and came: {holes:?}");
    let gaps = segment.gaps(MediaKind::Video);
    for hole in &holes {
        // From the end of the last picture to the next one.
        let is_told = gaps.iter().any(|gap| (gap.to.as_secs_f64() - hole[1].0).abs() < 0.005 && gap.kind == GapKind::Lost);
        assert!(is_told, "{hole:?} is not among {gaps:?}");
    }
    assert!(gaps.len() <= holes.len(), "nothing else is told: {gaps:?}, {holes:?}");
}
