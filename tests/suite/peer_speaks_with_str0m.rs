//! Our connection and another WebRTC stack: pictures, sound and messages, whoever offers.

use std::{borrow::Cow, time::Duration};

use peergate::{
    codec::{Codec, MediaKind},
    connection::{CloseReason, PeerEvent},
    media::clockwork::Clockwork,
    report::{Connection, Message},
    studio::Studio,
};

use crate::common::{
    decode_track,
    encoded_media::EncodedMedia,
    logs,
    lone_peer::LonePeer,
    peers::{Setup, closed, studio, tracks},
    plain_relay::PlainRelay,
    str0m_peer::{self, OnJoin, Options, Order, Viewer},
};

/// A room with our connection in it, waiting for somebody.
async fn house() -> (PlainRelay, LonePeer, Studio) {
    logs::show();
    peergate::media::elements::start().unwrap();
    let clockwork = Clockwork::start();
    let relay = PlainRelay::start().await;
    let studio = studio(&clockwork);
    let peer = LonePeer::enter(relay.url(), Setup::new(tracks(&studio)), &clockwork).await;
    (relay, peer, studio)
}

/// One who waits for offers.
fn viewer() -> Options {
    Options { on_join: OnJoin::Ignore, ..Options::new("viewer") }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sees_and_hears_us() {
    let (relay, mut house, _studio) = house().await;
    let viewer = Viewer::join(relay.url(), viewer().keeping(200)).await;
    let (video, audio) = house.run_while(async { tokio::join!(viewer.video(90), viewer.audio(150)) }).await;
    assert_eq!((video.codec, audio.codec), (Codec::H264, Codec::Opus));
    assert_eq!((video.gaps, audio.gaps), (0, 0));
    assert!(video.began_with_keyframe);
    let pictures = decode_track::pictures(&video).await;
    assert!(pictures.len() > 80, "{} of {} frames are pictures", pictures.len(), video.kept.len());
    let tone = decode_track::amplitude(&decode_track::sound(&audio).await[9600..], 440.0);
    assert!((0.15..0.35).contains(&tone), "the tone plays at 0.25, not at {tone}");
    assert_eq!(viewer.view().strays, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_vp8_only() {
    let (relay, mut house, _studio) = house().await;
    let viewer = Viewer::join(relay.url(), viewer().codecs(&[Codec::Vp8, Codec::Opus]).keeping(60)).await;
    let video = house.run_while(viewer.video(60)).await;
    assert_eq!((video.codec, video.gaps), (Codec::Vp8, 0));
    assert!(decode_track::pictures(&video).await.len() > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_seen_and_heard() {
    let (relay, mut house, _studio) = house().await;
    let (picture, tone) = tokio::join!(EncodedMedia::start(Codec::Vp8), EncodedMedia::start(Codec::Opus));
    let options = viewer().codecs(&[Codec::Vp8, Codec::Opus]).sending(picture.frames()).sending(tone.frames());
    let _camera = Viewer::join(relay.url(), options).await;
    house
        .run_until("a second of picture and tone", |house| {
            let frames = |kind| {
                let receiving = house.state.iter().flat_map(|state| &state.receiving);
                receiving.filter(|track| track.kind == kind).map(|track| track.frames).sum::<u64>()
            };
            frames(MediaKind::Video) >= 30 && frames(MediaKind::Audio) >= 50
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_offers_and_we_answer() {
    peergate::media::elements::start().unwrap();
    let (clockwork, relay) = (Clockwork::start(), PlainRelay::start().await);
    let studio = studio(&clockwork);
    let viewer = Viewer::join(relay.url(), Options { on_join: OnJoin::Offer, ..Options::new("viewer") }).await;
    let mut house = LonePeer::enter_to_answer(relay.url(), Setup::new(tracks(&studio)), &clockwork).await;
    let video = house.run_while(viewer.video(60)).await;
    assert!(video.began_with_keyframe);
    house.run_while(viewer.audio(60)).await;
    assert_eq!(house.run_while(viewer.channel()).await.label, "from-the-viewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_pass_both_ways() {
    let (relay, mut house, _studio) = house().await;
    let viewer = Viewer::join(relay.url(), viewer()).await;
    house.run_while(viewer.channel()).await;
    viewer.order(Order::SendText(Cow::Owned(vec![b'x'; 64 * 1024])));
    viewer.order(Order::SendBinary(vec![1, 2, 3]));
    house.run_until("the last message", |house| house.told.iter().any(is_last)).await;
    let long = "y".repeat(64 * 1024);
    let sent = house.peer().send(Message::Text { text: long.clone() });
    house.run_while(sent).await.unwrap();
    assert_eq!(house.run_while(viewer.messages(1)).await, [str0m_peer::Message::Text(long)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_utf8_harms_nothing() {
    let (relay, mut house, _studio) = house().await;
    let viewer = Viewer::join(relay.url(), viewer()).await;
    house.run_while(viewer.channel()).await;
    viewer.order(Order::SendText(Cow::Borrowed(&[b'a', 0xff])));
    viewer.order(Order::SendBinary(vec![1, 2, 3]));
    house.run_until("the last message", |house| house.told.iter().any(is_last)).await;
}

fn is_last(event: &PeerEvent) -> bool {
    matches!(event, PeerEvent::Message(Message::Binary { bytes }) if *bytes == [1, 2, 3])
}

#[tokio::test(flavor = "multi_thread")]
async fn its_goodbye_is_noticed() {
    let (relay, mut house, _studio) = house().await;
    let one = Viewer::join(relay.url(), viewer()).await;
    house.run_while(one.video(10)).await;
    one.order(Order::Close);
    let five = Duration::from_secs(5);
    house.run_until_within(five, "the goodbye", |house| closed(&house.told).is_some()).await;
    assert_eq!(closed(&house.told), Some(&CloseReason::ClosedByPeer));
    let connection = house.state.as_ref().map(|state| state.connection);
    assert_eq!(connection, Some(Connection::Closing), "it said so while it was taken down");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_silence_is_noticed() {
    let (relay, mut house, _studio) = house().await;
    let one = Viewer::join(relay.url(), viewer()).await;
    house.run_while(one.video(10)).await;
    one.order(Order::GoSilent);
    let twenty = Duration::from_secs(20);
    house.run_until_within(twenty, "the silence", |house| closed(&house.told).is_some()).await;
    assert!(matches!(closed(&house.told), Some(CloseReason::Silent(_))), "{:?}", house.told);
}
