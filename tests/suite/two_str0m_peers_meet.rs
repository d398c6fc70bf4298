//! The test peer itself: two of them meet over a plain relay, so that what a later test says of the gateway is
//! not a fault of its own.

use std::borrow::Cow;

use peergate::codec::Codec;

use crate::common::{
    decode_track,
    encoded_media::EncodedMedia,
    plain_relay::PlainRelay,
    str0m_peer::{Message, OnJoin, Options, Order, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_joiner_is_asked_for_an_offer_and_both_connect() {
    let relay = PlainRelay::start().await;
    let present = Viewer::join(relay.url(), Options::new("present")).await;
    let joiner = Viewer::join(relay.url(), latecomer("joiner")).await;
    assert_eq!(present.connected().await, "joiner");
    assert_eq!(joiner.connected().await, "present");
    assert!(joiner.view().connections[0].offered);
    assert_eq!(present.channel().await.label, "from-the-viewer");
    assert_eq!((present.view().strays, joiner.view().strays), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_pass_both_ways() {
    let relay = PlainRelay::start().await;
    let present = Viewer::join(relay.url(), Options::new("present")).await;
    let joiner = Viewer::join(relay.url(), latecomer("joiner")).await;
    tokio::join!(present.channel(), joiner.channel());
    present.order(Order::SendText(Cow::Borrowed("grüezi".as_bytes())));
    joiner.order(Order::SendBinary(vec![0, 159, 146, 150]));
    assert_eq!(joiner.messages(1).await, [Message::Text("grüezi".to_owned())]);
    assert_eq!(present.messages(1).await, [Message::Binary(vec![0, 159, 146, 150])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn media_arrives_whole() {
    let relay = PlainRelay::start().await;
    let (picture, tone) = (EncodedMedia::start(Codec::Vp8).await, EncodedMedia::start(Codec::Opus).await);
    let sends = Options::new("camera").sending(picture.frames()).sending(tone.frames());
    let _camera = Viewer::join(relay.url(), sends).await;
    let viewer = Viewer::join(relay.url(), latecomer("viewer").keeping(100)).await;
    let (video, audio) = tokio::join!(viewer.video(60), viewer.audio(100));
    assert_eq!((video.codec, audio.codec), (Codec::Vp8, Codec::Opus));
    assert_eq!((video.gaps, audio.gaps), (0, 0));
    assert!(video.keyframes >= 1, "{video:?}");
    let pictures = decode_track::pictures(&video).await;
    let before = video.kept.iter().position(|frame| frame.keyframe).unwrap();
    assert_eq!(pictures.len(), video.kept.len() - before, "a picture of each frame from the first keyframe on");
    assert_eq!((pictures[0].width, pictures[0].height), (320, 180));
    assert_ne!(pictures[0].luma, pictures[15].luma, "the ball moves");
    let sound = decode_track::sound(&audio).await;
    let tone = decode_track::amplitude(&sound[4800..], 440.0);
    assert!((0.7..0.9).contains(&tone), "audiotestsrc plays at 0.8: {tone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_arrives_whole() {
    let relay = PlainRelay::start().await;
    let picture = EncodedMedia::start(Codec::H264).await;
    let camera = Options::new("camera").codecs(&[Codec::H264, Codec::Opus]).sending(picture.frames());
    let _camera = Viewer::join(relay.url(), camera).await;
    let viewer = Viewer::join(relay.url(), latecomer("viewer").keeping(60)).await;
    let video = viewer.video(60).await;
    assert_eq!((video.codec, video.gaps), (Codec::H264, 0));
    assert!(video.keyframes >= 1, "{video:?}");
    assert!(!decode_track::pictures(&video).await.is_empty());
}

/// A plain relay may still hand on the `join` of the one that came first; two that ask each other for an offer end in
/// two connections.
fn latecomer(id: &str) -> Options {
    Options { on_join: OnJoin::Ignore, ..Options::new(id) }
}
