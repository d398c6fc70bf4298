//! `[video.NAME]` and `[audio.NAME]`, and the short form of `--video` and `--audio`.

use std::path::PathBuf;

use super::{
    outside::Outside,
    problem::Place,
    section::{Section, Wrong},
    tree::{Kind, Table, Value},
    units,
};
use crate::{
    codec::MediaKind,
    ids::SourceName,
    source::{AudioKind, AudioSpec, Region, Spec, VideoKind, VideoSpec},
    units::Size,
};

/// The names of the sources that are there when none is configured, or one by a flag.
pub(super) const PICTURE: &str = "picture";
pub(super) const SOUND: &str = "sound";

/// In the place of an encoder: the camera's own H.264.
pub(super) const PASSTHROUGH: &str = "passthrough";

const SIZE: Size = Size { width: 1280, height: 720 };
const FPS: u32 = 30;

/// `videotestsrc`'s patterns that need nothing else set.
const PATTERNS: [&str; 25] = [
    "smpte",
    "snow",
    "black",
    "white",
    "red",
    "green",
    "blue",
    "checkers-1",
    "checkers-2",
    "checkers-4",
    "checkers-8",
    "circular",
    "blink",
    "smpte75",
    "zone-plate",
    "gamut",
    "chroma-zone-plate",
    "ball",
    "smpte100",
    "bar",
    "pinwheel",
    "spokes",
    "gradient",
    "colors",
    "smpte-rp-219",
];

/// `audiotestsrc`'s waves.
const WAVES: [&str; 13] = [
    "sine",
    "square",
    "saw",
    "triangle",
    "silence",
    "white-noise",
    "pink-noise",
    "sine-table",
    "ticks",
    "gaussian-noise",
    "red-noise",
    "blue-noise",
    "violet-noise",
];

#[derive(Clone, Copy)]
enum VideoWord {
    Test,
    Camera,
    Screen,
    File,
}

#[derive(Clone, Copy)]
enum AudioWord {
    Test,
    Microphone,
    Monitor,
    File,
}

/// Each kind of source: how it is called, and the key of what may follow it in the short form.
const VIDEO_WORDS: [(&str, VideoWord, &str); 4] = [
    ("test", VideoWord::Test, "pattern"),
    ("camera", VideoWord::Camera, "device"),
    ("screen", VideoWord::Screen, "display"),
    ("file", VideoWord::File, "path"),
];
const AUDIO_WORDS: [(&str, AudioWord, &str); 4] = [
    ("test", AudioWord::Test, "wave"),
    ("microphone", AudioWord::Microphone, "device"),
    ("monitor", AudioWord::Monitor, "device"),
    ("file", AudioWord::File, "path"),
];

/// A source as it was configured, with where.
pub(super) struct Configured {
    pub(super) name: SourceName,
    pub(super) media: MediaKind,
    pub(super) place: Place,
    /// `None` when something is wrong with it, which is noted.
    pub(super) spec: Option<Spec>,
}

/// The table that the short form `KIND[:ARGUMENT]` stands for. What is wrong in it is found when the table is read.
pub(super) fn table_of(media: MediaKind, short: &str, place: Place) -> Table {
    let (kind, argument) = match short.split_once(':') {
        Some((kind, argument)) => (kind, Some(argument)),
        None => (short, None),
    };
    let key = match media {
        MediaKind::Video => VIDEO_WORDS.iter().find(|(word, ..)| *word == kind).map(|(.., key)| *key),
        MediaKind::Audio => AUDIO_WORDS.iter().find(|(word, ..)| *word == kind).map(|(.., key)| *key),
    };
    let mut table = Table::default();
    table.set("source", Value::text(if key.is_some() { kind } else { short }, place));
    if let (Some(key), Some(argument)) = (key, argument) {
        table.set(key, Value::text(argument, place));
    }
    table
}

/// Every configured source; the test source of each kind where none is.
pub(super) fn read(root: &mut Section<'_>, outside: &Outside) -> Vec<Configured> {
    let mut sources: Vec<Configured> = Vec::new();
    for (media, key, default) in [(MediaKind::Video, "video", PICTURE), (MediaKind::Audio, "audio", SOUND)] {
        for (name, section) in named_or_default(root, key, default) {
            let place = section.place();
            let name = match SourceName::new(&name) {
                // The word for no source at all.
                Ok(_) if name == "none" => Err("expected another name than none".to_owned()),
                Ok(_) if sources.iter().any(|other| other.name.as_str() == name) => {
                    Err("expected a name of its own, got that of a [video] source".to_owned())
                }
                Ok(name) => Ok(name),
                Err(error) => Err(format!("the source's name: {error}")),
            };
            match name {
                Ok(name) => {
                    let spec = match media {
                        MediaKind::Video => read_video(name.clone(), section, outside).map(Spec::Video),
                        MediaKind::Audio => read_audio(name.clone(), section, outside).map(Spec::Audio),
                    };
                    sources.push(Configured { name, media, place, spec });
                }
                Err(what) => section.wrong_whole(what),
            }
        }
    }
    sources
}

fn named_or_default<'a>(root: &mut Section<'a>, key: &'static str, default: &str) -> Vec<(String, Section<'a>)> {
    let named = root.named_sections(key);
    if !named.is_empty() {
        return named;
    }
    let path = format!("{key}.{default}");
    vec![(default.to_owned(), Section::new(path, Place::Default, Table::default(), root.notes()))]
}

