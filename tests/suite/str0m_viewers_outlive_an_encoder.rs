//! Five viewers watch while the encoder is replaced under them: none leaves, and none misses a second.

use std::time::Duration;

use futures_util::future::join_all;
use peergate::{
    encoder::{ElementChoice, Settings},
    report::{EncoderState, MemberState},
};

use crate::common::{
    decode_track::{self, Picture},
    gateway::{Gateway, member, of},
    relay::Relay,
    stand_in::{self, Behaviour},
    str0m_peer::{Options, Track, Viewer},
    studio,
};

const GATEWAY: &str = "front-door";

/// Frames that each viewer keeps: some seconds of them.
const FRAMES: usize = 240;

async fn outlive(element: &'static str, behaviour: Behaviour, why: &str) {
    stand_in::register(&[(element, Behaviour::Works)]);
    let relay = Relay::start().await;
    let encode = Settings {
        element: ElementChoice::Named(element.to_owned()),
        retry_after: Duration::from_secs(600),
        ..studio::settings()
    };
    let gateway = Gateway::encoding(vec![member(GATEWAY, &relay.url("room"))], encode);
    let viewers = join_all((1..=5).map(|number| {
        let options = Options { keeps: FRAMES, ..Options::new(&format!("viewer-{number}")).meeting(GATEWAY) };
        let url = relay.url("room");
        async move { Viewer::join(&url, options).await }
    }))
    .await;
    join_all(viewers.iter().map(|viewer| viewer.video(60))).await;
    let encoders = |state: &peergate::report::State| -> Vec<EncoderState> {
        state.encoders.iter().filter(|encoder| encoder.frames > 0 && encoder.takers > 0 && is_video(encoder)).cloned().collect()
    };
    assert!(encoders(&gateway.state()).iter().all(|encoder| encoder.element == element));
    let peers = ids(of(&gateway.state(), GATEWAY));
    assert_eq!(peers.len(), 5);

    stand_in::behave(element, behaviour);
    let replaced = gateway
        .until("another encodes", |state| {
            let all = encoders(state);
            (!all.is_empty() && all.iter().all(|one| one.element != element)).then_some(all)
        })
        .await;
    let told = replaced[0].replaced.as_ref().unwrap();
    assert!(told.element == element && told.why.contains(why), "{told:?}");
    let seen = join_all(viewers.iter().map(|viewer| viewer.video(FRAMES as u64))).await;
    for track in &seen {
        assert!(longest(track) < Duration::from_secs(1), "{:?} without a frame: {track:?}", longest(track));
        assert!(track.keyframes >= 2, "{track:?}");
        assert_eq!(track.gaps, 0, "packets follow each other: {track:?}");
        // What comes of another encoder is decoded as if it were the same.
        let numbers: Vec<_> = decode_track::pictures(track).await.iter().map(Picture::number).collect();
        assert_eq!(numbers.len(), FRAMES);
        let readable: Vec<_> = numbers.iter().flatten().collect();
        assert!(readable.len() > FRAMES * 9 / 10 && readable.is_sorted(), "{numbers:?}");
    }
    assert_eq!(ids(of(&gateway.state(), GATEWAY)), peers, "all are still there");
    gateway.stop().await;
}

fn is_video(encoder: &EncoderState) -> bool {
    encoder.element != "opusenc"
}

fn ids(member: &MemberState) -> Vec<String> {
    member.peers.iter().map(|peer| peer.id.to_string()).collect()
}

/// The longest time between two frames that follow each other.
fn longest(track: &Track) -> Duration {
    track.kept.windows(2).map(|pair| pair[1].time.saturating_sub(pair[0].time)).max().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn that_gives_up() {
    outlive("vah264enc", Behaviour::FailsAfter(0), "the device is gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_stalls() {
    outlive("nvh264enc", Behaviour::StallsAfter(0), "none came out for").await;
}
