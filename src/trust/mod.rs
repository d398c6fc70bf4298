//! Trust: a room may have a key, and a peer that is to see anything proves over the data channel that it has it. We prove
//! the same in return, so that a page knows whose pictures it sees.
//!
//! A proof is an HMAC-SHA-256 (RFC 2104) over who the two are, what certificates they showed in DTLS, and a number that
//! each has made up for this once: it is of no use in another connection, nor to a relay that put its own certificate
//! into the descriptions. `docs/signalling.md` has the protocol in words. Pure.

mod prover;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub use self::prover::Prover;
use crate::{ids::PeerId, redact::Redacted, sdp::Fingerprint};

/// What each proof begins with: the protocol and its version.
const PROTOCOL: &str = "peergate trust 1";
/// Bytes of a number that is used once.
const NONCE: usize = 32;
/// The shortest key. Whoever is in the room can try keys on a proof for as long as they like.
const SHORTEST_KEY: usize = 16;

/// The key of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Redacted<String>);

/// A text that is too short for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a key of {SHORTEST_KEY} bytes or more, got {0}; `openssl rand -base64 32` makes one")]
pub struct ShortKey(usize);

impl Key {
    /// Takes the bytes of `text` as the key.
    ///
    /// # Errors
    /// When they are fewer than 16.
    pub fn new(text: Redacted<String>) -> Result<Self, ShortKey> {
        match text.reveal().len() {
            bytes if bytes < SHORTEST_KEY => Err(ShortKey(bytes)),
            _ => Ok(Self(text)),
        }
    }
}

/// What a proof is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bond {
    /// A name for the room, where one key serves several.
    pub room: String,
    /// The gateway's id.
    pub gateway: PeerId,
    /// The peer's.
    pub peer: PeerId,
    /// The certificate that the gateway shows.
    pub gateway_certificate: Fingerprint,
    /// The one that the peer shows.
    pub peer_certificate: Fingerprint,
}

/// The gateway's side of it: a peer that has not proved anything yet.
#[derive(Debug)]
pub struct Handshake {
    key: Key,
    bond: Bond,
    nonce: [u8; NONCE],
    asked: bool,
}

/// A message that proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// It is none of this protocol.
    #[error(
        "expected {{\"trust\": {{\"nonce\": ..., \"proof\": ...}}}} with 32 bytes each in base64, got another message"
    )]
    NoProof,
    /// It was made with another key, or for another connection.
    #[error("expected a proof with the room's key, got one with another key or for another connection")]
    Wrong,
}

/// Who proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who asks for it, and proves itself in return.
    Gateway,
    /// Who is asked.
    Peer,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    trust: Fields,
}

#[derive(Default, Serialize, Deserialize)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    /// For which key is asked. We ask, and are not asked.
    #[serde(skip_deserializing, skip_serializing_if = "String::is_empty")]
    room: String,
}

impl Handshake {
    /// One that begins now. `nonce` is random, and used for nothing else.
    #[must_use]
    pub const fn new(key: Key, bond: Bond, nonce: [u8; NONCE]) -> Self {
        Self { key, bond, nonce, asked: false }
    }

    /// What the peer is sent first, once: our number, and the name of the key that we ask for.
    pub fn challenge(&mut self) -> Option<String> {
        let asked = std::mem::replace(&mut self.asked, true);
        let (nonce, room) = (Some(STANDARD.encode(self.nonce)), self.bond.room.clone());
        (!asked).then(|| written(Fields { nonce, room, ..Fields::default() }))
    }

    /// Looks at what the peer says to that, and gives the last word, our own proof.
    ///
    /// # Errors
    /// When it proves nothing.
    pub fn conclude(&self, text: &str) -> Result<String, Unproved> {
        let Fields { nonce, proof, .. } = read(text)?;
        let (nonce, proof) = (bytes(nonce)?, bytes(proof)?);
        if nonce.len() != NONCE {
            return Err(Unproved::NoProof);
        }
        // In constant time.
        self.mac(Side::Peer, &nonce).verify_slice(&proof).map_err(|_| Unproved::Wrong)?;
        let own = self.mac(Side::Gateway, &nonce).finalize().into_bytes();
        Ok(written(Fields { proof: Some(STANDARD.encode(own)), ..Fields::default() }))
    }

    fn mac(&self, side: Side, theirs: &[u8]) -> Hmac<Sha256> {
        mac(&self.key, &self.bond, side, [&self.nonce, theirs])
    }
}

/// Of the side that proves, with the gateway's number and the peer's.
fn mac(key: &Key, bond: &Bond, side: Side, nonces: [&[u8]; 2]) -> Hmac<Sha256> {
    let side = match side {
        Side::Gateway => "gateway",
        Side::Peer => "peer",
    };
    let Bond { room, gateway, peer, gateway_certificate, peer_certificate } = bond;
    let (gateway_certificate, peer_certificate) = (gateway_certificate.to_string(), peer_certificate.to_string());
    let texts = [PROTOCOL, side, room, gateway.as_str(), peer.as_str(), &gateway_certificate, &peer_certificate];
    let fields = texts.iter().map(|text| text.as_bytes()).chain(nonces);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.0.reveal().as_bytes()).expect("HMAC takes any key");
    for field in fields {
        // Each with its length before it: no two lists of fields make the same bytes.
        mac.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(field);
    }
    mac
}

