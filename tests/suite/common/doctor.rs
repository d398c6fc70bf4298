//! `peergate doctor --json`, and what it finds.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use super::daemon::{command, run_to_end};

/// Small pictures, and nothing beyond the machine.
pub(crate) const MODEST: &str =
    "[video.picture]\nsource = 'test'\nsize = '320x240'\n[encode]\nrungs = 1\n[ice]\nstun = 'none'\n";

/// A doctor that has a configuration to go by.
pub(crate) struct Doctor {
    folder: TempDir,
    pub(crate) command: Command,
}

/// What it has found.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) status: Option<i32>,
    pub(crate) text: String,
    findings: Vec<Value>,
}

impl Doctor {
    /// One who is called through `wrapper`, a program that runs another with its arguments; may be none.
    pub(crate) fn called_through(wrapper: &[&str], configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("box.toml");
        fs::write(&path, configuration).unwrap();
        let plain = command(&["doctor", "--json", "--config", path.to_str().unwrap()]);
        let mut command = match wrapper {
            [] => plain,
            [program, arguments @ ..] => {
                let mut wrapped = Command::new(program);
                wrapped.args(arguments).arg(plain.get_program()).args(plain.get_args());
                for (name, value) in plain.get_envs() {
                    match value {
                        Some(value) => wrapped.env(name, value),
                        None => wrapped.env_remove(name),
                    };
                }
                wrapped
            }
        };
        // What GStreamer has found out about its plug-ins takes long to find out anew.
        let home = std::env::home_dir().unwrap();
        let mut registries = glob::glob(home.join(".cache/gstreamer-1.0/registry.*.bin").to_str().unwrap()).unwrap();
        if let Some(Ok(registry)) = registries.next() {
            let own = folder.path().join("registry");
            fs::copy(registry, &own).unwrap();
            command.env("GST_REGISTRY", own);
        }
        // No sound server but the test's own, and no trials of another's.
        command.env("XDG_RUNTIME_DIR", folder.path()).env("HOME", folder.path()).env_remove("PULSE_SERVER");
        command.env("XDG_CACHE_HOME", folder.path()).env_remove("CACHE_DIRECTORY").current_dir(folder.path());
        Self { folder, command }
    }

    pub(crate) fn with(configuration: &str) -> Self {
        Self::called_through(&[], configuration)
    }

    /// Who is not root may read its configuration, and write to its folder.
    pub(crate) fn open_to_all(&self) {
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    }

    /// Has it examine all.
    pub(crate) fn examine(self) -> Examined {
        let ended = run_to_end(self.command);
        let text = ended.stdout;
        let json: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}:\n{text}\n{}", ended.stderr));
        drop(self.folder);
        Examined { status: ended.status.code(), findings: json["findings"].as_array().unwrap().clone(), text }
    }
}

impl Examined {
    /// What there is a finding about.
    pub(crate) fn subjects(&self) -> BTreeSet<String> {
        self.findings.iter().map(|finding| finding["about"].as_str().unwrap().to_owned()).collect()
    }

    /// The findings about something, as `grade: what -> remedy`.
    pub(crate) fn about(&self, about: &str) -> Vec<String> {
        let found = self.findings.iter().filter(|finding| finding["about"] == about);
        let told = found.map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {} -> {}", text("grade"), text("what"), text("remedy"))
        });
        told.collect()
    }

    /// Has a failure about something, and no other; `what` is in its words, `remedy` in what mends it.
    pub(crate) fn fails(&self, about: &str, what: &str, remedy: &str) {
        let failures: Vec<_> = self.about(about).into_iter().filter(|told| told.starts_with("failure: ")).collect();
        let [failure] = &failures[..] else { panic!("one failure about {about}: {}", self.text) };
        let (words, mends) = failure.split_once(" -> ").unwrap();
        assert!(words.contains(what), "{what:?} in: {words}");
        assert!(mends.contains(remedy), "{remedy:?} in: {mends}");
        assert_eq!(self.status, Some(1), "{}", self.text);
    }

    /// Has nothing but good to say about something, `what` among it.
    pub(crate) fn is_well(&self, about: &str, what: &str) {
        let told = self.about(about);
        assert!(!told.is_empty() && told.iter().all(|told| told.starts_with("ok: ")), "{about}: {}", self.text);
        assert!(told.iter().any(|told| told.contains(what)), "{what:?} in: {told:?}");
    }
}
