//! A peer that is gone is noticed, however it went.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use peergate::codec::Codec;

use crate::common::{
    encoded_media::EncodedMedia,
    follower::Follower,
    daemon::{Daemon, is_connected},
    plain_relay::PlainRelay,
    signalling::soon,
    str0m_peer::{Candidates, ChannelConfig, OnJoin, Options, Order, View, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn one_that_says_goodbye_is_gone_at_once() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    gateway.peer("viewer", is_connected).await;
    viewer.order(Order::Close);
    gateway.gone("viewer", Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_process_dies_is_gone_within_twenty_seconds() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    gateway.peer("viewer", is_connected).await;
    drop(viewer);
    gateway.gone("viewer", Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_falls_silent_is_gone_within_twenty_seconds() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    gateway.peer("viewer", is_connected).await;
    viewer.order(Order::GoSilent);
    let closed = soon(events.until("peer_closed")).await;
    assert!(closed["why"].as_str().unwrap().contains("nothing heard"), "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_only_sends_and_falls_silent_is_gone_too() {
    let gateway = Daemon::gateway(&[]).await;
    let picture = EncodedMedia::start(Codec::Vp8).await;
    let options = Options::new("camera").codecs(&[Codec::Vp8, Codec::Opus]).sending(picture.frames());
    let camera = Viewer::join(&gateway.ws("/signal"), options).await;
    gateway.peer("camera", |peer| peer["receiving"][0]["frames"].as_u64() >= Some(10)).await;
    camera.order(Order::GoSilent);
    gateway.gone("camera", Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_media_that_falls_silent_is_gone_within_a_minute() {
    let gateway = Daemon::gateway(&["--video", "none", "--audio", "none"]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    gateway.peer("viewer", is_connected).await;
    viewer.channel().await;
    viewer.order(Order::GoSilent);
    gateway.gone("viewer", Duration::from_secs(60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stays_and_watches_is_not_taken_for_gone() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    // Longer than the silence that ends a connection.
    viewer.video(30).await;
    let watched = viewer
        .until("22 s of video", Duration::from_secs(40), |view| {
            let video = view.tracks().find(|track| track.is_video())?;
            (video.latest_after > Duration::from_secs(22)).then(|| video.clone())
        })
        .await;
    assert_eq!(watched.gaps, 0);
    assert_eq!(viewer.view().connections.len(), 1);
    gateway.peer("viewer", is_connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_closes_a_channel_which_is_not_used_any_more_is_not_taken_for_gone() {
    let gateway = Daemon::gateway(&["--video", "none", "--audio", "none"]).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    viewer.order(Order::OpenChannel(ChannelConfig { label: "newer".to_owned(), ..ChannelConfig::default() }));
    gateway.peer("viewer", |peer| peer["channel"]["label"] == "newer").await;
    viewer.order(Order::CloseFirstChannel);
    viewer.order(Order::SendText(Cow::Borrowed(b"over the newer")));
    soon(events.until("message")).await;
    viewer.order(Order::GoSilent);
    // Twice the silence that means a closed page where the channel in use is closed.
    let closed = tokio::time::timeout(Duration::from_secs(6), events.until("peer_closed")).await;
    assert!(closed.is_err(), "{closed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_never_answers_is_given_up() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let joined = Instant::now();
    let _mute = Viewer::join(&gateway.ws("/signal"), Options { answers: false, ..Options::new("mute") }).await;
    let closed = soon(events.until("peer_closed")).await;
    assert!(closed["why"].as_str().unwrap().contains("10 s"), "{closed}");
    assert!(joined.elapsed() > Duration::from_secs(9), "given up after {:?}", joined.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_candidates_is_given_up() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let options = Options { candidates: Candidates::Withheld, ..Options::new("shy") };
    let shy = Viewer::join(&gateway.ws("/signal"), options).await;
    let closed = soon(events.until("peer_closed")).await;
    assert!(closed["why"].as_str().unwrap().contains("it sent no candidates"), "{closed}");
    assert!(shy.view().tracks().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_candidates_in_its_description_is_found() {
    let gateway = Daemon::gateway(&[]).await;
    let options = Options { candidates: Candidates::InDescription, ..Options::new("viewer") };
    let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
    viewer.video(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_comes_again_under_its_id_takes_its_own_place() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let first = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    first.video(10).await;
    // A reloaded page says nothing of the old one.
    drop(first);
    let second = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    let video = second.video(60).await;
    assert!(video.began_with_keyframe);
    let closed = soon(events.until("peer_closed")).await;
    assert!(closed["why"].as_str().unwrap().contains("replaced"), "{closed}");
    let state = gateway.state().await;
    assert_eq!(state["members"][0]["peers"].as_array().unwrap().len(), 1, "{state:#}");
    second.video(120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_stay_connected_while_the_relay_is_away() {
    let relay = PlainRelay::start().await;
    let viewer = Viewer::join(relay.url(), Options { on_join: OnJoin::Ignore, ..Options::new("viewer") }).await;
    let gateway = Daemon::gateway(&["--room", relay.url()]).await;
    // The gateway joins after it: its offer needs the viewer's own join, which must not come sooner.
    let has_joined = |view: &View| (!view.signals.is_empty()).then_some(());
    viewer.until("the gateway's join", Duration::from_secs(10), has_joined).await;
    viewer.signal(serde_json::json!({ "event": "join", "data": { "sender": "viewer" } }));
    viewer.video(10).await;
    drop(relay);
    gateway
        .wait_for_state(Duration::from_secs(10), |state| state["members"][0]["relay"]["state"] == "away")
        .await;
    let before = viewer.video(1).await.frames;
    let after = viewer.video(before + 90).await;
    assert_eq!(after.gaps, 0);
    gateway.peer("viewer", is_connected).await;
}
