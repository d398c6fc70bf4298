//! A peer's id comes from a stranger: whatever it is, what is recorded stays within the folder, in one of its own.

use std::{collections::BTreeSet, path::Path};

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::State,
};

use crate::common::{camera::Camera, daemon::Daemon, flash_and_beep::FlashAndBeep, recordings::Recordings};

#[tokio::test(flavor = "multi_thread")]
async fn each_is_recorded_within_the_folder() {
    let base = tempfile::tempdir().unwrap();
    let recordings = Recordings::at(&base.path().join("recordings"));
    let gateway = Daemon::recording("remote", recordings.dir(), "").await;
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let emoji = "\u{1f300}".repeat(64);
    let ids = ["../../etc/x", "/etc/passwd", &emoji, "local~", "CON", "a/b", "A", "a", "...", "..\\..\\x"];
    for id in ids {
        let camera = Camera::join(&gateway, id, &media).await;
        camera.has_sent(&gateway, MediaKind::Video, 20).await;
        camera.leave(&gateway).await;
    }
    let segments = recordings.settled(ids.len()).await;
    let known: BTreeSet<_> = segments.iter().map(|segment| segment.manifest.peer.as_ref().unwrap().as_str()).collect();
    assert_eq!(known, BTreeSet::from(ids), "the manifest has the id as it is");
    let mut folders = BTreeSet::new();
    for segment in &segments {
        assert_eq!(segment.manifest.state, State::Finished);
        let folder = segment.path.parent().unwrap();
        assert_eq!(folder.parent(), Some(recordings.path().join("gateway").as_path()));
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.is_ascii() && name.len() <= 100, "{name:?}");
        folders.insert(name.to_ascii_lowercase());
    }
    assert_eq!(folders.len(), ids.len(), "each has a folder of its own, also where case is not told: {folders:?}");
    assert_eq!(names(base.path()), ["recordings"], "nothing lies beside the folder");
    recordings.are_chained();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
