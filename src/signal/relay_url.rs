//! The address of a relay.

use std::{fmt, str::FromStr};

use base64::Engine;
use http::HeaderValue;
use url::Url;

use crate::redact::Redacted;

/// A `ws://` or `wss://` address. What may be secret in it (user, password, query) never shows: `Display`
/// and `Debug` leave it out.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayUrl(Redacted<Url>);

/// Why a text is not the address of a relay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayUrlError {
    /// No URL at all.
    #[error("expected an address like wss://relay.example/room, got something that is no URL: {0}")]
    NotAUrl(url::ParseError),
    /// Another scheme.
    #[error("expected ws:// or wss://, got {got}://{hint}")]
    Scheme {
        /// What came.
        got: String,
        /// What was probably meant.
        hint: &'static str,
    },
    /// `#...`, which never reaches a server.
    #[error("expected an address without #fragment; write a # that belongs to the path or query as %23")]
    Fragment,
}

impl RelayUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is not a `ws://` or `wss://` URL.
    pub fn parse(text: &str) -> Result<Self, RelayUrlError> {
        let url = Url::parse(text).map_err(RelayUrlError::NotAUrl)?;
        let hint = match url.scheme() {
            "ws" | "wss" => "",
            "http" => "; a relay is spoken to over ws://",
            "https" => "; a relay is spoken to over wss://",
            _ => "; an address looks like wss://relay.example/room",
        };
        if !hint.is_empty() {
            return Err(RelayUrlError::Scheme { got: url.scheme().to_owned(), hint });
        }
        if url.fragment().is_some() {
            return Err(RelayUrlError::Fragment);
        }
        Ok(Self(Redacted::new(url)))
    }

    /// Whether the connection is to be encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.url().scheme() == "wss"
    }

    /// The server's name or address, IPv6 ones without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.url().host_str().expect("ws and wss URLs have a host, else they do not parse");
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url().port_or_known_default().expect("ws and wss have default ports")
    }

    /// The address for the handshake's request: without user and password.
    pub(super) fn for_request(&self) -> String {
        let mut url = self.url().clone();
        strip_credentials(&mut url);
        url.into()
    }

    /// User and password as an `Authorization` header, if the address has any.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let url = self.url();
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let mut credentials: Vec<u8> = percent_encoding::percent_decode_str(url.username()).collect();
        credentials.push(b':');
        credentials.extend(percent_encoding::percent_decode_str(url.password().unwrap_or_default()));
        let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
        let mut value = HeaderValue::try_from(value).expect("base64 is plain ASCII");
        value.set_sensitive(true);
        Some(value)
    }

    const fn url(&self) -> &Url {
        self.0.reveal()
    }
}

impl FromStr for RelayUrl {
    type Err = RelayUrlError;
    fn from_str(text: &str) -> Result<Self, RelayUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url().clone();
        strip_credentials(&mut url);
        url.set_query(None);
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn strip_credentials(url: &mut Url) {
    // Both only fail for URLs without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_does_not_show() {
        let url = RelayUrl::parse("wss://ann:s%20e:cret@relay.example:9443/room?token=hidden").unwrap();
        assert_eq!(url.to_string(), "wss://relay.example:9443/room");
        assert_eq!(format!("{url:?}"), "wss://relay.example:9443/room");
    }

    #[test]
    fn user_and_password_become_a_header_and_the_query_stays() {
        let url = RelayUrl::parse("wss://ann:s%20e:cret@relay.example/room?token=hidden").unwrap();
        assert_eq!(url.for_request(), "wss://relay.example/room?token=hidden");
        // "ann:s e:cret"
        assert_eq!(url.authorization().unwrap(), "Basic YW5uOnMgZTpjcmV0");
        assert_eq!(RelayUrl::parse("ws://relay.example").unwrap().authorization(), None);
    }

    #[test]
    fn host_and_port_are_what_is_connected_to() {
        for (text, host, port, tls) in [
            ("ws://relay.example/room", "relay.example", 80, false),
            ("wss://relay.example", "relay.example", 443, true),
            ("ws://[::1]:8080/signal", "::1", 8080, false),
        ] {
            let url = RelayUrl::parse(text).unwrap();
            assert_eq!((url.host(), url.port(), url.is_tls()), (host, port, tls));
        }
    }

    #[test]
    fn what_is_no_relay_s_address_is_said_in_words() {
        for (text, error) in [
            (
                "relay.example/room",
                "expected an address like wss://relay.example/room, got something that is no URL: relative URL without a base",
            ),
            ("http://relay.example", "expected ws:// or wss://, got http://; a relay is spoken to over ws://"),
            ("https://relay.example", "expected ws:// or wss://, got https://; a relay is spoken to over wss://"),
            (
                "mqtt://relay.example",
                "expected ws:// or wss://, got mqtt://; an address looks like wss://relay.example/room",
            ),
            ("ws://", "expected an address like wss://relay.example/room, got something that is no URL: empty host"),
            (
                "ws://relay.example/#room",
                "expected an address without #fragment; write a # that belongs to the path or query as %23",
            ),
        ] {
            assert_eq!(RelayUrl::parse(text).unwrap_err().to_string(), error, "{text}");
        }
    }
}
