//! A description names a certificate; a connection that shows another one is trusted in nothing.

use std::{borrow::Cow, time::Duration};

use crate::common::{
    follower::Follower,
    daemon::Daemon,
    signalling::soon,
    str0m_peer::{Options, Order, State, Viewer},
};

/// Another certificate's fingerprint: each hexadecimal digit one further.
fn another_fingerprint(sdp: &str) -> String {
    let line = |line: &str| match line.strip_prefix("a=fingerprint:sha-256 ") {
        Some(digits) => {
            let other = digits.chars().map(|one| match one {
                '9' => 'A',
                'F' => '0',
                ':' => ':',
                digit => char::from(digit as u8 + 1),
            });
            format!("a=fingerprint:sha-256 {}\r\n", other.collect::<String>())
        }
        None => format!("{line}\r\n"),
    };
    sdp.lines().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_with_another_certificate_than_its_own_word_is_refused() {
    let gateway = Daemon::gateway(&[]).await;
    let mut events = Follower::of(gateway.address()).await;
    let options = Options { rewrite: Some(another_fingerprint), ..Options::new("impostor") };
    let impostor = Viewer::join(&gateway.ws("/signal"), options).await;
    impostor.order(Order::SendText(Cow::Borrowed(b"trust me")));
    let closed = loop {
        let (kind, event) = soon(events.next()).await.unwrap();
        match kind.as_str() {
            "peer_closed" => break event,
            kind => assert!(!["peer_connected", "message", "track"].contains(&kind), "{event}"),
        }
    };
    assert!(closed["why"].as_str().unwrap().contains("certificate"), "{closed}");
    assert!(impostor.view().tracks().next().is_none(), "no frame for the impostor: {}", *impostor.view());
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_certificate_is_the_one_that_we_name() {
    let gateway = Daemon::gateway(&[]).await;
    let options = Options { rewrite_remote: Some(another_fingerprint), ..Options::new("careful") };
    let careful = Viewer::join(&gateway.ws("/signal"), options).await;
    // str0m compares: with any other fingerprint than that in our description it ends.
    careful
        .until("a refusal", Duration::from_secs(15), |view| {
            let one = view.connections.first()?;
            (one.state == State::Closed && one.error.is_some()).then_some(())
        })
        .await;
    assert!(careful.view().tracks().next().is_none());
    let trusting = Viewer::join(&gateway.ws("/signal"), Options::new("trusting")).await;
    trusting.video(10).await;
}
