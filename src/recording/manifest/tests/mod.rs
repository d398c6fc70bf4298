use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{bitstream::Dimensions, codec::Codec, recording::WallTime};

mod schema;

fn moment(ms: u64) -> Moment {
    Moment {
        since_boot: Duration::from_millis(ms),
        wall: WallTime::from_unix_ms(1_796_047_331_123 + ms),
        clock: Clock::Synchronised,
    }
}

/// A manifest with something in each field.
fn full() -> Manifest {
    let ms = Duration::from_millis;
    let mut video = Track::new(1, Codec::Vp8);
    video.add(ms(0), 1000, true, Dimensions::new(1280, 720));
    video.add(ms(33), 100, false, None);
    let mut gaps = Gaps::default();
    gaps.add(Gap { track: 1, from: ms(0), earlier: ms(66), to: ms(133), kind: GapKind::Lost, frames: Some(2) });
    Manifest {
        recording: RecordingId::new("f3a1").unwrap(),
        member: PeerId::new("front-door").unwrap(),
        peer: Some(PeerId::new("Tür \"3\"").unwrap()),
        direction: Direction::Remote,
        sequence: 7,
        file: FileName::new("2026-11-30T14-02-11.123Z.mkv").unwrap(),
        container: Container::Matroska,
        state: State::Finished,
        pinned: false,
        boot: BootId::new("0c4f1ad0-6d1c-4f3e-9a57-5d0c3b0e7f11").unwrap(),
        start: moment(0),
        end: Some(moment(600_000)),
        bytes: 123_456_789,
        sha256: Some(Sha256Hex::of(b"file")),
        previous: Some(Previous {
            file: FileName::new("2026-11-30T13-52-11.120Z.mkv").unwrap(),
            manifest_sha256: Sha256Hex::of(b"manifest"),
        }),
        tracks: vec![video, Track::new(2, Codec::Opus)],
        gaps,
    }
}

/// With everything in it that is bounded, as long as it gets.
fn largest() -> Manifest {
    let (id, long) = ("\u{10ffff}".repeat(64), Duration::from_millis(u64::MAX / 2000 * 2));
    let mut track = Track::new(u64::MAX, Codec::H264);
    (0..1000).for_each(|number| track.add(long, u64::MAX, true, Dimensions::new(u32::MAX - number % 2, u32::MAX)));
    let mut gaps = Gaps::default();
    (0..2000).for_each(|_| {
        gaps.add(Gap {
            track: u64::MAX,
            from: Duration::ZERO,
            earlier: long / 2,
            to: long / 2,
            kind: GapKind::Dropped,
            frames: Some(u64::MAX),
        });
    });
    Manifest {
        recording: RecordingId::new(&id).unwrap(),
        member: PeerId::new(&id).unwrap(),
        peer: Some(PeerId::new(&id).unwrap()),
        boot: BootId::new(&id).unwrap(),
        state: State::incomplete(&"\u{1}".repeat(2000)),
        tracks: vec![track; MAX_TRACKS],
        gaps,
        ..full()
    }
}

fn edited(edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json = serde_json::from_slice(&full().to_json()).unwrap();
    edit(&mut json);
    json.to_string().into_bytes()
}

fn wrong(edit: impl FnOnce(&mut Value)) -> String {
    Manifest::read(&edited(edit)).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let open = Manifest { state: State::Recording, end: None, sha256: None, previous: None, ..full() };
    let local = Manifest { direction: Direction::Local, peer: None, ..full() };
    let incomplete = Manifest { state: State::incomplete("the disk was full"), ..open.clone() };
    for manifest in [full(), open, local, incomplete, largest()] {
        assert!(Manifest::read(&manifest.to_json()) == Ok(manifest.clone()), "{:?}", manifest.state);
    }
}

#[test]
fn the_largest_is_well_below_the_limit() {
    let bytes = largest().to_json().len();
    assert!(bytes < MAX_BYTES / 4 * 3, "{bytes} bytes");
}

#[test]
fn people_can_read_it() {
    // The fuzz target begins with it, too.
    let written = String::from_utf8(full().to_json()).unwrap();
    assert_eq!(written, include_str!("../../../../fuzz/seeds/manifest/finished"), "{written}");
}

