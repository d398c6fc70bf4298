//! One recording as its subject holds it: the taps on the tracks, and the thread that writes what comes of them.

use std::{
    io,
    sync::Arc,
    thread::Thread,
    time::{Duration, SystemTime},
};

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

use super::{
    Surroundings, Who,
    intake::{Intake, Word},
    progress::{Listing, Progress},
    queue::{Words, queue},
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
    progress: watch::Receiver<Progress>,
    surroundings: Arc<Surroundings>,
    /// The one that writes. It naps while frames gather.
    thread: Thread,
    /// Comes when the thread has ended.
    written: oneshot::Receiver<()>,
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
        let id = random_id();
        let (words, heard) = queue();
        let (told, progress) = watch::channel(Progress::default());
        let (done, written) = oneshot::channel();
        let writer = Writer::new(id.clone(), who.clone(), Arc::clone(surroundings), told, asks);
        let thread = std::thread::Builder::new().name("record".to_owned()).spawn(move || {
            writer.run(&heard);
            // Nobody waits for it where the subject was dropped.
            let _ = done.send(());
        })?;
        Ok(Self {
            id,
            who: who.clone(),
            has_begun: false,
            intakes: Vec::new(),
            words,
            progress,
            surroundings: Arc::clone(surroundings),
            thread: thread.thread().clone(),
            written,
        })
    }

    pub(super) const fn id(&self) -> &RecordingId {
        &self.id
    }

    /// Records this track, too.
    pub(super) fn take(&mut self, arrival: &Arrival) {
        match Intake::link(arrival.number, arrival.codec, &arrival.feed, self.words.clone()) {
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
        self.thread.unpark();
        self.has_begun = true;
        info!(who = %self.who, id = %self.id, "recording");
        self.surroundings.list(Listing {
            id: self.id.clone(),
            who: self.who.clone(),
            since: SystemTime::now(),
            progress: self.progress.clone(),
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
        let Self { intakes, words, thread, written, has_begun, id, who, .. } = self;
        drop(intakes);
        // The thread ends with the last of those who could say something to it.
        drop(words);
        thread.unpark();
        let _ = written.await;
        if has_begun {
            info!(%who, %id, "recorded");
        }
    }
}

/// Of 12 hexadecimal digits: among thousands of recordings of a folder no two have the same.
pub(super) fn random_id() -> RecordingId {
    RecordingId::new(format!("{:012x}", rand::random::<u64>() >> 16)).expect("digits make an id")
}
