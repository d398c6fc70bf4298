//! The three floors of `src/lib.rs`: a room uses its own floor and those below, never one above.

use std::{collections::BTreeMap, fs, path::Path};

const PURE: &[&str] =
    &["backoff", "bitstream", "codec", "connection", "container", "ice", "ids", "limit", "log_limit", "matroska", "metrics", "mp4", "pace", "quality", "recording", "redact", "report", "room", "rtp", "sdp", "timeline", "token", "trust", "units", "signal/message.rs", "signal/fields.rs", "signal/backoff.rs", "service/vitals.rs", "service/status.rs", "source/sound_clock.rs"];
const MEDIA: &[&str] = &["media", "source", "encoder", "studio", "peer", "recorder"];

/// Crates that the pure floor does without: it has no I/O, no tasks and no media.
const IMPURE_CRATES: &[&str] = &["gst", "gst_app", "gst_sdp", "gst_video", "gst_webrtc", "glib", "tokio", "axum"];

fn floor(room: &str) -> u8 {
    if PURE.contains(&room) {
        1
    } else if MEDIA.contains(&room) {
        2
    } else {
        3
    }
}

/// `src/signal/message.rs` lives in `signal/message.rs` where that is listed by itself, else in `signal`.
fn room_of(path: &str) -> String {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    if PURE.contains(&inner) {
        return inner.to_owned();
    }
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs").to_owned()
}

fn sources(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path.to_string_lossy().into_owned(), text);
        }
    }
}

/// The first segments behind each `crate::` of a line, braces opened: `crate::{a::B, c}` gives `a`, `c`.
fn used_rooms(text: &str) -> Vec<String> {
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let (mut depth, mut item) = (1, String::new());
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => {
                        rooms.push(std::mem::take(&mut item));
                        continue;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                item.push(c);
            }
            rooms.push(item);
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect());
        }
    }
    rooms
        .iter()
        .map(|path| path.trim())
        .filter(|path| !path.is_empty())
        .map(|path| {
            let mut segments = path.split("::");
            let first = segments.next().unwrap_or("").trim();
            let second = segments.next().unwrap_or("").trim_matches(['{', ' ']);
            let file = format!("{first}/{second}.rs");
            if PURE.contains(&file.as_str()) { file } else { first.to_owned() }
        })
        .collect()
}

#[test]
fn no_room_uses_one_of_a_floor_above() {
    let mut files = BTreeMap::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 10, "the sources were found");
    let mut wrong = Vec::new();
    for (path, text) in &files {
        let room = room_of(path);
        if ["lib", "main"].contains(&room.as_str()) {
            continue;
        }
        for used in used_rooms(text) {
            if floor(&used) > floor(&room) {
                wrong.push(format!("{path} (floor {}) uses {used} (floor {})", floor(&room), floor(&used)));
            }
        }
        if floor(&room) == 1 {
            for name in IMPURE_CRATES {
                if text.contains(&format!("{name}::")) {
                    wrong.push(format!("{path} is pure and uses the crate {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
