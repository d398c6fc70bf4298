//! Where a daemon is asked.

use std::{env, fmt, path::PathBuf};

use url::Url;

use super::error::CtlError;
use crate::config::{SOCKET, runtime_folder};

/// Where Debian's unit has its socket (`RuntimeDirectory=peergate`).
const OF_THE_SYSTEM: &str = "/run/peergate";

/// Where a daemon is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// Through the first of the sockets in these files that somebody listens at; at least one.
    Sockets(Vec<PathBuf>),
    /// Over TCP.
    Server(ServerUrl),
}

/// A daemon's HTTP server: `https://HOST:PORT`, or `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    is_tls: bool,
    host: String,
    port: u16,
}

impl ServerUrl {
    /// Takes `text` as an address.
    ///
    /// # Errors
    /// In words, when it is not one of this kind.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected https://HOST:PORT or http://HOST:PORT, got {text:?}");
        let url = Url::parse(text).map_err(|_| expected())?;
        let (is_tls, usual_port) = match url.scheme() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return Err(expected()),
        };
        let is_bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
        match url.host_str() {
            Some(host) if is_bare => {
                // An address in brackets is connected to without them.
                let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
                Ok(Self { is_tls, host, port: url.port().unwrap_or(usual_port) })
            }
            _ => Err(expected()),
        }
    }

    /// Whether it is spoken to over TLS.
    pub(super) const fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn host_and_port(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

impl Address {
    /// The socket that is named, else the usual ones that are there.
    pub(super) fn of_socket(named: Option<&str>) -> Result<Self, CtlError> {
        match named.filter(|named| !named.is_empty()) {
            Some("none") => Err(CtlError::Misused(
                "the socket is \"none\" (--socket, PEERGATE_SOCKET): name one, or ask over TCP with --url".to_owned(),
            )),
            Some(path) if path != "auto" => Ok(Self::Sockets(vec![path.into()])),
            _ => Self::usual(runtime_folder(|name| env::var(name).ok()).into_iter()),
        }
    }

    fn usual(folders: impl Iterator<Item = PathBuf>) -> Result<Self, CtlError> {
        let places: Vec<_> = folders.chain([OF_THE_SYSTEM.into()]).map(|folder: PathBuf| folder.join(SOCKET)).collect();
        // One that may not be looked at is there, for all we know: who connects is told.
        let there: Vec<_> = places.iter().filter(|path| path.try_exists().unwrap_or(true)).cloned().collect();
        if there.is_empty() {
            return Err(CtlError::NoSocket(list(&places)));
        }
        Ok(Self::Sockets(there))
    }

    /// What a request has as its `Host`.
    pub(super) fn host(&self) -> String {
        match self {
            Self::Sockets(_) => "localhost".to_owned(),
            Self::Server(url) => url.to_string(),
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            host if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sockets(paths) => f.write_str(&list(paths)),
            Self::Server(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn addresses_of_servers_are_plain() {
        for (text, shown) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://camera.example/", "camera.example:80"),
            ("https://camera.example", "camera.example:443"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(ServerUrl::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(ServerUrl::parse("http://[::1]:8080").unwrap().host_and_port(), ("::1", 8080));
        assert!(
            ServerUrl::parse("https://a:8080").unwrap().is_tls() && !ServerUrl::parse("http://a:443").unwrap().is_tls()
        );
        for text in ["127.0.0.1:8080", "http://a@b", "https://a/api", "http://a?b", "ws://a"] {
            assert!(ServerUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_sockets_that_are_there_are_asked() {
        let (empty, used) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let socket = used.path().join(SOCKET);
        fs::write(&socket, "").unwrap();
        let folders = || [empty.path().to_owned(), used.path().to_owned()].into_iter();
        assert_eq!(Address::usual(folders()).unwrap(), Address::Sockets(vec![socket.clone()]));
        fs::remove_file(socket).unwrap();
        let told = Address::usual(folders()).unwrap_err().to_string();
        assert!(told.contains(&format!("{}/{SOCKET} or ", empty.path().display())), "{told}");
    }
}
