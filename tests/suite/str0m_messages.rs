//! Messages pass both ways, whoever made the data channel and whatever they hold.

use std::borrow::Cow;

use base64::prelude::*;
use serde_json::json;

use crate::common::{
    follower::Follower,
    daemon::{Daemon, is_connected},
    plain_relay::PlainRelay,
    signalling::soon,
    str0m_peer::{ChannelConfig, Message, OnJoin, Options, Order, Viewer},
};

/// The longest message that is promised.
const LONGEST: usize = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn text_and_bytes_pass_both_ways() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;

    gateway.send_text("grüezi").await;
    gateway.send(Some("viewer"), &json!({ "base64": "AJ+Slg==" })).await.error_for_status().unwrap();
    let expected = [Message::Text("grüezi".to_owned()), Message::Binary(vec![0, 0x9f, 0x92, 0x96])];
    assert_eq!(viewer.messages(2).await, expected);

    viewer.order(Order::SendText(Cow::Borrowed("merci".as_bytes())));
    viewer.order(Order::SendBinary(vec![0, 0x9f, 0x92, 0x96]));
    let message = soon(events.until("message")).await;
    assert_eq!((&message["peer"], &message["text"]), (&json!("viewer"), &json!("merci")));
    let message = soon(events.until("message")).await;
    assert_eq!((&message["peer"], &message["base64"]), (&json!("viewer"), &json!("AJ+Slg==")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_kibibytes_pass_both_ways() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    let text = "x".repeat(LONGEST);
    // A pattern longer than a packet, so that mixed-up packets show.
    let bytes: Vec<_> = (0..LONGEST).map(|at| (at % 2039) as u8).collect();
    let base64 = BASE64_STANDARD.encode(&bytes);
    gateway.send_text(&text).await;
    gateway.send(Some("viewer"), &json!({ "base64": base64 })).await.error_for_status().unwrap();
    let came = viewer.messages(2).await;
    assert!(came == [Message::Text(text.clone()), Message::Binary(bytes.clone())], "they come as they went");

    viewer.order(Order::SendText(Cow::Owned(text.clone().into_bytes())));
    viewer.order(Order::SendBinary(bytes));
    assert!(soon(events.until("message")).await["text"] == text, "the text comes as it went");
    assert!(soon(events.until("message")).await["base64"] == base64, "the bytes come as they went");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_too_long_is_refused_and_the_channel_lives() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    let refused = gateway.send(Some("viewer"), &json!({ "text": "x".repeat(LONGEST + 1) })).await;
    assert!(refused.status().is_client_error(), "{refused:?}");
    gateway.send_text("still here").await;
    assert_eq!(viewer.messages(1).await, [Message::Text("still here".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_one_is_refused_and_the_channel_lives() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    for empty in [json!({ "text": "" }), json!({ "base64": "" })] {
        let refused = gateway.send(Some("viewer"), &empty).await;
        assert!(refused.status().is_client_error(), "{refused:?}");
    }
    gateway.send_text("still here").await;
    assert_eq!(viewer.messages(1).await, [Message::Text("still here".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_utf8_harms_nothing() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    viewer.order(Order::SendText(Cow::Borrowed(&[b'a', 0xff, 0xfe, b'b'])));
    viewer.order(Order::SendText(Cow::Borrowed(b"afterwards")));
    assert_eq!(soon(events.until("message")).await["text"], "a\u{fffd}\u{fffd}b");
    assert_eq!(soon(events.until("message")).await["text"], "afterwards");
    gateway.peer("viewer", is_connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_makes_the_channel() {
    let relay = PlainRelay::start().await;
    let viewer = Viewer::join(relay.url(), Options { on_join: OnJoin::Offer, ..Options::new("viewer") }).await;
    let gateway = Daemon::gateway(&["--room", relay.url()]).await;
    let mut events = Follower::of(gateway.address()).await;
    viewer.channel().await;
    let peer = gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    assert_eq!(peer["channel"]["label"], "from-the-viewer");
    gateway.send_text("to your channel").await;
    assert_eq!(viewer.messages(1).await, [Message::Text("to your channel".to_owned())]);
    viewer.order(Order::SendText(Cow::Borrowed(b"from my channel")));
    assert_eq!(soon(events.until("message")).await["text"], "from my channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_makes_one_more_channel_and_it_takes_over() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.channel().await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    let label = "a-second-one".to_owned();
    viewer.order(Order::OpenChannel(ChannelConfig { label, ..ChannelConfig::default() }));
    gateway.peer("viewer", |peer| peer["channel"]["label"] == "a-second-one").await;
    viewer.order(Order::SendText(Cow::Borrowed(b"over both")));
    assert_eq!(soon(events.until("message")).await["text"], "over both");
}
