//! Bare pipelines against ours: a process of each kind, all at the same time, each with as many streams in real time.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use peergate::{
    codec::Codec,
    ids::{MemberKey, PeerId},
    media::{clockwork::Clockwork, elements},
    recorder::Recorder,
    recording::Settings,
};
use serde::{Deserialize, Serialize};

use crate::{
    files,
    kind::{Kind, Taker},
    packets::Packets,
    process::Sample,
    push,
};

/// How long everything runs before it is measured.
const SETTLING: Duration = Duration::from_secs(3);

/// What was measured with one codec for pictures.
pub(crate) struct Contest {
    pub(crate) codec: Codec,
    /// Bits in a second, of pictures and sound.
    pub(crate) bitrate: u64,
    pub(crate) streams: usize,
    pub(crate) costs: Vec<(Kind, Cost)>,
    /// Frames of pictures and sound that were pushed, of all streams; and those that are in our files.
    pub(crate) pushed: u64,
    pub(crate) recorded: u64,
}

/// What a kind costs for each stream.
pub(crate) struct Cost {
    /// Cores that were busy with it.
    pub(crate) cores: f64,
    pub(crate) threads: f64,
}

/// What a process tells at its end: how many frames it pushed, of all streams.
#[derive(Serialize, Deserialize)]
struct Pushed(u64);

impl Contest {
    pub(crate) async fn hold(codec: Codec, streams: usize, period: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let packets = [Packets::make(codec).await, Packets::make(Codec::Opus).await];
        let made = folder.path().join("packets.json");
        fs::write(&made, serde_json::to_vec(&packets).unwrap()).unwrap();
        let mut rivals: Vec<_> =
            Kind::ALL.into_iter().map(|kind| Rival::start(kind, streams, &made, folder.path())).collect();
        rivals.iter_mut().for_each(Rival::wait);
        tokio::time::sleep(SETTLING).await;
        let sample = |rivals: &[Rival]| rivals.iter().map(|rival| Sample::of(rival.process.id())).collect::<Vec<_>>();
        let before = sample(&rivals);
        tokio::time::sleep(period).await;
        let after = sample(&rivals);
        let of_each = |number: f64| number / streams as f64;
        let cost = |(before, after): (&Sample, &Sample)| Cost {
            cores: of_each(after.cores_since(before)),
            threads: of_each(after.threads as f64),
        };
        let costs = Kind::ALL.into_iter().zip(before.iter().zip(&after).map(cost)).collect();
        let pushed: Vec<_> = rivals.into_iter().map(Rival::end).collect();
        let ours = Kind::ALL.iter().position(|kind| *kind == Kind::Recorded).map_or(0, |ours| pushed[ours].0);
        let files = files::of(&dir(folder.path(), Kind::Recorded));
        let recorded = files.iter().flat_map(|file| &file.manifest.tracks).map(|track| track.frames).sum();
        let bitrate = packets.iter().map(Packets::bitrate).sum();
        Self { codec, bitrate, streams, costs, pushed: ours, recorded }
    }

    pub(crate) fn cores(&self, wanted: Kind) -> f64 {
        self.costs.iter().find(|(kind, _)| *kind == wanted).map_or(f64::NAN, |(_, cost)| cost.cores)
    }

    /// What recording costs, as a multiple of what a bare pipeline does: without what throwing the packets away does.
    pub(crate) fn ratio(&self) -> f64 {
        let nothing = self.cores(Kind::Nothing);
        (self.cores(Kind::Recorded) - nothing) / (self.cores(Kind::Bare) - nothing)
    }
}

/// A process.
struct Rival {
    process: Child,
    says: BufReader<ChildStdout>,
}

impl Rival {
    fn start(kind: Kind, streams: usize, packets: &Path, folder: &Path) -> Self {
        let dir = dir(folder, kind);
        fs::create_dir(&dir).unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["rival", &serde_json::to_string(&kind).unwrap(), &streams.to_string()])
            .args([packets, &dir])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(process.stdout.take().unwrap());
        Self { process, says }
    }

    /// Until all its streams run.
    fn wait(&mut self) {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "what went wrong is above");
    }

    fn end(mut self) -> Pushed {
        drop(self.process.stdin.take());
        let mut report = String::new();
        self.says.read_to_string(&mut report).unwrap();
        self.process.wait().unwrap();
        serde_json::from_str(&report).unwrap()
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where a kind's files are.
fn dir(folder: &Path, kind: Kind) -> PathBuf {
    folder.join(format!("{kind:?}"))
}

/// The process of a kind: pushes until its input ends, and says how much it was.
pub(crate) async fn compete(kind: &str, streams: usize, packets: &Path, dir: &Path) {
    elements::start().unwrap();
    let kind: Kind = serde_json::from_str(kind).unwrap();
    let packets: Vec<Packets> = serde_json::from_slice(&fs::read(packets).unwrap()).unwrap();
    let clockwork = Clockwork::start();
    let settings = Settings { dir: dir.to_owned(), ..Settings::default() };
    let recorder = (kind == Kind::Recorded).then(|| Recorder::start(settings, clockwork.clone(), true));
    let (mut takers, mut subjects) = (Vec::new(), Vec::new());
    for number in 0..streams {
        let file = dir.join(format!("{number}.mkv"));
        let taker = Taker::start(kind, &packets, &file, &clockwork).await;
        if let Some(recorder) = &recorder {
            let subject = recorder.remote(MemberKey(0), id("gateway"), id(&format!("sender-{number}")), true);
            taker.feeds.iter().for_each(|(codec, feed)| subject.add(*codec, feed.clone()));
            subjects.push(subject);
        }
        takers.push(taker);
    }
    let sources: Vec<Vec<_>> = takers.iter().map(|taker| taker.sources.clone()).collect();
    let ended = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&ended);
    let pushing = std::thread::spawn(move || Pushed(push::push(&packets, &sources, &clockwork, &until)));
    println!("ready");
    std::io::stdout().flush().unwrap();
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()).unwrap()).await.unwrap();
    ended.store(true, Relaxed);
    let pushed = tokio::task::spawn_blocking(|| pushing.join().unwrap()).await.unwrap();
    for taker in takers {
        taker.end().await;
    }
    drop(subjects);
    if let Some(recorder) = recorder {
        recorder.settled().await;
    }
    println!("{}", serde_json::to_string(&pushed).unwrap());
}

fn id(id: &str) -> PeerId {
    PeerId::new(id).unwrap()
}