fn read(text: &str) -> Result<Fields, Unproved> {
    serde_json::from_str::<Wire>(text).map(|wire| wire.trust).map_err(|_| Unproved::NoProof)
}

fn bytes(text: Option<String>) -> Result<Vec<u8>, Unproved> {
    text.and_then(|text| STANDARD.decode(text).ok()).ok_or(Unproved::NoProof)
}

fn written(fields: Fields) -> String {
    serde_json::to_string(&Wire { trust: fields }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::HashAlgorithm;

    pub(super) const KEY: &str = "a key of some length";

    pub(super) fn key(text: &str) -> Key {
        Key::new(Redacted::new(text.to_owned())).unwrap()
    }

    pub(super) fn bond() -> Bond {
        let id = |text| PeerId::new(text).unwrap();
        let certificate = |der: &[u8]| Fingerprint::of(HashAlgorithm::Sha256, der);
        Bond {
            room: "yard".to_owned(),
            gateway: id("gateway"),
            peer: id("page"),
            gateway_certificate: certificate(b"ours"),
            peer_certificate: certificate(b"theirs"),
        }
    }

    pub(super) fn handshake() -> Handshake {
        Handshake::new(key(KEY), bond(), [1; NONCE])
    }

    /// What a peer says that knows `key` and sees the connection as `bond`.
    fn says(side: Side, key: Key, bond: Bond, ours: [u8; NONCE]) -> String {
        let proof = Handshake::new(key, bond, ours).mac(side, &[2; NONCE]).finalize().into_bytes();
        written(Fields {
            nonce: Some(STANDARD.encode([2; NONCE])),
            proof: Some(STANDARD.encode(proof)),
            ..Fields::default()
        })
    }

    #[test]
    fn who_has_the_key_proves_it_and_gets_our_proof() {
        let own = handshake().conclude(&says(Side::Peer, key(KEY), bond(), [1; NONCE])).unwrap();
        let fields = serde_json::from_str::<Wire>(&own).unwrap().trust;
        let proof = STANDARD.decode(fields.proof.unwrap()).unwrap();
        assert!(handshake().mac(Side::Gateway, &[2; NONCE]).verify_slice(&proof).is_ok());
        assert_eq!(fields.nonce, None);
    }

    #[test]
    fn it_is_asked_for_once() {
        let mut handshake = handshake();
        let asked = handshake.challenge().unwrap();
        let nonce = STANDARD.encode([1; NONCE]);
        assert_eq!(asked, format!("{{\"trust\":{{\"nonce\":\"{nonce}\",\"room\":\"yard\"}}}}"));
        assert_eq!(handshake.challenge(), None);
        let nameless = Bond { room: String::new(), ..bond() };
        let asked = Handshake::new(key(KEY), nameless, [1; NONCE]).challenge().unwrap();
        assert_eq!(asked, format!("{{\"trust\":{{\"nonce\":\"{nonce}\"}}}}"));
    }

    #[test]
    fn a_proof_is_of_no_use_elsewhere() {
        let id = |text| PeerId::new(text).unwrap();
        let other = Fingerprint::of(HashAlgorithm::Sha256, b"a relay's own");
        let elsewhere = [
            Bond { room: "house".to_owned(), ..bond() },
            Bond { gateway: id("page"), peer: id("gateway"), ..bond() },
            Bond { peer: id("pag"), ..bond() },
            Bond { gateway_certificate: other.clone(), ..bond() },
            Bond { peer_certificate: other, ..bond() },
        ];
        for bond in elsewhere {
            let said = says(Side::Peer, key(KEY), bond.clone(), [1; NONCE]);
            assert_eq!(handshake().conclude(&said), Err(Unproved::Wrong), "{bond:?}");
        }
        let wrong = [
            says(Side::Peer, key("another key of that length"), bond(), [1; NONCE]),
            says(Side::Peer, key(KEY), bond(), [3; NONCE]),
            says(Side::Gateway, key(KEY), bond(), [1; NONCE]),
        ];
        for said in wrong {
            assert_eq!(handshake().conclude(&said), Err(Unproved::Wrong), "{said}");
        }
    }

    #[test]
    fn what_is_none_is_told_from_what_is_wrong() {
        let nonce = STANDARD.encode([2; NONCE]);
        for said in [
            "",
            "hello",
            "{}",
            "{\"trust\": {}}",
            "{\"trust\": {\"proof\": \"AAAA\"}}",
            "{\"trust\": {\"nonce\": \"AAAA\", \"proof\": \"AAAA\"}}",
            "{\"trust\": {\"nonce\": 7, \"proof\": []}}",
        ] {
            assert_eq!(handshake().conclude(said), Err(Unproved::NoProof), "{said}");
        }
        let cut = format!("{{\"trust\": {{\"nonce\": \"{nonce}\", \"proof\": \"AAAA\"}}}}");
        assert_eq!(handshake().conclude(&cut), Err(Unproved::Wrong));
    }

    #[test]
    fn a_password_is_no_key() {
        let short = Key::new(Redacted::new("hunter2".to_owned())).unwrap_err();
        assert!(short.to_string().contains("16 bytes or more, got 7"), "{short}");
    }
}
