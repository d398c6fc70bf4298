//! Which requests may come in at all. A browser sends requests on behalf of any page its user has open;
//! these checks keep the pages of others out.
//!
//! - `Host` must be a name of this machine: a page whose own name was made to point at us (DNS rebinding)
//!   says that name.
//! - `Origin` must be the server that is asked: another page says its own.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header, uri::Authority};
use rustix::system::uname;
use url::Url;

/// The names this server answers to, beside addresses and `localhost`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts {
    names: Vec<String>,
    /// Whether the machine's own are among them, whatever they are when somebody asks.
    own: bool,
}

/// The pages that may use the relay, beside the server's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(Vec<String>);

/// Why a request may not come in. Its text is for whoever looks at the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("expected one Host header with a name or an address")]
    NoHost,
    #[error("this server does not answer to the name {0}")]
    Host(String),
    #[error("pages of {0} may not use this server")]
    Origin(String),
}

impl Hosts {
    /// Also answers to `names`: `camera.example`, without scheme or port. Case does not matter.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self { names: names.into_iter().map(|name| name.to_ascii_lowercase()).collect(), own: false }
    }

    /// Also answers to the machine's own name: whole, without its domain, and as the local network knows it (RFC 6762).
    /// It may get another while this runs.
    #[must_use]
    pub fn and_own_name(self) -> Self {
        Self { own: true, ..self }
    }

    /// All of these names as they are now, each once.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = self.names.clone();
        if self.own {
            let own = uname().nodename().to_string_lossy().to_ascii_lowercase();
            let short = own.split('.').next().unwrap_or_default().to_owned();
            if !short.is_empty() {
                names.extend([format!("{short}.local"), short, own]);
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn hold(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        // An address cannot be rebound: its browser asks for that address because somebody wrote it.
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        let local = address || name == "localhost" || name.ends_with(".localhost");
        local || self.names.contains(&name) || self.own && is_name_of(&name, &uname().nodename().to_string_lossy())
    }
}

impl Origins {
    /// Also lets pages of `origins` in: `https://page.example`; `*` for all.
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(origins.into_iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect())
    }

    fn hold(&self, origin: &str) -> bool {
        self.0.iter().any(|own| own == "*" || own.eq_ignore_ascii_case(origin))
    }
}

/// Whether a machine that is called `own` goes by `name`, in small letters.
fn is_name_of(name: &str, own: &str) -> bool {
    let own = own.to_ascii_lowercase();
    let short = own.split('.').next().unwrap_or_default();
    !short.is_empty() && (name == own || name.strip_suffix(".local").unwrap_or(name) == short)
}

/// Whether the request asks for a name of this server.
pub(crate) fn check_host(headers: &HeaderMap, uri: &Uri, hosts: &Hosts) -> Result<(), Refused> {
    match authority(headers, uri) {
        Some(authority) if hosts.hold(authority.host()) => Ok(()),
        Some(authority) => Err(Refused::Host(shown(authority.as_str()))),
        None => Err(Refused::NoHost),
    }
}

/// Whether the request comes from a page of this server, of `others`, or from no page at all.
pub(crate) fn check_origin(headers: &HeaderMap, uri: &Uri, others: &Origins) -> Result<(), Refused> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let text = String::from_utf8_lossy(origin.as_bytes());
    let single = origins.next().is_none();
    let same = authority(headers, uri).is_some_and(|authority| is_same(&text, &authority));
    if single && (same || others.hold(&text)) { Ok(()) } else { Err(Refused::Origin(shown(&text))) }
}

/// The server that the request asks for.
fn authority(headers: &HeaderMap, uri: &Uri) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let authority = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Authority::try_from(host.as_bytes()).ok()?,
        (Some(_), Some(_)) => return None,
        // An absolute request names it in the address.
        (None, _) => uri.authority()?.clone(),
    };
    let host_and_port = match authority.port_u16() {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    };
    // Nothing else: no user, no port that is none.
    (authority.as_str() == host_and_port).then_some(authority)
}

