//! A peer with another WebRTC stack sees the picture, hears the tone, and is seen and heard.

use std::time::Duration;

use peergate::codec::Codec;

use crate::common::{
    decode_track,
    encoded_media::EncodedMedia,
    daemon::{Daemon, GATEWAY, is_connected, receiving},
    plain_relay::PlainRelay,
    str0m_peer::{OnJoin, Options, Track, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn gets_picture_and_tone() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").keeping(200)).await;
    let (video, audio) = tokio::join!(viewer.video(90), viewer.audio(150));
    assert_eq!((video.codec, audio.codec), (Codec::H264, Codec::Opus));
    assert_eq!((video.gaps, audio.gaps), (0, 0));
    assert!(video.began_with_keyframe, "a picture that begins in the middle is grey");
    assert_full_rate(&video);

    let pictures = decode_track::pictures(&video).await;
    assert_eq!((pictures[0].width, pictures[0].height), (320, 180));
    assert!(pictures.len() + 5 > video.kept.len(), "{} of {} are pictures", pictures.len(), video.kept.len());

    let sound = decode_track::sound(&audio).await;
    // The first packets are the decoder's own: it fades in.
    let tone = decode_track::amplitude(&sound[9600..], 440.0);
    assert!((0.15..0.35).contains(&tone), "the tone plays at 0.25, not at {tone}");
    assert_eq!(viewer.view().strays, 0, "the library throws at a candidate that comes before its description");
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_vp8_and_opus_to_us() {
    let gateway = Daemon::gateway(&[]).await;
    let (picture, tone) = tokio::join!(EncodedMedia::start(Codec::Vp8), EncodedMedia::start(Codec::Opus));
    let options = Options::new("camera").sending(picture.frames()).sending(tone.frames());
    let camera = Viewer::join(&gateway.ws("/signal"), options.codecs(&[Codec::Vp8, Codec::Opus])).await;
    let peer = gateway
        .peer("camera", |peer| {
            let frames = |codec| receiving(peer, codec).and_then(|track| track["frames"].as_u64()).unwrap_or(0);
            frames("vp8") >= 60 && frames("opus") >= 100
        })
        .await;
    assert!(receiving(&peer, "vp8").unwrap()["bytes"].as_u64().unwrap() > 1000, "{peer}");
    camera.video(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_h264_to_us() {
    let gateway = Daemon::gateway(&[]).await;
    let picture = EncodedMedia::start(Codec::H264).await;
    let options = Options::new("camera").codecs(&[Codec::H264, Codec::Opus]).sending(picture.frames());
    let _camera = Viewer::join(&gateway.ws("/signal"), options).await;
    gateway
        .peer("camera", |peer| receiving(peer, "h264").is_some_and(|track| track["frames"].as_u64() >= Some(60)))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_and_we_answer() {
    let relay = PlainRelay::start().await;
    let viewer = Viewer::join(relay.url(), Options { on_join: OnJoin::Offer, ..Options::new("viewer") }).await;
    let gateway = Daemon::gateway(&["--room", relay.url()]).await;
    assert_eq!(viewer.connected().await, GATEWAY);
    let (video, _) = tokio::join!(viewer.video(60), viewer.audio(60));
    assert!(video.began_with_keyframe);
    assert!(viewer.view().connections.iter().all(|one| one.offered), "the gateway answers, and offers nothing");
    assert_eq!(viewer.channel().await.label, "from-the-viewer");
    gateway.peer("viewer", is_connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_with_media_of_its_own_and_both_are_seen() {
    let relay = PlainRelay::start().await;
    let picture = EncodedMedia::start(Codec::Vp8).await;
    let options = Options::new("camera").codecs(&[Codec::Vp8, Codec::Opus]).sending(picture.frames());
    let camera = Viewer::join(relay.url(), Options { on_join: OnJoin::Offer, ..options }).await;
    let gateway = Daemon::gateway(&["--room", relay.url()]).await;
    let video = camera.video(30).await;
    assert_eq!(video.codec, Codec::Vp8);
    gateway
        .peer("camera", |peer| receiving(peer, "vp8").is_some_and(|track| track["frames"].as_u64() >= Some(60)))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_is_there_first_asks_and_is_offered_to() {
    let relay = PlainRelay::start().await;
    let viewer = Viewer::join(relay.url(), Options::new("viewer")).await;
    let _gateway = Daemon::gateway(&["--room", relay.url()]).await;
    let video = viewer.video(30).await;
    assert!(video.began_with_keyframe);
    assert!(viewer.view().connections.iter().all(|one| !one.offered), "{}", *viewer.view());
}

#[tokio::test(flavor = "multi_thread")]
async fn that_joins_late_need_not_wait_for_a_keyframe() {
    let gateway = Daemon::gateway(&[]).await;
    let early = Viewer::join(&gateway.ws("/signal"), Options::new("early").meeting(GATEWAY)).await;
    early.video(75).await;
    let late = Viewer::join(&gateway.ws("/signal"), Options::new("late").meeting(GATEWAY)).await;
    let video = late.video(30).await;
    assert!(video.began_with_keyframe);
    let connected = late.view().connections[0].connected_after.unwrap();
    let waited = video.first_keyframe_after.unwrap().saturating_sub(connected);
    assert!(waited < Duration::from_secs(1), "a keyframe {waited:?} after the connection");
    assert_eq!(early.video(150).await.gaps, 0, "the early one saw nothing of it");
}

/// By the pictures' own clock: each follows the one before by a thirtieth of a second, or by a multiple where a busy
/// machine has left some out.
fn assert_full_rate(track: &Track) {
    let frame = Duration::from_secs(1) / 30;
    let mut distances: Vec<_> = track.kept.windows(2).map(|two| two[1].time - two[0].time).collect();
    for distance in &distances {
        let frames = (distance.as_secs_f64() / frame.as_secs_f64()).round().max(1.0);
        let off = distance.abs_diff(frame.mul_f64(frames));
        assert!(off < Duration::from_millis(2), "{distance:?} from one frame to the next");
    }
    distances.sort_unstable();
    let usual = distances[distances.len() / 2];
    assert!(usual.abs_diff(frame) < Duration::from_millis(2), "{usual:?} from most frames to the next");
}
