//! `[record]`: where recordings go, and what is kept of them.

use std::time::Duration;

use super::{
    outside::Outside,
    section::{Section, Wrong},
    tree::{Kind, Value},
    units,
};
use crate::recording::{Container, Limits, Policy, Settings, Wanted};

const DAY: Duration = Duration::from_secs(86_400);
const TERABYTE: usize = 1_000_000_000_000;

/// The most segments, or files, that can be spoken of.
const MOST_FILES: u64 = 1_000_000_000;

/// Reads the table.
pub(super) fn read(mut section: Section<'_>, outside: &Outside) -> Settings {
    let default = Settings::default();
    let path = |value: &Value| Ok(outside.path(&units::text(value)?, value.place));
    let dir = section.take("dir", path);
    let mount = section.take("mount", path);
    let containers = [("mkv", Container::Matroska), ("webm", Container::WebM), ("mp4", Container::Mp4)];
    let container = section.take("container", |value| units::word(value, &containers));
    let time = section.take("segment", |value| units::duration(value, Duration::from_secs(10)..=DAY));
    let bytes = section.take("segment_bytes", |value| units::bytes(value, 1_000_000..=TERABYTE));
    let before = section.take("before", |value| units::duration(value, Duration::ZERO..=Duration::from_secs(60)));
    let sync = section.take("sync", sync);
    let keep = keep(section.section("keep"), default.keep);
    section.finish("[record]");
    Settings {
        dir: dir.unwrap_or(default.dir),
        mount,
        container: container.unwrap_or(default.container),
        segment: Limits {
            time: time.unwrap_or(default.segment.time),
            bytes: bytes.map_or(default.segment.bytes, |bytes| bytes as u64),
        },
        before: before.unwrap_or(default.before),
        sync: sync.unwrap_or(default.sync),
        keep,
    }
}

/// What a member records: `none`, `remote`, `local` or `all`.
pub(super) fn wanted(value: &Value) -> Result<Wanted, Wrong> {
    let words = [("none", Wanted::NONE), ("remote", Wanted::REMOTE), ("local", Wanted::LOCAL), ("all", Wanted::ALL)];
    units::word(value, &words)
}

fn keep(mut section: Section<'_>, default: Policy) -> Policy {
    let longest = 100 * 366 * DAY;
    let age = section
        .take("age", |value| unless_none(value, |value| units::duration(value, 60 * Duration::from_secs(1)..=longest)));
    let size = |value: &Value| {
        unless_none(value, |value| units::bytes(value, 1_000_000..=1000 * TERABYTE).map(|bytes| bytes as u64))
    };
    let number =
        |least: u64| move |value: &Value| unless_none(value, |value| units::integer(value, least..=MOST_FILES));
    let bytes = section.take("bytes", size);
    let segments = section.take("segments", number(10));
    let free = section.take("free", size);
    let free_files = section.take("free_files", number(1));
    section.finish("[record.keep]");
    Policy {
        age: age.unwrap_or(default.age),
        bytes: bytes.unwrap_or(default.bytes),
        segments: segments.unwrap_or(default.segments),
        free: free.unwrap_or(default.free),
        free_files: free_files.unwrap_or(default.free_files),
    }
}

fn sync(value: &Value) -> Result<Option<Duration>, Wrong> {
    unless_none(value, |value| units::duration(value, Duration::from_millis(100)..=Duration::from_secs(60)))
}

/// `None` for `"none"`.
fn unless_none<T>(value: &Value, read: impl FnOnce(&Value) -> Result<T, Wrong>) -> Result<Option<T>, Wrong> {
    match &value.kind {
        Kind::Text(text) if text == "none" => Ok(None),
        _ => read(value).map(Some),
    }
}
