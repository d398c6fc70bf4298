//! A flash and a beep that were sent at the same moment are at the same moment in the file, each second, none missing.

use std::time::Duration;

use peergate::{codec::Codec, recording::manifest::State};

use crate::common::{
    daemon::{Daemon, receiving},
    flash_and_beep::FlashAndBeep,
    recordings::Recordings,
    str0m_peer::{Options, Order, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn of_vp8_and_opus() {
    of(Codec::Vp8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_h264_and_opus() {
    of(Codec::H264).await;
}

/// A peer sends for some seconds; what was recorded of it is looked at.
async fn of(codec: Codec) {
    let recordings = Recordings::new();
    let gateway = Daemon::gateway(&["--record", "remote", "--record-dir", recordings.dir()]).await;
    let media = FlashAndBeep::start(codec).await;
    let options = Options::new("camera").codecs(&[codec, Codec::Opus]).sending(&media.picture).sending(&media.sound);
    let camera = Viewer::join(&gateway.ws("/signal"), options).await;
    let name = codec.to_string();
    gateway
        .peer("camera", |peer| receiving(peer, &name).is_some_and(|track| track["frames"].as_u64() >= Some(240)))
        .await;
    camera.order(Order::Close);
    let segments = recordings.settled(1).await;
    let segment = segments.last().unwrap();
    assert_eq!(segment.manifest.state, State::Finished);
    segment.plays_to_the_end();
    for track in &segment.manifest.tracks {
        let packets = segment.packets(&track.kind.to_string());
        assert_eq!(packets, (track.frames, track.keyframes), "the manifest says what is in the file: {track:?}");
    }
    let (flashes, beeps) = (segment.flashes(), segment.beeps());
    assert!(flashes.len() >= 6, "{flashes:?}");
    for pair in flashes.windows(2) {
        assert!((pair[1] - pair[0] - 1.0).abs() < 0.04, "one each second: {flashes:?}");
    }
    for flash in &flashes[1..flashes.len() - 1] {
        let nearest = beeps.iter().map(|beep| (beep - flash).abs()).fold(f64::MAX, f64::min);
        assert!(nearest < 0.04, "{nearest} s between flash and beep; flashes {flashes:?}, beeps {beeps:?}");
    }
    let duration = segment.duration();
    assert!(duration > Duration::from_secs(6), "{duration:?}");
}
