//! What is said of peers, by the figures that they have.

use std::time::SystemTime;

use super::*;
use crate::{
    codec::Codec,
    ice::CandidateKind::{self, Host, Prflx, Relay, Srflx},
    ids::PeerId,
    report::ChannelState,
    units::Bitrate,
};

const fn way(local: CandidateKind, remote: CandidateKind) -> Way {
    Way { local, remote, transport: Transport::Udp }
}

fn track(kind: MediaKind, codec: Codec, rung: Option<usize>) -> TrackState {
    TrackState { kind, codec, rung, bytes: 0, frames: 0, dropped: 0 }
}

/// One that is connected directly, is sent the full picture, and lacks nothing.
fn peer() -> PeerState {
    PeerState {
        id: PeerId::new("ann").unwrap(),
        connection: Connection::Connected,
        ice: "completed".to_owned(),
        since: SystemTime::UNIX_EPOCH,
        way: Some(way(Host, Host)),
        verdict: None,
        link: Some(LinkState {
            estimate: Some(Bitrate::from_bits(3_000_000)),
            by_arrival: true,
            lost: Some(0.0),
            round_trip_ms: Some(20.0),
        }),
        sending: vec![track(MediaKind::Audio, Codec::Opus, None), track(MediaKind::Video, Codec::H264, Some(0))],
        receiving: Vec::new(),
        channel: None,
    }
}

fn with(change: impl FnOnce(&mut PeerState)) -> PeerState {
    let mut peer = peer();
    change(&mut peer);
    peer
}

fn with_link(change: impl FnOnce(&mut LinkState)) -> PeerState {
    with(|peer| change(peer.link.as_mut().unwrap()))
}

fn judged(policy: TransportPolicy, peer: &PeerState) -> (Grade, String) {
    let verdict = Judge::new(policy).judge(Instant::now(), peer).unwrap();
    (verdict.grade, verdict.words)
}

#[test]
fn each_way_has_its_words() {
    let tcp = Way { transport: Transport::Tcp, ..way(Host, Prflx) };
    let relayed = "relayed through TURN because no direct pair worked";
    for (found, grade, words) in [
        (None, Grade::Good, "connected"),
        (Some(way(Host, Host)), Grade::Good, "direct"),
        (Some(way(Srflx, Srflx)), Grade::Good, "direct"),
        (Some(way(Host, Prflx)), Grade::Good, "direct"),
        (Some(way(Relay, Srflx)), Grade::Good, relayed),
        (Some(way(Relay, Relay)), Grade::Good, relayed),
        (Some(way(Srflx, Relay)), Grade::Good, "relayed through the peer's own TURN server"),
        (Some(tcp), Grade::Fair, "direct, but over TCP because UDP does not get through"),
    ] {
        assert_eq!(
            judged(TransportPolicy::All, &with(|peer| peer.way = found)),
            (grade, words.to_owned()),
            "{found:?}"
        );
    }
    let (_, words) = judged(TransportPolicy::Relay, &with(|peer| peer.way = Some(way(Relay, Relay))));
    assert_eq!(words, "relayed through TURN, as [ice] policy asks");
}

#[test]
fn all_that_is_wrong_is_said_and_the_worst_counts() {
    let closed = ChannelState { label: String::new(), open: false, buffered: 0, sent: 0, received: 0, dropped: 0 };
    for (peer, grade, words) in [
        (with_link(|link| link.lost = Some(0.02)), Grade::Good, "direct"),
        (with_link(|link| link.lost = Some(0.07)), Grade::Fair, "direct; uplink loss 7 %"),
        (with_link(|link| link.lost = Some(0.12)), Grade::Bad, "direct; uplink loss 12 %"),
        (with_link(|link| link.lost = None), Grade::Good, "direct"),
        (with_link(|link| link.round_trip_ms = Some(300.0)), Grade::Good, "direct"),
        (with_link(|link| link.round_trip_ms = Some(420.4)), Grade::Fair, "direct; round trip 420 ms"),
        (with_link(|link| link.round_trip_ms = Some(1200.0)), Grade::Bad, "direct; round trip 1200 ms"),
        (with(|peer| peer.link = None), Grade::Good, "direct"),
        (
            with(|peer| peer.sending[1].rung = Some(1)),
            Grade::Fair,
            "direct; gets pictures of 1/4 of the bitrate, over a link that bears 3000 kbit/s",
        ),
        (
            with(|peer| (peer.sending[1].rung, peer.link) = (Some(2), None)),
            Grade::Fair,
            "direct; gets pictures of 1/16 of the bitrate",
        ),
        (with(|peer| peer.sending[1].rung = None), Grade::Bad, "direct; gets no pictures, only sound"),
        (
            with(|peer| {
                peer.sending.remove(0);
                peer.sending[0].rung = None;
            }),
            Grade::Bad,
            "direct; gets no pictures, and there is no sound",
        ),
        (with(|peer| peer.sending.truncate(1)), Grade::Good, "direct"),
        (with(|peer| peer.channel = Some(closed.clone())), Grade::Good, "direct; its data channel is not open"),
        (with(|peer| peer.ice = "disconnected".to_owned()), Grade::Bad, "direct; nothing gets through at the moment"),
        (
            with(|peer| {
                peer.way = Some(way(Relay, Srflx));
                peer.link.as_mut().unwrap().lost = Some(0.07);
            }),
            Grade::Fair,
            "relayed through TURN because no direct pair worked; uplink loss 7 %",
        ),
        (
            with_link(|link| (link.lost, link.round_trip_ms) = (Some(0.5), Some(500.0))),
            Grade::Bad,
            "direct; uplink loss 50 %; round trip 500 ms",
        ),
    ] {
        assert_eq!(judged(TransportPolicy::All, &peer), (grade, words.to_owned()));
    }
}

#[test]
fn who_is_not_connected_is_not_judged() {
    for connection in [Connection::Negotiating, Connection::Closing] {
        let peer = with(|peer| peer.connection = connection);
        assert_eq!(Judge::new(TransportPolicy::All).judge(Instant::now(), &peer), None);
    }
}

#[test]
fn frames_that_were_dropped_are_told_of_for_a_while() {
    let (mut judge, start) = (Judge::new(TransportPolicy::All), Instant::now());
    let mut words = |seconds, dropped| {
        let peer = with(|peer| peer.sending[1].dropped = dropped);
        judge.judge(start + Duration::from_secs(seconds), &peer).unwrap().words
    };
    assert_eq!(words(0, 0), "direct");
    assert_eq!(words(1, 3), "direct; it does not keep up: frames are dropped");
    assert_eq!(words(10, 3), "direct; it does not keep up: frames are dropped");
    assert_eq!(words(11, 3), "direct");
    assert_eq!(words(12, 0), "direct", "counted anew");
    assert_eq!(words(13, 1), "direct; it does not keep up: frames are dropped");
}

#[test]
fn doing_worse_is_news_once_until_it_has_been_better_for_a_while() {
    let (mut decline, start) = (Decline::default(), Instant::now());
    let mut is_news = |seconds, grade| decline.is_news(start + Duration::from_secs(seconds), grade);
    assert!(!is_news(0, Grade::Good));
    assert!(is_news(1, Grade::Fair));
    assert!(!is_news(2, Grade::Good), "better is none");
    assert!(!is_news(3, Grade::Fair), "up and down is none");
    assert!(is_news(4, Grade::Bad), "still worse is");
    assert!(!is_news(5, Grade::Good));
    assert!(!is_news(34, Grade::Good));
    assert!(!is_news(35, Grade::Good));
    assert!(is_news(36, Grade::Fair), "after half a minute of calm it is again");
}
