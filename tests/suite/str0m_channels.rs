//! The data channel that we make is as it is configured; the other side's is used whatever it is.

use std::borrow::Cow;

use crate::common::{
    daemon::Daemon,
    follower::Follower,
    signalling::soon,
    str0m_peer::{ChannelConfig, Message, Options, Order, Reliability, Viewer},
};

/// The channel that a viewer is given with these keys in `[channel]`, after messages have passed both ways.
async fn configured(keys: &str) -> ChannelConfig {
    let gateway = Daemon::configured(&format!("[channel]\n{keys}")).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    let channel = viewer.channel().await;
    pass_both_ways(&gateway, &viewer).await;
    channel
}

async fn pass_both_ways(gateway: &Daemon, viewer: &Viewer) {
    let mut events = Follower::of(gateway.address()).await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    gateway.send_text("there").await;
    assert_eq!(viewer.messages(1).await, [Message::Text("there".to_owned())]);
    viewer.order(Order::SendText(Cow::Borrowed(b"and back")));
    assert_eq!(soon(events.until("message")).await["text"], "and back");
}

#[tokio::test(flavor = "multi_thread")]
async fn is_reliable_and_has_a_random_label_by_default() {
    let channel = configured("").await;
    assert_eq!(channel.label.len(), 20, "{channel:?}");
    assert_eq!(channel, ChannelConfig { label: channel.label.clone(), ..ChannelConfig::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn has_the_label_and_the_protocol_that_are_configured() {
    let channel = configured("label = \"chat\"\nprotocol = \"chat.v1\"").await;
    let (label, protocol) = ("chat".to_owned(), "chat.v1".to_owned());
    assert_eq!(channel, ChannelConfig { label, protocol, ..ChannelConfig::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_again_as_often_as_is_configured() {
    let channel = configured("ordered = false\nmax_retransmits = 3").await;
    let limited = Reliability::MaxRetransmits { retransmits: 3 };
    assert_eq!((channel.ordered, channel.reliability), (false, limited));
    let channel = configured("max_retransmits = 0").await;
    let limited = Reliability::MaxRetransmits { retransmits: 0 };
    assert_eq!((channel.ordered, channel.reliability), (true, limited), "never again, but in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_again_as_long_as_is_configured() {
    let channel = configured("max_packet_life_time = \"500ms\"").await;
    let limited = Reliability::MaxPacketLifetime { lifetime: 500 };
    assert_eq!((channel.ordered, channel.reliability), (true, limited));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_other_side_is_used_whatever_its_settings() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    gateway.peer("viewer", |peer| peer["channel"]["open"] == true).await;
    viewer.order(Order::OpenChannel(ChannelConfig {
        label: "theirs".to_owned(),
        ordered: false,
        reliability: Reliability::MaxRetransmits { retransmits: 1 },
        protocol: "their.v1".to_owned(),
        ..ChannelConfig::default()
    }));
    gateway.peer("viewer", |peer| peer["channel"]["label"] == "theirs").await;
    pass_both_ways(&gateway, &viewer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn is_not_made_where_that_is_configured() {
    let gateway = Daemon::configured("[channel]\nenabled = false").await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.video(10).await;
    let view = viewer.view();
    assert!(view.connections[0].channels.is_empty());
    assert!(!view.connections[0].remote_sdp.contains("m=application"), "{}", view.connections[0].remote_sdp);
}
