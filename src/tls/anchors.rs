//! Whom a client trusts: the CAs of the system, those of a file, or one server alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::verifier::Verifier;

/// Whom a client trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Anchors {
    /// Whom the CAs of the system vouch for.
    #[default]
    System,
    /// Also whom a CA in this file (PEM) vouches for, and who has the key of a certificate in it, whatever its name.
    SystemAnd(PathBuf),
    /// Who has the key of a certificate in this file, and nobody else.
    Only(PathBuf),
}

/// Why there is nothing to check certificates with. The operator's doing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It can't be read.
    #[error("the trusted certificates in {path} can't be read: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Something else is in it.
    #[error("expected PEM certificates (-----BEGIN CERTIFICATE-----) in {0}, found none that can be used")]
    NoCertificate(PathBuf),
    /// Nobody is trusted at all.
    #[error(
        "this machine trusts no CA: install the package ca-certificates, or name a file with the server's (ca_file of a \
         [[member]], --ca of 'peergate ctl')"
    )]
    NoRoots,
    /// rustls says no.
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
}

impl Anchors {
    /// With this file beside the system's CAs, if there is one.
    #[must_use]
    pub fn beside_system(file: Option<PathBuf>) -> Self {
        file.map_or(Self::System, Self::SystemAnd)
    }

    /// TLS as a client that trusts so. Reads files: not for async code.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let named = match self {
            Self::System => Vec::new(),
            Self::SystemAnd(path) | Self::Only(path) => read(path)?,
        };
        let pinned = named.iter().filter_map(Verifier::key_of).collect();
        let mut roots = RootCertStore::empty();
        if !matches!(self, Self::Only(_)) {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots.add_parsable_certificates(named);
            if roots.is_empty() {
                return Err(TrustError::NoRoots);
            }
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(pinned, roots, Arc::clone(&provider))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let pem = fs::read(path).map_err(|error| TrustError::File { path: path.to_owned(), error })?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    let (usable, _) = RootCertStore::empty().add_parsable_certificates(certificates.iter().cloned());
    if usable == 0 { Err(TrustError::NoCertificate(path.to_owned())) } else { Ok(certificates) }
}
