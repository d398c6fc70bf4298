//! What a configuration refers to beyond itself: files and variables of the environment, secrets above all.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    problem::Place,
    section::{Section, Wrong},
    tree::Value,
    units,
};
use crate::redact::Redacted;

/// A secret is short; a larger file is the wrong one.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The world around a configuration.
pub(super) struct Outside {
    /// What relative paths in the file are relative to: its folder.
    folder: PathBuf,
    /// systemd's `CREDENTIALS_DIRECTORY`, where secrets are looked for first.
    credentials: Option<PathBuf>,
    variables: BTreeMap<String, String>,
    /// Whether files may be looked at.
    readable: bool,
}

/// Something is wrong, and that is noted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Noted;

impl Outside {
    /// No world: no file is read, no variable is set.
    pub(super) const fn none() -> Self {
        Self { folder: PathBuf::new(), credentials: None, variables: BTreeMap::new(), readable: false }
    }

    /// This process's, for the configuration in `file`.
    pub(super) fn of_process(file: Option<&Path>) -> Self {
        let folder = file.and_then(Path::parent).map(ToOwned::to_owned).unwrap_or_default();
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let variables: BTreeMap<_, _> = std::env::vars_os().filter_map(text).collect();
        let credentials = variables.get("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self { folder, credentials, variables, readable: true }
    }

    /// Where `path` is: one of the file's is relative to the file's folder, one of a flag to where we were started.
    pub(super) fn path(&self, path: &str, place: Place) -> PathBuf {
        match place {
            Place::File { .. } => self.folder.join(path),
            _ => PathBuf::from(path),
        }
    }

    /// Checks that the file at `path` can be read.
    pub(super) fn readable(&self, path: &Path) -> Result<(), Wrong> {
        if !self.readable {
            return Ok(());
        }
        fs::File::open(path).map(drop).map_err(|error| unreadable(path, &error))
    }

    /// What is in the file at `path`.
    pub(super) fn text(&self, path: &Path) -> Result<String, Wrong> {
        if !self.readable {
            return Err(Wrong("files are not read here".to_owned()));
        }
        fs::read_to_string(path).map_err(|error| unreadable(path, &error))
    }

    /// Where this program may keep what it can find out again: systemd's `CACHE_DIRECTORY`, else the user's.
    pub(super) fn cache(&self) -> Option<PathBuf> {
        self.own_folder("CACHE_DIRECTORY", "XDG_CACHE_HOME", ".cache")
    }

    /// Where this program may keep what it must not lose: systemd's `STATE_DIRECTORY`, else the user's.
    pub(super) fn state(&self) -> Option<PathBuf> {
        self.own_folder("STATE_DIRECTORY", "XDG_STATE_HOME", ".local/state")
    }

    /// The folder that systemd names in the variable `of_unit`; else ours in the one that the user names in `of_user`, or
    /// has below the home.
    fn own_folder(&self, of_unit: &str, of_user: &str, below_home: &str) -> Option<PathBuf> {
        let named = |name| self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The first, where a unit names several.
        let of_unit = self.variables.get(of_unit).and_then(|list| list.split(':').next().map(PathBuf::from));
        let of_user = || named(of_user).or_else(|| Some(named("HOME")?.join(below_home)));
        of_unit.or_else(|| Some(of_user()?.join("peergate"))).filter(|folder| folder.is_absolute())
    }

    /// Where this program may keep a socket: systemd's `RUNTIME_DIRECTORY`, else the user's.
    pub(super) fn runtime(&self) -> Option<PathBuf> {
        runtime_folder(|name| self.variables.get(name).cloned())
    }

    /// Where systemd's credential `name` is, else the file of that name.
    pub(super) fn credential(&self, name: &str, place: Place) -> PathBuf {
        let credential = self.credentials.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists());
        credential.unwrap_or_else(|| self.path(name, place))
    }

    /// The secret in the file `name`: systemd's credential of that name, else a file. Without a line's end.
    pub(super) fn secret_in_file(&self, name: &str, place: Place) -> Result<Redacted<String>, Wrong> {
        if !self.readable {
            return Err(Wrong("files are not read here".to_owned()));
        }
        let path = self.credential(name, place);
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() || secret.len() > MAX_SECRET_BYTES || secret.contains('\n') {
            return Err(Wrong(format!("expected one line with a secret in {}, got none, or more", path.display())));
        }
        Ok(Redacted::new(secret.to_owned()))
    }

    /// The secret in the variable `name`.
    fn secret_in_variable(&self, name: &str) -> Result<Redacted<String>, Wrong> {
        match self.variables.get(name) {
            Some(value) if !value.is_empty() => Ok(Redacted::new(value.clone())),
            _ => Err(Wrong(format!("expected a secret in the variable {name} of the environment, got nothing"))),
        }
    }

