//! Why a handshake failed, in words.

use std::{io, sync::Arc};

use rustls::{CertificateError, OtherError, pki_types::CertificateDer};

use crate::sdp::{Fingerprint, HashAlgorithm};

/// A certificate that is not trusted.
#[derive(Debug, thiserror::Error)]
#[error("{why}; the certificate is {fingerprint}")]
pub(super) struct Untrusted {
    why: CertificateError,
    fingerprint: Fingerprint,
}

impl Untrusted {
    /// As rustls carries it.
    pub(super) fn error(why: CertificateError, certificate: &CertificateDer<'_>) -> rustls::Error {
        let fingerprint = Fingerprint::of(HashAlgorithm::Sha256, certificate);
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Self { why, fingerprint }))))
    }

    fn explain(&self, whose: &str, remedy: &str) -> String {
        let Self { why, fingerprint } = self;
        match why {
            // A CA that was made anew under its old name gives a bad signature.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
                "{whose}'s certificate is signed by a CA that is not trusted here; {remedy}; the certificate is \
                 {fingerprint}"
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("{whose}'s certificate has expired; renew it, or set this machine's clock")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("{whose}'s certificate is not valid yet; set this machine's clock")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("{whose}'s certificate is for another name: {why}; the certificate is {fingerprint}")
            }
            _ => format!("{whose}'s certificate is refused: {self}"),
        }
    }
}

/// What makes a TURN server's CA trusted, which has no place in the configuration.
pub(crate) const OF_SSL_CERT_FILE: &str = "SSL_CERT_FILE names a CA of your own";

/// What a failed TLS handshake means, and what helps. `whose` is who was spoken to ("the relay"), `remedy` what makes a CA
/// trusted that is not.
pub(crate) fn explain(error: &io::Error, whose: &str, remedy: &str) -> String {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return format!("the TLS handshake broke off: {error}; does the server speak TLS on this port?");
    };
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
            match other.downcast_ref::<Untrusted>() {
                Some(untrusted) => untrusted.explain(whose, remedy),
                None => format!("{whose}'s certificate is refused: {error}"),
            }
        }
        rustls::Error::InvalidMessage(_) => {
            format!("the server does not speak TLS on this port ({error}); is it ws:// or http:// that is meant?")
        }
        _ => format!("the TLS handshake failed: {error}"),
    }
}