#[test]
fn fields_of_a_newer_version_are_passed_over() {
    let newer = edited(|json| {
        json["weather"] = json!({ "sun": [1, 2.5, null] });
        json["tracks"][0]["colour"] = json!("warm");
        json["gaps"]["listed"][0]["whose"] = json!(null);
    });
    assert_eq!(Manifest::read(&newer), Ok(full()));
    let without = edited(|json| {
        for field in ["end", "sha256", "previous"] {
            json.as_object_mut().unwrap().remove(field);
        }
        json["state"] = json!("recovered");
        json["tracks"][0].as_object_mut().unwrap().remove("first_ms");
    });
    assert!(Manifest::read(&without).is_ok(), "what may be null may be missing");
}

#[test]
fn what_is_wrong_is_told_in_words() {
    for (told, expected) in [
        (
            wrong(|json| json["bytes"] = json!("many")),
            "in a manifest, bytes: invalid type: string \"many\", expected u64",
        ),
        (
            wrong(|json| json["tracks"][0]["codec"] = json!("mp3")),
            "in a manifest, tracks[0].codec: unknown variant `mp3`",
        ),
        (wrong(|json| json["start"]["wall"] = json!("today")), "start.wall: expected a time in UTC with milliseconds"),
        (wrong(|json| json["sha256"] = json!("00")), "sha256: expected a SHA-256 of 64 lower-case hexadecimal digits"),
        (wrong(|json| json["file"] = json!("../x")), "file: expected a file's name of 1 to 255 bytes, without folders"),
        (wrong(|json| json["member"] = json!("")), "member: expected an id, got an empty text"),
        (wrong(|json| json["sequence"] = json!(-1)), "sequence: invalid value: integer `-1`, expected u64"),
        (
            wrong(|json| json["tracks"] = json!(vec![json["tracks"][0].clone(); 17])),
            "expected a list of at most 16, got 17",
        ),
        (
            wrong(|json| json["state"] = json!({ "incomplete": { "why": "x".repeat(2000) } })),
            "at most 1024 bytes, got 2000",
        ),
        (wrong(|json| json["peer"] = json!(null)), "direction is remote: expected a peer, got none"),
        (wrong(|json| json["direction"] = json!("local")), "direction is local: expected null as peer, got a peer"),
        (wrong(|json| json["end"] = json!(null)), "state is finished: expected end, got null"),
        (wrong(|json| json["format"] = json!(2)), "expected a manifest of format 1, got 2; the version of peergate"),
        (wrong(|json| json["format"] = json!("1")), "of format 1, got \"1\""),
        (wrong(|json| drop(json.as_object_mut().unwrap().remove("format"))), "of format 1, got none"),
        (wrong(|json| drop(json.as_object_mut().unwrap().remove("boot"))), "missing field `boot`"),
        (wrong(|json| *json = json!(null)), "expected a manifest as a JSON object: invalid type: null"),
        (Manifest::read(b"").unwrap_err().to_string(), "expected a manifest as a JSON object: EOF while parsing"),
        (Manifest::read(&[b' '; MAX_BYTES + 1]).unwrap_err().to_string(), "at most 1048576 bytes, got 1048577"),
    ] {
        assert!(told.contains(expected), "{told}");
    }
    let told = wrong(|json| json["tracks"][0]["codec"] = json!("\u{1b}[31m".repeat(1000)));
    assert!(told.len() < 300 && !told.contains(char::is_control), "{told}");
}

#[test]
fn a_digest_does_not_change_with_what_may_change() {
    let manifest = full();
    let digest_of = |manifest: &Manifest| digest(&manifest.to_json()).unwrap();
    // What the command prints that is named where it is defined.
    assert_eq!(digest_of(&manifest).to_string(), "d261c7072e9b7527c2fbdf93305122d80997cd0c6560eca3b136cb80f7a36b3d");
    assert_eq!(digest_of(&Manifest { pinned: true, ..manifest.clone() }), digest_of(&manifest));
    assert_ne!(digest_of(&Manifest { bytes: 1, ..manifest.clone() }), digest_of(&manifest));
    let newer = edited(|json| json["weather"] = json!("fine"));
    assert_ne!(digest(&newer).unwrap(), digest_of(&manifest), "what is not known is vouched for, too");
    assert_eq!(digest(&edited(|_| ())).unwrap(), digest_of(&manifest), "white space is not");
    assert!(digest(b"[]").is_err());
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let State::Incomplete { why } = State::incomplete(&"\u{20ac}".repeat(1000)) else { panic!() };
    assert_eq!(why, "\u{20ac}".repeat(341));
}
