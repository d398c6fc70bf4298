//! `./dev help` and what `./dev` can do are the same.

use std::{collections::BTreeSet, fs, process::Command};

#[test]
fn and_nothing_else() {
    let script = fs::read_to_string("dev").unwrap();
    let (_, cases) = script.split_once("case $verb in").unwrap();
    let verbs = cases.lines().filter_map(|line| line.split_once(") ")).flat_map(|(pattern, _)| pattern.split('|'));
    let verbs: BTreeSet<_> = verbs.map(str::trim).filter(|verb| !verb.starts_with('-')).collect();

    let help = Command::new("./dev").arg("help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    assert_eq!(listed.collect::<BTreeSet<_>>(), verbs);
    assert!(verbs.contains("run") && verbs.contains("test"), "{verbs:?}");
}

#[test]
fn another_verb_is_refused() {
    let refused = Command::new("./dev").arg("nonsense").output().unwrap();
    assert_eq!(refused.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no verb 'nonsense'"));
}
