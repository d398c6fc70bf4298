//! Whether the STUN and TURN servers of the configuration answer, and let us in.

mod allocation;
mod binding;
mod way;

use std::net::SocketAddr;

use futures_util::future::join_all;

use self::{
    allocation::{Allocation, Outcome, Step},
    way::{Way, WayError},
};
use super::{Finding, LIMIT, within};
use crate::{
    config::Settings,
    ice::{HostPort, TransportPolicy, TurnServer, TurnTransport},
};

const STUN: &str = "stun";
const TURN: &str = "turn";

/// Asks all of them at once.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let ice = &settings.ice;
    // Where all goes through TURN servers, nobody asks.
    let stun = ice.stun.iter().filter(|_| ice.policy == TransportPolicy::All);
    let stun = stun.map(|server| within(STUN, LIMIT, async move { vec![stun_server(server).await] }));
    let turn = ice.turn.iter().map(|server| within(TURN, LIMIT, async move { vec![turn_server(server).await] }));
    let (stun, turn) = tokio::join!(join_all(stun), join_all(turn));
    let findings: Vec<_> = stun.into_iter().chain(turn).flatten().collect();
    if findings.is_empty() {
        return vec![Finding::ok(STUN, "no server is configured: connections are found within the network only")];
    }
    findings
}

async fn stun_server(server: &HostPort) -> Finding {
    // Within its own network a gateway is found without.
    match ask_binding(server).await {
        Ok(Some(address)) => Finding::ok(STUN, format!("{server} answers; it sees us at {}", address.ip())),
        Ok(None) => Finding::warning(STUN, format!("{server} answers, though not as a STUN server does"))
            .mended_by("name another in [ice] stun"),
        Err(error) => {
            let what = format!("{server} {error}; viewers beyond a NAT may not find us");
            Finding::warning(STUN, what).mended_by(error.remedy(server, TurnTransport::Udp))
        }
    }
}

async fn ask_binding(server: &HostPort) -> Result<Option<SocketAddr>, WayError> {
    let request = binding::request().map_err(WayError::Message)?;
    let answer = Way::open(server, TurnTransport::Udp).await?.ask(&request).await?;
    Ok(binding::address(&answer))
}

async fn turn_server(server: &TurnServer) -> Finding {
    let over = match server.transport {
        TurnTransport::Udp => "over UDP",
        TurnTransport::Tcp => "over TCP",
        TurnTransport::Tls => "over TLS",
    };
    let TurnServer { server: host, transport, .. } = server;
    let outcome = match allocate(server).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let finding = Finding::failure(TURN, format!("{host} {error}, {over}"));
            return finding.mended_by(error.remedy(host, *transport));
        }
    };
    match outcome {
        Outcome::Relayed => Finding::ok(TURN, format!("{host} relays for us, {over}")),
        Outcome::WrongCredentials => {
            let what = format!("{host} answers {over}, and refuses our user and password");
            Finding::failure(TURN, what).mended_by(
                "write both in [ice] turn as the server has them, a % as %25; what was made for a time may be over",
            )
        }
        Outcome::Refused { code, reason } => {
            Finding::failure(TURN, format!("{host} answers {over}, and gives no relay: {code} {reason}"))
                .mended_by("look at the server's quotas and its log")
        }
        Outcome::NoTurn => Finding::failure(TURN, format!("{host} answers {over}, though not as a TURN server does"))
            .mended_by("look at the port in [ice] turn"),
    }
}

async fn allocate(server: &TurnServer) -> Result<Outcome, WayError> {
    let mut way = Way::open(&server.server, server.transport).await?;
    let (mut allocation, mut request) = Allocation::begin(server).map_err(WayError::Message)?;
    loop {
        let answer = way.ask(&request).await?;
        match allocation.next(&answer).map_err(WayError::Message)? {
            Step::Ask(next) => request = next,
            Step::Done(outcome) => {
                // It would keep the relay for ten minutes else. That it is heard matters to nobody.
                if let Ok(Some(release)) = allocation.release() {
                    let _ = way.tell(&release).await;
                }
                return Ok(outcome);
            }
        }
    }
}
