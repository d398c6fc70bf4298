//! A gateway on a host of its own, and what happens to the network between it and its viewer.

use std::time::{Duration, Instant};

use peergate::codec::Codec;

use crate::common::{
    daemon::Daemon,
    netns::Host,
    plain_relay::PlainRelay,
    str0m_peer::{OnJoin, Options, Viewer},
};

struct Scene {
    host: Host,
    gateway: Daemon,
    viewer: Viewer,
    _relay: PlainRelay,
}

/// A viewer that sees a gateway's picture.
async fn scene(options: Options) -> Scene {
    let host = Host::new();
    let relay = PlainRelay::start_on(host.router).await;
    let viewer = Viewer::join(relay.url(), options).await;
    let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
    command.args(["run", "--listen", "none", "--stun", "none", "--size", "320x180", "--room", relay.url()]);
    let gateway = Daemon::spawn(command);
    gateway.wait_for_log("connected", Duration::from_secs(30)).await;
    viewer.video(30).await;
    Scene { host, gateway, viewer, _relay: relay }
}

/// The viewer asks for what is lost, and gets it: no frame is missed, and no keyframe has to repair it.
async fn lost_packets_are_sent_again(codec: Codec, on_join: OnJoin) {
    let scene = scene(Options { on_join, ..Options::new("viewer").codecs(&[codec, Codec::Opus]) }).await;
    scene.host.lose(0.05);
    let before = scene.viewer.video(1).await;
    let mut after = scene.viewer.video(before.frames + 150).await;
    // They are lost by chance.
    for _ in 0..60 {
        if scene.host.lost() > 20 {
            break;
        }
        after = scene.viewer.video(after.frames + 10).await;
    }
    assert!(scene.host.lost() > 20, "{} packets were lost", scene.host.lost());
    assert_eq!(after.codec, codec);
    assert_eq!((after.gaps, after.keyframes), (before.gaps, before.keyframes), "nothing is missed: {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_network_is_noticed_within_20_seconds() {
    let scene = scene(Options::new("viewer")).await;
    scene.host.unplug();
    let since = Instant::now();
    scene.gateway.wait_for_log("gone peer=viewer", Duration::from_secs(25)).await;
    assert!(since.elapsed() < Duration::from_secs(20), "it took {:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_are_sent_again_in_the_codec_that_we_offer_first() {
    lost_packets_are_sent_again(Codec::H264, OnJoin::RequestConnect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_are_sent_again_in_the_other_codec() {
    lost_packets_are_sent_again(Codec::Vp8, OnJoin::RequestConnect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_are_sent_again_where_the_viewer_offers() {
    lost_packets_are_sent_again(Codec::Vp8, OnJoin::Offer).await;
    lost_packets_are_sent_again(Codec::H264, OnJoin::Offer).await;
}
