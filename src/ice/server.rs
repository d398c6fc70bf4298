//! STUN and TURN servers, and the URLs they are written as.

use std::{fmt, net::Ipv6Addr};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::redact::Redacted;

/// The ports of RFC 7064 and RFC 7065.
const PORT: u16 = 3478;
/// The same over TLS.
const TLS_PORT: u16 = 5349;
/// The longest DNS name.
const MAX_HOST_BYTES: usize = 253;

/// A server by name or address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Name, IPv4 address, or IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A TURN server and how to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnServer {
    /// Where it is.
    pub server: HostPort,
    /// How it is spoken to.
    pub transport: TurnTransport,
    /// User name, of any characters.
    pub user: Redacted<String>,
    /// Password, of any characters.
    pub password: Redacted<String>,
}

/// How a TURN server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnTransport {
    /// `turn:` with `transport=udp`.
    Udp,
    /// `turn:` with `transport=tcp`.
    Tcp,
    /// `turns:`.
    Tls,
}

/// A text that is no STUN or TURN server. It shows nothing of the text: where a part is forgotten, a password may
/// stand in any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IceUrlError {
    /// Another scheme, or none.
    #[error("expected {expected}, got an address that begins otherwise")]
    Scheme {
        /// The forms that are taken.
        expected: &'static str,
    },
    /// A STUN server with a user.
    #[error("expected stun:HOST:PORT without a user; a server with user and password is a turn: one")]
    UserOfStun,
    /// A TURN server without user or password.
    #[error("expected turn:USER:PASSWORD@HOST:PORT, got no {0}; TURN servers let nobody in without one")]
    Missing(&'static str),
    /// User and password twice.
    #[error("expected an address without user and password, as they are given beside it")]
    TwoUsers,
    /// A `%` that does not begin an escape, or one of bytes that are no text.
    #[error("the {0} holds a % that is no percent-encoded text; write a plain % as %25")]
    Percent(&'static str),
    /// A byte that C strings end at.
    #[error("the {0} holds a NUL character, which no TURN server takes")]
    Nul(&'static str),
    /// Not a host.
    #[error("expected a host name or an address as the server; an IPv6 address stands in [brackets]")]
    Host,
    /// Not a port.
    #[error("expected a port from 1 to 65535 behind the server's name")]
    Port,
    /// Something behind `?` that is not `transport=udp` or `transport=tcp`.
    #[error("expected nothing or ?transport=udp or ?transport=tcp behind the server, got another ?")]
    Query,
    /// DTLS.
    #[error("turns: is TLS over TCP; TURN over DTLS (?transport=udp) is not supported")]
    Dtls,
}

impl HostPort {
    /// Reads `stun:HOST:PORT`; without a port, 3478.
    ///
    /// # Errors
    /// When it is another kind of address.
    pub fn parse_stun(text: &str) -> Result<Self, IceUrlError> {
        let rest = after_scheme(text, "stun").ok_or(IceUrlError::Scheme { expected: "stun:HOST:PORT" })?;
        if rest.contains('@') {
            return Err(IceUrlError::UserOfStun);
        }
        match rest.split_once('?') {
            Some(_) => Err(IceUrlError::Query),
            None => Self::parse(rest, PORT),
        }
    }

    /// The form that `webrtcbin`'s `stun-server` takes. One without slashes is taken and then ignored.
    #[must_use]
    pub fn gst_url(&self) -> String {
        format!("stun://{self}")
    }

    fn parse(text: &str, default_port: u16) -> Result<Self, IceUrlError> {
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() => match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if port.is_empty() => (host, None),
                None => return Err(IceUrlError::Host),
            },
            Some(_) => return Err(IceUrlError::Host),
            None => match text.split_once(':') {
                Some((host, port)) if is_name(host) && !port.contains(':') => (host, Some(port)),
                None if is_name(text) => (text, None),
                _ => return Err(IceUrlError::Host),
            },
        };
        let port = match port {
            None => default_port,
            Some(digits) => match digits.parse() {
                Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => port,
                _ => return Err(IceUrlError::Port),
            },
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl TurnServer {
    /// Reads `turn:USER:PASSWORD@HOST:PORT?transport=udp` (or `tcp`), or `turns:...` for TLS.
    ///
    /// The last `@` ends the password, and the first `:` ends the user, so both may stand raw in a password; a user
    /// with a `:` writes it as `%3A`. Percent-encoding is undone in both.
    ///
    /// # Errors
    /// When it is another kind of address, or has no user or password.
    pub fn parse(text: &str) -> Result<Self, IceUrlError> {
        let (credentials, address) = split_turn(text)?;
        let credentials = credentials.ok_or(IceUrlError::Missing("user and password"))?;
        let (user, password) = credentials.split_once(':').ok_or(IceUrlError::Missing("password"))?;
        Self::checked(address, decoded(user, "user")?, decoded(password, "password")?)
    }

    /// Reads `turn:HOST:PORT?transport=udp`, with `user` and `password` as they are.
    ///
    /// # Errors
    /// When it is another kind of address, or has a user of its own.
    pub fn at(text: &str, user: &str, password: &str) -> Result<Self, IceUrlError> {
        let (credentials, address) = split_turn(text)?;
        if credentials.is_some() {
            return Err(IceUrlError::TwoUsers);
        }
        Self::checked(address, user.to_owned(), password.to_owned())
    }

    /// The form that `webrtcbin`'s `add-turn-server` takes: everything in user and password that is not a letter or a
    /// digit percent-encoded, because it splits at the first raw `:` and takes `+` for a blank.
    #[must_use]
    pub fn gst_url(&self) -> Redacted<String> {
        let encoded = |text: &Redacted<String>| utf8_percent_encode(text.reveal(), NON_ALPHANUMERIC).to_string();
        let (scheme, transport) = match self.transport {
            TurnTransport::Udp => ("turn", "udp"),
            TurnTransport::Tcp => ("turn", "tcp"),
            TurnTransport::Tls => ("turns", "tcp"),
        };
        Redacted::new(format!(
            "{scheme}://{}:{}@{}?transport={transport}",
            encoded(&self.user),
            encoded(&self.password),
            self.server
        ))
    }

    fn checked(address: TurnAddress<'_>, user: String, password: String) -> Result<Self, IceUrlError> {
        let (server, transport) = address.parse()?;
        for (text, what) in [(&user, "user"), (&password, "password")] {
            if text.is_empty() {
                return Err(IceUrlError::Missing(what));
            }
            if text.contains('\0') {
                return Err(IceUrlError::Nul(what));
            }
        }
        Ok(Self { server, transport, user: Redacted::new(user), password: Redacted::new(password) })
    }
}

/// What follows user and password: `HOST:PORT?transport=udp`.
struct TurnAddress<'a> {
    text: &'a str,
    tls: bool,
}

impl TurnAddress<'_> {
    fn parse(&self) -> Result<(HostPort, TurnTransport), IceUrlError> {
        let (server, query) = match self.text.split_once('?') {
            Some((server, query)) => (server, Some(query)),
            None => (self.text, None),
        };
        let transport = match (self.tls, query) {
            (true, None | Some("transport=tcp")) => TurnTransport::Tls,
            (true, Some("transport=udp")) => return Err(IceUrlError::Dtls),
            (false, None | Some("transport=udp")) => TurnTransport::Udp,
            (false, Some("transport=tcp")) => TurnTransport::Tcp,
            (_, Some(_)) => return Err(IceUrlError::Query),
        };
        Ok((HostPort::parse(server, if self.tls { TLS_PORT } else { PORT })?, transport))
    }
}

/// User and password as they are written, if there are any, and the rest.
fn split_turn(text: &str) -> Result<(Option<&str>, TurnAddress<'_>), IceUrlError> {
    let (rest, tls) = match (after_scheme(text, "turns"), after_scheme(text, "turn")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => {
            return Err(IceUrlError::Scheme {
                expected: "turn:USER:PASSWORD@HOST:PORT or turns:USER:PASSWORD@HOST:PORT",
            });
        }
    };
    Ok(match rest.rsplit_once('@') {
        Some((credentials, text)) => (Some(credentials), TurnAddress { text, tls }),
        None => (None, TurnAddress { text: rest, tls }),
    })
}

/// What follows `SCHEME:` or `SCHEME://`. RFC 7065 has no slashes; many write them.
fn after_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(scheme)?.strip_prefix(':')?;
    Some(rest.strip_prefix("//").unwrap_or(rest))
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= MAX_HOST_BYTES
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

fn decoded(text: &str, what: &'static str) -> Result<String, IceUrlError> {
    let is_escape = |rest: &str| rest.as_bytes().get(1..3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if text.match_indices('%').any(|(at, _)| !is_escape(&text[at..])) {
        return Err(IceUrlError::Percent(what));
    }
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    String::from_utf8(bytes).map_err(|_| IceUrlError::Percent(what))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> (String, u16, TurnTransport, String, String) {
        let server = TurnServer::parse(text).unwrap();
        let (user, password) = (server.user.reveal().clone(), server.password.reveal().clone());
        (server.server.host, server.server.port, server.transport, user, password)
    }

    #[test]
    fn turn_servers_with_raw_and_encoded_passwords() {
        for (text, host, port, transport, user, password) in [
            ("turn:ann:pw@turn.example:3478?transport=udp", "turn.example", 3478, TurnTransport::Udp, "ann", "pw"),
            ("turn:ann:pw@turn.example", "turn.example", 3478, TurnTransport::Udp, "ann", "pw"),
            ("turn:ann:pw@turn.example:80?transport=tcp", "turn.example", 80, TurnTransport::Tcp, "ann", "pw"),
            ("turns:ann:pw@turn.example", "turn.example", 5349, TurnTransport::Tls, "ann", "pw"),
            ("turns://ann:pw@turn.example:443?transport=tcp", "turn.example", 443, TurnTransport::Tls, "ann", "pw"),
            ("turn:ann:p@:w?d/+#@[2001:db8::1]:99", "2001:db8::1", 99, TurnTransport::Udp, "ann", "p@:w?d/+#"),
            (
                "turn:1700000000%3Aann:p%40%25+%C3%A4@192.0.2.1",
                "192.0.2.1",
                3478,
                TurnTransport::Udp,
                "1700000000:ann",
                "p@%+ä",
            ),
        ] {
            assert_eq!(parts(text), (host.to_owned(), port, transport, user.to_owned(), password.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_turn_server_says_why_and_shows_no_password() {
        for (text, why) in [
            ("stun:geheim:geheim@h:1", "expected turn:USER"),
            ("turn:h:3478", "no user and password"),
            ("turn:geheim:geheim", "no user and password"),
            ("turn:geheim@h:3478", "no password"),
            ("turn::geheim@h", "no user"),
            ("turn:geheim:@h", "no password"),
            ("turn:u:geheim%@h", "write a plain % as %25"),
            ("turn:u:geheim%ff@h", "write a plain % as %25"),
            ("turn:u:geheim%00@h", "NUL"),
            ("turn:u:geheim@2001:db8::1", "[brackets]"),
            ("turn:u:geheim@[::g]:1", "[brackets]"),
            ("turn:u:geheim@[::1]99", "[brackets]"),
            ("turn:u:geheim@", "host name"),
            ("turn:u:geheim@h ost", "host name"),
            ("turn:u:geheim@h:0", "port"),
            ("turn:u:geheim@h:+1", "port"),
            ("turn:u:geheim@h:99999", "port"),
            ("turn:u:geheim@h?transport=geheim", "got another ?"),
            ("turn:u:pass@geheim!", "host name"),
            ("turn:u:pass@h:geheim", "port"),
            ("turns:u:geheim@h?transport=udp", "DTLS"),
        ] {
            let error = TurnServer::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
            assert!(!error.contains("geheim"), "{text}: {error}");
        }
        assert_eq!(TurnServer::at("turn:u:p@h", "u", "p"), Err(IceUrlError::TwoUsers));
    }

    #[test]
    fn stun_servers() {
        for (text, host, port) in [
            ("stun:stun.l.google.com:19302", "stun.l.google.com", 19302),
            ("stun:192.0.2.1", "192.0.2.1", 3478),
            ("stun://[::1]:5", "::1", 5),
        ] {
            assert_eq!(HostPort::parse_stun(text), Ok(HostPort { host: host.to_owned(), port }), "{text}");
        }
        assert_eq!(HostPort::parse_stun("stun:[::1]").unwrap().gst_url(), "stun://[::1]:3478");
        for text in ["stun.example", "turn:h", "stun:u:p@h", "stun:", "stun:h:", "stun:h?transport=udp", "stun:hä"] {
            assert!(HostPort::parse_stun(text).is_err(), "{text}");
        }
    }

    #[test]
    fn gstreamer_s_form_leaves_nothing_to_guess() {
        let server = TurnServer::at("turn:[::1]:80?transport=tcp", "1700:ann", "p@ss/+:%ä").unwrap();
        assert_eq!(server.gst_url().reveal(), "turn://1700%3Aann:p%40ss%2F%2B%3A%25%C3%A4@[::1]:80?transport=tcp");
        assert_eq!(format!("{server:?}").matches("redacted").count(), 2);
    }

    proptest! {
        #[test]
        fn user_and_password_survive_the_way_to_gstreamer_and_back(user in "[^\0]{1,20}", password in "[^\0]{1,20}") {
            let server = TurnServer::at("turns:turn.example", &user, &password).unwrap();
            let url = server.gst_url();
            prop_assert!(url.reveal().is_ascii());
            prop_assert_eq!(TurnServer::parse(url.reveal()), Ok(server));
        }

        #[test]
        fn no_text_breaks_the_parsers(text in "\\PC*", rest in "(turn|turns|stun):[a%:@?\\[\\]0-9]*") {
            for text in [&text, &rest] {
                let _ = HostPort::parse_stun(text);
                if let Ok(server) = TurnServer::parse(text) {
                    prop_assert_eq!(TurnServer::parse(server.gst_url().reveal()), Ok(server));
                }
            }
        }
    }
}
