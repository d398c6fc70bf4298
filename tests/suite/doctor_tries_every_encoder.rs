//! `peergate doctor --encoders` says which encoders are here, what works, and what helps, and keeps it for the daemon.

use std::fs;

use serde_json::{Value, json};

use super::common::daemon::{Ended, command, run_to_end};

/// Small pictures: the trials are quick.
const SMALL: &str = "[video.picture]\nsource = 'test'\nsize = '320x240'\n";

fn doctor(configuration: &str, cache: &std::path::Path, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("box.toml");
    fs::write(&path, configuration).unwrap();
    let mut command = command(&[&["doctor", "--config", path.to_str().unwrap()], more].concat());
    command.env("XDG_CACHE_HOME", cache).env_remove("CACHE_DIRECTORY");
    run_to_end(command)
}

/// The cells of the line about `element`; the last is all that is left.
fn line<'a>(table: &'a str, element: &str) -> Vec<&'a str> {
    let of_element = |line: &&str| line.split_whitespace().nth(1) == Some(element);
    let line = table.lines().find(of_element).unwrap_or_else(|| panic!("{element} is in the table:\n{table}"));
    line.splitn(6, "  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn what_works_here_is_told_and_kept() {
    let cache = tempfile::tempdir().unwrap();
    let ended = doctor(SMALL, cache.path(), &["--encoders"]);
    assert_eq!(ended.status.code(), Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let table = &ended.stdout;
    for element in ["x264enc", "openh264enc", "vp8enc", "vp9enc", "opusenc"] {
        let cells: Vec<_> = line(table, element).join(" ").split_whitespace().map(str::to_owned).collect();
        assert_eq!(cells[2], "yes", "{table}");
        assert!(cells[4].parse::<u32>().unwrap() > 0, "{table}");
        // These have so much to spare that a busy machine makes no difference.
        assert!(cells[3] == "yes" || !["x264enc", "opusenc"].contains(&element), "{table}");
    }
    let absent = line(table, "nvv4l2h264enc").join(" ");
    assert!(absent.contains("package nvidia-l4t-gstreamer; no device here"), "{table}");
    let kept = fs::read_to_string(cache.path().join("peergate/encoders.json")).unwrap();
    // The picture in full, and in its lower quality.
    for shown in ["x264enc 320x240@30 ", "x264enc 160x120@30 ", "\"shown\""] {
        assert!(kept.contains(shown), "{shown}: {kept}");
    }
}

#[test]
fn what_is_not_enough_is_1() {
    let cache = tempfile::tempdir().unwrap();
    // Nothing encodes so many frames.
    let hopeless = "[video.picture]\nsource = 'test'\nsize = '3840x2160'\nfps = 240\n[encode]\nrungs = 1\n";
    let ended = doctor(hopeless, cache.path(), &["--encoders"]);
    assert_eq!(ended.status.code(), Some(1), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("it is too slow: 240 frames/s are wanted"), "{}", ended.stdout);
}

#[test]
fn an_encoder_with_which_the_daemon_does_not_start_is_1() {
    let cache = tempfile::tempdir().unwrap();
    let ended = doctor(&format!("{SMALL}[encode]\nencoder = 'nvv4l2h264enc'\n"), cache.path(), &[]);
    assert_eq!(ended.status.code(), Some(1), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("encoder = \"nvv4l2h264enc\" is not installed"), "{}", ended.stdout);
}

#[test]
fn unasked_it_tries_until_some_suffice() {
    let cache = tempfile::tempdir().unwrap();
    let ended = doctor(SMALL, cache.path(), &[]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stdout);
    let encoders = ended.stdout.lines().find(|line| line.contains(" encoders: ")).unwrap();
    assert!(encoders.starts_with("ok       encoders: by trial there are "), "{encoders}");
    assert!(encoders.contains("(h264, ") && encoders.contains("opusenc (opus, "), "{encoders}");
    assert!(!encoders.contains("(vp8, "), "not needed beside H.264: {encoders}");
    let kept = fs::read_to_string(cache.path().join("peergate/encoders.json")).unwrap();
    assert!(kept.contains("opusenc "), "{kept}");
}

#[test]
fn what_worked_before_is_said_to_be_of_before_and_what_did_not_is_tried_again() {
    let cache = tempfile::tempdir().unwrap();
    doctor(SMALL, cache.path(), &[]);
    let file = cache.path().join("peergate/encoders.json");
    let mut kept: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    for (key, entry) in kept.as_object_mut().unwrap().iter_mut().filter(|(key, _)| !key.starts_with("opusenc ")) {
        assert_eq!(entry["shown"]["faults"], json!([]), "{key}");
        entry["shown"]["faults"] = json!([{ "fault": "slow", "wanted": 30 }]);
    }
    fs::write(&file, kept.to_string()).unwrap();
    let ended = doctor(SMALL, cache.path(), &[]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stdout);
    let encoders = ended.stdout.lines().find(|line| line.contains(" encoders: ")).unwrap();
    let (pictures, sound) = encoders.split_once("opusenc ").unwrap();
    assert!(!pictures.contains("by an earlier trial"), "{encoders}");
    assert!(sound.ends_with(" frames/s, by an earlier trial)"), "{encoders}");
}
