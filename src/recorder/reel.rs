//! One recording as its subject holds it: the taps on the tracks, and the thread that writes what comes of them.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::AtomicU64},
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use super::{
    Surroundings, Who,
    intake::{Intake, Word},
    keeper::Job,
    progress::{Listing, Progress},
    queue::{Heard, Words, queue},
    subject::Arrival,
    writer::Writer,
};
use crate::{ids::RecordingId, recording::frame::TrackNumber};

/// A recording, or what is held for one. Dropping it ends it, too, but nobody waits.
pub(super) struct Reel {
    id: RecordingId,
    who: Who,
    has_begun: bool,
    // Before the words: no frame may come behind the last one.
    intakes: Vec<Intake>,
    words: Words,
    /// Held, so that it is listed as long as this is there, whatever became of the thread.
    told: watch::Sender<Progress>,
    /// Frames that found no place in the queue.
    dropped: Arc<AtomicU64>,
    surroundings: Arc<Surroundings>,
    /// The one that writes. It naps while frames gather.
    thread: JoinHandle<()>,
    /// Closed when the thread has ended.
    written: watch::Receiver<()>,
}

impl Reel {
    /// Starts the thread. It holds what comes until it is to [`begin`](Self::begin).
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn open(
        who: &Who,
        surroundings: &Arc<Surroundings>,
        asks: mpsc::Sender<TrackNumber>,
    ) -> Result<Self, io::Error> {
        Self::with(who, surroundings, |id, told, heard| {
            Writer::new(id, who.clone(), Arc::clone(surroundings), told, asks).run_on(heard)
        })
    }

    /// With what its thread does: made of the recording's id, what it tells, and what it hears.
    fn with<W: FnOnce() + Send + 'static>(
        who: &Who,
        surroundings: &Arc<Surroundings>,
        work: impl FnOnce(RecordingId, watch::Sender<Progress>, Heard) -> W,
    ) -> Result<Self, io::Error> {
        let id = random_id();
        let (words, heard) = queue();
        let told = watch::Sender::new(Progress::default());
        let (writing, written) = watch::channel(());
        let work = work(id.clone(), told.clone(), heard);
        let last =
            LastWord { id: id.clone(), who: who.clone(), told: told.clone(), surroundings: surroundings.clone() };
        let thread = std::thread::Builder::new().name("record".to_owned()).spawn(move || {
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                last.fail();
            }
            drop(writing);
        })?;
        Ok(Self {
            id,
            who: who.clone(),
            has_begun: false,
            intakes: Vec::new(),
            words,
            told,
            dropped: Arc::default(),
            surroundings: Arc::clone(surroundings),
            thread,
            written,
        })
    }

    pub(super) const fn id(&self) -> &RecordingId {
        &self.id
    }

    /// Whether what comes is written.
    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether its thread is gone, though nobody has ended it: that is a fault of ours, and nothing more is written.
    pub(super) fn has_failed(&self) -> bool {
        self.written.has_changed().is_err()
    }

    /// Comes when its thread is gone: where nobody has ended it, when it [has failed](Self::has_failed).
    pub(super) fn written(&self) -> impl Future<Output = ()> + use<> {
        let mut written = self.written.clone();
        async move { while written.changed().await.is_ok() {} }
    }

    /// Records this track, too.
    pub(super) fn take(&mut self, arrival: &Arrival) {
        match Intake::link(arrival.number, arrival.codec, &arrival.feed, self.words.clone(), &self.dropped) {
            Ok(intake) => self.intakes.push(intake),
            Err(error) => warn!(who = %self.who, %error, "a track is not recorded"),
        }
    }

    /// Writes what is held of the time `before`, and all that comes, if it does not already. Whether it does.
    pub(super) fn begin(&mut self, before: Duration) -> bool {
        if self.has_begun {
            return true;
        }
        if !self.words.offer(Word::Begin { before }) {
            warn!(who = %self.who, id = %self.id, "it is not recorded: its queue is full; ask again");
            return false;
        }
        self.thread.thread().unpark();
        self.has_begun = true;
        info!(who = %self.who, id = %self.id, "recording");
        self.surroundings.list(Listing {
            id: self.id.clone(),
            who: self.who.clone(),
            since: SystemTime::now(),
            progress: self.told.subscribe(),
            dropped: Arc::clone(&self.dropped),
        });
        true
    }

    pub(super) fn ask_for_keyframe(&self, track: TrackNumber) {
        if let Some(intake) = self.intakes.iter().find(|intake| intake.number() == track) {
            intake.ask_for_keyframe();
        }
    }

    /// Writes what there is, and waits until it is written.
    pub(super) async fn end(self) {
        let written = self.written();
        let Self { intakes, words, thread, has_begun, id, who, .. } = self;
        drop(intakes);
        // The thread ends with the last of those who could say something to it.
        drop(words);
        thread.thread().unpark();
        written.await;
        if has_begun {
            info!(%who, %id, "recorded");
        }
    }
}

