//! SRTP (RFC 3711): packets are encrypted for one peer, with the key that DTLS gave.

use rtc_crypto::CryptoError;
use rtc_srtp::{context::Context, option::srtcp_replay_protection, protection_profile::ProtectionProfile};

/// Bytes of a master key, and of the salt behind it (RFC 5764, section 4.1.2).
const KEY: usize = 16;
const SALT: usize = 14;

/// Encrypts the packets of one stream, and of what of it is sent again.
pub struct Protection {
    context: Context,
}

/// Decrypts the RTCP of one peer.
pub struct Unprotection {
    master: Vec<u8>,
    context: Context,
    /// Those whose packets were genuine.
    sources: Vec<u32>,
    /// Packets of others that were not. The library remembers each source, before it knows that.
    made_up: usize,
}

/// How many SSRCs may report: a browser has one for each thing that it sends, and one more.
const MAX_SOURCES: usize = 16;

/// How many made-up sources the library may remember before it begins anew, and forgets which packets came before.
const MAX_MADE_UP: usize = 256;

/// Bytes behind an encrypted RTCP packet: whether it is encrypted and its index, and the tag (RFC 3711, section 3.4).
const TRAILER: usize = 4 + 10;

/// How far behind the latest a packet may be (RFC 3711, section 3.3.2).
const REPLAY_WINDOW: usize = 64;

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
        Ok(Self { context: context(master)? })
    }

    /// An RTP packet, encrypted.
    ///
    /// # Errors
    /// When it is none.
    pub fn rtp(&mut self, packet: &[u8]) -> Result<impl AsRef<[u8]> + use<>, ProtectionError> {
        self.context.encrypt_rtp(packet).map_err(|error| ProtectionError::Packet(error.to_string()))
    }

    /// An RTCP packet, encrypted.
    ///
    /// # Errors
    /// When it is none.
    pub fn rtcp(&mut self, packet: &[u8]) -> Result<impl AsRef<[u8]> + use<>, ProtectionError> {
        self.context.encrypt_rtcp(packet).map_err(|error| ProtectionError::Packet(error.to_string()))
    }
}

impl Unprotection {
    /// For a master key with its salt behind it, as for [`Protection::new`].
    ///
    /// # Errors
    /// When the key is not of that length.
    pub fn new(master: &[u8]) -> Result<Self, ProtectionError> {
        Ok(Self { master: master.to_vec(), context: context(master)?, sources: Vec::new(), made_up: 0 })
    }

    /// An RTCP packet, decrypted; `None` where it is not genuine, came before, or comes from one source too many.
    pub fn rtcp(&mut self, packet: &[u8]) -> Option<impl AsRef<[u8]> + use<>> {
        // One that says it is not encrypted the library takes for genuine, whatever its tag.
        let says_encrypted = packet.get(packet.len().checked_sub(TRAILER)?)? & 0x80 != 0;
        if !says_encrypted {
            return None;
        }
        let source = u32::from_be_bytes(*packet.get(4..)?.first_chunk()?);
        let known = self.sources.contains(&source);
        if !known && self.sources.len() == MAX_SOURCES {
            return None;
        }
        let decrypted = self.context.decrypt_rtcp(packet).ok();
        match decrypted {
            Some(_) if !known => self.sources.push(source),
            None if !known => self.reject()?,
            _ => {}
        }
        decrypted
    }

    fn reject(&mut self) -> Option<()> {
        self.made_up += 1;
        if self.made_up == MAX_MADE_UP {
            self.made_up = 0;
            self.context = context(&self.master).ok()?;
        }
        Some(())
    }
}

impl std::fmt::Debug for Unprotection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unprotection")
    }
}

fn context(master: &[u8]) -> Result<Context, ProtectionError> {
    let wrong = || ProtectionError::Key { got: master.len() };
    let (key, salt) = master.split_at_checked(KEY).filter(|(_, salt)| salt.len() == SALT).ok_or_else(wrong)?;
    let provider = rtc_crypto::default_provider()?;
    let (profile, replays) = (ProtectionProfile::Aes128CmHmacSha1_80, srtcp_replay_protection(REPLAY_WINDOW));
    let context = Context::new(key, salt, profile, None, Some(replays), provider.crypto());
    context.map_err(|error| ProtectionError::Packet(error.to_string()))
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Protection")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rtp::{Ntp, SenderInfo};

    #[test]
    fn a_packet_keeps_its_header_and_gets_a_tag() {
        let mut protection = Protection::new(&[7; 30]).unwrap();
        let packet = b"\x80\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03payload";
        let encrypted = protection.rtp(packet).unwrap();
        let encrypted = encrypted.as_ref();
        assert_eq!(encrypted.len(), packet.len() + 10);
        assert_eq!(encrypted[..12], packet[..12]);
        assert_ne!(encrypted[12..19], packet[12..]);
    }

    #[test]
    fn another_key_makes_another_packet() {
        let packet = b"\x80\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03payload";
        let encrypted = |key: u8| Protection::new(&[key; 30]).unwrap().rtp(packet).unwrap().as_ref().to_vec();
        assert_eq!(encrypted(1), encrypted(1));
        assert_ne!(encrypted(1), encrypted(2));
    }

    #[test]
    fn a_report_is_read_once_and_only_as_it_was_sent() {
        let report = SenderInfo { ssrc: 3, at: Ntp(1), timestamp: 2, packets: 3, bytes: 4, cname: "me" };
        let report = report.to_packet().unwrap();
        let encrypted = Protection::new(&[7; 30]).unwrap().rtcp(&report).unwrap().as_ref().to_vec();
        let mut reader = Unprotection::new(&[7; 30]).unwrap();
        let mut changed = encrypted.clone();
        changed[9] ^= 1;
        assert!(reader.rtcp(&changed).is_none());
        assert_eq!(reader.rtcp(&encrypted).unwrap().as_ref(), report);
        assert!(reader.rtcp(&encrypted).is_none(), "it came before");
        assert!(Unprotection::new(&[8; 30]).unwrap().rtcp(&encrypted).is_none(), "another key");
    }

    #[test]
    fn made_up_sources_don_t_keep_others_out() {
        let mut reader = Unprotection::new(&[7; 30]).unwrap();
        for source in 0..3 * MAX_MADE_UP as u32 {
            let mut packet = vec![0x80, 200, 0, 1];
            packet.extend(source.to_be_bytes());
            packet.resize(64, 0xff);
            assert!(reader.rtcp(&packet).is_none());
        }
        assert!(reader.sources.is_empty() && reader.made_up < MAX_MADE_UP);
        let report = SenderInfo { ssrc: 3, at: Ntp(1), timestamp: 2, packets: 3, bytes: 4, cname: "me" };
        let report = report.to_packet().unwrap();
        let genuine = Protection::new(&[7; 30]).unwrap().rtcp(&report).unwrap().as_ref().to_vec();
        assert!(reader.rtcp(&genuine).is_some());
    }

    #[test]
    fn a_packet_that_says_it_is_not_encrypted_is_not_genuine() {
        let mut packet = vec![0x80, 200, 0, 1, 0, 0, 0, 7];
        packet.resize(64, 0);
        assert!(Unprotection::new(&[7; 30]).unwrap().rtcp(&packet).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(packet: Vec<u8>) {
            let _ = Unprotection::new(&[7; 30]).unwrap().rtcp(&packet);
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let error = Protection::new(&[7; 32]).unwrap_err();
        assert_eq!(error.to_string(), "an SRTP master key and its salt are 30 bytes, got 32");
    }
}