/// An `Origin` has scheme, host and port; `Host` has host and port. A proxy may end TLS before us, so the
/// scheme only says which port is meant when none is written.
fn is_same(origin: &str, authority: &Authority) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let default = match origin.scheme() {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let same_host = origin.host_str().is_some_and(|own| own.eq_ignore_ascii_case(authority.host()));
    same_host && origin.port().unwrap_or(default) == authority.port_u16().unwrap_or(default)
}

/// Cut and without control characters: it goes into answers and logs.
fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::try_from(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::try_from(origin).unwrap());
        }
        headers
    }

    fn answers_to(host: &str) -> bool {
        let hosts = Hosts::new(["Camera.Example".to_owned()]);
        check_host(&headers(host, None), &Uri::from_static("/"), &hosts).is_ok()
    }

    fn lets_in(host: &str, origin: &str, others: &[&str]) -> bool {
        let others = Origins::new(others.iter().map(ToString::to_string));
        check_origin(&headers(host, Some(origin)), &Uri::from_static("/"), &others).is_ok()
    }

    #[test]
    fn it_answers_to_addresses_localhost_and_its_names() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "192.0.2.7:8080",
            "[::1]",
            "[::1]:8080",
            "localhost:8080",
            "localhost.",
            "a.localhost",
            "camera.example",
            "CAMERA.example:443",
        ] {
            assert!(answers_to(host), "{host}");
        }
    }

    #[test]
    fn it_answers_to_the_machine_s_own_names() {
        for (own, name) in [
            ("pi", "pi"),
            ("Pi", "pi.local"),
            ("pi.home.example", "pi.home.example"),
            ("pi.home.example", "pi.local"),
            ("pi.home.example", "pi"),
            ("pi.local", "pi.local"),
        ] {
            assert!(is_name_of(name, own), "{own}: {name}");
        }
        for (own, name) in [
            ("pi", "pi.example"),
            ("pi", "pi.local.local"),
            ("pi.home.example", "home.example"),
            ("pi.home.example", "pi.home"),
            ("", ""),
            ("", ".local"),
        ] {
            assert!(!is_name_of(name, own), "{own}: {name}");
        }
        let machine = uname().nodename().to_string_lossy().into_owned();
        assert!(check_host(&headers(&machine, None), &Uri::from_static("/"), &Hosts::default().and_own_name()).is_ok());
    }

    #[test]
    fn it_does_not_answer_to_names_of_others() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            ":8080",
            "2130706433.example",
        ] {
            assert!(!answers_to(host), "{host}");
        }
    }

    #[test]
    fn pages_of_the_same_server_are_let_in() {
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost", "http://localhost"),
            ("localhost:80", "http://localhost"),
            ("camera.example", "https://camera.example"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(lets_in(host, origin, &[]), "{host} {origin}");
        }
    }

    #[test]
    fn pages_of_others_are_kept_out() {
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:3000"),
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("127.0.0.1:8080", "http://127.0.0.1"),
            ("127.0.0.1:8080", "https://evil.example"),
            ("127.0.0.1:8080", "null"),
            ("127.0.0.1:8080", "file://"),
            ("127.0.0.1:8080", ""),
            ("localhost", "https://localhost:80"),
        ] {
            assert!(!lets_in(host, origin, &["https://page.example"]), "{host} {origin}");
        }
    }

    #[test]
    fn more_origins_can_be_let_in() {
        assert!(lets_in("127.0.0.1:8080", "https://page.example", &["https://Page.example/"]));
        assert!(lets_in("127.0.0.1:8080", "https://any.example", &["*"]));
    }

    #[test]
    fn a_request_without_a_page_is_let_in() {
        assert!(check_origin(&headers("127.0.0.1", None), &Uri::from_static("/"), &Origins::default()).is_ok());
    }

    #[test]
    fn two_origins_are_one_too_many() {
        let mut headers = headers("localhost", Some("http://localhost"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost"));
        assert!(check_origin(&headers, &Uri::from_static("/"), &Origins::default()).is_err());
    }
}
