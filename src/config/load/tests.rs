//! The manual holds, layers go over each other, and what is wrong is named.

use std::{collections::BTreeSet, path::PathBuf};

use super::*;

const MANUAL: &str = include_str!("../../../config/default.toml");

/// The manual with each part that is commented out alone put in: a line `#key = ...`, or a block from `#[` to
/// the next empty line.
fn examples() -> Vec<String> {
    let lines: Vec<_> = MANUAL.lines().collect();
    let commented = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line != "#";
    let mut examples = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let length = match lines[at] {
            line if line.starts_with("#[") => lines[at..].iter().take_while(|line| commented(line)).count(),
            line if commented(line) => 1,
            _ => 0,
        };
        if length > 0 {
            let shown = |(index, line): (usize, &&str)| match (at..at + length).contains(&index) {
                true => line[1..].to_owned(),
                false => (*line).to_owned(),
            };
            examples.push(lines.iter().enumerate().map(shown).collect::<Vec<_>>().join("\n"));
        }
        at += length.max(1);
    }
    examples
}

/// `video.front.size` and `video.picture.size` are the same key.
fn schema_key(key: &str) -> String {
    let mut parts: Vec<_> = key.split('.').collect();
    if ["video", "audio"].contains(&parts[0]) && parts.len() > 1 {
        parts[1] = "*";
    }
    if key.starts_with("member.headers.") {
        parts[2] = "*";
    }
    parts.join(".")
}

fn written_keys(table: &Table, path: &str, keys: &mut BTreeSet<String>) {
    for (key, (_, value)) in &table.0 {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        keys.insert(schema_key(&path));
        let inner = match &value.kind {
            Kind::Table(table) => vec![table],
            Kind::List(list) => list
                .iter()
                .filter_map(|value| if let Kind::Table(table) = &value.kind { Some(table) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        for table in inner {
            written_keys(table, &path, keys);
        }
    }
}

#[test]
fn each_example_of_the_manual_loads() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), "x\n").unwrap();
    fs::write(folder.path().join("control-token"), "a-token-of-some-length\n").unwrap();
    fs::write(folder.path().join("room-key"), "a key of some length\n").unwrap();
    fs::write(folder.path().join("encoders.toml"), "").unwrap();
    let outside = Outside::of_process(Some(&folder.path().join("peergate.toml")));
    let examples = examples();
    assert!(examples.len() > 12, "the parts are found");
    for text in examples {
        if let Err(problems) = build(&text, "x", Purpose::Daemon, &Overrides::default(), &outside) {
            panic!("{problems}\n{text}");
        }
    }
}

#[test]
fn every_key_stands_in_the_manual() {
    let mut written = BTreeSet::new();
    let mut asked = BTreeSet::new();
    for text in examples() {
        let notes = Notes::default();
        let table = Table::parse(&text).ok().unwrap();
        written_keys(&table, "", &mut written);
        settings::read(table, Purpose::Daemon, &Outside::none(), &notes);
        asked.extend(notes.asked.borrow().iter().map(|key| schema_key(key)));
    }
    // Shown by the prose beside `turn`, because the list is empty.
    asked.retain(|key| !key.starts_with("ice.turn."));
    let names = ["video.*", "audio.*"].map(str::to_owned);
    written.retain(|key| !names.contains(key) && key != "member.headers.*");
    assert_eq!(written, asked);
}

fn with(text: &str, given: Vec<(Target, &[&str])>) -> Result<Settings, Problems> {
    let mut overrides = Overrides::default();
    for (target, values) in given {
        overrides.set(target, Place::Flag("--flag"), values.iter().map(|value| (*value).to_owned()).collect());
    }
    build(text, "x.toml", Purpose::Daemon, &overrides, &Outside::none())
}

