//! A certificate and its key, read and found to fit each other.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    InconsistentKeys, ServerConfig,
    client::verify_server_name,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
};
use time::OffsetDateTime;

use super::{Outlook, Validity};
use crate::sdp::{Fingerprint, HashAlgorithm};

/// What is spoken over TLS: HTTP/2 is not, and its WebSockets neither.
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate, with those of the CAs between it and the root, and its key.
#[derive(Debug, Clone)]
pub struct Pair {
    certificate: CertificateDer<'static>,
    validity: Validity,
    config: Arc<ServerConfig>,
}

/// Why there is none. The operator's doing, or the disk's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// A file can't be read.
    #[error("{path} can't be read: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// No certificate is in it.
    #[error("expected a PEM certificate (-----BEGIN CERTIFICATE-----) in {0}, found none that can be read")]
    NoCertificate(PathBuf),
    /// No key is in it.
    #[error(
        "expected a PEM key that is not encrypted (-----BEGIN PRIVATE KEY-----) in {0}, found none that can be read"
    )]
    NoKey(PathBuf),
    /// They do not belong together.
    #[error("the key in {key} is not that of the certificate in {certificate}; both have to be of one renewal")]
    Unfit {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// rustls can't use them.
    #[error("the certificate in {certificate} can't be used: {error}")]
    Unusable {
        /// Its file.
        certificate: PathBuf,
        /// Why not.
        error: rustls::Error,
    },
    /// One of our own can't be made.
    #[error("no certificate can be made: {0}")]
    Unmade(#[from] rcgen::Error),
    /// One of our own can't be kept.
    #[error("no certificate can be kept in {folder}: {error}")]
    Unkept {
        /// Where.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl Pair {
    /// Reads both files, which may be one. Not for async code.
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, PairError> {
        let text = |path: &Path| fs::read(path).map_err(|error| PairError::File { path: path.to_owned(), error });
        let none = || PairError::NoCertificate(certificate.to_owned());
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(&text(certificate)?).collect::<Result<_, _>>().map_err(|_| none())?;
        let first = chain.first().ok_or_else(none)?.clone();
        let validity = Validity::of(&first).ok_or_else(none)?;
        let secret = PrivateKeyDer::from_pem_slice(&text(key)?).map_err(|_| PairError::NoKey(key.to_owned()))?;
        let config = config(chain, secret).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                PairError::Unfit { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            error => PairError::Unusable { certificate: certificate.to_owned(), error },
        })?;
        Ok(Self { certificate: first, validity, config: Arc::new(config) })
    }

    /// From when until when it holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// The SHA-256 of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(HashAlgorithm::Sha256, &self.certificate)
    }

    /// Whether it is for `name`.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let (Ok(certificate), Ok(name)) = (ParsedCertificate::try_from(&self.certificate), ServerName::try_from(name))
        else {
            return false;
        };
        verify_server_name(&certificate, &name).is_ok()
    }

    /// TLS as a server that shows it.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Says what is shown from now on.
    pub(super) fn tell(&self, now: OffsetDateTime) {
        if let Outlook::Lasting(until) = self.validity.outlook(now) {
            tracing::info!(fingerprint = %self.fingerprint(), %until, "the certificate that is shown");
        }
        self.warn(now);
    }

    /// Says so where it does not last.
    pub(super) fn warn(&self, now: OffsetDateTime) {
        let (fingerprint, outlook) = (self.fingerprint(), self.validity.outlook(now));
        match outlook {
            Outlook::Lasting(_) => {}
            Outlook::Ending { .. } => tracing::warn!(
                %fingerprint,
                "the certificate that is shown {outlook}; renew it: its files are read again when they change"
            ),
            Outlook::Early(_) | Outlook::Over(_) => tracing::warn!(
                %fingerprint,
                "the certificate that is shown {outlook}, and others refuse it; renew it, or set this machine's clock"
            ),
        }
    }
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;

    use super::*;

    #[test]
    fn what_is_wrong_with_the_files_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        };
        let [one, other] = [(); 2].map(|()| generate_simple_self_signed(["camera.example".to_owned()]).unwrap());
        let certificate = file("certificate", &one.cert.pem());
        let (key, foreign) =
            (file("key", &one.signing_key.serialize_pem()), file("f", &other.signing_key.serialize_pem()));
        let nothing = file("nothing", "nothing of that kind\n");
        let torn = file("torn", &one.cert.pem()[..200]);

        let pair = Pair::read(&certificate, &key).unwrap();
        assert!(pair.is_for("camera.example") && !pair.is_for("other.example"));
        assert!(pair.validity().holds(OffsetDateTime::now_utc()));
        let both = file("both", &format!("{}{}", one.signing_key.serialize_pem(), one.cert.pem()));
        assert_eq!(Pair::read(&both, &both).unwrap().fingerprint(), pair.fingerprint());

        for (certificate, key, said) in [
            (&certificate, &foreign, "is not that of the certificate in"),
            (&nothing, &key, "expected a PEM certificate"),
            (&torn, &key, "expected a PEM certificate"),
            (&certificate, &nothing, "expected a PEM key"),
            (&certificate, &folder.path().join("gone"), "gone can't be read"),
        ] {
            let wrong = Pair::read(certificate, key).unwrap_err().to_string();
            assert!(wrong.contains(said), "{wrong}");
        }
    }
}
