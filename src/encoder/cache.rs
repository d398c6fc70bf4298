//! What trials have shown, kept on disk: a trial costs a second, and a driver may not survive it.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::trial::{Fault, Report};

/// How often a trial may break off without a word before it counts as a crash: once it may have been the power.
const BROKEN_OFF: u32 = 2;

/// The file, and what is in it. One that can't be read, or is none, counts as empty.
#[derive(Debug, Default)]
pub(super) struct Cache {
    file: Option<PathBuf>,
    entries: BTreeMap<String, Entry>,
    /// An earlier process has ended in the middle of a trial.
    found_broken_off: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// What a trial has shown.
    Shown(Report),
    /// A trial has begun, so many times, and has not ended yet; or never did.
    Begun(u32),
}

impl Cache {
    /// What is kept in `folder`; without one nothing is kept.
    pub(super) fn open(folder: Option<PathBuf>) -> Self {
        let file = folder.map(|folder| folder.join("encoders.json"));
        let mut cache = Self { file, entries: BTreeMap::new(), found_broken_off: false };
        cache.read();
        cache.found_broken_off = cache.entries.values().any(|entry| matches!(entry, Entry::Begun(_)));
        cache
    }

    /// Whether a trial that ends the process would be remembered, and none has lately: else the next start might make the
    /// same one again, and so on.
    pub(super) fn survives(&self) -> bool {
        !self.found_broken_off && self.file.as_ref().is_some_and(|file| self.write_to(file).is_ok())
    }

    /// What a trial under `key` has shown.
    pub(super) fn get(&self, key: &str) -> Option<Report> {
        match self.entries.get(key)? {
            Entry::Shown(report) => Some(report.clone()),
            Entry::Begun(times) if *times >= BROKEN_OFF => {
                Some(Report { frames_per_second: 0.0, faults: vec![Fault::Crashed] })
            }
            Entry::Begun(_) => None,
        }
    }

    /// What every trial has shown, by its key.
    pub(super) fn all(&self) -> BTreeMap<String, Report> {
        self.entries.keys().filter_map(|key| Some((key.clone(), self.get(key)?))).collect()
    }

    /// A trial under `key` begins now.
    pub(super) fn begin(&mut self, key: &str) {
        // Another process may have written since.
        self.read();
        let times = match self.entries.get(key) {
            Some(Entry::Begun(times)) => times + 1,
            _ => 1,
        };
        self.put(key, Entry::Begun(times));
    }

    /// It has shown this; `None`: it was given up for a reason of ours.
    pub(super) fn end(&mut self, key: &str, report: Option<&Report>) {
        self.read();
        match report {
            Some(report) => self.put(key, Entry::Shown(report.clone())),
            None => {
                self.entries.remove(key);
                self.write();
            }
        }
    }

    fn put(&mut self, key: &str, entry: Entry) {
        // The same element and pictures on something else are history.
        let subject = subject(key).to_owned();
        self.entries.retain(|other, _| other == key || self::subject(other) != subject);
        self.entries.insert(key.to_owned(), entry);
        self.write();
    }

    fn read(&mut self) {
        let Some(file) = &self.file else { return };
        match fs::read(file) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(entries) => self.entries = entries,
                Err(error) => tracing::debug!(%error, file = %file.display(), "a cache that can't be read is ignored"),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::debug!(%error, file = %file.display(), "a cache that can't be read is ignored"),
        }
    }

    fn write(&self) {
        let Some(file) = &self.file else { return };
        if let Err(error) = self.write_to(file) {
            tracing::debug!(%error, file = %file.display(), "what trials of encoders have shown can't be kept");
        }
    }

    /// Whole or not at all.
    fn write_to(&self, file: &std::path::Path) -> io::Result<()> {
        fs::create_dir_all(file.parent().unwrap_or(file))?;
        let new = file.with_extension(format!("json.{}", std::process::id()));
        fs::write(&new, serde_json::to_vec_pretty(&self.entries)?)?;
        fs::rename(&new, file)
    }
}

/// A key without its last word, the fingerprint.
fn subject(key: &str) -> &str {
    key.rsplit_once(' ').map_or(key, |(subject, _)| subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn works() -> Report {
        Report { frames_per_second: 250.5, faults: Vec::new() }
    }

    #[test]
    fn a_crash_is_survived_once_and_where_it_can_be_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Cache::open(Some(folder.path().to_owned()));
        let mut cache = open();
        assert!(cache.survives() && open().survives());
        cache.begin("vah264enc 1280x720@30 a");
        assert!(!open().survives(), "it may have been this one");
        assert!(!Cache::open(None).survives());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(!Cache::open(Some(file)).survives(), "no folder can be made there");
    }

    #[test]
    fn what_was_shown_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("made");
        let mut cache = Cache::open(Some(inner.clone()));
        cache.begin("x264enc 1280x720@30 a");
        assert_eq!(cache.get("x264enc 1280x720@30 a"), None);
        cache.end("x264enc 1280x720@30 a", Some(&works()));
        let slow = Report { frames_per_second: 3.0, faults: vec![Fault::Slow { wanted: 30 }] };
        cache.end("av1enc 1280x720@30 a", Some(&slow));
        let next = Cache::open(Some(inner));
        assert_eq!(next.get("x264enc 1280x720@30 a"), Some(works()));
        assert_eq!(next.get("av1enc 1280x720@30 a"), Some(slow));
    }

    #[test]
    fn what_was_shown_on_another_driver_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(Some(folder.path().to_owned()));
        cache.end("vah264enc 1280x720@30 old", Some(&works()));
        cache.end("vah264enc 640x360@30 old", Some(&works()));
        cache.end("vah264enc 1280x720@30 new", Some(&works()));
        let next = Cache::open(Some(folder.path().to_owned()));
        assert_eq!(next.get("vah264enc 1280x720@30 old"), None);
        assert_eq!(next.get("vah264enc 640x360@30 old"), Some(works()));
    }

    #[test]
    fn a_process_that_a_trial_ends_twice_is_not_ended_a_third_time() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Cache::open(Some(folder.path().to_owned()));
        open().begin("vah264enc a");
        assert_eq!(open().get("vah264enc a"), None, "it may have been the power");
        open().begin("vah264enc a");
        assert_eq!(open().get("vah264enc a").unwrap().faults, [Fault::Crashed]);
        assert_eq!(open().get("vah264enc b"), None, "another driver may do better");
    }

    #[test]
    fn a_trial_that_is_given_up_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(Some(folder.path().to_owned()));
        for _ in 0..5 {
            cache.begin("vah264enc a");
            cache.end("vah264enc a", None);
        }
        assert_eq!(cache.get("vah264enc a"), None);
    }

    #[test]
    fn a_broken_cache_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        for broken in ["", "{", "[]", "{\"a\": {\"shown\": 1}}", "\u{0}"] {
            fs::write(folder.path().join("encoders.json"), broken).unwrap();
            let mut cache = Cache::open(Some(folder.path().to_owned()));
            assert_eq!(cache.get("a"), None);
            cache.end("a b", Some(&works()));
            assert_eq!(Cache::open(Some(folder.path().to_owned())).get("a b"), Some(works()));
        }
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let mut cache = Cache::open(None);
        cache.end("a b", Some(&works()));
        assert_eq!(cache.get("a b"), Some(works()));
        assert_eq!(Cache::open(None).get("a b"), None);
    }
}
