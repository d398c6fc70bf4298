//! The thread of a recording: what its intakes bring becomes files. It may wait for the disk; nobody waits for it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::RecvTimeoutError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::{
    Surroundings, Who, intake::Word, keeper::Job, machine, progress::Progress, queue::Heard, segment_file::SegmentFile,
};
use crate::{
    ids::RecordingId,
    recording::{
        Container, Cutter, Ended, FileName, Opening, Output, Ring, Stem,
        frame::{Frame, TrackNumber},
        manifest::{Direction, Gaps, Manifest, Moment, State},
        naming,
    },
};

/// How long a disk that took nothing is left alone.
const RETRY: Duration = Duration::from_secs(2);

/// How long frames gather in the queue: a thread that wakes for each costs more than what it does with it. A crash costs so much
/// more than what waits for its cluster, and the queue holds sixty times as much.
const NAP: Duration = Duration::from_millis(100);

/// When nothing is to be done by itself.
const IDLE: Duration = Duration::from_secs(3600);

/// What writes one recording.
pub(super) struct Writer {
    id: RecordingId,
    who: Who,
    surroundings: Arc<Surroundings>,
    progress: watch::Sender<Progress>,
    asks: mpsc::Sender<TrackNumber>,
    cutter: Cutter,
    /// What is held until the recording begins; `None` once it has.
    held: Option<Ring>,
    file: Option<SegmentFile>,
    /// The name of the last segment.
    stem: Option<Stem>,
    sequence: u64,
    /// Until when the disk is left alone.
    blocked_until: Option<Instant>,
}

impl Writer {
    pub(super) fn new(
        id: RecordingId,
        who: Who,
        surroundings: Arc<Surroundings>,
        progress: watch::Sender<Progress>,
        asks: mpsc::Sender<TrackNumber>,
    ) -> Self {
        let settings = &surroundings.settings;
        let cutter = Cutter::new(settings.container, settings.segment);
        let held = Some(Ring::new(settings.before));
        Self {
            id,
            who,
            surroundings,
            progress,
            asks,
            cutter,
            held,
            file: None,
            stem: None,
            sequence: 0,
            blocked_until: None,
        }
    }