#[test]
fn flags_come_before_the_file() {
    let file = "[video.front]\nsource = 'camera'\nfps = 10\n[encode]\nbitrate = '1M'\n[[member]]\nid = 'a'\n";
    let settings = with(
        file,
        vec![
            (Target::Key("encode", "bitrate"), &["3M"]),
            (Target::EveryVideo("fps"), &["25"]),
            (Target::EveryMember("id"), &["b"]),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!(settings.encode.video_bitrate.kilobits(), 3000);
    assert_eq!(settings.members[0].id.as_ref().unwrap().as_str(), "b");
    let crate::source::Spec::Video(front) = &settings.sources[0] else { panic!() };
    assert_eq!((front.fps, front.name.as_str()), (25, "front"));
}

#[test]
fn flags_make_members_and_sources_of_their_own() {
    let settings = with(
        "[video.front]\nsource = 'camera'\n[[member]]\nroom = 'ws://a'\n[[member]]\nroom = 'ws://b'\n",
        vec![
            (Target::EveryVideo("size"), &["640x360"]),
            (Target::Video, &["screen::7"]),
            (Target::Audio, &["none"]),
            (Target::Rooms, &["ws://c", "wss://d/room"]),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!(settings.members.len(), 2);
    for member in &settings.members {
        assert_eq!(member.video.as_ref().unwrap().as_str(), PICTURE);
        assert_eq!(member.audio, None);
    }
    let crate::source::Spec::Video(video) = &settings.sources[0] else { panic!() };
    assert_eq!(video.size.to_string(), "640x360");
    let crate::source::VideoKind::Screen { display, .. } = &video.kind else { panic!() };
    assert_eq!(display.as_deref(), Some(":7"));
}

#[test]
fn one_codec_is_offered_first_and_a_list_is_all_that_is() {
    use crate::{
        codec::Codec::{Av1, H264, Vp9},
        encoder::CodecChoice::{Auto, First, Only},
    };
    let codecs = |text: &str, flags| with(text, flags).unwrap().encode.codecs;
    assert_eq!(codecs("", vec![]), Auto);
    assert_eq!(codecs("[encode]\ncodec = 'vp9'", vec![]), First(Vp9));
    let list = "[encode]\ncodec = ['av1', 'h264']";
    assert_eq!(codecs(list, vec![]), Only(vec![Av1, H264]));
    assert_eq!(codecs(list, vec![(Target::Key("encode", "codec"), &["av1"])]), First(Av1));
}

#[test]
fn cameras_are_passed_through_by_their_table_or_all_at_once() {
    let camera = "[video.front]\nsource = 'camera'\ndevice = 'C920'\n";
    let passes = |text: &str, flags| with(text, flags).unwrap().sources[0].is_passed_through();
    assert!(!passes(camera, vec![]));
    assert!(passes(&format!("{camera}encoder = 'passthrough'\n"), vec![]));
    assert!(passes(&format!("{camera}[encode]\nencoder = 'passthrough'\n"), vec![]));
    let flags = vec![(Target::Video, &["camera"][..]), (Target::Key("encode", "encoder"), &["passthrough"][..])];
    assert!(passes("", flags));
}

#[test]
fn what_is_wrong_with_a_flag_names_the_flag() {
    for (target, value, what) in [
        (
            Target::Video,
            "camra",
            "--flag: expected one of test, camera, screen, file, got \"camra\"; the nearest is \"camera\"",
        ),
        (Target::EveryVideo("fps"), "fast", "--flag: expected a whole number from 1 to 240, got \"fast\""),
        (
            Target::Key("encode", "codec"),
            "h265",
            "--flag: expected one of auto, h264, vp8, vp9, av1, got \"h265\"; the nearest is \"h264\"",
        ),
        (Target::Rooms, "http://x", "--flag: expected ws:// or wss://, got http://; a relay is spoken to over ws://"),
        (Target::Video, "file", "--flag: a file source needs the path of its file: path = \"...\", file:PATH"),
    ] {
        assert_eq!(with("", vec![(target, &[value])]).unwrap_err().to_string(), what);
    }
}

#[test]
fn paths_of_the_file_begin_at_its_folder_and_those_of_flags_where_we_are() {
    let outside = Outside::of_process(Some(Path::new("/etc/peergate/box.toml")));
    let file = "[video.film]\nsource = 'file'\npath = 'film.mkv'\n";
    let path = |overrides: &Overrides| match &build(file, "x", Purpose::Daemon, overrides, &outside).unwrap().sources[0]
    {
        crate::source::Spec::Video(crate::source::VideoSpec {
            kind: crate::source::VideoKind::File { path }, ..
        }) => path.clone(),
        _ => panic!(),
    };
    assert_eq!(path(&Overrides::default()), PathBuf::from("/etc/peergate/film.mkv"));
    let mut overrides = Overrides::default();
    overrides.set(Target::Video, Place::Flag("--video"), vec!["file:other.mkv".to_owned()]);
    assert_eq!(path(&overrides), PathBuf::from("other.mkv"));
}
