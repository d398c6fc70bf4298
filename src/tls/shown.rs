//! What a server shows right now.

use std::{sync::Arc, time::Duration};

use rustls::ServerConfig;
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, MutexGuard, watch},
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{
    Pair, PairError,
    identity::{Identity, Stamp},
};
use crate::report::ServerState;

/// How often it is looked whether the files have changed, while somebody connects.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often it is said that what is shown does not last, whether somebody connects or not.
const WARN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a server shows right now. Where its files change, it changes with them; where they can't be used, it stays.
#[derive(Debug)]
pub struct Shown {
    identity: Identity,
    held: Mutex<Held>,
    /// Where it is said how long that lasts.
    state: watch::Sender<ServerState>,
}

#[derive(Debug)]
struct Held {
    pair: Pair,
    /// How the files were when they were read last, for better or worse.
    stamp: Stamp,
    looked: Instant,
    /// What was wrong with them then. It is told once.
    complaint: Option<String>,
}

/// What was found, and how the files were.
type Look = (Result<Pair, PairError>, Stamp);

impl Shown {
    /// Reads what is to be shown, and says in `state` how long it lasts. At the start, when nothing waits for it: files are
    /// read.
    ///
    /// # Errors
    /// When there is none that can be shown.
    pub fn open(identity: Identity, state: watch::Sender<ServerState>) -> Result<Self, PairError> {
        let (pair, stamp) = look(&identity);
        let pair = pair?;
        pair.tell(OffsetDateTime::now_utc());
        say_end(&state, &pair);
        let held = Mutex::new(Held { pair, stamp, looked: Instant::now(), complaint: None });
        Ok(Self { identity, held, state })
    }

    /// TLS as a server that shows it.
    pub(crate) async fn config(&self) -> Arc<ServerConfig> {
        self.looked_at().await.pair.config()
    }

    /// Says once a day, for ever, where what is shown does not last.
    pub(crate) async fn warn(&self) {
        loop {
            sleep(WARN_EVERY).await;
            self.looked_at().await.pair.warn(OffsetDateTime::now_utc());
        }
    }

    async fn looked_at(&self) -> MutexGuard<'_, Held> {
        let mut held = self.held.lock().await;
        if held.looked.elapsed() >= LOOK_EVERY {
            // At once: a disk that hangs holds up those who wait now, and not each one after them.
            held.looked = Instant::now();
            let (identity, pair, stamp) = (self.identity.clone(), held.pair.clone(), held.stamp.clone());
            let news = spawn_blocking(move || {
                let is_due = identity.stamp() != stamp || identity.is_over(&pair, OffsetDateTime::now_utc());
                is_due.then(|| look(&identity))
            });
            if let Ok(Some(look)) = news.await {
                held.take(look);
                say_end(&self.state, &held.pair);
            }
        }
        held
    }
}

impl Held {
    fn take(&mut self, (pair, stamp): Look) {
        self.stamp = stamp;
        match pair {
            Ok(pair) => {
                if pair.fingerprint() != self.pair.fingerprint() {
                    pair.tell(OffsetDateTime::now_utc());
                }
                (self.pair, self.complaint) = (pair, None);
            }
            Err(error) => {
                let complaint = Some(error.to_string());
                if self.complaint != complaint {
                    tracing::warn!(%error, "the certificate has changed and can't be used; the one before is shown on");
                }
                self.complaint = complaint;
            }
        }
    }
}

fn say_end(state: &watch::Sender<ServerState>, pair: &Pair) {
    state.send_modify(|state| state.certificate_end = Some(pair.validity().until.into()));
}

fn look(identity: &Identity) -> Look {
    // Before the files are read: what changes meanwhile is seen the next time.
    let stamp = identity.stamp();
    (identity.pair(OffsetDateTime::now_utc()), stamp)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use rcgen::{CertificateParams, KeyPair, generate_simple_self_signed};
    use tokio::time::{advance, timeout};

    use super::*;

    fn write(folder: &Path) -> [String; 2] {
        let made = generate_simple_self_signed(["camera.example".to_owned()]).unwrap();
        let texts = [made.cert.pem(), made.signing_key.serialize_pem()];
        fs::write(folder.join("certificate"), &texts[0]).unwrap();
        fs::write(folder.join("key"), &texts[1]).unwrap();
        texts
    }

    async fn fingerprint(shown: &Shown) -> String {
        shown.config().await;
        shown.held.lock().await.pair.fingerprint().to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn it_changes_with_its_files_once_they_fit_and_never_before() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let identity =
            Identity::Files { certificate: folder.path().join("certificate"), key: folder.path().join("key") };
        let shown = Shown::open(identity, watch::Sender::default()).unwrap();
        let first = fingerprint(&shown).await;

        let [_, key] = write(folder.path());
        fs::write(folder.path().join("key"), "torn").unwrap();
        assert_eq!(fingerprint(&shown).await, first, "it is not looked yet");
        advance(LOOK_EVERY).await;
        assert_eq!(fingerprint(&shown).await, first, "without its key it is of no use");
        assert!(shown.held.lock().await.complaint.as_ref().is_some_and(|what| what.contains("expected a PEM key")));

        fs::write(folder.path().join("key"), key).unwrap();
        advance(LOOK_EVERY).await;
        assert_ne!(fingerprint(&shown).await, first);
        assert!(shown.held.lock().await.complaint.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_last_is_said_each_day_until_it_is_renewed() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let writer = Arc::new(log.reopen().unwrap());
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let folder = tempfile::tempdir().unwrap();
        let (now, key) = (OffsetDateTime::now_utc().replace_nanosecond(0).unwrap(), KeyPair::generate().unwrap());
        let write = |days| {
            let mut parameters = CertificateParams::new(["camera.example".to_owned()]).unwrap();
            (parameters.not_before, parameters.not_after) = (now - days * 80, now + days * 9);
            let certificate = parameters.self_signed(&key).unwrap();
            fs::write(folder.path().join("both"), certificate.pem() + &key.serialize_pem()).unwrap();
        };
        let files = folder.path().join("both");
        write(time::Duration::DAY);
        let state = watch::Sender::default();
        let shown = Shown::open(Identity::Files { certificate: files.clone(), key: files }, state.clone()).unwrap();
        let told = || fs::read_to_string(log.path()).unwrap().matches("WARN").count();
        assert_eq!((told(), state.borrow().certificate_end), (1, Some((now + time::Duration::days(9)).into())));
        let some_days = WARN_EVERY * 5 / 2;
        timeout(some_days, shown.warn()).await.unwrap_err();
        assert_eq!(told(), 3, "{}", fs::read_to_string(log.path()).unwrap());

        write(time::Duration::DAY * 10);
        timeout(some_days, shown.warn()).await.unwrap_err();
        assert_eq!((told(), state.borrow().certificate_end), (3, Some((now + time::Duration::days(90)).into())));
    }
}
