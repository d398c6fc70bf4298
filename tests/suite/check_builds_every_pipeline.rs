//! `peergate check` builds each pipeline of a configuration: what can't be built is an error, what is only not there
//! now is told.

use std::fs;

use super::common::daemon::{Ended, command, run_to_end};

fn check(text: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("box.toml");
    fs::write(&path, text).unwrap();
    let mut ended = run_to_end(command(&["check", path.to_str().unwrap()]));
    ended.stderr = ended.stderr.replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(ended.stdout, "");
    ended
}

#[test]
fn the_default_is_good() {
    let ended = check("");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    // Picture, sound, an encoder for each of H.264, VP8 and Opus, and a peer's connection.
    assert_eq!(ended.stderr, "box.toml: good; 6 pipelines could be built\n");
}

#[test]
fn an_encoder_that_is_not_there_is_64_with_its_place() {
    let ended = check("[encode]\nencoder = 'nvh264enc'\n");
    assert_eq!(ended.status.code(), Some(64), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("box.toml: [encode]: encoder = \"nvh264enc\""), "{}", ended.stderr);
}

#[test]
fn a_camera_that_is_not_there_now_is_told_and_no_error() {
    let ended = check("[video.front]\nsource = 'camera'\ndevice = 'C920 that nobody has'\n");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let told = "box.toml: not now, and waited for: [video.front]: ";
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
}

#[test]
fn interfaces_that_are_not_there_now_are_told_and_no_error() {
    let ended = check("[ice]\nallow = ['tailscale0']\n");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("not now, and waited for: [ice]: no interface is left"), "{}", ended.stderr);
}
