//! The trials of this process: one at a time, and what they have shown, kept for the next start.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use tokio::sync::{Mutex, watch};

use super::{Encoder, Picture, cache::Cache, rehearsal, trial::Report};
use crate::media::clockwork::Clockwork;

/// What is known of encoders here, and a way to know more. Clones are the same.
#[derive(Debug, Clone)]
pub struct Trials {
    clockwork: Clockwork,
    shown: watch::Sender<BTreeMap<String, Report>>,
    /// Held while one is tried: two at once would slow each other down.
    cache: Arc<Mutex<Cache>>,
}

impl Trials {
    /// With what is kept in `folder`; without one nothing is kept.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, clockwork: Clockwork) -> Self {
        let cache = Cache::open(folder);
        Self { clockwork, shown: watch::Sender::new(cache.all()), cache: Arc::new(Mutex::new(cache)) }
    }

    /// What is known of `encoder` with such pictures, from this process or an earlier one.
    #[must_use]
    pub fn known(&self, encoder: &Encoder, picture: Option<Picture>) -> Option<Report> {
        let shown = self.shown.borrow();
        // Most machines have nothing to try: then nothing is read of their drivers either.
        if shown.is_empty() { None } else { shown.get(&encoder.fingerprint(picture)).cloned() }
    }

    /// Whether trials may be made that nobody waits for: a driver may end the whole process, and what has ended it has to be
    /// known to the next.
    pub async fn may_be_unasked(&self) -> bool {
        self.cache.lock().await.survives()
    }

    /// Tries `encoder` now. Some seconds at the longest, and longer where others are tried before it.
    pub async fn run(&self, encoder: &Encoder, picture: Option<Picture>) -> Report {
        let key = encoder.fingerprint(picture);
        let mut cache = self.cache.lock().await;
        tracing::debug!(element = encoder.row.element, "an encoder is tried");
        cache.begin(&key);
        let mut begun = Begun { cache: &mut cache, key: &key, shown: None };
        let report = rehearsal::rehearse(encoder, picture, &self.clockwork).await;
        begun.shown = Some(report.clone());
        drop(begun);
        drop(cache);
        let element = &encoder.row.element;
        let frames_per_second = report.frames_per_second.round();
        if report.works() {
            tracing::info!(element, frames_per_second, "an encoder was tried: it works");
        } else {
            tracing::info!(element, frames_per_second, why = report.why(), "an encoder was tried: it is not used");
        }
        self.shown.send_modify(|shown| drop(shown.insert(key, report.clone())));
        report
    }
}

/// A trial that has begun. Given up before its end, it leaves nothing behind.
struct Begun<'a> {
    cache: &'a mut Cache,
    key: &'a str,
    shown: Option<Report>,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.cache.end(self.key, self.shown.as_ref());
    }
}
