//! Each peer gets a codec that it takes, and those who take the same one share one encode.

use std::time::Duration;

use peergate::{
    codec::Codec,
    encoder::CodecChoice,
    media::{clockwork::Clockwork, elements},
};

use crate::common::{
    daemon::{Daemon, GATEWAY, is_connected},
    decode_track, logs,
    lone_peer::LonePeer,
    peers::{Setup, studio_of, tracks},
    plain_relay::PlainRelay,
    str0m_peer::{OnJoin, Options, Order, Track, Viewer},
};

const VIDEO: [Codec; 4] = [Codec::H264, Codec::Vp8, Codec::Vp9, Codec::Av1];

#[tokio::test(flavor = "multi_thread")]
async fn each_is_offered_when_it_is_asked_for_and_plays() {
    for codec in VIDEO {
        let gateway = Daemon::gateway(&["--codec", &codec.to_string()]).await;
        let options = Options::new("viewer").meeting(GATEWAY).codecs(&[codec, Codec::Opus]).keeping(60);
        let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
        let video = viewer.video(60).await;
        assert_eq!((video.codec, video.gaps), (codec, 0));
        plays(&video).await;
        let peer = gateway.peer("viewer", is_connected).await;
        assert!(peer["sending"].as_array().unwrap().iter().any(|track| track["codec"] == codec.to_string()), "{peer:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_answered_with_and_plays() {
    logs::show();
    elements::start().unwrap();
    for codec in VIDEO {
        let (clockwork, relay) = (Clockwork::start(), PlainRelay::start().await);
        let studio = studio_of(CodecChoice::First(codec), &clockwork);
        // It prefers another; what is answered with is what we prefer.
        let mut codecs = [Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1, Codec::Opus];
        let at = codecs.iter().position(|one| *one == codec).unwrap();
        codecs.rotate_left(at + 1);
        let options = Options { on_join: OnJoin::Offer, ..Options::new("viewer").codecs(&codecs).keeping(60) };
        let viewer = Viewer::join(relay.url(), options).await;
        let mut house = LonePeer::enter_to_answer(relay.url(), Setup::new(tracks(&studio)), &clockwork).await;
        let video = house.run_while(viewer.video(60)).await;
        assert_eq!((video.codec, video.gaps), (codec, 0));
        plays(&video).await;
        studio.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_refuses_the_preferred_ones_gets_the_next() {
    let gateway = Daemon::configured("[encode]\ncodec = ['av1', 'vp9', 'vp8']\n").await;
    for gets in [Codec::Vp9, Codec::Vp8] {
        let takes = [Codec::H264, gets, Codec::Opus];
        let options = Options::new(&format!("gets-{gets}")).meeting(GATEWAY).codecs(&takes);
        let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
        let video = viewer.video(10).await;
        assert_eq!((video.codec, video.began_with_keyframe), (gets, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_takes_nothing_of_a_list_hears_and_talks() {
    let gateway = Daemon::configured("[encode]\ncodec = ['vp9']\n").await;
    let options = Options::new("viewer").meeting(GATEWAY).codecs(&[Codec::H264, Codec::Vp8, Codec::Opus]);
    let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
    viewer.audio(30).await;
    viewer.channel().await;
    let state = gateway.state().await;
    let in_full = state["encoders"].as_array().unwrap().iter().filter(|encoder| encoder["rung"] == 0);
    let codecs: Vec<_> = in_full.map(|encoder| &encoder["codec"]).collect();
    assert_eq!(codecs, ["vp9", "opus"], "nothing else is encoded here");
    assert!(viewer.view().tracks().all(|track| !track.is_video()));
}

/// Looks at the pictures: their numbers go up.
async fn plays(video: &Track) {
    let pictures = decode_track::pictures(video).await;
    let numbers: Vec<_> = pictures.iter().filter_map(decode_track::Picture::number).collect();
    assert!(numbers.len() > 50, "{}: {} numbers in {} frames", video.codec, numbers.len(), video.kept.len());
    assert!(numbers.is_sorted_by(|one, next| one < next), "{}: {numbers:?}", video.codec);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vp8_peer_beside_an_h264_peer_gets_an_encode_of_its_own() {
    let gateway = Daemon::gateway(&[]).await;
    let (h264, vp8) = ([Codec::H264, Codec::Opus], [Codec::Vp8, Codec::Opus]);
    let first = Viewer::join(&gateway.ws("/signal"), Options::new("takes-h264").meeting(GATEWAY).codecs(&h264)).await;
    first.video(10).await;
    gateway.encoder("vp8", |encoder| encoder["condition"]["state"] == "idle" && encoder["frames"] == 0).await;
    let second = Viewer::join(&gateway.ws("/signal"), Options::new("takes-vp8").meeting(GATEWAY).codecs(&vp8)).await;
    let third = Viewer::join(&gateway.ws("/signal"), Options::new("takes-vp8-too").meeting(GATEWAY).codecs(&vp8)).await;
    let (one, two, three) = tokio::join!(first.video(60), second.video(60), third.video(60));
    assert_eq!((one.codec, two.codec, three.codec), (Codec::H264, Codec::Vp8, Codec::Vp8));
    assert_eq!((one.gaps, two.gaps, three.gaps), (0, 0, 0));
    let h264 = gateway.encoder("h264", |encoder| encoder["takers"] == 1).await;
    let vp8 = gateway.encoder("vp8", |encoder| encoder["takers"] == 2).await;
    gateway.encoder("opus", |encoder| encoder["takers"] == 3).await;
    assert_eq!(h264["source"], vp8["source"], "one picture, encoded twice");
    let state = gateway.state().await;
    let at_work = state["encoders"].as_array().unwrap().iter().filter(|one| one["condition"]["state"] == "running");
    assert_eq!(at_work.count(), 3, "one encoder for each codec: {:#}", state["encoders"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_takes_both_gets_what_it_prefers() {
    let gateway = Daemon::gateway(&[]).await;
    for preferred in [[Codec::H264, Codec::Vp8, Codec::Opus], [Codec::Vp8, Codec::H264, Codec::Opus]] {
        let options = Options::new(&format!("prefers-{}", preferred[0])).meeting(GATEWAY).codecs(&preferred);
        let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
        assert_eq!(viewer.video(10).await.codec, preferred[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_prefer_is_offered_first() {
    for (codec, name) in [("h264", "H264"), ("vp8", "VP8")] {
        let gateway = Daemon::gateway(&["--codec", codec]).await;
        let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
        viewer.video(1).await;
        let view = viewer.view();
        let (_, video) = view.connections[0].remote_sdp.split_once("m=video").unwrap();
        let first = video.split(' ').nth(3).unwrap().trim();
        assert!(video.contains(&format!("a=rtpmap:{first} {name}/90000")), "{video}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_takes_no_video_hears_and_talks() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("listener").codecs(&[Codec::Opus])).await;
    viewer.audio(60).await;
    viewer.channel().await;
    assert!(viewer.view().tracks().all(|track| !track.is_video()));
    let peer = gateway.peer("listener", is_connected).await;
    let sending = peer["sending"].as_array().unwrap();
    assert_eq!(sending.len(), 1, "{peer:#}");
    assert_eq!(sending[0]["codec"], "opus");
}

#[tokio::test(flavor = "multi_thread")]
async fn encodes_that_nobody_takes_end() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").codecs(&[Codec::Vp8, Codec::Opus])).await;
    viewer.video(10).await;
    gateway.encoder("vp8", |encoder| encoder["takers"] == 1).await;
    viewer.order(Order::Close);
    gateway
        .wait_for_state(Duration::from_secs(20), |state| {
            let encoders = state["encoders"].as_array().into_iter().flatten();
            encoders.filter(|encoder| encoder["condition"]["state"] == "running").count() == 0
        })
        .await;
}
