//! From what is configured to what runs: members get their ids, certificates and the embedded relay's
//! address, which is known only once it listens.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use rand::{Rng, distr::Alphanumeric};

use crate::{
    config::{Member, Room, Settings},
    gateway::{self, MemberSettings},
    ids::PeerId,
    peer::{self, Certificate, CertificateError},
    room,
    signal::{self, relay_url::RelayUrl},
    tls::Anchors,
    trust::Side,
};

/// As long as the library's own.
const RANDOM_ID_CHARACTERS: usize = 20;

/// A member that can't be brought up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppearanceError {
    /// No randomness for a certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The embedded relay is asked for, and nothing listens.
    #[error("a member wants the embedded relay, which needs --listen (http.listen)")]
    NoRelay,
    /// An address of our own making that does not parse.
    #[error("the embedded relay's address: {0}")]
    Address(String),
}

/// The gateway's settings, with the embedded relay at `listening`.
///
/// # Errors
/// When no certificate can be made, or a member wants a relay that is not there.
pub fn gateway(settings: &Settings, listening: Option<SocketAddr>) -> Result<gateway::Settings, AppearanceError> {
    let members =
        settings.members.iter().map(|one| member(one, settings, listening, None)).collect::<Result<_, _>>()?;
    Ok(gateway::Settings {
        members,
        sources: settings.sources.clone(),
        encode: settings.encode.clone(),
        record: settings.record.clone(),
    })
}

/// One of `settings`, with the embedded relay at `listening`. Where it is told no id, it has that of its `past`, else a random
/// one.
///
/// # Errors
/// When no certificate can be made, or it wants a relay that is not there.
pub(crate) fn member(
    member: &Member,
    settings: &Settings,
    listening: Option<SocketAddr>,
    past: Option<PeerId>,
) -> Result<MemberSettings, AppearanceError> {
    let of_system = || Anchors::beside_system(member.ca_file.clone());
    let (url, anchors) = match &member.room {
        Room::Relay(url) => (url.clone(), of_system()),
        Room::Embedded(name) => {
            let identity = settings.http.as_ref().and_then(|http| http.identity.as_ref());
            let scheme = if identity.is_some() { "wss" } else { "ws" };
            let url = embedded(scheme, name.as_deref(), listening.ok_or(AppearanceError::NoRelay)?)?;
            // Whatever name its certificate is for: we reach it by an address.
            (url, identity.map_or_else(of_system, |identity| Anchors::Only(identity.certificate())))
        }
    };
    let id = member.id.clone().or(past).unwrap_or_else(random_id);
    let trust = member.trust.as_ref().map(|trust| peer::Trust {
        key: trust.key.clone(),
        room: trust.room.clone(),
        own: id.clone(),
        side: Side::Gateway,
    });
    Ok(MemberSettings {
        id,
        relay: signal::client::Settings {
            url,
            protocols: member.protocols.clone(),
            headers: member.headers.clone(),
            anchors,
        },
        video: member.video.clone(),
        audio: member.audio.clone(),
        limits: room::Limits { ignored: settings.limits.ignore, ..room::Limits::with_peers(member.peers) },
        record: member.record,
        peer: peer::Settings {
            ice: settings.ice.clone(),
            channel: settings.channel.clone(),
            certificate: Arc::new(Certificate::generate()?),
            jitter_buffer: settings.jitter_buffer,
            messages: settings.limits.messages,
            trust,
        },
    })
}

/// How many connections full rooms may have.
pub(crate) fn sessions(settings: &Settings) -> usize {
    settings.members.iter().map(|member| room::Limits::with_peers(member.peers).sessions()).sum()
}

/// Where this machine reaches what listens on `address`: on loopback where that is every address.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Our own relay, as we reach it ourselves.
fn embedded(scheme: &str, room: Option<&str>, listening: SocketAddr) -> Result<RelayUrl, AppearanceError> {
    let path = room.map_or_else(String::new, |room| format!("/{room}"));
    RelayUrl::parse(&format!("{scheme}://{}/signal{path}", reachable(listening)))
        .map_err(|error| AppearanceError::Address(error.to_string()))
}

fn random_id() -> PeerId {
    let text: String = rand::rng().sample_iter(Alphanumeric).take(RANDOM_ID_CHARACTERS).map(char::from).collect();
    PeerId::new(text).expect("letters and digits make an id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_relay_is_reached_over_loopback() {
        let everywhere = "0.0.0.0:8080".parse().unwrap();
        assert_eq!(embedded("ws", None, everywhere).unwrap().to_string(), "ws://127.0.0.1:8080/signal");
        let v6 = "[::]:8080".parse().unwrap();
        assert_eq!(embedded("wss", Some("yard"), v6).unwrap().to_string(), "wss://[::1]:8080/signal/yard");
    }
}
