//! `[http]`: what is served over HTTP, where, and to whom.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{
    members::{Placed, Room},
    outside::Outside,
    problem::Place,
    section::{Section, Wrong},
    settings::Purpose,
    tree::Value,
    units,
};
use crate::redact::Redacted;

/// Where HTTP is when nobody says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// The control socket's name in the folder for such things.
pub(crate) const SOCKET: &str = "peergate.sock";

/// What is served over HTTP, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where.
    pub listen: SocketAddr,
    /// What the API asks for; there for every `listen` that is not a loopback address.
    pub control_token: Option<Redacted<String>>,
    /// Names we answer to, beside addresses and the machine's own.
    pub hosts: Vec<String>,
}

/// The control socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Its file.
    pub path: PathBuf,
    /// Whether somebody has named it, so that the daemon is not to run without. Else it is a convenience.
    pub is_must: bool,
}

pub(super) fn read(
    mut section: Section<'_>,
    purpose: Purpose,
    members: &[Placed],
    outside: &Outside,
) -> (Option<Http>, Option<Socket>) {
    let (listen, place) = section.take_placed("listen", units::listen).unwrap_or((Some(LISTEN), Place::Default));
    let token_file = section.take_placed("control_token_file", units::text);
    let socket = section.take("socket", |value| socket(value, outside)).unwrap_or_else(|| usual_socket(outside));
    let hosts = section.take_list("hosts", host).unwrap_or_default().into_iter().map(|(name, _)| name).collect();
    let control_token = token_file.as_ref().and_then(|(name, place)| {
        outside
            .secret_in_file(name, *place)
            .map_err(|Wrong(what)| section.wrong(*place, "control_token_file", what))
            .ok()
    });
    let controlled_by_all = listen.is_some_and(|listen| !listen.ip().is_loopback()) && token_file.is_none();
    if purpose == Purpose::Daemon && controlled_by_all {
        section.wrong(
            place,
            "listen",
            "expected a loopback address like 127.0.0.1:8080, or a token beside it: others can reach this address, and \
             whoever can may control the daemon; set http.control_token_file (--control-token-file FILE)",
        );
    }
    if listen.is_none() && purpose == Purpose::Relay {
        section.wrong(place, "listen", "expected an address for the relay, got \"none\"");
    } else if listen.is_none() {
        for placed in members.iter().filter(|placed| matches!(placed.member.room, Room::Embedded(_))) {
            let what = "the room is on this process's own relay, which is not there with http.listen = \"none\"; \
                        name a room (--room URL)";
            section.notes().add(placed.room_place, "member.room", what);
        }
    }
    section.finish("[http]");
    let http = listen.map(|listen| Http { listen, control_token, hosts });
    // The relay alone has nothing to control.
    (http, socket.filter(|_| purpose == Purpose::Daemon))
}

/// `auto`, `none`, or a path.
fn socket(value: &Value, outside: &Outside) -> Result<Option<Socket>, Wrong> {
    let what = "the path of a socket, \"auto\" or \"none\"";
    match units::text(value).map_err(|_| Wrong::expected(what, value))?.as_str() {
        "auto" => Ok(usual_socket(outside)),
        "none" => Ok(None),
        path => Ok(Some(Socket { path: outside.path(path, value.place), is_must: true })),
    }
}

/// Where it is when nobody names a place; nowhere, where no folder is meant for such things.
fn usual_socket(outside: &Outside) -> Option<Socket> {
    outside.runtime().map(|folder| Socket { path: folder.join(SOCKET), is_must: false })
}

/// A name without scheme and port.
fn host(value: &Value) -> Result<String, Wrong> {
    let text = units::text(value)?;
    let is_name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let what = "a host's name like \"camera.example\", without scheme and port";
    if is_name { Ok(text) } else { Err(Wrong::expected(what, value)) }
}
