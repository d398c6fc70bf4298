//! How far a recording is: what its thread says of it, and what people are told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::watch;

use super::Who;
use crate::{
    ids::RecordingId,
    report::{RecordingCondition, RecordingState},
};

/// Nothing was written for so long: nothing comes.
const SILENT_AFTER: Duration = Duration::from_secs(5);

/// A write that takes so long is one that may never end: a disk that was unplugged, a share whose server is gone.
const STUCK_AFTER: Duration = Duration::from_secs(3);

/// What the thread of a recording says.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Progress {
    /// The file that is open, below the folder of recordings.
    pub(super) file: Option<String>,
    /// How many files it has begun.
    pub(super) segments: u64,
    /// Bytes that were written, to all of them.
    pub(super) bytes: u64,
    /// When the last bytes were written, and what the clock on the wall showed then: that is for people, and may be set.
    pub(super) wrote_at: Option<(Instant, SystemTime)>,
    /// Since when the system has not come back from a write.
    pub(super) busy_since: Option<Instant>,
    /// Why nothing is written at the moment.
    pub(super) problem: Option<String>,
}

/// A recording that runs.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) id: RecordingId,
    pub(super) who: Who,
    pub(super) since: SystemTime,
    pub(super) progress: watch::Receiver<Progress>,
    /// Frames that found no place in the queue: counted where they are left out, for the thread may hang.
    pub(super) dropped: Arc<AtomicU64>,
}

impl Listing {
    /// Whether its thread is there.
    pub(super) fn runs(&self) -> bool {
        self.progress.has_changed().is_ok()
    }

    /// What is shown of it.
    pub(super) fn state(&self, now: Instant) -> RecordingState {
        let progress = self.progress.borrow();
        RecordingState {
            id: self.id.clone(),
            member: self.who.member.clone(),
            peer: self.who.peer.clone(),
            since: self.since,
            condition: progress.condition(now),
            file: progress.file.clone(),
            segments: progress.segments,
            bytes: progress.bytes,
            dropped: self.dropped.load(Relaxed),
        }
    }
}

impl Progress {
    fn condition(&self, now: Instant) -> RecordingCondition {
        if let Some(why) = &self.problem {
            return RecordingCondition::Failed { why: why.clone() };
        }
        if let Some(stuck) =
            self.busy_since.map(|since| now.saturating_duration_since(since)).filter(|it| *it > STUCK_AFTER)
        {
            let why = format!(
                "the disk has not taken what was written for {} s: is it still plugged in, or is it too slow?",
                stuck.as_secs()
            );
            return RecordingCondition::Failed { why };
        }
        match self.wrote_at {
            None => RecordingCondition::Starting,
            Some((at, since)) if now.saturating_duration_since(at) > SILENT_AFTER => {
                RecordingCondition::Silent { since }
            }
            Some(_) => RecordingCondition::Recording,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{MemberKey, PeerId};

    #[test]
    fn what_is_written_decides_not_what_is_intended() {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let long_ago = Duration::from_secs(60);
        let mut progress = Progress { segments: 1, file: Some("a/b/c.mkv".to_owned()), ..Progress::default() };
        assert_eq!(progress.condition(now), RecordingCondition::Starting);
        // The clock was set meanwhile, by a minute, and is of no account.
        let set = wall - long_ago;
        progress.wrote_at = Some((now, set));
        assert_eq!(progress.condition(now), RecordingCondition::Recording);
        assert_eq!(progress.condition(now + long_ago), RecordingCondition::Silent { since: set });
        progress.busy_since = Some(now);
        let stuck = progress.condition(now + long_ago);
        assert!(matches!(&stuck, RecordingCondition::Failed { why } if why.contains("60 s")), "{stuck:?}");
        progress.problem = Some("no room".to_owned());
        assert_eq!(progress.condition(now), RecordingCondition::Failed { why: "no room".to_owned() });
    }

    #[test]
    fn what_is_left_out_is_shown_while_the_thread_hangs() {
        let (told, progress) = watch::channel(Progress { busy_since: Some(Instant::now()), ..Progress::default() });
        let listing = Listing {
            id: RecordingId::new("0123456789ab").unwrap(),
            who: Who { key: MemberKey(0), member: PeerId::new("gateway").unwrap(), peer: None },
            since: SystemTime::now(),
            progress,
            dropped: Arc::default(),
        };
        listing.dropped.fetch_add(7, Relaxed);
        assert_eq!(listing.state(Instant::now()).dropped, 7);
        drop(told);
    }
}
