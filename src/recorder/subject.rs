//! The task of one who can be recorded: a remote peer's connection, or a member's own sources. It has the tracks, and the
//! recordings of them that run.

use std::{future, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};
use tracing::{error, warn};

use super::{Ordered, Surroundings, Who, reel::Reel};
use crate::{
    codec::Codec,
    ids::{RecordingId, SourceName},
    media::feed::Feed,
    recording::frame::TrackNumber,
    studio::{Lease, Studio},
};

/// Tracks that are recorded of one. A connection of ours has two.
pub(super) const MOST_TRACKS: u8 = 16;

/// How long after one has failed the next recording is begun, where there should be one. What it failed of may come
/// again: one file a minute is borne.
const ANEW: Duration = Duration::from_secs(60);

/// What is asked of it.
#[derive(Debug)]
pub(super) enum Order {
    /// Record from now on, and so much of the time before as is held.
    Start {
        /// How much of it.
        before: Duration,
        /// The recording; the one that runs, where one does.
        reply: oneshot::Sender<Ordered>,
    },
    /// End this recording, if it is here.
    Stop(RecordingId),
}

/// A track that came.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) number: TrackNumber,
    pub(super) codec: Codec,
    pub(super) feed: Feed,
}

/// A member's own sources. They are encoded for the recording, too, for as long as there is one.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) studio: Studio,
    pub(super) sources: Vec<SourceName>,
}

/// What it is told.
pub(super) struct Inbox {
    /// Tracks, as they come; closed when no more will be, and none of those that are there goes on.
    pub(super) tracks: mpsc::Receiver<(Codec, Feed)>,
    /// What is asked of it.
    pub(super) orders: mpsc::Receiver<Order>,
}

/// Runs until the one who can be recorded is gone, and all that was recorded is written.
pub(super) async fn run(who: Who, is_recorded: bool, own: Option<Own>, surroundings: Arc<Surroundings>, inbox: Inbox) {
    let (asks, mut asked) = mpsc::channel(usize::from(MOST_TRACKS));
    let mut subject =
        Subject { who, is_recorded, own, surroundings, asks, arrivals: Vec::new(), leases: Vec::new(), reel: None };
    if subject.own.is_some() {
        subject.keep_up().await;
    }
    subject.run(inbox, &mut asked).await;
}

struct Subject {
    who: Who,
    /// From the start, because its member is configured so.
    is_recorded: bool,
    surroundings: Arc<Surroundings>,
    asks: mpsc::Sender<TrackNumber>,
    own: Option<Own>,
    arrivals: Vec<Arrival>,
    /// What our own sources are encoded for.
    leases: Vec<Lease>,
    /// The recording, or what is held for one; `None` while there is neither.
    reel: Option<Reel>,
}

impl Subject {
    async fn run(mut self, mut inbox: Inbox, asked: &mut mpsc::Receiver<TrackNumber>) {
        loop {
            tokio::select! {
                track = inbox.tracks.recv() => match track {
                    Some((codec, feed)) => self.add(codec, feed).await,
                    None => break,
                },
                Some(order) = inbox.orders.recv() => self.obey(order).await,
                Some(track) = asked.recv() => self.ask_for_keyframe(track),
                () = self.failure() => {
                    self.end_what_failed().await;
                    self.keep_up().await;
                }
            }
        }
        self.end().await;
    }

    async fn add(&mut self, codec: Codec, feed: Feed) {
        let Some(number) = u8::try_from(self.arrivals.len() + 1).ok().filter(|number| *number <= MOST_TRACKS) else {
            warn!(who = %self.who, most = MOST_TRACKS, "it sends more tracks than are recorded");
            return;
        };
        let arrival = Arrival { number: TrackNumber(number), codec, feed };
        if let Some(reel) = &mut self.reel {
            reel.take(&arrival);
        }
        self.arrivals.push(arrival);
        self.keep_up().await;
    }

