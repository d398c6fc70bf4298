//! One task for each source and each encoder: starts it when it is wanted, tries it again when it fails,
//! stops it when nobody wants it any more.

use std::{fmt::Display, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{LINGER, backoff::Backoff, demand::Demand};
use crate::{media::feed::Feed, report::Condition};

/// How long a source that runs may deliver nothing. Some cameras just stop, without an error.
const STALL: Duration = Duration::from_secs(5);

/// How long what has failed may take to come down before another attempt is made beside it: a device may have to be let go
/// of, and what hangs in one would hold up its return.
const COMING_DOWN: Duration = Duration::from_secs(1);

/// How long what is not there is left alone. To look whether it is costs next to nothing, and who plugs a camera in looks at
/// the page.
const ABSENT: Duration = Duration::from_millis(800);

/// How often it is looked whether frames come.
const LOOK: Duration = Duration::from_millis(250);

/// What can be begun, again and again.
pub(super) trait Job: Send + Sync + 'static {
    /// Whether silence is a failure of its own.
    const LIVE: bool;
    /// What runs once it has begun.
    type Work: Work;
    /// What may help when it falls silent; behind a semicolon, may be empty.
    fn remedy(&self) -> &'static str {
        ""
    }
    /// Whether an attempt failed because what it takes is not there, and cost nothing.
    fn is_absent(&self, _: &<Self::Work as Work>::Error) -> bool {
        false
    }
    /// Comes when it is to be another than it is when this is called, and has to begin anew for that.
    fn renewal(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
    /// Begins.
    fn begin(&self) -> impl Future<Output = Result<Self::Work, <Self::Work as Work>::Error>> + Send;
}

/// What runs until it fails or is stopped.
pub(super) trait Work: Send + 'static {
    /// Why it failed.
    type Error: Display + Send;
    /// Waits until it fails.
    fn failure(&mut self) -> impl Future<Output = Self::Error> + Send;
    /// Takes it down.
    fn stop(self) -> impl Future<Output = ()> + Send + 'static;
}

/// The task's view of what it looks after.
pub(super) struct Supervision {
    /// For people, in logs.
    pub(super) label: String,
    /// What the work fills.
    pub(super) feed: Feed,
    /// Who wants it.
    pub(super) demand: Demand,
    /// How it does.
    pub(super) condition: watch::Sender<Condition>,
    /// Woken when the condition changes.
    pub(super) changes: Arc<Notify>,
}

impl Supervision {
    /// Looks after `job` until `running` says no, or nobody is left to say it.
    pub(super) fn spawn<J: Job>(self, job: J, running: &watch::Sender<bool>) {
        let running = running.subscribe();
        tokio::spawn(self.run(job, running));
    }

    async fn run<J: Job>(self, job: J, running: watch::Receiver<bool>) {
        loop {
            self.say(Condition::Idle);
            tokio::select! {
                // Whoever still takes it when all ends does not begin it once more.
                biased;
                () = ended(&running) => return,
                () = self.demand.wanted() => {}
            }
            self.serve(&job, &running).await;
        }
    }

    /// Keeps it running until it is not wanted any more.
    async fn serve<J: Job>(&self, job: &J, running: &watch::Receiver<bool>) {
        let mut over = pin!(async {
            tokio::select! {
                () = ended(running) => {}
                () = self.demand.unwanted_for(LINGER) => {}
            }
        });
        let (mut backoff, mut told) = (Backoff::default(), String::new());
        loop {
            self.starting();
            let mut renewal = pin!(job.renewal());
            let begun = tokio::select! {
                () = &mut over => return,
                begun = job.begin() => begun,
            };
            let mut is_absent = false;
            let why = match begun {
                Err(error) => {
                    is_absent = job.is_absent(&error);
                    error.to_string()
                }
                Ok(mut work) => {
                    let end = tokio::select! {
                        () = &mut over => End::Unwanted,
                        () = &mut renewal => End::Renewed,
                        error = work.failure() => End::Failed(error.to_string()),
                        Silent = self.watch_frames(J::LIVE, &mut backoff) => End::Failed(silence(job.remedy())),
                    };
                    match end {
                        End::Unwanted => return work.stop().await,
                        End::Renewed => {
                            tracing::info!(what = self.label, "it begins anew, as it is configured now");
                            stop_for_a_moment(work).await;
                            (backoff, told) = (Backoff::default(), String::new());
                            continue;
                        }
                        End::Failed(why) => {
                            // What hangs may take long to come down.
                            self.say(Condition::Failed { why: why.clone() });
                            stop_for_a_moment(work).await;
                            why
                        }
                    }
                }
            };
            let wait = if is_absent { ABSENT } else { backoff.next(rand::random()) };
            // Once, as long as it is not there.
            if !is_absent || why != told {
                tracing::warn!(what = self.label, why, ?wait, "failed; it is tried again");
            }
            told.clone_from(&why);
            self.say(Condition::Failed { why });
            tokio::select! {
                () = &mut over => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Says `Running` when frames come; returns when none come any more and that is a failure.
    async fn watch_frames(&self, live: bool, backoff: &mut Backoff) -> Silent {
        let (mut frames, mut last, begun) = (self.feed.counts().frames, Instant::now(), Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.feed.counts().frames;
            if now > frames {
                (frames, last) = (now, Instant::now());
                self.say(Condition::Running);
                if begun.elapsed() > STALL {
                    backoff.reset();
                }
            } else if live && last.elapsed() > STALL {
                return Silent;
            }
        }
    }

    /// A failure is shown until frames come again.
    fn starting(&self) {
        if !matches!(*self.condition.borrow(), Condition::Failed { .. }) {
            self.say(Condition::Starting);
        }
    }

    fn say(&self, condition: Condition) {
        let changed = self.condition.send_if_modified(|said| {
            let changed = *said != condition;
            if changed {
                tracing::debug!(what = self.label, from = ?said, to = ?condition, "its condition changes");
                *said = condition;
            }
            changed
        });
        if changed {
            self.changes.notify_one();
        }
    }
}

/// Why it does not run any more.
enum End {
    /// Nobody wants it, or all ends.
    Unwanted,
    /// It is to be another.
    Renewed,
    /// In words.
    Failed(String),
}

/// Takes it down, and waits for that a moment; what takes longer goes on by itself.
async fn stop_for_a_moment(work: impl Work) {
    // An error: it takes longer.
    let _ = tokio::time::timeout(COMING_DOWN, tokio::spawn(work.stop())).await;
}

/// No frame for [`STALL`].
struct Silent;

fn silence(remedy: &str) -> String {
    format!("nothing came for {} s, and no error{remedy}", STALL.as_secs())
}

async fn ended(running: &watch::Receiver<bool>) {
    // An error: the studio is gone.
    let _ = running.clone().wait_for(|running| !running).await;
}
