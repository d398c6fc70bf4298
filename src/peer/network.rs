//! ICE as configured, put into webrtcbin and libnice.

use std::net::IpAddr;

use gst::prelude::*;

use crate::ice::{IceSettings, TransportPolicy};

/// A configuration that ICE does not take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A TURN server is none that can be asked.
    #[error("the TURN server {server} was refused by libnice; look at its host and port in [ice] turn")]
    TurnRefused {
        /// Where it is.
        server: String,
    },
    /// The lists leave nothing.
    #[error("no interface is left to connect over: [ice] allow and deny leave none of {0:?}")]
    NoInterface(Vec<String>),
    /// The system does not say which interfaces there are.
    #[error("the interfaces could not be listed: {0}")]
    Interfaces(#[from] std::io::Error),
    /// There is no webrtcbin.
    #[error("{0}; apt install gstreamer1.0-plugins-bad gstreamer1.0-nice")]
    Missing(#[from] glib::BoolError),
}

/// Sets a connection up as `ice` says, and throws it away. GStreamer must have been started.
///
/// # Errors
/// When ICE does not take it.
pub fn try_network(ice: &IceSettings) -> Result<(), NetworkError> {
    configure(&gst::ElementFactory::make("webrtcbin").build()?, ice)
}

/// Sets `webrtcbin` up. Before its first description, while candidates are not yet gathered.
pub(super) fn configure(webrtcbin: &gst::Element, ice: &IceSettings) -> Result<(), NetworkError> {
    if let Some(stun) = &ice.stun {
        webrtcbin.set_property("stun-server", stun.gst_url());
    }
    for turn in &ice.turn {
        if !webrtcbin.emit_by_name::<bool>("add-turn-server", &[&turn.gst_url().reveal().as_str()]) {
            return Err(NetworkError::TurnRefused { server: turn.server.to_string() });
        }
    }
    if ice.policy == TransportPolicy::Relay {
        webrtcbin.set_property_from_str("ice-transport-policy", "relay");
    }
    let Some(agent) = webrtcbin.property::<Option<glib::Object>>("ice-agent") else { return Ok(()) };
    if let Some(ports) = &ice.ports {
        agent.set_property("min-rtp-port", u32::from(*ports.start()));
        agent.set_property("max-rtp-port", u32::from(*ports.end()));
    }
    if let Some(nice) = nice_agent(webrtcbin) {
        nice.set_property("ice-tcp", ice.tcp);
        // Makes a lost peer show as `failed` after some 47 s, besides what `liveness` finds.
        nice.set_property("keepalive-conncheck", true);
        // Between one check and the next, in ms: 5 is what RFC 8445, section 14.2 allows, libnice takes 20. With some
        // candidates on both sides it is the most of what a connection waits for. Not with TURN: over TCP checks come
        // before the permission that they need then, and libnice 0.1.21 often finds no way at all.
        if ice.turn.is_empty() {
            nice.set_property("stun-pacing-timer", 5_u32);
        }
        // libnice would look for a router to open ports on, anew for each peer, with a thread and sockets of its own;
        // and nobody has asked for holes in a firewall. Not every build of it can.
        if nice.has_property("upnp") {
            nice.set_property("upnp", false);
        }
    }
    for address in addresses(ice)? {
        agent.emit_by_name::<bool>("add-local-ip-address", &[&address.to_string()]);
    }
    Ok(())
}

/// libnice's agent within `webrtcbin`.
pub(super) fn nice_agent(webrtcbin: &gst::Element) -> Option<glib::Object> {
    webrtcbin.property::<Option<glib::Object>>("ice-agent")?.property("agent")
}

/// The addresses that are offered; none where no list narrows them down, which lets libnice take all.
fn addresses(ice: &IceSettings) -> Result<Vec<IpAddr>, NetworkError> {
    if ice.allow.is_empty() && ice.deny.is_empty() {
        return Ok(Vec::new());
    }
    Ok(offered(ice)?.into_iter().map(|(_, address)| address).collect())
}

/// The interfaces that connections are offered over, with an address each: all but loopback, as far as the lists leave them.
///
/// # Errors
/// When none is left.
pub fn offered(ice: &IceSettings) -> Result<Vec<(String, IpAddr)>, NetworkError> {
    let interfaces = if_addrs::get_if_addrs()?;
    let wanted = |name: &str| {
        let listed = |list: &[String]| list.iter().any(|pattern| matches(pattern, name));
        (ice.allow.is_empty() || listed(&ice.allow)) && !listed(&ice.deny)
    };
    let addresses: Vec<_> = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local() && wanted(&interface.name))
        .map(|interface| (interface.name.clone(), interface.ip()))
        .collect();
    if addresses.is_empty() {
        let mut names: Vec<String> = interfaces.into_iter().map(|interface| interface.name).collect();
        names.sort();
        names.dedup();
        return Err(NetworkError::NoInterface(names));
    }
    Ok(addresses)
}

/// `docker*` matches every name that begins with `docker`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_star_matches_any_ending() {
        assert!(matches("docker*", "docker0"));
        assert!(matches("eth0", "eth0"));
        assert!(!matches("eth0", "eth01"));
        assert!(!matches("docker*", "eth0"));
    }

    #[test]
    fn no_router_is_asked_for_ports() {
        gst::init().unwrap();
        let webrtcbin = gst::ElementFactory::make("webrtcbin").build().unwrap();
        configure(&webrtcbin, &IceSettings::default()).unwrap();
        let nice = nice_agent(&webrtcbin).unwrap();
        assert!(!nice.has_property("upnp") || !nice.property::<bool>("upnp"));
    }

    #[test]
    fn lists_that_leave_nothing_are_an_error_that_names_what_there_is() {
        let ice = IceSettings { allow: vec!["no-such-interface".to_owned()], ..IceSettings::default() };
        let error = addresses(&ice).unwrap_err().to_string();
        assert!(error.contains("lo"), "{error}");
    }
}
