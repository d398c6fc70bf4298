//! However much a member of the room sends: the daemon lives, uses no more than before, and the others' pictures go on.

use std::{borrow::Cow, fs, time::Duration};

use peergate::codec::Codec;
use serde_json::{Value, json};

use crate::common::{
    daemon::{Daemon, GATEWAY, is_connected, receiving},
    encoded_media::EncodedMedia,
    hostile_scene::Scene,
    metrics::Metrics,
    recorded_sdp,
    str0m_peer::{ChannelConfig, Options, Order, Viewer},
};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn of_candidates_costs_nothing() {
    let scene = Scene::set().await;
    let viewer = Viewer::join(&scene.gateway.ws("/signal"), Options::new("hostile").meeting(GATEWAY)).await;
    viewer.video(10).await;
    let threads = scene.gateway.threads().len();
    for number in 0..2000 {
        let candidate = format!("candidate:{number} 1 udp 2130706175 10.77.0.{} 5000 typ host", 2 + number % 250);
        // An unknown section each second time; a name that must be looked up each third.
        let candidate = if number % 3 == 0 { candidate.replace("10.77.0", "page.local 10") } else { candidate };
        let section = if number % 2 == 0 { 0 } else { 77 };
        viewer.signal(candidate_message("hostile", &json!({ "candidate": candidate, "sdpMLineIndex": section })));
    }
    scene.ignored("hostile", "candidates").await;
    // Anybody can say things under its name, so its connection stays.
    viewer.video(90).await;
    scene.gateway.threads_fall_to(threads + 4).await;
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_candidates_before_any_description_is_held_within_bounds() {
    let scene = Scene::set().await;
    for number in 0..500 {
        let candidate = json!({ "candidate": "candidate:1 1 udp 1 10.77.0.9 5000 typ host", "sdpMLineIndex": 0 });
        scene.watcher.signal(candidate_message(&format!("nobody-{number}"), &candidate));
    }
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ssrcs_makes_no_threads() {
    let scene = Scene::set().await;
    let (picture, tone) = tokio::join!(EncodedMedia::start(Codec::Vp8), EncodedMedia::start(Codec::Opus));
    let options = Options::new("flooder").meeting(GATEWAY).codecs(&[Codec::Vp8, Codec::Opus]);
    let options = options.sending(picture.frames()).sending(tone.frames());
    let flooder = Viewer::join(&scene.gateway.ws("/signal"), options).await;
    scene.gateway.peer("flooder", |peer| receiving(peer, "vp8").is_some_and(|track| track["frames"] != 0)).await;
    let threads = scene.gateway.threads().len();
    flooder.order(Order::FloodSsrcs(400));
    scene.dropped("flooder", "sources").await;
    scene.gateway.threads_fall_to(threads).await;
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_channels_ends_the_connection() {
    let scene = Scene::set().await;
    let flooder = Viewer::join(&scene.gateway.ws("/signal"), Options::new("flooder").meeting(GATEWAY)).await;
    flooder.channel().await;
    scene.gateway.peer("flooder", is_connected).await;
    let threads = scene.gateway.threads().len();
    for number in 0..200 {
        let label = format!("{number}{}", "x".repeat(1000));
        flooder.order(Order::OpenChannel(ChannelConfig { label, ..ChannelConfig::default() }));
    }
    scene.dropped("flooder", "channels").await;
    scene.gateway.threads_fall_to(threads).await;
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_messages_reaches_nobody_else() {
    let scene = Scene::set().await;
    let flooder = Viewer::join(&scene.gateway.ws("/signal"), Options::new("flooder").meeting(GATEWAY)).await;
    flooder.channel().await;
    let before = memory(&scene.gateway);
    let mut turns = tokio::time::interval(Duration::from_millis(1));
    for _ in 0..2000 {
        turns.tick().await;
        flooder.order(Order::SendText(Cow::Borrowed(&[b'x'; 1000])));
    }
    scene.dropped("flooder", "messages").await;
    scene.unharmed().await;
    let grown = memory(&scene.gateway).saturating_sub(before);
    assert!(grown < 64 * 1024, "memory has grown by {grown} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_message_that_is_too_long_ends_the_connection() {
    let scene = Scene::set().await;
    let announces_more = |sdp: &str| sdp.replace("a=sctp-port:5000", "a=sctp-port:5000\r\na=max-message-size:262144");
    let options = Options { rewrite_remote: Some(announces_more), ..Options::new("flooder").meeting(GATEWAY) };
    let flooder = Viewer::join(&scene.gateway.ws("/signal"), options).await;
    flooder.channel().await;
    flooder.order(Order::SendBinary(vec![7; 64 * 1024]));
    scene.gateway.peer("flooder", |peer| peer["channel"]["received"] == 1).await;
    flooder.order(Order::SendBinary(vec![7; 64 * 1024 + 1]));
    scene.dropped("flooder", "message_size").await;
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_descriptions_is_passed_over() {
    let scene = Scene::set().await;
    let offer = recorded_sdp::one("offer_chromium_camera");
    for number in 0..500 {
        // Each is another one: the same twice is one that the relay has repeated.
        let offer = offer.replace("a=ice-ufrag:", &format!("a=ice-ufrag:{number}"));
        let sdp = json!({ "type": "offer", "sdp": offer });
        let data = json!({ "sender": "flooder", "receiver": GATEWAY, "sdp": sdp });
        scene.watcher.signal(json!({ "event": "sdp", "data": data }));
    }
    scene.dropped("flooder", "descriptions").await;
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_joins_of_one_member_is_passed_over() {
    let scene = Scene::set().await;
    for _ in 0..500 {
        scene.watcher.signal(json!({ "event": "join", "data": { "sender": "flooder" } }));
    }
    scene.dropped("flooder", "joins").await;
    scene.unharmed().await;
    let newcomer = Viewer::join(&scene.gateway.ws("/signal"), Options::new("newcomer").meeting(GATEWAY)).await;
    newcomer.video(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_junk_on_our_ports_is_dropped() {
    let scene = Scene::set().await;
    let port = {
        let view = scene.watcher.view();
        let candidates = &view.connections[0].candidates;
        let udp = candidates.iter().find(|candidate| candidate.to_lowercase().contains(" udp ")).unwrap();
        udp.split(' ').nth(5).unwrap().parse::<u16>().unwrap()
    };
    let socket = tokio::net::UdpSocket::bind("10.77.0.1:0").await.unwrap();
    // STUN, DTLS, RTP and RTCP by their first byte (RFC 7983), and what is none of them.
    for first in [0_u8, 1, 20, 22, 63, 127, 128, 144, 200, 255] {
        for length in [1, 4, 12, 13, 20, 28, 100, 1400] {
            let junk: Vec<_> = std::iter::once(first).chain((0..).map(|n: u32| (n * 37) as u8)).take(length).collect();
            socket.send_to(&junk, ("10.77.0.1", port)).await.unwrap();
        }
    }
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_words_that_are_no_messages_is_passed_over() {
    let scene = Scene::set().await;
    let texts = [
        json!(null),
        json!([1, 2, 3]),
        json!({ "event": "join" }),
        json!({ "event": 7, "data": { "sender": "x" } }),
        json!({ "event": "sdp", "data": { "sender": "x", "receiver": GATEWAY } }),
        json!({ "event": "sdp", "data": { "sender": "x", "receiver": GATEWAY, "sdp": { "type": "offer" } } }),
        json!({ "event": "sdp", "data": { "sender": "x", "receiver": GATEWAY, "sdp": { "type": "pranswer", "sdp": "" } } }),
        json!({ "event": "candidate", "data": { "sender": "x", "receiver": GATEWAY, "candidate": null } }),
        json!({ "event": "join", "data": { "sender": "" } }),
        json!({ "event": "join", "data": { "sender": "x".repeat(10_000) } }),
        json!({ "event": "join", "data": { "sender": GATEWAY } }),
        json!({ "event": "a word of some application", "data": { "sender": "x", "anything": [] } }),
    ];
    texts.into_iter().for_each(|text| scene.watcher.signal(text));
    scene.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_joins_is_survived() {
    let scene = Scene::set().await;
    for number in 0..300 {
        let data = json!({ "sender": format!("nobody-{number}") });
        scene.watcher.signal(json!({ "event": "join", "data": data }));
    }
    let nobodies = |state: &Value| {
        let peers = state["members"][0]["peers"].as_array().unwrap();
        peers.iter().filter(|peer| peer["id"].as_str().unwrap().starts_with("nobody")).count()
    };
    // Who watches has one of the 64 places.
    scene.gateway.wait_for_state(SOON, |state| nobodies(state) == 63).await;
    let metrics = Metrics::scrape(&scene.gateway).await;
    assert!(metrics.value("peergate_limit_reached_total", &[("limit", "peers")]) > 0.0);
    let most = scene.gateway.threads().len();
    assert!(most < 2000, "{most} threads");
    // All who never answered are given up after ten seconds.
    scene.gateway.wait_for_state(Duration::from_secs(60), |state| nobodies(state) == 0).await;
    let newcomer = Viewer::join(&scene.gateway.ws("/signal"), Options::new("newcomer").meeting(GATEWAY)).await;
    newcomer.video(10).await;
    scene.gateway.peer("watcher", is_connected).await;
}

fn candidate_message(from: &str, candidate: &Value) -> Value {
    json!({ "event": "candidate", "data": { "sender": from, "receiver": GATEWAY, "candidate": candidate } })
}

/// Resident memory, in KiB.
fn memory(gateway: &Daemon) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", gateway.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
