//! The test peer itself: two of them meet over a plain relay, so that what a later test says of the gateway is
//! not a fault of its own.

use std::borrow::Cow;

use peergate::codec::Codec;

use crate::common::{
    encoded_media::EncodedMedia,
    plain_relay::PlainRelay,
    str0m_peer::{Message, Options, Order, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_joiner_is_asked_for_an_offer_and_both_connect() {
    let relay = PlainRelay::start().await;
    let present = Viewer::join(relay.url(), Options::new("present")).await;
    let joiner = Viewer::join(relay.url(), Options::new("joiner")).await;
    assert_eq!(present.connected().await, "joiner");
    assert_eq!(joiner.connected().await, "present");
    assert!(joiner.view().connections[0].offered);
    assert_eq!(present.channel().await, "from-the-viewer");
    assert_eq!((present.view().strays, joiner.view().strays), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_pass_both_ways() {
    let relay = PlainRelay::start().await;
    let present = Viewer::join(relay.url(), Options::new("present")).await;
    let joiner = Viewer::join(relay.url(), Options::new("joiner")).await;
    tokio::join!(present.channel(), joiner.channel());
    present.order(Order::SendText(Cow::Borrowed("grüezi".as_bytes())));
    joiner.order(Order::SendBinary(vec![0, 159, 146, 150]));
    assert_eq!(joiner.messages(1).await, [Message::Text("grüezi".to_owned())]);
    assert_eq!(present.messages(1).await, [Message::Binary(vec![0, 159, 146, 150])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn media_arrives_whole_and_begins_with_a_keyframe() {
    let relay = PlainRelay::start().await;
    let (picture, tone) = (EncodedMedia::start(Codec::Vp8).await, EncodedMedia::start(Codec::Opus).await);
    let sends = Options::new("camera").sending(picture.frames()).sending(tone.frames());
    let _camera = Viewer::join(relay.url(), sends).await;
    let viewer = Viewer::join(relay.url(), Options::new("viewer").keeping(60)).await;
    let (video, audio) = tokio::join!(viewer.video(60), viewer.audio(100));
    assert_eq!((video.codec, audio.codec), (Codec::Vp8, Codec::Opus));
    assert_eq!((video.gaps, audio.gaps), (0, 0));
    assert!(video.keyframes >= 1, "{video:?}");
}
