//! A certificate's hash, as it stands in `a=fingerprint`.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256, Sha384, Sha512};

/// A certificate's hash, as in `a=fingerprint` (RFC 8122).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub bytes: Vec<u8>,
}

/// The hash functions that are taken in `a=fingerprint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A text that is no fingerprint of a hash function that is taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFingerprint {
    /// Another hash function: it may stand beside one that is taken.
    #[error("expected sha-256, sha-384 or sha-512")]
    Algorithm,
    /// Not as many bytes as the hash has, or not in hex with colons.
    #[error("expected as many hex bytes with colons between them as the hash has")]
    Bytes,
}

impl Fingerprint {
    /// The hash of the certificate `der`.
    #[must_use]
    pub fn of(algorithm: HashAlgorithm, der: &[u8]) -> Self {
        let bytes = match algorithm {
            HashAlgorithm::Sha256 => Sha256::digest(der).to_vec(),
            HashAlgorithm::Sha384 => Sha384::digest(der).to_vec(),
            HashAlgorithm::Sha512 => Sha512::digest(der).to_vec(),
        };
        Self { algorithm, bytes }
    }

    /// Whether `der` is the certificate that this is the hash of.
    #[must_use]
    pub fn is_of(&self, der: &[u8]) -> bool {
        *self == Self::of(self.algorithm, der)
    }
}

impl HashAlgorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// As in `a=fingerprint`, in the upper case that webrtcbin compares with.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())?;
        for (at, byte) in self.bytes.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;
    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let (name, hash) = text.split_once(' ').ok_or(InvalidFingerprint::Bytes)?;
        let algorithm = HashAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or(InvalidFingerprint::Algorithm)?;
        let bytes =
            hash.trim().split(':').map(hex_byte).collect::<Option<Vec<u8>>>().ok_or(InvalidFingerprint::Bytes)?;
        if bytes.len() == algorithm.bytes() { Ok(Self { algorithm, bytes }) } else { Err(InvalidFingerprint::Bytes) }
    }
}

fn hex_byte(text: &str) -> Option<u8> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| u8::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_case_and_writes_upper_case() {
        let text = Fingerprint::of(HashAlgorithm::Sha256, b"a certificate").to_string();
        assert!(text.starts_with("sha-256 ") && text.len() == 8 + 32 * 3 - 1, "{text}");
        let lower: Fingerprint = text.to_lowercase().replace("sha", "SHA").parse().unwrap();
        assert_eq!(lower.to_string(), text);
        assert!(lower.is_of(b"a certificate"));
        assert!(!lower.is_of(b"another certificate"));
    }

    #[test]
    fn the_length_belongs_to_the_hash() {
        let sha256 = Fingerprint::of(HashAlgorithm::Sha256, b"").to_string();
        assert_eq!(sha256.replace("256", "384").parse::<Fingerprint>(), Err(InvalidFingerprint::Bytes));
        assert_eq!(sha256[..sha256.len() - 3].parse::<Fingerprint>(), Err(InvalidFingerprint::Bytes));
        for algorithm in HashAlgorithm::ALL {
            let fingerprint = Fingerprint::of(algorithm, b"");
            assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }
    }

    #[test]
    fn other_hashes_and_nonsense_are_refused() {
        for (text, why) in [
            ("sha-1 AA:BB", InvalidFingerprint::Algorithm),
            ("sha-256", InvalidFingerprint::Bytes),
            ("sha-256 ", InvalidFingerprint::Bytes),
            ("sha-256 +A:BB", InvalidFingerprint::Bytes),
            ("", InvalidFingerprint::Bytes),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(why), "{text}");
        }
    }
}
