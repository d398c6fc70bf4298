//! Where a room has a key, who has not proved that it has it sees nothing, is not heard and not recorded.

use std::{borrow::Cow, io::Write, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use peergate::codec::Codec;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::{
    daemon::{Daemon, GATEWAY, is_connected},
    encoded_media::EncodedMedia,
    follower::Follower,
    recordings::Recordings,
    signalling::soon,
    str0m_peer::{Message, Options, Order, Viewer},
};

const KEY: &str = "VGhpcyBpcyBub3QgYSBwYXNzd29yZA==";
const SOON: Duration = Duration::from_secs(20);

/// A daemon that records what trusted peers send, and the file with its key.
async fn gateway(recordings: &Recordings) -> (Daemon, tempfile::NamedTempFile) {
    let mut key = tempfile::NamedTempFile::new().unwrap();
    writeln!(key, "{KEY}").unwrap();
    let path = key.path().display();
    let member = format!("[[member]]\ntrust = {{ key_file = \"{path}\", room = \"yard\" }}\n");
    (Daemon::recording("remote", recordings.dir(), &member).await, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn and_then_everything_is_as_ever() {
    let recordings = Recordings::new();
    let (gateway, _key) = gateway(&recordings).await;
    let mut events = Follower::of(gateway.address()).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").meeting(GATEWAY)).await;
    let (n, m) = proves(&viewer).await;
    viewer.video(10).await;
    let last = viewer.messages(2).await.pop().unwrap();
    assert_eq!(read(&last)["trust"]["proof"], proof(&viewer, KEY, "gateway", &n, &m), "the gateway has the key, too");
    viewer.order(Order::SendText(Cow::Borrowed(b"hello")));
    assert_eq!(soon(events.until("message")).await["text"], "hello", "the first message that counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn or_nothing_is_seen_heard_or_recorded() {
    let recordings = Recordings::new();
    let (gateway, _key) = gateway(&recordings).await;
    let mut events = Follower::of(gateway.address()).await;
    let picture = EncodedMedia::start(Codec::Vp8).await;
    let options = Options::new("stranger").meeting(GATEWAY).codecs(&[Codec::Vp8, Codec::Opus]).sending(picture.frames());
    let stranger = Viewer::join(&gateway.ws("/signal"), options).await;
    asked(&stranger).await;
    say(&stranger, &json!("record me"));
    gateway.wait_for_log("ignored for a while peer=stranger ", SOON).await;
    let closed = soon(events.until("peer_closed")).await;
    assert!(closed["why"].as_str().unwrap().contains("did not prove within 5 s"), "{closed}");
    assert_eq!(stranger.view().tracks().count(), 0);
    assert_eq!(recordings.segments().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_another_key_it_is_the_end_at_once() {
    let recordings = Recordings::new();
    let (gateway, _key) = gateway(&recordings).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("guesser").meeting(GATEWAY)).await;
    let n = asked(&viewer).await;
    let m = [7; 32];
    let guessed = proof(&viewer, "another key of some length", "peer", &n, &m);
    say(&viewer, &json!({ "trust": { "nonce": STANDARD.encode(m), "proof": guessed } }));
    let line = gateway.wait_for_log("ignored for a while peer=guesser ", SOON).await;
    assert!(line.contains("with another key"), "{line}");
    gateway.gone("guesser", SOON).await;
    assert!(!gateway.log().contains(KEY));
    let state = gateway.state().await;
    assert!(!state["members"][0]["peers"].as_array().unwrap().iter().any(is_connected), "{state:#}");
}

/// Nothing checks who sends what, so who connects in another's name gets as far as that.
#[tokio::test(flavor = "multi_thread")]
async fn and_who_has_keeps_its_connection_when_another_has_not() {
    let recordings = Recordings::new();
    let (gateway, _key) = gateway(&recordings).await;
    // As the page does: while it is connected, it makes no offer whoever asks for one.
    let options = Options { offers_on_request: false, ..Options::new("viewer").meeting(GATEWAY) };
    let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
    proves(&viewer).await;
    let before = viewer.video(10).await.frames;
    let impostor = Viewer::join(&gateway.ws("/signal"), Options::new("viewer").meeting(GATEWAY)).await;
    asked(&impostor).await;
    let line = gateway.wait_for_log("misbehaved peer=viewer ", SOON).await;
    assert!(line.contains("did not prove within 5 s"), "{line}");
    // More than the five seconds.
    let video = viewer.video(before + 180).await;
    assert_eq!((video.gaps, viewer.view().connections.len()), (0, 1), "{video:?}");
    assert_eq!(impostor.view().tracks().count(), 0);
    assert!(!gateway.log().contains("ignored for a while"), "{}", gateway.log());
    gateway.peer("viewer", is_connected).await;
}

/// The viewer is asked, and proves that it has the key; both numbers.
async fn proves(viewer: &Viewer) -> (Vec<u8>, [u8; 32]) {
    let n = asked(viewer).await;
    assert_eq!(viewer.view().tracks().count(), 0);
    let m = [7; 32];
    say(viewer, &json!({ "trust": { "nonce": STANDARD.encode(m), "proof": proof(viewer, KEY, "peer", &n, &m) } }));
    (n, m)
}

/// The number that the viewer is sent before anything else.
async fn asked(viewer: &Viewer) -> Vec<u8> {
    let message = viewer.messages(1).await.remove(0);
    STANDARD.decode(read(&message)["trust"]["nonce"].as_str().unwrap()).unwrap()
}

fn say(viewer: &Viewer, message: &Value) {
    viewer.order(Order::SendText(Cow::Owned(message.to_string().into_bytes())));
}

fn read(message: &Message) -> Value {
    let Message::Text(text) = message else { panic!("expected a text, got {message:?}") };
    serde_json::from_str(text).unwrap()
}

/// As docs/signalling.md has it, in base64.
fn proof(viewer: &Viewer, key: &str, side: &str, n: &[u8], m: &[u8]) -> String {
    let view = viewer.view();
    let connection = view.connection(GATEWAY).unwrap();
    let (ours, theirs) = (certificate(&connection.local_sdp), certificate(&connection.remote_sdp));
    let texts = ["peergate trust 1", side, "yard", GATEWAY, viewer.id(), &theirs, &ours];
    let fields = texts.iter().map(|text| text.as_bytes()).chain([n, m]);
    let bytes: Vec<u8> =
        fields.flat_map(|field| [&u32::try_from(field.len()).unwrap().to_be_bytes(), field].concat()).collect();
    STANDARD.encode(hmac(key.as_bytes(), &bytes))
}

/// What follows the first `a=fingerprint:`.
fn certificate(sdp: &str) -> String {
    let line = sdp.lines().find_map(|line| line.strip_prefix("a=fingerprint:")).unwrap();
    let (hash, value) = line.trim().split_once(' ').unwrap();
    format!("{} {}", hash.to_lowercase(), value.to_uppercase())
}

/// HMAC-SHA-256 as RFC 2104 has it, for keys of up to 64 bytes.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> {
        let key = key.iter().copied().chain(std::iter::repeat(0)).take(64);
        key.map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::digest([&padded(0x36)[..], message].concat());
    Sha256::digest([&padded(0x5c)[..], &inner[..]].concat()).to_vec()
}
