//! Peers that may use nothing but a TURN server meet through it, however it is spoken to.

use peergate::{
    codec::MediaKind,
    ice::{HostPort, IceSettings, TransportPolicy, TurnServer, TurnTransport},
    media::clockwork::Clockwork,
    redact::Redacted,
};

use crate::common::{
    peers::{Pair, Setup, studio, tracks},
    turn::{self, PASSWORD, USER},
};

#[tokio::test(flavor = "multi_thread")]
async fn over_udp() {
    meet_over(TurnTransport::Udp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp() {
    meet_over(TurnTransport::Tcp).await;
}

async fn meet_over(transport: TurnTransport) {
    peergate::media::elements::start().unwrap();
    let server = turn::Server::start(transport).await;
    let ice = IceSettings {
        turn: vec![TurnServer {
            server: HostPort { host: server.address.ip().to_string(), port: server.address.port() },
            transport,
            user: Redacted::new(USER.to_owned()),
            password: Redacted::new(PASSWORD.to_owned()),
        }],
        policy: TransportPolicy::Relay,
        ..IceSettings::default()
    };
    let clockwork = Clockwork::start();
    let studio = studio(&clockwork);
    let end = |id, session| {
        let mut setup = Setup::new(tracks(&studio));
        setup.settings.ice = ice.clone();
        setup.start(id, session, &clockwork)
    };
    let mut pair = Pair::new(end("offerer", 1), end("answerer", 2));
    pair.connect().await;
    pair.run_until("a second of the picture arrives on both sides", |pair| {
        [&pair.offerer.state, &pair.answerer.state].into_iter().all(|state| {
            let tracks = state.iter().flat_map(|state| &state.receiving);
            tracks.filter(|track| track.kind == MediaKind::Video).map(|track| track.frames).sum::<u64>() >= 30
        })
    })
    .await;
    let relayed = format!("user <{USER}>: incoming packet CHANNEL_BIND processed, success");
    assert!(server.log().contains(&relayed), "{}", server.log());
}