/// What is done where a recording's thread panics.
struct LastWord {
    id: RecordingId,
    who: Who,
    told: watch::Sender<Progress>,
    surroundings: Arc<Surroundings>,
}

impl LastWord {
    fn fail(self) {
        let Self { id, who, told, surroundings } = self;
        error!(%who, %id, "a fault in the program ends this recording; please report it");
        let why = "a fault in the program ended it: its log says more; end it, or start it anew";
        let mut file = None;
        told.send_modify(|progress| {
            file = progress.file.take();
            progress.problem = Some(why.to_owned());
        });
        if let Some(file) = file {
            surroundings.keeper.seal(Job::Mend(id.clone(), surroundings.settings.dir.join(file)));
        }
        surroundings.keeper.seal(Job::End(id));
    }
}

/// Of 12 hexadecimal digits: among thousands of recordings of a folder no two have the same.
pub(super) fn random_id() -> RecordingId {
    RecordingId::new(format!("{:012x}", rand::random::<u64>() >> 16)).expect("digits make an id")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        ids::{MemberKey, PeerId},
        media::clockwork::Clockwork,
        recorder::Recorder,
        recording::Settings,
        report::{RecordingCondition, RecordingState},
    };

    /// A recorder without recordings in a folder that is gone with the second one.
    pub(in crate::recorder) fn recorder() -> (Recorder, tempfile::TempDir) {
        gst::init().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { dir: folder.path().to_owned(), ..Settings::default() };
        (Recorder::start(settings, Clockwork::start(), true), folder)
    }

    pub(in crate::recorder) fn who() -> Who {
        Who { key: MemberKey(0), member: PeerId::new("gateway").unwrap(), peer: PeerId::new("camera").ok() }
    }

    /// One whose thread has panicked.
    pub(in crate::recorder) async fn failed(recorder: &Recorder) -> Reel {
        let panics = |_, _, heard: Heard| {
            move || {
                heard.wait(Duration::from_secs(60)).unwrap();
                panic!("a fault, as the test has it");
            }
        };
        let mut reel = Reel::with(&who(), &recorder.surroundings, panics).unwrap();
        assert!(!reel.has_failed() && reel.begin(Duration::ZERO));
        while !reel.has_failed() {
            tokio::task::yield_now().await;
        }
        reel
    }

    #[tokio::test]
    async fn one_whose_thread_panics_is_shown_as_failed_until_it_is_ended() {
        let (recorder, _folder) = recorder();
        let reel = failed(&recorder).await;
        let mut state = recorder.state();
        let failed = |one: &RecordingState| matches!(&one.condition, RecordingCondition::Failed { why } if why.contains("a fault in the program"));
        let shown = state.wait_for(|state| state.recordings.iter().any(failed)).await.unwrap().clone();
        assert_eq!(shown.recordings.iter().map(|one| &one.id).collect::<Vec<_>>(), [reel.id()]);
        reel.end().await;
        state.wait_for(|state| state.recordings.is_empty()).await.unwrap();
    }

    #[tokio::test]
    async fn recorders_leave_no_threads_behind() {
        for _ in 0..20 {
            let (recorder, _folder) = recorder();
            let mut reel = Reel::open(&who(), &recorder.surroundings, mpsc::channel(1).0).unwrap();
            assert!(reel.begin(Duration::ZERO));
            reel.end().await;
            recorder.settled().await;
        }
        let is_ours = |name: &str| ["keeper", "sealer", "record"].contains(&name.trim());
        let ours = || {
            let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
            let names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
            names.filter(|name| is_ours(name)).count()
        };
        let limit = std::time::Instant::now() + Duration::from_secs(10);
        while ours() > 0 {
            assert!(std::time::Instant::now() < limit, "{} threads are left", ours());
            tokio::task::yield_now().await;
        }
    }
}
