//! SRTP (RFC 3711): packets are encrypted for one peer, with the key that DTLS gave.

use rtc_crypto::CryptoError;
use rtc_srtp::{context::Context, protection_profile::ProtectionProfile};

/// Bytes of a master key, and of the salt behind it (RFC 5764, section 4.1.2).
const KEY: usize = 16;
const SALT: usize = 14;

/// Encrypts the packets of one SSRC, or of several that only one thread sends.
pub struct Protection {
    context: Context,
}

/// Packets can't be encrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectionError {
    /// The key is none for AES-128 in counter mode with HMAC-SHA1.
    #[error("an SRTP master key and its salt are {expected} bytes, got {got}", expected = KEY + SALT)]
    Key {
        /// Its bytes.
        got: usize,
    },
    /// The cryptography is not there.
    #[error("no cryptography for SRTP: {0}")]
    Crypto(#[from] CryptoError),
    /// What was given is no packet, or 2^48 were encrypted already.
    #[error("a packet can't be encrypted: {0}")]
    Packet(String),
}

impl Protection {
    /// For a master key with its salt behind it, as AES-128 in counter mode with HMAC-SHA1 and tags of 80 bits wants them.
    ///
    /// # Errors
    /// When the key is not of that length.
    pub fn new(master: &[u8]) -> Result<Self, ProtectionError> {
        let wrong = || ProtectionError::Key { got: master.len() };
        let (key, salt) = master.split_at_checked(KEY).filter(|(_, salt)| salt.len() == SALT).ok_or_else(wrong)?;
        let provider = rtc_crypto::default_provider()?;
        let profile = ProtectionProfile::Aes128CmHmacSha1_80;
        let context = Context::new(key, salt, profile, None, None, provider.crypto());
        Ok(Self { context: context.map_err(|error| ProtectionError::Packet(error.to_string()))? })
    }

    /// An RTP packet, encrypted.
    ///
    /// # Errors
    /// When it is none.
    pub fn rtp(&mut self, packet: &[u8]) -> Result<impl AsMut<[u8]> + Send + use<>, ProtectionError> {
        self.context.encrypt_rtp(packet).map_err(|error| ProtectionError::Packet(error.to_string()))
    }

    /// An RTCP packet, encrypted.
    ///
    /// # Errors
    /// When it is none.
    pub fn rtcp(&mut self, packet: &[u8]) -> Result<impl AsMut<[u8]> + Send + use<>, ProtectionError> {
        self.context.encrypt_rtcp(packet).map_err(|error| ProtectionError::Packet(error.to_string()))
    }
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Protection")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_keeps_its_header_and_gets_a_tag() {
        let mut protection = Protection::new(&[7; 30]).unwrap();
        let packet = b"\x80\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03payload";
        let mut encrypted = protection.rtp(packet).unwrap();
        let encrypted = encrypted.as_mut();
        assert_eq!(encrypted.len(), packet.len() + 10);
        assert_eq!(encrypted[..12], packet[..12]);
        assert_ne!(encrypted[12..19], packet[12..]);
    }

    #[test]
    fn another_key_makes_another_packet() {
        let packet = b"\x80\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03payload";
        let encrypted = |key: u8| Protection::new(&[key; 30]).unwrap().rtp(packet).unwrap().as_mut().to_vec();
        assert_eq!(encrypted(1), encrypted(1));
        assert_ne!(encrypted(1), encrypted(2));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let error = Protection::new(&[7; 32]).unwrap_err();
        assert_eq!(error.to_string(), "an SRTP master key and its salt are 30 bytes, got 32");
    }
}
