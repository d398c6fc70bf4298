//! Our DTLS certificate: ECDSA P-256, because some peers take no RSA, and its making costs no 100 ms.

use crate::{
    redact::Redacted,
    sdp::{Fingerprint, HashAlgorithm},
};

/// A self-signed certificate with its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    pem: Redacted<String>,
    fingerprint: Fingerprint,
}

/// A certificate that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("no DTLS certificate could be made: {0}")]
pub struct CertificateError(#[from] rcgen::Error);

impl Certificate {
    /// Makes a new one, with a random name as its subject.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, CertificateError> {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, format!("{:016x}", rand::random::<u64>()));
        let certificate = parameters.self_signed(&key)?;
        Ok(Self {
            pem: Redacted::new(format!("{}{}", key.serialize_pem(), certificate.pem())),
            fingerprint: Fingerprint::of(HashAlgorithm::Sha256, certificate.der()),
        })
    }

    /// Key and certificate, as `dtlsdec`'s `pem` property takes them.
    #[must_use]
    pub const fn pem(&self) -> &Redacted<String> {
        &self.pem
    }

    /// Its SHA-256.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}
