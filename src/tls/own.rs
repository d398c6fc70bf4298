//! A certificate of our own making, for a machine that nobody gives one to. No CA vouches for it: who looks at the page says
//! once that it is trusted, and programs are given its file.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::pki_types::ServerName;
use time::{Duration, OffsetDateTime};

use super::{Pair, PairError};

/// How long one lasts: the most that Apple's systems take (825 days), and somewhat less.
const LIFE: Duration = Duration::days(800);
/// How long before its end the next one is made.
const RENEWED_BEFORE: Duration = Duration::days(30);
/// How far clocks of others may be behind ours.
const BEHIND: Duration = Duration::days(1);

/// With the key: for us alone.
const WHOLE: &str = "self-signed.pem";
/// What is in it for others.
const CERTIFICATE: &str = "certificate.pem";

/// A certificate of our own making, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The folder; made where it is not there.
    pub folder: PathBuf,
    /// The names that it is for, beside `localhost` and the machine's addresses.
    pub names: Vec<String>,
}

impl Own {
    /// The file that only we can read.
    pub(super) fn whole(&self) -> PathBuf {
        self.folder.join(WHOLE)
    }

    /// The file for others.
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    /// The one that is kept, whatever it is worth; `None` where there is none.
    pub(super) fn kept(&self) -> Result<Option<Pair>, PairError> {
        let whole = self.whole();
        match Pair::read(&whole, &whole) {
            Err(PairError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Whether it is time for another one.
    pub(super) fn is_over(pair: &Pair, now: OffsetDateTime) -> bool {
        // It was made while the clock was ahead, or is about to end.
        !pair.validity().holds(now) || pair.validity().until - now < RENEWED_BEFORE
    }

    /// The one that is kept, or another where there is none that lasts and is for all names. Its key stays the same, and
    /// so do those who trust it.
    pub(super) fn pair(&self, now: OffsetDateTime) -> Result<Pair, PairError> {
        match self.kept() {
            Ok(Some(pair)) if !Self::is_over(&pair, now) && self.names().all(|name| pair.is_for(name)) => {
                return Ok(pair);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "our own certificate is made anew"),
        }
        self.made(now)
    }

    /// Those that a certificate can be for.
    fn names(&self) -> impl Iterator<Item = &str> {
        let names = std::iter::once("localhost").chain(self.names.iter().map(String::as_str));
        names.filter(|name| ServerName::try_from(*name).is_ok())
    }

    fn made(&self, now: OffsetDateTime) -> Result<Pair, PairError> {
        let whole = self.whole();
        let kept = fs::read_to_string(&whole).ok().and_then(|text| KeyPair::from_pem(&text).ok());
        let key = kept.map_or_else(|| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256), Ok)?;
        let certificate = self.parameters(now)?.self_signed(&key)?.pem();
        let unkept = |error| PairError::Unkept { folder: self.folder.clone(), error };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(unkept)?;
        put(&whole, 0o600, &format!("{}{certificate}", key.serialize_pem())).map_err(unkept)?;
        put(&self.certificate(), 0o644, &certificate).map_err(unkept)?;
        tracing::info!(file = %self.certificate().display(), "made a certificate of our own");
        Pair::read(&whole, &whole)
    }

    fn parameters(&self, now: OffsetDateTime) -> Result<CertificateParams, PairError> {
        let mut parameters = CertificateParams::new(self.names().map(ToOwned::to_owned).collect::<Vec<_>>())?;
        // Where the system does not list them, names have to do.
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let addresses = interfaces.iter().filter(|one| !one.is_link_local()).map(|one| SanType::IpAddress(one.ip()));
        parameters.subject_alt_names.extend(addresses);
        let called = self.names.first().map_or("localhost", String::as_str);
        parameters.distinguished_name.push(DnType::CommonName, format!("peergate {called}"));
        // Browsers refuse two of one issuer with the same.
        parameters.serial_number = Some(SerialNumber::from(rand::random::<u64>() >> 1));
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (parameters.not_before, parameters.not_after) = (now - BEHIND, now + LIFE);
        Ok(parameters)
    }
}

/// Writes a file whole or not at all, to the disk itself.
fn put(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let new = path.with_extension(format!("pem.{}", std::process::id()));
    // Left there by one of our number that was killed.
    let _ = fs::remove_file(&new);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn own(names: &[&str]) -> (tempfile::TempDir, Own) {
        let folder = tempfile::tempdir().unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let own = Own { folder: folder.path().join("state"), names };
        (folder, own)
    }

    fn now() -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn key_of(own: &Own) -> Vec<u8> {
        KeyPair::from_pem(&fs::read_to_string(own.whole()).unwrap()).unwrap().serialize_der()
    }

    #[test]
    fn it_is_made_once_and_its_key_is_ours_alone() {
        let (_folder, own) = own(&["camera", "camera.local", "no name"]);
        let pair = own.pair(now()).unwrap();
        for name in ["localhost", "camera", "camera.local", "127.0.0.1"] {
            assert!(pair.is_for(name), "{name}");
        }
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(own.folder.clone()), mode(own.whole())), (0o700, 0o600));
        let shared = fs::read_to_string(own.certificate()).unwrap();
        assert!(shared.starts_with("-----BEGIN CERTIFICATE-----") && !shared.contains("PRIVATE"), "{shared}");
        assert_eq!(own.pair(now()).unwrap().fingerprint(), pair.fingerprint());
        assert_eq!(fs::read_dir(&own.folder).unwrap().count(), 2, "nothing else is left there");
    }

    #[test]
    fn it_is_renewed_before_it_ends_and_keeps_its_key() {
        let (_folder, own) = own(&["camera"]);
        let first = own.pair(now()).unwrap();
        let key = key_of(&own);
        let nearly = first.validity().until - RENEWED_BEFORE - Duration::MINUTE;
        assert_eq!(own.pair(nearly).unwrap().fingerprint(), first.fingerprint());
        let second = own.pair(nearly + Duration::HOUR).unwrap();
        assert!(second.validity().until > first.validity().until + Duration::days(700));
        assert_eq!(key_of(&own), key);
        // The clock was ahead when that was made.
        let third = own.pair(now()).unwrap();
        assert!(third.validity().holds(now()) && third.fingerprint() != second.fingerprint());
    }

    #[test]
    fn a_name_that_it_lacks_makes_another() {
        let (_folder, own) = own(&["camera"]);
        let first = own.pair(now()).unwrap();
        let more = Own { names: vec!["camera".into(), "camera.example".into()], ..own.clone() };
        let second = more.pair(now()).unwrap();
        assert!(second.is_for("camera.example") && second.fingerprint() != first.fingerprint());
        assert_eq!(own.pair(now()).unwrap().fingerprint(), second.fingerprint(), "more names than ours do no harm");
    }

    #[test]
    fn what_is_broken_is_replaced() {
        let (_folder, own) = own(&[]);
        own.pair(now()).unwrap();
        fs::write(own.whole(), "torn").unwrap();
        assert!(own.pair(now()).unwrap().is_for("localhost"));
    }
}
