//! `peergate check` builds each pipeline of a configuration: what can't be built is an error, what is only not there
//! now is told.

use std::fs;

use super::common::daemon::{Ended, command, run_to_end};

fn check(text: &str) -> Ended {
    check_beside(text, &[])
}

/// With these files beside it.
fn check_beside(text: &str, files: &[(&str, &str)]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
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

const OWN: &str = "[encode]\ncatalogue = 'encoders.toml'\n";

const ROW: &str = "[[encoder]]\ncodec = 'h264'\nelement = 'x264enc'\ntemplate = 'mine'\npackage = 'mine'\n\
                   bitrate = { property = 'bitrate', unit = 'kbit/s' }\n";

const TEMPLATE: &str = "# Of my own.\nqueue name=in ! videoconvertscale ! video/x-raw,width={width},height={height}\n\
                        ! x264enc name=encoder tune=zerolatency bitrate={bitrate} ! appsink name=out\n";

fn check_own(row: &str, template: &str) -> Ended {
    check_beside(OWN, &[("encoders.toml", row), ("mine.launch", template)])
}

#[test]
fn an_encoder_of_one_s_own_is_built() {
    let ended = check_own(ROW, TEMPLATE);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[test]
fn an_encoder_of_one_s_own_that_is_not_installed_is_told_and_no_error() {
    let ended = check_own(&ROW.replace("x264enc", "omxh264enc"), TEMPLATE);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let told = "box.toml: not now, and waited for: [encode]: omxh264enc is not installed; package mine brings it\n";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn what_is_wrong_with_an_encoder_of_one_s_own_is_64_with_its_place() {
    let wrong = [
        (ROW.replace("package", "packet"), TEMPLATE.to_owned(), "encoders.toml: line 5: unknown field `packet`"),
        (ROW.replace("kbit/s", "Mbit/s"), TEMPLATE.to_owned(), "encoders.toml: line 6: unknown variant `Mbit/s`"),
        (ROW.replace("'mine'\np", "'other'\np"), TEMPLATE.to_owned(), "expected a file other.launch beside the catalogue"),
        (ROW.to_owned(), TEMPLATE.replace("{bitrate}", "{rate}"), "mine.launch: the template asks for {rate}"),
        (ROW.to_owned(), TEMPLATE.replace("tune=", "tuned="), "no property \"tuned\" in element \"x264enc\""),
        (ROW.to_owned(), TEMPLATE.replace(" name=encoder", ""), "nothing in it is named `encoder`"),
        (ROW.replace("'bitrate'", "'bps'"), TEMPLATE.to_owned(), "x264enc has no property \"bps\""),
        (
            format!("{ROW}keyframes = {{ action = 'force-IDR' }}\n"),
            TEMPLATE.to_owned(),
            "x264enc has no action signal \"force-IDR\"",
        ),
        (format!("{ROW}align = [3, 2]\n"), TEMPLATE.to_owned(), "expected even numbers of pixels"),
        (
            format!("{ROW}[encoder.hardware]\ndevices = ['/dev/video[0-']\n"),
            TEMPLATE.to_owned(),
            "expected a path with patterns, such as \"/dev/video*\", got \"/dev/video[0-\"",
        ),
        (
            format!("{ROW}[encoder.hardware]\ndrivers = ['lib/driver.so']\n"),
            TEMPLATE.to_owned(),
            "got \"lib/driver.so\": it has to begin at /",
        ),
        (
            format!("{ROW}optional = {{ speed-preset = 'warp' }}\n"),
            TEMPLATE.to_owned(),
            "the property \"speed-preset\" of x264enc does not take \"warp\"; the catalogue has it among `optional`",
        ),
    ];
    for (row, template, expected) in wrong {
        let ended = check_own(&row, &template);
        assert_eq!(ended.status.code(), Some(64), "{expected}: {}", ended.stderr);
        assert!(ended.stderr.contains("[encode]") || ended.stderr.contains("encode.catalogue"), "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{expected}: {}", ended.stderr);
    }
}

#[test]
fn a_catalogue_that_is_not_there_is_64() {
    let ended = check(OWN);
    assert_eq!(ended.status.code(), Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("expected a file that can be read, got encoders.toml"), "{}", ended.stderr);
}