fn read_video(name: SourceName, mut section: Section<'_>, outside: &Outside) -> Option<VideoSpec> {
    let size = section.take("size", units::size).unwrap_or(SIZE);
    let fps = section.take("fps", |value| units::integer(value, 1..=240)).unwrap_or(FPS);
    let keep = keep(&mut section);
    let words = VIDEO_WORDS.map(|(word, kind, _)| (word, kind));
    // An unknown kind has unknown keys.
    let word = match section.take_value("source") {
        None => VideoWord::Test,
        Some(value) => read_word(&mut section, &value, &words)?,
    };
    let (kind, what) = match word {
        VideoWord::Test => {
            let pattern = section.take("pattern", |value| one_of(value, &PATTERNS));
            (VideoKind::Test { pattern: pattern.unwrap_or_else(|| "smpte".to_owned()) }, "a test picture")
        }
        VideoWord::Camera => {
            let device = section.take("device", units::text);
            let own = section.take("encoder", |value| units::word(value, &[(PASSTHROUGH, ())])).is_some();
            let kind = if own { VideoKind::H264Camera { device } } else { VideoKind::Camera { device } };
            (kind, "a camera")
        }
        VideoWord::Screen => {
            let display = section.take("display", display);
            let region = section.take("region", region);
            let pointer = section.take("pointer", units::boolean).unwrap_or(true);
            (VideoKind::Screen { display, region, pointer }, "a screen")
        }
        VideoWord::File => (VideoKind::File { path: file(&mut section, outside)? }, "a file"),
    };
    section.finish(&format!("{what} source"));
    Some(VideoSpec { name, kind, size, fps, keep })
}

fn read_audio(name: SourceName, mut section: Section<'_>, outside: &Outside) -> Option<AudioSpec> {
    let keep = keep(&mut section);
    let words = AUDIO_WORDS.map(|(word, kind, _)| (word, kind));
    let word = match section.take_value("source") {
        None => AudioWord::Test,
        Some(value) => read_word(&mut section, &value, &words)?,
    };
    let (kind, what) = match word {
        AudioWord::Test => {
            let wave = section.take("wave", |value| one_of(value, &WAVES));
            (AudioKind::Test { wave: wave.unwrap_or_else(|| "sine".to_owned()) }, "a test sound")
        }
        AudioWord::Microphone => {
            (AudioKind::Microphone { device: section.take("device", units::text) }, "a microphone")
        }
        AudioWord::Monitor => (AudioKind::Monitor { device: section.take("device", units::text) }, "a monitor"),
        AudioWord::File => (AudioKind::File { path: file(&mut section, outside)? }, "a file"),
    };
    section.finish(&format!("{what} source"));
    Some(AudioSpec { name, kind, keep })
}

/// Has every camera's own H.264 passed on. Whether there is one.
pub(super) fn pass_cameras_through(sources: &mut [Configured]) -> bool {
    let mut found = false;
    for source in sources {
        if let Some(Spec::Video(VideoSpec { kind, .. })) = &mut source.spec {
            if let VideoKind::Camera { device } = kind {
                *kind = VideoKind::H264Camera { device: device.take() };
            }
            found |= matches!(kind, VideoKind::H264Camera { .. });
        }
    }
    found
}

fn keep(section: &mut Section<'_>) -> bool {
    section.take("keep", units::boolean).unwrap_or(false)
}

fn read_word<T: Copy>(section: &mut Section<'_>, value: &Value, words: &[(&str, T)]) -> Option<T> {
    match units::word(value, words) {
        Ok(word) => Some(word),
        Err(Wrong(what)) => {
            section.wrong(value.place, "source", what);
            None
        }
    }
}

fn one_of(value: &Value, names: &[&'static str]) -> Result<String, Wrong> {
    let words: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
    units::word(value, &words).map(ToOwned::to_owned)
}

/// `:0`, `:1.0`, `host:0`; a number alone is a local display.
fn display(value: &Value) -> Result<String, Wrong> {
    let text = units::text(value)?;
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(format!(":{text}"));
    }
    if !text.contains(':') || text.contains(char::is_whitespace) {
        return Err(Wrong::expected("an X display like \":0\"", value));
    }
    Ok(text)
}

/// `"1280x720+100+50"`, as X writes geometries.
fn region(value: &Value) -> Result<Region, Wrong> {
    let wrong =
        || Wrong::expected("a part of the screen like \"1280x720+100+50\" (size, then from left and top)", value);
    let Kind::Text(text) = &value.kind else { return Err(wrong()) };
    let mut parts = text.split('+');
    let (Some(size), Some(x), Some(y), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    let size = units::size(&Value::text(size, value.place)).map_err(|_| wrong())?;
    let offset = |digits: &str| digits.parse::<u16>().map(u32::from).map_err(|_| wrong());
    Ok(Region { x: offset(x)?, y: offset(y)?, size })
}

fn file(section: &mut Section<'_>, outside: &Outside) -> Option<PathBuf> {
    match section.take_value("path") {
        Some(value) => match units::text(&value) {
            Ok(path) => Some(outside.path(&path, value.place)),
            Err(Wrong(what)) => {
                section.wrong(value.place, "path", what);
                None
            }
        },
        None => {
            section.wrong(
                section.place(),
                "path",
                "a file source needs the path of its file: path = \"...\", file:PATH",
            );
            None
        }
    }
}
