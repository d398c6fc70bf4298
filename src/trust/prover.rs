//! The peer's side of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Bond, Fields, Key, NONCE, Side, Unproved, bytes, mac, read, written};

/// A peer that proves that it has the key, and wants the same of the gateway.
#[derive(Debug)]
pub struct Prover {
    key: Key,
    bond: Bond,
    nonce: [u8; NONCE],
    /// The gateway's number, once it has asked.
    theirs: Option<Vec<u8>>,
}

impl Prover {
    /// One that begins now. `nonce` is random, and used for nothing else.
    #[must_use]
    pub const fn new(key: Key, bond: Bond, nonce: [u8; NONCE]) -> Self {
        Self { key, bond, nonce, theirs: None }
    }

    /// Whether the gateway has asked.
    #[must_use]
    pub const fn is_asked(&self) -> bool {
        self.theirs.is_some()
    }

    /// Looks at what the gateway says, and gives what it is told: our proof where it asks, and nothing where it has proved
    /// itself, which is the end.
    ///
    /// # Errors
    /// When it does neither.
    pub fn hear(&mut self, text: &str) -> Result<Option<String>, Unproved> {
        let Fields { nonce, proof, .. } = read(text)?;
        if let Some(theirs) = &self.theirs {
            let proof = bytes(proof)?;
            self.mac(Side::Gateway, theirs).verify_slice(&proof).map_err(|_| Unproved::Wrong)?;
            return Ok(None);
        }
        let theirs = bytes(nonce).ok().filter(|nonce| nonce.len() == NONCE).ok_or(Unproved::NoProof)?;
        let proof = self.mac(Side::Peer, &theirs).finalize().into_bytes();
        self.theirs = Some(theirs);
        let (nonce, proof) = (Some(STANDARD.encode(self.nonce)), Some(STANDARD.encode(proof)));
        Ok(Some(written(Fields { nonce, proof, ..Fields::default() })))
    }

    fn mac(&self, side: Side, theirs: &[u8]) -> Hmac<Sha256> {
        mac(&self.key, &self.bond, side, [theirs, &self.nonce])
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{KEY, bond, handshake, key},
        *,
    };

    fn prover(text: &str) -> Prover {
        Prover::new(key(text), bond(), [2; NONCE])
    }

    #[test]
    fn both_prove_that_they_have_the_key() {
        let (mut gateway, mut peer) = (handshake(), prover(KEY));
        let said = peer.hear(&gateway.challenge().unwrap()).unwrap().unwrap();
        assert_eq!(peer.hear(&gateway.conclude(&said).unwrap()), Ok(None));
    }

    #[test]
    fn a_gateway_without_the_key_is_found_out() {
        let (mut gateway, mut peer) = (handshake(), prover("another key of that length"));
        let said = peer.hear(&gateway.challenge().unwrap()).unwrap().unwrap();
        assert_eq!(gateway.conclude(&said), Err(Unproved::Wrong));
        let own = handshake().conclude(&prover(KEY).hear(&handshake().challenge().unwrap()).unwrap().unwrap());
        assert_eq!(peer.hear(&own.unwrap()), Err(Unproved::Wrong));
    }

    #[test]
    fn what_is_neither_challenge_nor_proof_is_passed_over() {
        let mut peer = prover(KEY);
        for said in ["hello", "{}", "{\"trust\": {}}", "{\"trust\": {\"nonce\": \"AAAA\"}}"] {
            assert_eq!(peer.hear(said), Err(Unproved::NoProof), "{said}");
        }
        let challenge = handshake().challenge().unwrap();
        assert!(peer.hear(&challenge).unwrap().is_some());
        assert_eq!(peer.hear(&challenge), Err(Unproved::NoProof), "it is asked for once");
    }
}
