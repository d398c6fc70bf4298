//! Whom the client trusts: the CAs of the system, and those of a file.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why there is nothing to check certificates with. The operator's doing.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("ca_file {path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("ca_file {0}: expected PEM certificates (-----BEGIN CERTIFICATE-----), found none that can be used")]
    NoCertificate(PathBuf),
    #[error("this machine trusts no CA: install the package ca-certificates, or name the relay's CA in ca_file")]
    NoRoots,
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
}

/// TLS as a client, trusting the system's CAs and those in `ca_file`. Reads files: not for async code.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let pem = fs::read(path).map_err(|error| TrustError::File { path: path.to_owned(), error })?;
        let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(TrustError::NoCertificate(path.to_owned()));
        }
    }
    if roots.is_empty() {
        return Err(TrustError::NoRoots);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What a failed TLS handshake means, and what helps.
pub(super) fn explain(error: &std::io::Error) -> String {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return format!("the TLS handshake broke off: {error}; does the server speak TLS on this port?");
    };
    match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            // A CA that was made anew under its old name gives a bad signature.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "the relay's certificate is signed by a CA that is not trusted here; \
                 name that CA's certificate in ca_file if it is yours"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the relay's certificate has expired; renew it, or set this machine's clock".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the relay's certificate is not valid yet; set this machine's clock".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the relay's certificate is for another name: {error}")
            }
            _ => format!("the relay's certificate is refused: {error}"),
        },
        rustls::Error::InvalidMessage(_) => {
            format!("the server does not speak TLS on this port ({error}); is it ws:// that is meant?")
        }
        _ => format!("the TLS handshake failed: {error}"),
    }
}
