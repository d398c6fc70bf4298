//! `peergate recordings`: lists what is kept, mends what was cut off, and tells what was changed.

use std::{fs, time::Duration};

use peergate::recording::manifest::State;
use serde_json::Value;

use crate::common::{
    daemon::{Daemon, Ended, command, run_to_end},
    recordings::Recordings,
};

fn recordings(what: &[&str], of: &Recordings) -> Ended {
    run_to_end(command(&[&["recordings", "--record-dir", of.dir()], what].concat()))
}

#[tokio::test]
async fn an_empty_folder_holds_nothing_and_is_no_error() {
    let folder = Recordings::new();
    let listed = recordings(&["list"], &folder);
    assert!(listed.status.success() && listed.stdout.is_empty() && listed.stderr.contains("nothing is recorded"));
    assert_eq!(recordings(&["verify"], &folder).stdout, "0 segments; 0 not sealed, 0 faults\n");
    assert_eq!(recordings(&["repair"], &folder).stdout, "0 segments were cut off\n");
}

#[tokio::test]
async fn what_was_cut_off_is_mended_and_what_was_changed_is_told() {
    let folder = Recordings::new();
    let daemon = Daemon::gateway(&["--record", "local", "--record-dir", folder.dir()]).await;
    daemon
        .wait_for_state(Duration::from_secs(20), |state| state["recordings"][0]["bytes"].as_u64() > Some(50_000))
        .await;
    let refused = recordings(&["repair"], &folder);
    assert_eq!(refused.status.code(), Some(1), "a daemon records there");
    assert!(refused.stderr.contains("another process records there"), "{}", refused.stderr);
    // Without a word: it is killed.
    drop(daemon);

    let unfinished = recordings(&["verify"], &folder);
    assert!(unfinished.status.success() && unfinished.stdout.contains("'peergate recordings repair' mends it"));
    let mended = recordings(&["repair"], &folder);
    assert!(mended.status.success() && mended.stdout.contains("mended: it plays to where it was cut off"), "{}", mended.stdout);
    let segment = &folder.segments()[0];
    assert_eq!(segment.manifest.state, State::Recovered);
    segment.plays_to_the_end();
    assert!(recordings(&["verify"], &folder).status.success());

    let listed = recordings(&["list"], &folder).stdout;
    assert!(listed.contains("recovered") && listed.contains("opus") && listed.contains("h264"), "{listed}");
    let listed: Value = serde_json::from_str(&recordings(&["list", "--json"], &folder).stdout).unwrap();
    assert_eq!(listed[0]["state"], "recovered");

    let mut bytes = fs::read(&segment.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment.path, bytes).unwrap();
    let changed = recordings(&["verify"], &folder);
    assert_eq!(changed.status.code(), Some(1));
    assert!(changed.stdout.contains("it was changed since it was finished"), "{}", changed.stdout);
}

#[tokio::test]
async fn what_has_lost_its_manifest_is_told_and_gets_a_fresh_one() {
    let folder = Recordings::new();
    let daemon = Daemon::gateway(&["--record", "local", "--record-dir", folder.dir()]).await;
    daemon
        .wait_for_state(Duration::from_secs(20), |state| state["recordings"][0]["bytes"].as_u64() > Some(50_000))
        .await;
    drop(daemon);
    let lost = folder.segments()[0].path.clone();
    fs::remove_file(lost.with_extension("json")).unwrap();
    fs::write(lost.with_file_name("holiday.mkv"), "somebody else's").unwrap();

    let listed = recordings(&["list"], &folder);
    assert!(listed.stderr.contains("it has no manifest"), "{}", listed.stderr);
    let verified = recordings(&["verify"], &folder);
    assert_eq!(verified.status.code(), Some(1));
    assert!(verified.stdout.contains("it has no manifest; 'peergate recordings repair'"), "{}", verified.stdout);
    assert!(!verified.stdout.contains("holiday"), "{}", verified.stdout);
    let mended = recordings(&["repair"], &folder);
    assert!(mended.stdout.contains("mended: it plays to where it was cut off"), "{}", mended.stdout);
    let segment = &folder.segments()[0];
    assert_eq!((&segment.path, &segment.manifest.state), (&lost, &State::Recovered));
    assert_eq!((segment.manifest.member.as_str(), &segment.manifest.peer), ("gateway", &None));
    segment.plays_to_the_end();
    assert!(recordings(&["verify"], &folder).status.success());
}
