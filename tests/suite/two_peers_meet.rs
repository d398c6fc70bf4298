//! Two connections of our own: media both ways, messages both ways, and an end that both notice.

use std::time::Duration;

use peergate::{
    codec::{Codec, MediaKind},
    connection::{CloseReason, PeerCommand, PeerEvent},
    media::clockwork::Clockwork,
    peer::{MessageLimits, SendError},
    report::{Message, PeerState},
};
use tokio::time::{interval, timeout};

use crate::common::peers::{LIMIT, Pair, Setup, closed, studio, tracks};

/// Messages of the greatest length: more than wait for who is to take them (src/peer/reports.rs), and for the network.
const MANY: u64 = 120;

async fn pair() -> Pair {
    peergate::media::elements::start().unwrap();
    let clockwork = Clockwork::start();
    let studio = studio(&clockwork);
    let offerer = Setup::new(tracks(&studio)).start("answerer", 1, &clockwork);
    let mut answerer = Setup::new(tracks(&studio));
    // It hears whatever comes.
    answerer.settings.messages = MessageLimits { per_second: 100_000, bytes_per_second: 1 << 30 };
    let answerer = answerer.start("offerer", 2, &clockwork);
    Pair::new(offerer, answerer)
}

fn received(state: Option<&PeerState>, kind: MediaKind) -> u64 {
    state.iter().flat_map(|state| &state.receiving).filter(|track| track.kind == kind).map(|track| track.frames).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn picture_and_tone_flow_both_ways() {
    let mut pair = pair().await;
    pair.connect().await;
    pair.run_until("a second of both arrives on both sides", |pair| {
        [&pair.offerer.state, &pair.answerer.state].into_iter().all(|state| {
            received(state.as_ref(), MediaKind::Video) >= 30 && received(state.as_ref(), MediaKind::Audio) >= 50
        })
    })
    .await;
    let codecs = |state: &Option<PeerState>| -> Vec<Codec> {
        state.iter().flat_map(|state| &state.sending).map(|track| track.codec).collect()
    };
    assert_eq!(codecs(&pair.offerer.state), [Codec::Opus, Codec::H264]);
    assert_eq!(codecs(&pair.answerer.state), [Codec::Opus, Codec::H264]);
}

/// Until messages can be sent, both ways.
async fn can_talk(pair: &mut Pair) {
    let open = |events: &[PeerEvent]| events.iter().any(|event| matches!(event, PeerEvent::ChannelOpen { .. }));
    pair.run_until("the channel is open on both sides", |pair| open(&pair.from_offerer) && open(&pair.from_answerer)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_nobody_takes_hold_up_nothing_and_each_comes_or_is_counted() {
    let mut pair = pair().await;
    can_talk(&mut pair).await;
    let message = Message::Binary { bytes: vec![7; Message::MAX_BYTES] };
    let mut turns = interval(Duration::from_millis(5));
    let all = async {
        for _ in 0..MANY {
            while let Err(error) = pair.offerer.peer.send(message.clone()).await {
                assert!(matches!(error, SendError::Congested(_)), "{error}");
                turns.tick().await;
            }
        }
    };
    timeout(LIMIT, all).await.expect("they go out although nobody looks at them");
    let dropped = |pair: &Pair| pair.answerer.state.as_ref()?.channel.as_ref().map(|channel| channel.dropped);
    let heard = |event: &&PeerEvent| matches!(event, PeerEvent::Message(_));
    let come = |pair: &Pair| pair.from_answerer.iter().filter(heard).count() as u64;
    pair.run_until("all have come or are counted", |pair| come(pair) + dropped(pair).unwrap_or(0) == MANY).await;
    assert!(come(&pair) >= 16, "{} have come", come(&pair));
    assert!(dropped(&pair) > Some(0), "all of them could wait");
    assert_eq!(closed(&pair.from_answerer), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_both_ways() {
    let mut pair = pair().await;
    can_talk(&mut pair).await;
    let text = Message::Text { text: "grüß dich".to_owned() };
    let bytes = Message::Binary { bytes: (0..=255).cycle().take(64 * 1024).collect() };
    for message in [&text, &bytes] {
        pair.offerer.peer.send(message.clone()).await.unwrap();
        pair.answerer.peer.send(message.clone()).await.unwrap();
    }
    let got = |events: &[PeerEvent]| -> Vec<Message> {
        let messages = events.iter().filter_map(|event| match event {
            PeerEvent::Message(message) => Some(message.clone()),
            _ => None,
        });
        messages.collect()
    };
    pair.run_until("both have both", |pair| got(&pair.from_offerer).len() == 2 && got(&pair.from_answerer).len() == 2).await;
    assert_eq!(got(&pair.from_offerer), [text.clone(), bytes.clone()]);
    assert_eq!(got(&pair.from_answerer), [text, bytes]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_closes_is_noticed_by_the_other() {
    let mut pair = pair().await;
    pair.connect().await;
    let reason = CloseReason::Asked("the test is over".to_owned());
    pair.offerer.peer.tell(PeerCommand::Close(reason.clone())).unwrap();
    let begun = std::time::Instant::now();
    pair.run_until("both are closed", |pair| closed(&pair.from_offerer).is_some() && closed(&pair.from_answerer).is_some())
        .await;
    assert_eq!(closed(&pair.from_offerer), Some(&reason));
    assert_eq!(closed(&pair.from_answerer), Some(&CloseReason::ClosedByPeer));
    assert!(begun.elapsed().as_secs() < 5, "it took {:?}", begun.elapsed());
}
