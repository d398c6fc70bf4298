//! `[http]`: what is served over HTTP, where, and to whom.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{
    members::{Placed, Room},
    outside::{Noted, Outside},
    problem::Place,
    section::{Section, Wrong},
    settings::Purpose,
    tree::Value,
    units,
};
use crate::{
    server::Hosts,
    tls::{Identity, Own},
    token::Token,
};

/// Where HTTP is when nobody says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// The control socket's name in the folder for such things.
pub(crate) const SOCKET: &str = "peergate.sock";

/// What is served over HTTP, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where.
    pub listen: SocketAddr,
    /// What is shown where TLS is spoken; `None` for HTTP as it is.
    pub identity: Option<Identity>,
    /// What the API asks for; there for every `listen` that is not a loopback address.
    pub control_token: Option<Token>,
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
    warnings: &mut Vec<String>,
) -> (Option<Http>, Option<Socket>) {
    let (listen, place) = section.take_placed("listen", units::listen).unwrap_or((Some(LISTEN), Place::Default));
    let token_file = section.take_placed("control_token_file", units::text);
    let socket = section.take("socket", |value| socket(value, outside)).unwrap_or_else(|| usual_socket(outside));
    let hosts =
        section.take_list("hosts", host).unwrap_or_default().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let identity = identity(&mut section, &hosts, outside, warnings);
    let control_token = token_file.as_ref().and_then(|(name, place)| {
        let secret = outside.secret_in_file(name, *place);
        let token = secret.and_then(|secret| Token::new(&secret).map_err(|error| Wrong(format!("{name}: {error}"))));
        token.map_err(|Wrong(what)| section.wrong(*place, "control_token_file", what)).ok()
    });
    let is_open = purpose == Purpose::Daemon && listen.is_some_and(|listen| !listen.ip().is_loopback());
    if is_open && token_file.is_none() {
        section.wrong(
            place,
            "listen",
            "expected a loopback address like 127.0.0.1:8080, or a token beside it: others can reach this address, and \
             whoever can may control the daemon; set http.control_token_file (--control-token-file FILE)",
        );
    } else if is_open && identity == Ok(None) {
        warnings.push(
            "http.listen can be reached by others, and without http.certificate they get page and relay alone: only programs \
             of this machine are let at the API and the dashboard; certificate = \"self-signed\" (--certificate \
             self-signed) makes one"
                .to_owned(),
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
    let identity = identity.unwrap_or_default();
    let http = listen.map(|listen| Http { listen, identity, control_token, hosts });
    // The relay alone has nothing to control.
    (http, socket.filter(|_| purpose == Purpose::Daemon))
}

/// `none`, `self-signed`, or the path of a certificate, with the `key` beside it. What is wrong is noted, and is not `None`.
fn identity(
    section: &mut Section<'_>,
    hosts: &[String],
    outside: &Outside,
    warnings: &mut Vec<String>,
) -> Result<Option<Identity>, Noted> {
    let certificate = section.take_placed("certificate", units::text);
    let key = section.take_placed("key", units::text);
    let file = |(name, place): (String, Place)| outside.credential(&name, place);
    match (certificate, key) {
        (Some((word, place)), key) if word == "self-signed" => {
            if let Some((_, place)) = key {
                section.wrong(
                    place,
                    "key",
                    "expected none beside certificate = \"self-signed\", which has one of its own",
                );
            }
            let Some(folder) = outside.state() else {
                let what = "expected a folder for a certificate of our own, got none: neither STATE_DIRECTORY nor \
                            XDG_STATE_HOME nor HOME is set";
                section.wrong(place, "certificate", what);
                return Err(Noted);
            };
            let names = Hosts::new(hosts.to_vec()).and_own_name().names();
            Ok(Some(Identity::Own(Own { folder, names })))
        }
        (Some(named), key) if named.0 != "none" => {
            let certificate = file(named);
            let key = key.map_or_else(|| certificate.clone(), file);
            Ok(Some(Identity::Files { certificate, key }))
        }
        (_, key) => {
            warnings.extend(key.map(|_| "http.key is of no use without http.certificate".to_owned()));
            Ok(None)
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, parse};

    fn http(text: &str) -> Result<Settings, String> {
        parse(&format!("[http]\n{text}")).map_err(|problems| problems.to_string())
    }

    fn identity(text: &str) -> Option<Identity> {
        http(text).unwrap().http.unwrap().identity
    }

    #[test]
    fn a_certificate_has_its_key_beside_it_or_in_its_own_file() {
        let files =
            |certificate: &str, key: &str| Some(Identity::Files { certificate: certificate.into(), key: key.into() });
        assert_eq!(identity("certificate = 'c.pem'\nkey = 'k.pem'"), files("c.pem", "k.pem"));
        assert_eq!(identity("certificate = 'both.pem'"), files("both.pem", "both.pem"));
        assert_eq!(identity("certificate = 'none'"), None);
        assert_eq!(identity(""), None);
    }

    #[test]
    fn one_of_our_own_needs_a_folder_and_no_key() {
        let wrong = http("certificate = 'self-signed'\nkey = 'k.pem'").unwrap_err();
        assert!(wrong.contains("http.key: expected none") && wrong.contains("neither STATE_DIRECTORY nor"), "{wrong}");
    }

    #[test]
    fn a_key_alone_is_of_no_use() {
        assert_eq!(http("key = 'k.pem'").unwrap().warnings, ["http.key is of no use without http.certificate"]);
    }

    #[test]
    fn others_are_let_at_the_api_with_a_token_and_tls_alone() {
        let wrong = |text: &str| http(&format!("listen = '0.0.0.0:8080'\n{text}")).unwrap_err();
        assert!(wrong("certificate = 'both.pem'").contains("expected a loopback address"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("peergate.toml");
        std::fs::write(folder.path().join("token"), "a s3cret of 16 characters".replace(' ', "-")).unwrap();
        let warned = |text: &str| {
            let text = format!("[http]\nlisten = '0.0.0.0:8080'\ncontrol_token_file = 'token'\n{text}");
            std::fs::write(&file, text).unwrap();
            let settings = crate::config::load(Some(&file), Purpose::Daemon, &Default::default(), &[]).unwrap();
            settings.warnings.iter().any(|warning| warning.contains("they get page and relay alone"))
        };
        assert!(warned(""));
        assert!(!warned("certificate = 'both.pem'"));
    }
}