    /// What its thread does.
    pub(super) fn run_on(self, words: Heard) -> impl FnOnce() + Send + 'static {
        move || self.run(&words)
    }

    /// Works until nobody can say anything any more. Whoever unparks its thread is heard at once.
    fn run(mut self, words: &Heard) {
        loop {
            self.sync_if_due();
            match words.wait(self.until_due()) {
                Ok(word) => {
                    self.hear(word);
                    while let Some(word) = words.next() {
                        self.hear(word);
                    }
                    std::thread::park_timeout(self.until_due().min(NAP));
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.cutter.handle_timeout(Instant::now());
                    self.carry_out();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if self.held.is_none() {
            self.cutter.finish(Instant::now());
            self.carry_out();
        }
        self.surroundings.keeper.seal(Job::End(self.id.clone()));
    }

    /// How long nothing has to be done by itself.
    fn until_due(&self) -> Duration {
        let of_file = self.file.as_ref().and_then(SegmentFile::next_deadline);
        let next = self.cutter.next_deadline().into_iter().chain(of_file).min();
        next.map_or(IDLE, |at| at.saturating_duration_since(Instant::now()))
    }

    fn hear(&mut self, word: Word) {
        let now = Instant::now();
        match word {
            Word::Track(number, codec) => self.cutter.handle_track(number, codec),
            Word::TrackEnd(number) => self.cutter.handle_track_end(number),
            Word::Frame(frame) => self.take(now, frame),
            Word::Dropped(number, frames) => self.cutter.handle_dropped(number, frames),
            Word::Begin { before } => {
                let frames = self.held.take().map(|mut held| held.take(before, |track| self.cutter.is_video(track)));
                frames.into_iter().flatten().for_each(|frame| self.take(now, frame));
            }
        }
        self.carry_out();
    }

    fn take(&mut self, now: Instant, frame: Frame) {
        if let Some(held) = &mut self.held {
            return held.push(frame, |track| self.cutter.is_video(track));
        }
        if let Some(until) = self.blocked_until {
            if now < until {
                return self.cutter.handle_blocked(frame.track);
            }
            self.blocked_until = None;
        }
        self.cutter.handle_frame(now, frame);
        if self.file.is_some()
            && let Some(problem) = self.surroundings.keeper.problem()
        {
            // The file is ended while there is room for its ending.
            self.cutter.finish(now);
            self.carry_out();
            self.block(&problem);
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.cutter.poll_output() {
            self.progress.send_modify(|progress| progress.busy_since = Some(Instant::now()));
            let done = match output {
                Output::Open(opening) => self.open(&opening),
                Output::Write(cluster) => self.write(&cluster),
                Output::Close(ended) => self.close(*ended),
                Output::AskForKeyframe(track) => {
                    // Full: it is being asked for already.
                    let _ = self.asks.try_send(track);
                    Ok(())
                }
            };
            self.progress.send_modify(|progress| progress.busy_since = None);
            if let Err(why) = done {
                self.give_up(&why);
            }
        }
    }

    fn open(&mut self, opening: &Opening) -> Result<(), String> {
        let Surroundings { settings, clockwork, keeper, .. } = self.surroundings.as_ref();
        keeper.make_room(&self.id)?;
        let start = machine::when(opening.begin, || clockwork.running_time().into());
        let below = self.folder();
        let folder = settings.dir.join(&below);
        let created = SegmentFile::create(&folder, self.stem, start, opening, settings.sync, keeper.pins(), |file| {
            self.manifest(file, opening.container, start)
        });
        let (file, stem) = created.map_err(|error| in_words(&folder, &error))?;
        keeper.opened(&self.id, file.path());
        let name = file.path().strip_prefix(&settings.dir).unwrap_or(file.path()).display().to_string();
        self.stem = Some(stem);
        self.file = Some(file);
        self.sequence += 1;
        let had_problem = self.progress.borrow().problem.is_some();
        self.progress.send_modify(|progress| {
            progress.problem = None;
            progress.file = Some(name);
            progress.segments += 1;
        });
        if had_problem {
            info!(who = %self.who, id = %self.id, "recording again");
        }
        Ok(())
    }

    fn write(&mut self, cluster: &[u8]) -> Result<(), String> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let account = self.cutter.account_of(file.begins_at());
        let written = file.append(cluster, account);
        if written.is_ok() {
            self.progress.send_modify(|progress| {
                progress.bytes += cluster.len() as u64;
                progress.wrote_at = Some((Instant::now(), SystemTime::now()));
            });
        }
        written.map_err(|error| in_words(file.path(), &error))
    }

    /// Brings to the disk what nothing has followed for so long.
    fn sync_if_due(&mut self) {
        let is_due = |file: &&mut SegmentFile| file.next_deadline().is_some_and(|at| at <= Instant::now());
        let Some(file) = self.file.as_mut().filter(is_due) else { return };
        self.progress.send_modify(|progress| progress.busy_since = Some(Instant::now()));
        let done = file.sync().map_err(|error| in_words(file.path(), &error));
        self.progress.send_modify(|progress| progress.busy_since = None);
        if let Err(why) = done {
            self.give_up(&why);
        }
    }

    fn close(&mut self, ended: Ended) -> Result<(), String> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let path = file.path().to_owned();
        let job = match file.end(ended) {
            Ok(closed) => Ok(Job::Seal(self.id.clone(), Box::new(closed))),
            Err(error) => Err((in_words(&path, &error), Job::Mend(self.id.clone(), path))),
        };
        self.progress.send_modify(|progress| progress.file = None);
        let (job, done) = match job {
            Ok(job) => (job, Ok(())),
            Err((why, job)) => (job, Err(why)),
        };
        self.surroundings.keeper.seal(job);
        done
    }

    /// The disk takes nothing: what is of the file stays as it is, and is mended later.
    fn give_up(&mut self, why: &str) {
        self.cutter.abandon();
        if let Some(file) = self.file.take() {
            self.surroundings.keeper.seal(Job::Mend(self.id.clone(), file.path().to_owned()));
        }
        self.block(why);
    }

    /// Nothing is written for a while.
    fn block(&mut self, why: &str) {
        self.blocked_until = Some(Instant::now() + RETRY);
        // Once: what is wrong may be told in other words each time, with other numbers.
        if self.progress.borrow().problem.is_none() {
            warn!(who = %self.who, id = %self.id, why, "nothing is recorded for now; it is tried again");
        }
        self.progress.send_modify(|progress| {
            progress.problem = Some(why.to_owned());
            progress.file = None;
        });
    }

    fn manifest(&self, file: FileName, container: Container, start: Moment) -> Manifest {
        Manifest {
            recording: self.id.clone(),
            member: self.who.member.clone(),
            peer: self.who.peer.clone(),
            direction: if self.who.peer.is_some() { Direction::Remote } else { Direction::Local },
            sequence: self.sequence,
            container,
            file,
            state: State::Recording,
            pinned: false,
            boot: machine::boot_id(),
            start,
            end: None,
            bytes: 0,
            sha256: None,
            previous: None,
            tracks: Vec::new(),
            gaps: Gaps::default(),
        }
    }

    /// Where its files are, below the folder of recordings.
    fn folder(&self) -> PathBuf {
        let peer = self.who.peer.as_ref().map(|peer| naming::folder_name(peer.as_str()));
        let member = naming::folder_name(self.who.member.as_str());
        Path::new(&member).join(peer.as_deref().unwrap_or(naming::LOCAL))
    }
}

fn in_words(path: &Path, error: &io::Error) -> String {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there, or keep less ([record.keep])",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only, which systems do to a disk that fails",
        io::ErrorKind::PermissionDenied => "the daemon's user must be allowed to write there",
        _ => "is the disk plugged in and sound?",
    };
    format!("{} can't be written: {error}; {help}", path.display())
}
