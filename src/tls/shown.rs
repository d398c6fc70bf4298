//! What a server shows right now.

use std::{sync::Arc, time::Duration};

use rustls::ServerConfig;
use time::OffsetDateTime;
use tokio::{sync::Mutex, task::spawn_blocking, time::Instant};

use super::{
    Pair, PairError,
    identity::{Identity, Stamp},
};

/// How often it is looked whether the files have changed, while somebody connects.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What a server shows right now. Where its files change, it changes with them; where they can't be used, it stays.
#[derive(Debug)]
pub struct Shown {
    identity: Identity,
    held: Mutex<Held>,
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
    /// Reads what is to be shown. At the start, when nothing waits for it: files are read.
    ///
    /// # Errors
    /// When there is none that can be shown.
    pub fn open(identity: Identity) -> Result<Self, PairError> {
        let (pair, stamp) = look(&identity);
        let pair = pair?;
        pair.tell(OffsetDateTime::now_utc());
        Ok(Self { identity, held: Mutex::new(Held { pair, stamp, looked: Instant::now(), complaint: None }) })
    }

    /// TLS as a server that shows it.
    pub(crate) async fn config(&self) -> Arc<ServerConfig> {
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
            }
        }
        held.pair.config()
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

fn look(identity: &Identity) -> Look {
    // Before the files are read: what changes meanwhile is seen the next time.
    let stamp = identity.stamp();
    (identity.pair(OffsetDateTime::now_utc()), stamp)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use rcgen::generate_simple_self_signed;
    use tokio::time::advance;

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
        let shown = Shown::open(identity).unwrap();
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
}
