//! What is packaged fits the program and what it needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, path::Path, process::Command};

use clap::CommandFactory;
use peergate::cli::{Asked, Cli};

use crate::common::{
    daemon::{command, run_to_end},
    package,
};

const UNIT: &str = "packaging/peergate.service";

/// What the unit says of `key`, each time that it does.
fn of_unit(key: &str) -> Vec<String> {
    let unit = fs::read_to_string(UNIT).unwrap();
    unit.lines().filter_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned())).collect()
}

fn manifest() -> toml::Table {
    fs::read_to_string("Cargo.toml").unwrap().parse().unwrap()
}

fn is_understood(line: &str) {
    let words = line.split_whitespace().map(|word| word.trim_start_matches("/usr/bin/").into());
    if let Err(error) = Asked::parse(words) {
        panic!("{line}\n{error}");
    }
}

#[test]
fn its_unit_leaves_it_little_to_do_harm_with() {
    let analysis = Command::new("systemd-analyze")
        // In tenths: 10.0 is a service that may do anything, 2.0 ends what systemd calls fine.
        .args(["security", "--offline=true", "--no-pager", "--threshold=20", UNIT])
        .output()
        .expect("package systemd is installed");
    assert!(analysis.status.success(), "{}", String::from_utf8_lossy(&analysis.stdout));
}

#[test]
fn its_unit_starts_what_the_program_understands() {
    let [start] = &of_unit("ExecStart")[..] else { panic!("one ExecStart") };
    is_understood(start);
    let [reload] = &of_unit("ExecReload")[..] else { panic!("one ExecReload") };
    is_understood(reload);
}

#[test]
fn its_unit_lets_it_have_each_device_that_an_encoder_needs() {
    let allowed = of_unit("DeviceAllow");
    let catalogue: toml::Table = fs::read_to_string("pipelines/encoders.toml").unwrap().parse().unwrap();
    let mut seen = 0;
    for encoder in catalogue["encoder"].as_array().unwrap() {
        let devices = encoder.get("hardware").and_then(|hardware| hardware["devices"].as_array());
        for device in devices.into_iter().flatten() {
            let needed = match device.as_str().unwrap() {
                "/dev/video*" => "char-video4linux",
                "/dev/dri/renderD*" => "char-drm",
                node => node,
            };
            assert!(allowed.contains(&format!("{needed} rw")), "{needed}: {allowed:?}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} devices");
}

#[test]
fn it_depends_on_what_the_program_needs() {
    let packages = Command::new("bash")
        .args(["-c", "source lab/packages.sh && printf '%s\\n' \"${run_packages[@]}\""])
        .output()
        .unwrap();
    let packages = String::from_utf8(packages.stdout).unwrap();
    let manifest = manifest();
    let depends = manifest["package"]["metadata"]["deb"]["depends"].as_str().unwrap();
    let depends: Vec<_> = depends.split(',').map(str::trim).collect();
    assert!(depends.contains(&"$auto"), "libraries: {depends:?}");
    assert!(packages.lines().count() > 5);
    for package in packages.lines() {
        assert!(depends.contains(&package), "{package}: {depends:?}");
    }
}

#[test]
fn its_configuration_is_good_and_so_is_what_it_proposes() {
    let shipped = fs::read_to_string("packaging/peergate.toml").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("control-token"), "a-token-of-sixteen-and-more").unwrap();
    let proposed = shipped.lines().map(|line| match line.strip_prefix('#') {
        Some(proposal) if !proposal.starts_with(' ') => proposal,
        _ => line,
    });
    let proposed = proposed.collect::<Vec<_>>().join("\n");
    assert!(proposed.contains("\n[[member]]"), "{proposed}");
    for text in [&shipped, &proposed] {
        let file = folder.path().join("peergate.toml");
        fs::write(&file, text).unwrap();
        let ended = run_to_end(command(&["check", file.to_str().unwrap()]));
        assert_eq!(ended.status.code(), Some(0), "{}\n{text}", ended.stderr);
    }
}

#[test]
fn its_manual_and_completions_know_each_command_and_flag() {
    let folder = tempfile::tempdir().unwrap();
    package::write_made(folder.path());
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let completions = ["peergate.bash", "_peergate", "peergate.fish"].map(|file| read(&format!("completions/{file}")));
    assert!(Command::new("bash").arg("-n").arg(folder.path().join("completions/peergate.bash")).status().unwrap().success());
    let program = Cli::command();
    let overview = read("man/peergate.1");
    for command in program.get_subcommands() {
        let name = command.get_name();
        assert!(overview.contains(&format!("peergate\\-{name}(1)")), "{name} in {overview}");
        let page = read(&format!("man/peergate-{name}.1"));
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(page.contains(&format!("\\-\\-{}", flag.replace('-', "\\-"))), "--{flag} in {page}");
            for script in &completions {
                assert!(script.contains(flag) && script.contains(name), "{name} --{flag}");
            }
        }
    }
}

fn cargo_tree() -> String {
    let output = Command::new("cargo").args(["tree", "--offline", "--edges", "normal", "--prefix", "none"]).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

#[test]
fn it_has_the_licences_of_all_that_is_linked_into_the_program() {
    let folder = tempfile::tempdir().unwrap();
    package::write_made(folder.path());
    let notices = fs::read_to_string(folder.path().join("THIRD-PARTY-LICENSES.txt")).unwrap();
    // Where a crate was compiled from stands in its messages of panics.
    let sources = Command::new("grep")
        .args(["--text", "--only-matching", "--extended-regexp", "/registry/src/[^/]+/[A-Za-z0-9_.+-]+/"])
        .arg(env!("CARGO_BIN_EXE_peergate"))
        .output()
        .unwrap();
    let sources = String::from_utf8(sources.stdout).unwrap();
    let linked: BTreeSet<_> = sources.lines().filter_map(|path| path.trim_end_matches('/').rsplit('/').next()).collect();
    let entries = notices.lines().filter_map(|line| line.split_once(": "));
    let named: BTreeMap<_, _> = entries.map(|(name, _)| (name.replace(" v", "-"), name)).collect();
    let without_tests = cargo_tree().replace(" v", "-");
    let mut seen = 0;
    // The program that is tested has what the tests want of its crates, too.
    for linked in linked.into_iter().filter(|linked| without_tests.contains(*linked)) {
        let name = named.get(linked).unwrap_or_else(|| panic!("{linked} in {named:?}"));
        assert!(notices.matches(name).count() > 1, "{name} has a text, too");
        seen += 1;
    }
    assert!(seen > 100, "{seen} crates");
    for text in ["Mozilla Public License Version 2.0", "Apache License", "Permission is hereby granted", "UNICODE LICENSE V3"] {
        assert!(notices.contains(text), "{text}");
    }
    let library = fs::read_to_string(folder.path().join("COPYRIGHT-rust-library.html")).unwrap();
    assert!(library.contains("hashbrown"), "{library}");
}

#[test]
fn its_container_runs_what_its_unit_does() {
    let recipe = fs::read_to_string("packaging/Containerfile").unwrap();
    let list = |word: &str| {
        let line = recipe.lines().find_map(|line| line.strip_prefix(word)).unwrap();
        let words: Vec<String> = serde_json::from_str(line).unwrap();
        words
    };
    let words = [list("ENTRYPOINT "), list("CMD ")].concat();
    assert_eq!([words.join(" ")], of_unit("ExecStart")[..]);
    let user = format!("USER {}", of_unit("User")[0]);
    assert!(recipe.lines().any(|line| line == user), "{user}");
    assert!(Path::new("packaging/peergate.sysusers").exists(), "what makes that user");
}
