//! What is recorded is kept for so long, up to so many bytes, and while so much of the disk stays free: the oldest files go, never
//! pinned ones, nor the one that is being written. What is left is still vouched for, and is listed.

use std::{fs, time::Duration};

use peergate::{
    ids::{PeerId, RecordingId},
    recording::{
        FileName, Stem, WallTime,
        manifest::{self, Clock, Moment, Previous, State},
    },
};
use serde_json::Value;

use crate::common::{
    daemon::{Daemon, command, run_to_end},
    disks::Disk,
    recorded::Recorded,
    recordings::Recordings,
};

/// How long it may take until what is too much is gone: it is looked at every 10 s.
const LIMIT: Duration = Duration::from_secs(15);

/// What is to stay free, in bytes.
const LEAST_FREE: u64 = 4_000_000;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A folder of recordings as earlier processes left it.
struct Scene {
    recordings: Recordings,
    /// What they recorded.
    sample: Recorded,
}

impl Scene {
    /// Nothing but a second or two of ourselves.
    async fn new(recordings: Recordings) -> Self {
        let mut daemon = Daemon::recording("local", recordings.dir(), "[record.keep]\nfree = 'none'\n").await;
        let is_enough = |state: &Value| state["recordings"][0]["bytes"].as_u64() > Some(100_000);
        daemon.wait_for_state(LIMIT, is_enough).await;
        daemon.signal("TERM");
        assert!(daemon.ended(LIMIT).await.success());
        let sample = recordings.segments().pop().unwrap();
        sample.is_what_its_manifest_says();
        Self { recordings, sample }
    }

    /// A recording of `peer` in the room of `member`, whose segments ended so long ago, the oldest first.
    fn recorded(&self, member: &str, peer: &str, ages: impl IntoIterator<Item = Duration>) {
        let folder = self.recordings.path().join(member).join(peer);
        fs::create_dir_all(&folder).unwrap();
        let now = self.sample.manifest.end.unwrap().wall.unix_ms();
        let length = self.sample.duration();
        let mut previous = None;
        for (sequence, age) in (0..).zip(ages) {
            let ago = |time: Duration| Moment {
                wall: WallTime::from_unix_ms(now - u64::try_from(time.as_millis()).unwrap()),
                clock: Clock::Set,
                ..self.sample.manifest.start
            };
            let start = ago(age + length);
            let file = FileName::new(format!("{}.mkv", Stem::after(None, start.wall))).unwrap();
            let mut manifest = self.sample.manifest.clone();
            manifest.recording = RecordingId::new(format!("{member}-{peer}")).unwrap();
            manifest.member = PeerId::new(member).unwrap();
            manifest.peer = Some(PeerId::new(peer).unwrap());
            manifest.direction = manifest::Direction::Remote;
            (manifest.sequence, manifest.file, manifest.previous) = (sequence, file.clone(), previous);
            (manifest.start, manifest.end) = (start, Some(ago(age)));
            let json = manifest.to_json();
            fs::copy(&self.sample.path, folder.join(&file)).unwrap();
            fs::write(folder.join(&file).with_extension("json"), &json).unwrap();
            previous = Some(Previous { file, manifest_sha256: manifest::digest(&json).unwrap() });
        }
    }

    /// Pins this segment of a recording.
    fn pin(&self, peer: &str, sequence: u64) {
        let segments = self.recordings.segments();
        let mut wanted = segments.into_iter().filter(|one| is_of(one, peer) && one.manifest.sequence == sequence);
        let Recorded { path, mut manifest } = wanted.next().unwrap();
        manifest.pinned = true;
        fs::write(path.with_extension("json"), manifest.to_json()).unwrap();
    }

    /// A daemon that records ourselves there, and has begun to. Before a file is begun, what is too much is removed.
    async fn recording(&self, keep: &str) -> Daemon {
        let daemon = Daemon::recording("local", self.recordings.dir(), &format!("[record.keep]\n{keep}")).await;
        daemon.wait_for_state(LIMIT, |state| state["recordings"][0]["bytes"].as_u64() > Some(0)).await;
        daemon
    }

    /// Which segments of a recording are there.
    fn left(&self, peer: &str) -> Vec<u64> {
        let segments = self.recordings.segments();
        segments.iter().filter(|one| is_of(one, peer)).map(|one| one.manifest.sequence).collect()
    }

