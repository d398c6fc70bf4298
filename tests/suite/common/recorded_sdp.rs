//! The real descriptions of `tests/data/sdp`, by name.

use std::{collections::BTreeMap, fs, path::Path};

/// Every recorded description whose name begins with `kind`, which is `offer_` or `answer_`.
pub(crate) fn all(kind: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sdp");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "sdp"));
    let texts = files
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()));
    texts.filter(|(name, _)| name.starts_with(kind)).collect()
}

/// The recorded description of this name.
pub(crate) fn one(name: &str) -> String {
    all(name).remove(name).unwrap_or_else(|| panic!("no tests/data/sdp/{name}.sdp"))
}

/// The offer that the recorded answer of this name answers.
pub(crate) fn offer_of(answer: &str) -> String {
    let (_, offer) = answer.split_once("_to_").unwrap();
    one(&format!("offer_{offer}"))
}
