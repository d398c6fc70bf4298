//! Others' work in the program: each crate that it is linked with, its licence, where its source is, and the texts of these
//! licences, in `THIRD-PARTY-LICENSES.txt`. Beside it, what Rust says of its own library, `COPYRIGHT-rust-library.html`.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

/// What a file with a licence is called, or the folder that it is in.
const NAMES: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];

/// Endings of files that are no texts, whatever they are called.
const NO_TEXTS: [&str; 6] = ["rs", "c", "h", "js", "py", "toml"];

/// Taken for a crate that brings no text. Its text is the same for all who offer it; that of others has their names in it.
const GENERIC: (&str, &str) = ("Apache-2.0", include_str!("../LICENSE-APACHE"));

const RUST_LIBRARY: &str = "COPYRIGHT-rust-library.html";

const HEAD: &str = concat!(
    "Others' work in peergate ",
    env!("CARGO_PKG_VERSION"),
    "\n\nThe program is linked with the crates below. Each stays under its own licence, the texts of which follow.\n\
     Rust's own library is linked with it, too: COPYRIGHT-rust-library.html has its licences.\n\n"
);

const LINE: &str = "--------------------------------------------------------------------------------";

/// What `cargo metadata` says, as far as it is used here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    authors: Vec<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
}

/// A text, and the crates that have it.
struct Text {
    text: String,
    crates: Vec<String>,
}

/// Writes both files into `folder`.
pub(super) fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let toolchain = output("rustc", &["--print", "sysroot"])?;
    fs::copy(Path::new(toolchain.trim()).join("share/doc/rust/COPYRIGHT-library.html"), folder.join(RUST_LIBRARY))
        .map_err(|error| format!("the licences of Rust's library, from {}: {error}", toolchain.trim()))?;
    fs::write(folder.join("THIRD-PARTY-LICENSES.txt"), notices()?)?;
    Ok(())
}

fn notices() -> Result<String, Box<dyn Error>> {
    let linked = linked()?;
    let platform = output("rustc", &["--print", "host-tuple"])?;
    let metadata =
        output("cargo", &["metadata", "--locked", "--format-version", "1", "--filter-platform", platform.trim()])?;
    let mut packages = serde_json::from_str::<Metadata>(&metadata)?.packages;
    packages.retain(|package| linked.contains(&package.to_string()));
    packages.sort_by_key(Package::to_string);
    let mut list = HEAD.to_owned();
    let mut texts = Vec::new();
    for package in &packages {
        package.describe(&mut list)?;
        for text in package.texts()? {
            add(&mut texts, text, package.to_string());
        }
    }
    for Text { text, crates } in texts {
        write!(list, "\n{LINE}\n{}:\n{LINE}\n\n{}\n", crates.join(", "), text.trim_end())?;
    }
    Ok(list)
}

/// The crates that the program is linked with: "NAME vVERSION".
fn linked() -> Result<BTreeSet<String>, Box<dyn Error>> {
    let tree = output("cargo", &["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"])?;
    // Behind the version stands what is no matter here; behind that of ourselves, a path.
    let crates = tree.lines().filter(|line| !line.contains('/')).filter_map(|line| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?))
    });
    Ok(crates.collect())
}

fn add(texts: &mut Vec<Text>, text: String, package: String) {
    let is_same = |known: &&mut Text| known.text.split_whitespace().eq(text.split_whitespace());
    match texts.iter_mut().find(is_same) {
        Some(known) => known.crates.push(package),
        None => texts.push(Text { text, crates: vec![package] }),
    }
}

impl Package {
    fn describe(&self, list: &mut String) -> Result<(), Box<dyn Error>> {
        let license = self.license.as_deref().ok_or_else(|| format!("{self} names no licence"))?;
        writeln!(list, "{self}: {license}")?;
        if !self.authors.is_empty() {
            writeln!(list, "    by {}", self.authors.join(", "))?;
        }
        let elsewhere = self.repository.iter().map(|address| format!(", {address}"));
        let elsewhere = elsewhere.collect::<String>();
        writeln!(list, "    source: https://crates.io/crates/{}/{}{elsewhere}", self.name, self.version)?;
        Ok(())
    }

    /// The texts that it brings; the generic one where it brings none.
    fn texts(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let folder = self.manifest_path.parent().ok_or("a manifest lies in a folder")?;
        let mut files = Vec::new();
        find(folder, false, &mut files)?;
        files.sort();
        let read = |file: &PathBuf| fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let texts = files.iter().map(read).collect::<io::Result<Vec<_>>>()?;
        let (name, text) = GENERIC;
        match self.license.as_deref() {
            _ if !texts.is_empty() => Ok(texts),
            Some(license) if license.contains(name) => Ok(vec![text.to_owned()]),
            license => Err(format!("expected the text of a licence in {self}, {license:?}, got none").into()),
        }
    }
}

impl std::fmt::Display for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// All texts of licences below `folder`. In one that is called so, every file is one.
fn find(folder: &Path, is_of_licences: bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_called_so = is_of_licences || NAMES.iter().any(|begin| name.starts_with(begin));
        let is_text = !NO_TEXTS.iter().any(|end| path.extension().is_some_and(|extension| extension == *end));
        if entry.file_type()?.is_dir() {
            find(&path, is_called_so, found)?;
        } else if is_called_so && is_text {
            found.push(path);
        }
    }
    Ok(())
}

/// What a program of the toolchain prints.
fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