    /// Fails unless a segment is being written, and what is there is what the API and the command line list, and
    /// still vouched for.
    async fn is_listed_and_chained(&self, daemon: &Daemon) {
        let files = self.recordings.segments();
        assert_eq!(files.iter().filter(|one| one.manifest.state == State::Recording).count(), 1, "{files:#?}");
        let below = |one: &Recorded| one.path.strip_prefix(self.recordings.path()).unwrap().to_str().unwrap().to_owned();
        let mut files: Vec<_> = files.iter().map(below).collect();
        files.sort_unstable();
        let url = daemon.http("/api/recordings");
        let told: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert_eq!(listed(&told["segments"]), files);
        let list = ["recordings", "--record-dir", self.recordings.dir(), "list", "--json"];
        let told = run_to_end(command(&list)).stdout;
        assert_eq!(listed(&serde_json::from_str(&told).unwrap()), files);
        self.recordings.are_chained();
        let verified = run_to_end(command(&["recordings", "--record-dir", self.recordings.dir(), "verify"]));
        assert!(verified.status.success(), "{}", verified.stdout);
    }
}

fn is_of(segment: &Recorded, peer: &str) -> bool {
    segment.manifest.peer.as_ref().is_some_and(|one| one.as_str() == peer)
}

/// The files of a list, by name.
fn listed(segments: &Value) -> Vec<String> {
    let files = segments.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap().to_owned());
    let mut files: Vec<_> = files.collect();
    files.sort_unstable();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn by_age() {
    let scene = Scene::new(Recordings::new()).await;
    scene.recorded("front-door", "visitor", [3 * HOUR, 2 * HOUR, 61 * MINUTE, 59 * MINUTE, MINUTE]);
    scene.pin("visitor", 1);
    scene.recorded("back-door", "stranger", [5 * HOUR, 4 * HOUR]);
    let daemon = scene.recording("age = '1h'\nfree = 'none'\n").await;
    assert_eq!(scene.left("visitor"), [1, 3, 4]);
    assert!(scene.left("stranger").is_empty());
    assert!(!scene.recordings.path().join("back-door").exists(), "what is empty goes, too");
    scene.is_listed_and_chained(&daemon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_bytes() {
    let scene = Scene::new(Recordings::new()).await;
    let each = scene.sample.bytes_on_disk();
    // The least that can be configured, and of those there are now twice as many.
    let most = 1_000_000;
    let count = u32::try_from(2 * most / each).unwrap();
    scene.recorded("front-door", "visitor", (0..count).rev().map(|number| MINUTE * (number + 1)));
    scene.pin("visitor", 0);
    let daemon = scene.recording("bytes = '1MB'\nfree = 'none'\n").await;
    // Those and the sample, which ended last, are as many as there is room for.
    let kept = u32::try_from(most / each).unwrap() - 2;
    let left: Vec<_> = std::iter::once(0).chain(count - kept..count).map(u64::from).collect();
    assert_eq!(scene.left("visitor"), left, "the pinned one, and of the others the newest");
    scene.is_listed_and_chained(&daemon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_what_is_free() {
    let disk = Disk::in_memory(12);
    let scene = Scene::new(Recordings::at(&disk.path().join("recordings"))).await;
    let count = 16;
    scene.recorded("front-door", "visitor", (0..count).rev().map(|number| MINUTE * (number + 1)));
    scene.pin("visitor", 1);
    let daemon = scene.recording("free = '4MB'\n").await;
    assert_eq!(scene.left("visitor").len(), 16, "there is room");
    // Somebody else's. Two more have to go, and some for what is being written meanwhile.
    let free = daemon.state().await["disk"]["free"].as_u64().unwrap();
    let others = free - LEAST_FREE + 2 * scene.sample.manifest.bytes;
    fs::write(disk.path().join("others"), vec![0; usize::try_from(others).unwrap()]).unwrap();
    let state = daemon.wait_for_state(LIMIT, |_| scene.left("visitor").len() < 16).await;
    let left = scene.left("visitor");
    let newest = (16 - (left.len() as u64 - 1)..16).collect();
    assert_eq!(left, [vec![1], newest].concat(), "the pinned one, and of the others the newest");
    assert!((4..=14).contains(&left.len()), "no more than needed, though room for some seconds: {left:?}");
    assert!(state["disk"]["problem"].is_null(), "{state}");
    scene.is_listed_and_chained(&daemon).await;
}