    /// Has what comes held or recorded, where that is so from the start.
    async fn keep_up(&mut self) {
        if self.reel.is_none() && (self.is_recorded || self.holds()) {
            self.open().await;
            if self.is_recorded {
                self.begin(Duration::ZERO);
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Start { before, reply } => {
                self.end_what_failed().await;
                let is_fresh = !self.is_recorded && !self.reel.as_ref().is_some_and(Reel::has_begun);
                if self.reel.is_none() {
                    self.open().await;
                }
                if self.begin(before)
                    && let Some(reel) = &self.reel
                {
                    // Whoever asked may have gone meanwhile.
                    let _ = reply.send(Ordered { id: reel.id().clone(), is_fresh });
                }
            }
            Order::Stop(id) => {
                if let Some(reel) = self.reel.take_if(|reel| *reel.id() == id) {
                    reel.end().await;
                    if self.own.is_some() {
                        self.arrivals.clear();
                        self.leases.clear();
                    }
                    // What comes from now on may be wanted by the next one; none is begun by itself.
                    self.is_recorded = false;
                    if self.own.is_some() || !self.arrivals.is_empty() {
                        self.keep_up().await;
                    }
                }
            }
        }
    }

    /// Comes when the recording that there should be has failed, a while later.
    async fn failure(&self) {
        match self.reel.as_ref().filter(|_| self.is_recorded) {
            Some(reel) => reel.written().await,
            None => future::pending().await,
        }
        sleep(ANEW).await;
    }

    /// Its file is mended, and its tracks are there still.
    async fn end_what_failed(&mut self) {
        if let Some(reel) = self.reel.take_if(|reel| reel.has_failed()) {
            reel.end().await;
        }
    }

    fn ask_for_keyframe(&self, track: TrackNumber) {
        if let Some(reel) = &self.reel {
            reel.ask_for_keyframe(track);
        }
    }

    /// Whether the last seconds are kept in memory, for a recording that may be started.
    fn holds(&self) -> bool {
        !self.surroundings.settings.before.is_zero()
    }

    /// Threads up a reel, which holds what comes.
    async fn open(&mut self) {
        self.take_own().await;
        match Reel::open(&self.who, &self.surroundings, self.asks.clone()) {
            Ok(mut reel) => {
                self.arrivals.iter().for_each(|arrival| reel.take(arrival));
                self.reel = Some(reel);
            }
            Err(error) => error!(who = %self.who, %error, "nothing is recorded: the system gives no thread for it"),
        }
    }

    /// Has a member's own sources encoded.
    async fn take_own(&mut self) {
        let Some(Own { studio, sources }) = self.own.as_ref().filter(|_| self.leases.is_empty()) else { return };
        for source in sources {
            let Some(codec) = studio.codecs(source).first().copied() else { continue };
            match studio.take_here(source, codec).await {
                Ok(lease) => {
                    let number = TrackNumber(u8::try_from(self.arrivals.len() + 1).unwrap_or(MOST_TRACKS));
                    self.arrivals.push(Arrival { number, codec, feed: lease.feed.clone() });
                    self.leases.push(lease);
                }
                Err(error) => warn!(who = %self.who, %error, "a source is not recorded"),
            }
        }
    }

    fn begin(&mut self, before: Duration) -> bool {
        self.reel.as_mut().is_some_and(|reel| reel.begin(before))
    }

    async fn end(self) {
        if let Some(reel) = self.reel {
            reel.end().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{
        Recorder, RecorderState,
        reel::tests::{failed, recorder, who},
    };

    /// One whose recording has failed.
    async fn subject(recorder: &Recorder, asks: mpsc::Sender<TrackNumber>) -> (Subject, RecordingId) {
        let reel = failed(recorder).await;
        let id = reel.id().clone();
        let subject = Subject {
            who: who(),
            is_recorded: true,
            own: None,
            surroundings: Arc::clone(&recorder.surroundings),
            asks,
            arrivals: Vec::new(),
            leases: Vec::new(),
            reel: Some(reel),
        };
        (subject, id)
    }

    #[tokio::test]
    async fn an_order_after_a_failure_starts_anew() {
        let (recorder, _folder) = recorder();
        let (mut subject, failed) = subject(&recorder, mpsc::channel(1).0).await;
        let (reply, answer) = oneshot::channel();
        subject.obey(Order::Start { before: Duration::ZERO, reply }).await;
        let Ordered { id, is_fresh } = answer.await.expect("it records");
        assert!(!is_fresh, "it is recorded from the start");
        assert_ne!(id, failed);
        assert!(subject.reel.as_ref().is_some_and(|reel| *reel.id() == id && !reel.has_failed()));
        subject.end().await;
    }

    #[tokio::test]
    async fn what_should_be_recorded_is_begun_anew_a_minute_after_a_failure() {
        let (recorder, _folder) = recorder();
        let (asks, mut asked) = mpsc::channel(1);
        let (subject, failed) = subject(&recorder, asks).await;
        let (tracks, no_tracks) = mpsc::channel(1);
        let (orders, no_orders) = mpsc::channel(1);
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let inbox = Inbox { tracks: no_tracks, orders: no_orders };
        let running = tokio::spawn(async move { subject.run(inbox, &mut asked).await });
        let mut state = recorder.state();
        let is_anew = |state: &RecorderState| state.recordings.iter().any(|one| one.id != failed);
        state.wait_for(is_anew).await.unwrap();
        assert!((ANEW..ANEW * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        drop((tracks, orders));
        running.await.unwrap();
    }
}