    /// The secret of `section`: its `plain` value, what is in the file that `in_file` names, or in the variable
    /// that `in_variable` names. `None` when it has none of them.
    pub(super) fn secret(
        &self,
        section: &mut Section<'_>,
        [plain, in_file, in_variable]: [&'static str; 3],
    ) -> Result<Option<Redacted<String>>, Noted> {
        let said = section.take(plain, secret_text);
        let file = section.take_placed(in_file, units::text);
        let variable = section.take_placed(in_variable, units::text);
        let (place, key, found) = match (said, file, variable) {
            (Some(secret), None, None) => return Ok(Some(secret)),
            (None, Some((name, place)), None) => (place, in_file, self.secret_in_file(&name, place)),
            (None, None, Some((name, place))) => (place, in_variable, self.secret_in_variable(&name)),
            (None, None, None) => return Ok(None),
            _ => {
                let what = format!("expected one of {plain}, {in_file} and {in_variable}, got several");
                section.wrong(section.place(), in_file, what);
                return Err(Noted);
            }
        };
        match found {
            Ok(secret) => Ok(Some(secret)),
            Err(Wrong(what)) => {
                section.wrong(place, key, what);
                Err(Noted)
            }
        }
    }

    /// The names of set variables that begin like ours.
    pub(super) fn variables_of_ours(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str).filter(|name| name.starts_with("PEERGATE_"))
    }
}

/// A text that errors do not show.
pub(super) fn secret_text(value: &Value) -> Result<Redacted<String>, Wrong> {
    units::text(value).map(Redacted::new).map_err(|_| Wrong::expected_secret("a text that is not empty", value))
}

/// Where sockets are kept, by variables of the environment: systemd's `RUNTIME_DIRECTORY`, else the user's.
pub(crate) fn runtime_folder(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    // The first, where a unit names several.
    let of_unit = variable("RUNTIME_DIRECTORY").and_then(|list| list.split(':').next().map(ToOwned::to_owned));
    let folder = of_unit.or_else(|| variable("XDG_RUNTIME_DIR"));
    folder.map(PathBuf::from).filter(|folder| folder.is_absolute())
}

fn unreadable(path: &Path, error: &io::Error) -> Wrong {
    Wrong(format!("expected a file that can be read, got {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = Place::File { line: 1, column: 1 };

    fn with(variables: &[(&str, &str)]) -> Outside {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Outside { variables: variables.collect(), ..Outside::none() }
    }

    #[test]
    fn what_can_be_found_out_again_is_kept_where_the_unit_or_the_user_says() {
        let cache = |variables: &[(&str, &str)]| with(variables).cache();
        assert_eq!(cache(&[("CACHE_DIRECTORY", "/var/cache/a:/b"), ("HOME", "/h")]), Some("/var/cache/a".into()));
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), Some("/x/peergate".into()));
        assert_eq!(cache(&[("XDG_CACHE_HOME", ""), ("HOME", "/h")]), Some("/h/.cache/peergate".into()));
        assert_eq!(cache(&[("XDG_CACHE_HOME", "relative")]), None);
        assert_eq!(cache(&[]), None);
    }

    #[test]
    fn what_must_not_be_lost_is_kept_where_the_unit_or_the_user_says() {
        let state = |variables: &[(&str, &str)]| with(variables).state();
        assert_eq!(state(&[("STATE_DIRECTORY", "/var/lib/a:/b"), ("HOME", "/h")]), Some("/var/lib/a".into()));
        assert_eq!(state(&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")]), Some("/x/peergate".into()));
        assert_eq!(state(&[("HOME", "/h")]), Some("/h/.local/state/peergate".into()));
        assert_eq!(state(&[]), None);
    }

    #[test]
    fn a_socket_is_where_the_unit_or_the_user_says() {
        let runtime = |variables: &[(&str, &str)]| with(variables).runtime();
        assert_eq!(runtime(&[("RUNTIME_DIRECTORY", "/run/a:/b"), ("XDG_RUNTIME_DIR", "/x")]), Some("/run/a".into()));
        assert_eq!(runtime(&[("RUNTIME_DIRECTORY", "relative"), ("XDG_RUNTIME_DIR", "/x")]), None);
        assert_eq!(runtime(&[("XDG_RUNTIME_DIR", "/x")]), Some("/x".into()));
        assert_eq!(runtime(&[("XDG_RUNTIME_DIR", "")]), None);
    }

    #[test]
    fn secrets_come_from_systemd_s_credentials_first_then_from_the_file_s_folder() {
        let (folder, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("token"), "of the folder\r\n").unwrap();
        fs::write(folder.path().join("empty"), "\n").unwrap();
        fs::write(folder.path().join("two"), "a\nb\n").unwrap();
        let mut outside = Outside::of_process(Some(&folder.path().join("peergate.toml")));
        let secret = |outside: &Outside, name| match outside.secret_in_file(name, HERE) {
            Ok(secret) => secret.reveal().clone(),
            Err(Wrong(what)) => what,
        };
        assert_eq!(secret(&outside, "token"), "of the folder");
        fs::write(credentials.path().join("token"), " of systemd ").unwrap();
        outside.credentials = Some(credentials.path().to_owned());
        assert_eq!(secret(&outside, "token"), " of systemd ");
        assert!(secret(&outside, "empty").starts_with("expected one line with a secret in "));
        assert!(secret(&outside, "two").starts_with("expected one line with a secret in "));
        assert!(secret(&outside, "gone").starts_with("expected a file that can be read, got "));
    }
}
