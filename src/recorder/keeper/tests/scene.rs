//! Folders of recordings, and a file of sound.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    codec::Codec,
    ids::{BootId, PeerId, RecordingId},
    recorder::{index, keeper::Keeper, machine},
    recording::{
        Container, Cutter, FileName, Limits, Output, Policy, Settings, Sha256Hex, Stem, WallTime,
        frame::{Frame, TrackNumber},
        manifest::{Direction, Gaps, Manifest, Moment, State},
    },
};

/// A folder with recordings, gone with this.
pub(super) struct Scene {
    pub(super) base: tempfile::TempDir,
    pub(super) keep: Policy,
}

impl Scene {
    pub(super) fn new(keep: Policy) -> Self {
        Self { base: tempfile::tempdir().unwrap(), keep }
    }

    pub(super) fn start(&self) -> Keeper {
        let settings = Settings { dir: self.base.path().to_owned(), keep: self.keep, ..Settings::default() };
        Keeper::start(&settings, true)
    }

    /// The manifest of a segment of `recording` that began and ended this minute, as who writes it leaves it.
    pub(super) fn manifest(&self, recording: &str, minute: u64) -> (PathBuf, Manifest) {
        let wall = WallTime::from_unix_ms(1_800_000_000_000 + 60_000 * minute);
        let moment = Moment { wall, ..machine::now() };
        let name = format!("{}.mkv", Stem::after(None, wall));
        let manifest = Manifest {
            recording: RecordingId::new(recording).unwrap(),
            member: PeerId::new("gateway").unwrap(),
            peer: Some(PeerId::new("camera").unwrap()),
            direction: Direction::Remote,
            sequence: minute,
            container: Container::Matroska,
            file: FileName::new(&name).unwrap(),
            state: State::Finished,
            pinned: false,
            boot: BootId::new("boot").unwrap(),
            start: moment,
            end: Some(moment),
            bytes: 5,
            sha256: None,
            previous: None,
            tracks: Vec::new(),
            gaps: Gaps::default(),
        };
        (self.base.path().join("gateway/camera").join(name), manifest)
    }

    /// Writes both files of a segment.
    pub(super) fn lay(&self, (path, manifest): &(PathBuf, Manifest)) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "media").unwrap();
        fs::write(path.with_extension("json"), manifest.to_json()).unwrap();
    }

    /// The manifests of so many sealed segments, a minute each.
    pub(super) fn lay_sealed(&self, count: u64) {
        let (path, mut manifest) = self.manifest("before", 0);
        manifest.sha256 = Some(Sha256Hex::of(b"media"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path.with_extension("json"), manifest.to_json()).unwrap();
        let json = String::from_utf8(manifest.to_json()).unwrap();
        for minute in 1..count {
            let (path, other) = self.manifest("before", minute);
            let json = json
                .replace(manifest.file.as_str(), other.file.as_str())
                .replace("\"sequence\": 0", &format!("\"sequence\": {minute}"))
                .replace(&manifest.start.wall.to_string(), &other.start.wall.to_string());
            fs::write(path.with_extension("json"), json).unwrap();
        }
    }

    /// How many manifests there are. Some may be going.
    pub(super) fn count(&self) -> usize {
        index::manifests(self.base.path()).len()
    }

    /// The manifests that are there.
    pub(super) fn manifests(&self) -> Vec<Manifest> {
        let read = |path: PathBuf| index::manifest(&path).unwrap().0;
        index::manifests(self.base.path()).into_iter().map(read).collect()
    }
}

/// A Matroska file with two seconds of sound.
pub(super) fn sound() -> Vec<u8> {
    let limits = Limits { time: Duration::from_secs(600), bytes: u64::MAX };
    let mut cutter = Cutter::new(Container::Matroska, limits);
    cutter.handle_track(TrackNumber(1), Codec::Opus);
    let begun = Instant::now();
    for packet in 0..100 {
        let time = Duration::from_millis(20 * packet);
        // A packet of 20 ms of CELT in one frame (RFC 6716, section 3.1).
        let bytes = [&[0xf8_u8][..], &[0; 40]].concat().into();
        let frame = Frame { track: TrackNumber(1), time, keyframe: true, after_loss: false, bytes };
        cutter.handle_frame(begun + time, frame);
    }
    cutter.finish(begun + Duration::from_secs(3));
    let mut file = Vec::new();
    while let Some(output) = cutter.poll_output() {
        match output {
            Output::Open(opening) => file.extend(opening.header),
            Output::Write(cluster) => file.extend(cluster),
            Output::Close(ended) => {
                file.extend(ended.ending.append);
                for patch in ended.ending.patches {
                    let at = usize::try_from(patch.offset).unwrap();
                    file[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
                }
            }
            Output::AskForKeyframe(_) => {}
        }
    }
    file
}
