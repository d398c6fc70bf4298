//! Who has a message for a connection that ends is not kept waiting until all is taken down.

use std::sync::Arc;

use peergate::{
    connection::{CloseReason, PeerCommand, PeerEvent},
    ids::{PeerId, PeerKey, Session},
    media::clockwork::Clockwork,
    peer::{Peer, Reporter, SendError},
    report::Message,
};
use tokio::time::timeout;

use crate::common::peers::{LIMIT, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn even_where_its_end_can_not_be_told() {
    peergate::media::elements::start().unwrap();
    let key = PeerKey { id: PeerId::new("other").unwrap(), session: Session(1) };
    // Nobody reads what it tells, and there is no place for more: it never comes to its end.
    let (reporter, _unread) = Reporter::new(1);
    reporter.send(key.clone(), PeerEvent::Connected).await.unwrap();
    let settings = Arc::new(Setup::new(Vec::new()).settings);
    let peer = Peer::spawn(key, settings, Vec::new(), None, Clockwork::start(), reporter);
    peer.tell(PeerCommand::Close(CloseReason::Replaced)).unwrap();
    let answer = timeout(LIMIT, peer.send(Message::Text { text: "hello".to_owned() })).await;
    assert_eq!(answer.expect("an answer"), Err(SendError::NotOpen));
}
