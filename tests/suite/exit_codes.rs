//! 0 asked to stop, 1 could not start or go on, 64 bad arguments or configuration.

use std::{fs, process::Command};

use super::common::daemon::{Daemon, command, run_to_end};

#[test]
fn bad_arguments_and_configurations_are_64_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.toml");
    fs::write(&broken, "[encode]\nbitrate = 'fast'\n").unwrap();
    let broken = broken.to_str().unwrap();
    for (arguments, said) in [
        (&[][..], "Usage"),
        (&["rum"], "unrecognized subcommand 'rum'"),
        (&["run", "--bitrat", "1M"], "a similar argument exists: '--bitrate'"),
        (&["run", "--bitrate"], "a value is required for '--bitrate <RATE>'"),
        (&["run", "--bitrate", "1"], "--bitrate: expected a bitrate with its unit"),
        (&["run", "--codec", "h265"], "--codec: expected one of auto, h264, vp8, vp9, av1, got \"h265\""),
        (&["run", "--video", "none", "--size", "big"], "--size: expected a size in pixels"),
        (&["run", "--room", "relay.example"], "--room: expected an address like wss://relay.example/room"),
        (&["run", "--config", broken], "broken.toml:2:11: encode.bitrate: expected a bitrate"),
        (&["run", "--config", "/nowhere.toml"], "the configuration /nowhere.toml can't be read: No such file"),
        (&["check", broken], "broken.toml:2:11: encode.bitrate: expected a bitrate"),
        (&["check"], "<FILE>"),
        (&["relay", "--listen", "here"], "--listen: expected an address and a port"),
        (&["run", "--control-token-file", "/nowhere"], "--control-token-file: expected a file that can be read, got /nowhere"),
    ] {
        let ended = run_to_end(command(arguments));
        assert_eq!(ended.status.code(), Some(64), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arguments:?} says: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    let mut command = command(&["run"]);
    command.env("PEERGATE_FPS", "many");
    let ended = run_to_end(command);
    assert_eq!(ended.status.code(), Some(64));
    assert_eq!(ended.stderr, "PEERGATE_FPS: expected a whole number from 1 to 240, got \"many\"\n");
}

#[tokio::test]
async fn an_address_in_use_is_1() {
    let daemon = Daemon::run(&[]).await;
    let ended = run_to_end(command(&["run", "--listen", &daemon.address().to_string()]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains(&format!("could not listen on {}", daemon.address())), "{}", ended.stderr);
}

#[test]
fn missing_elements_are_1_and_name_element_and_package() {
    let empty = tempfile::tempdir().unwrap();
    let mut command = command(&["run", "--listen", "127.0.0.1:0"]);
    for name in ["GST_PLUGIN_PATH", "GST_PLUGIN_PATH_1_0"] {
        command.env_remove(name);
    }
    for name in ["GST_PLUGIN_SYSTEM_PATH", "GST_PLUGIN_SYSTEM_PATH_1_0"] {
        command.env(name, empty.path());
    }
    command.env("GST_REGISTRY", empty.path().join("registry"));
    let ended = run_to_end(command);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("webrtcbin"), "{}", ended.stderr);
    assert!(ended.stderr.contains("apt install gstreamer1.0-nice gstreamer1.0-plugins-bad"), "{}", ended.stderr);
}

#[test]
fn what_the_system_refuses_is_1_and_is_said_also_by_what_has_no_log() {
    let plain = command(&["ctl", "state", "--url", "http://127.0.0.1:1"]);
    let mut command = Command::new("prlimit");
    // One is left: enough to load libraries with, and too few for a runtime.
    command.arg("--nofile=4:4").arg(plain.get_program()).args(plain.get_args());
    let ended = run_to_end(command);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("the system gives no threads, or no descriptors for them: "), "{}", ended.stderr);
}

#[test]
fn help_and_version_are_0() {
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let ended = run_to_end(command(arguments));
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}");
        assert_eq!(ended.stderr, "", "{arguments:?}");
    }
}
