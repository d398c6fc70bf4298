//! Each peer gets a codec that it takes, and those who take the same one share one encode.

use std::time::Duration;

use peergate::codec::Codec;

use crate::common::{
    daemon::{Daemon, GATEWAY, is_connected},
    str0m_peer::{Options, Order, Viewer},
};

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
    assert_eq!(state["encoders"].as_array().unwrap().len(), 3, "one encoder for each codec: {:#}", state["encoders"]);
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
