//! Two connections of our own: media both ways, messages both ways, and an end that both notice.

use peergate::{
    codec::{Codec, MediaKind},
    connection::{CloseReason, PeerCommand, PeerEvent},
    media::clockwork::Clockwork,
    report::{Message, PeerState},
};

use crate::common::peers::{Pair, Setup, closed, studio, tracks};

async fn pair() -> Pair {
    peergate::media::elements::start().unwrap();
    let clockwork = Clockwork::start();
    let studio = studio(&clockwork);
    let offerer = Setup::new(tracks(&studio)).start("answerer", 1, &clockwork);
    let answerer = Setup::new(tracks(&studio)).start("offerer", 2, &clockwork);
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

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_both_ways() {
    let mut pair = pair().await;
    let open = |events: &[PeerEvent]| events.iter().any(|event| matches!(event, PeerEvent::ChannelOpen { .. }));
    pair.run_until("the channel is open on both sides", |pair| open(&pair.from_offerer) && open(&pair.from_answerer)).await;
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
