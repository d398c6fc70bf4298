//! One task for each source and each encoder: starts it when it is wanted, tries it again when it fails,
//! stops it when nobody wants it any more. Where beginning again does not help, there may be a last resort.

use std::{fmt::Display, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{LINGER, backoff::Backoff, demand::Demand, escalation::Escalation};
use crate::{media::feed::Feed, report::Condition};

/// How long a source that runs may deliver nothing. Some cameras just stop, without an error.
const STALL: Duration = Duration::from_secs(5);

/// How long what has failed may take to come down before another attempt is made beside it: a device may have to be let go
/// of, and what hangs in one would hold up its return.
const COMING_DOWN: Duration = Duration::from_secs(1);

/// How long what is not there is left alone. To look whether it is costs next to nothing, and who plugs a camera in looks at
/// the page.
const ABSENT: Duration = Duration::from_millis(800);

/// How long what is being begun may take to the end of that when nobody wants it any more: as long as a pipeline may take
/// to its state (`media::pipeline`).
const BEGINNING: Duration = Duration::from_secs(10);

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
    /// Whether the [last resort](Self::last_resort) may mend what it failed of. It may mend silence.
    fn is_mendable(&self, _: &<Self::Work as Work>::Error) -> bool {
        false
    }
    /// Does what is left where beginning again does not help. What was done, for people; `None` where nothing could be.
    fn last_resort(&self) -> impl Future<Output = Option<&'static str>> + Send {
        async { None }
    }
    /// Comes when what it takes was away and is back, where that is noticed. It is not waited for any longer then.
    fn comes_back(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
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
        let mut escalation = Escalation::default();
        loop {
            self.say(Condition::Idle);
            tokio::select! {
                // Whoever still takes it when all ends does not begin it once more.
                biased;
                () = ended(&running) => return,
                () = self.demand.wanted() => {}
            }
            self.serve(&job, &running, &mut escalation).await;
        }
    }

    /// Keeps it running until it is not wanted any more.
    async fn serve<J: Job>(&self, job: &J, running: &watch::Receiver<bool>, escalation: &mut Escalation) {
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
            let mut begin = pin!(job.begin());
            let begun = tokio::select! {
                () = &mut over => return stop_what_begins(begin, running).await,
                begun = &mut begin => begun,
            };
            let mut is_absent = false;
            let (mut why, is_mendable) = match begun {
                Err(error) => {
                    is_absent = job.is_absent(&error);
                    (error.to_string(), job.is_mendable(&error))
                }
                Ok(mut work) => {
                    let end = tokio::select! {
                        () = &mut over => End::Unwanted,
                        () = &mut renewal => End::Renewed,
                        error = work.failure() => End::Failed(error.to_string(), job.is_mendable(&error)),
                        Silent = self.watch_frames(J::LIVE, &mut backoff, escalation) => {
                            End::Failed(silence(job.remedy()), true)
                        }
                    };
                    match end {
                        End::Unwanted => return work.stop().await,
                        End::Renewed => {
                            tracing::info!(what = self.label, "it begins anew, as it is configured now");
                            stop_for_a_moment(work).await;
                            (backoff, told) = (Backoff::default(), String::new());
                            continue;
                        }
                        End::Failed(why, is_mendable) => {
                            // What hangs may take long to come down.
                            self.say(Condition::Failed { why: why.clone() });
                            stop_for_a_moment(work).await;
                            (why, is_mendable)
                        }
                    }
                }
            };
            if is_mendable && escalation.failed(Instant::now()) {
                let done = tokio::select! {
                    () = &mut over => return,
                    done = job.last_resort() => done,
                };
                escalation.resorted(Instant::now());
                if let Some(done) = done {
                    why = format!("{why}; {done}");
                }
            }
            let wait = if is_absent { ABSENT } else { backoff.next(rand::random()) };
            // Once, as long as it is not there.
            if !is_absent || why != told {
                tracing::warn!(what = self.label, why, ?wait, "failed; it is tried again");
            }
            told.clone_from(&why);
            self.say(Condition::Failed { why });
            tokio::select! {
                () = &mut over => return,
                () = job.comes_back() => {}
                () = &mut renewal => (backoff, told) = (Backoff::default(), String::new()),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Says `Running` when frames come; returns when none come any more and that is a failure.
    async fn watch_frames(&self, live: bool, backoff: &mut Backoff, escalation: &mut Escalation) -> Silent {
        let (mut frames, mut last, begun) = (self.feed.counts().frames, Instant::now(), Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.feed.counts().frames;
            if now > frames {
                (frames, last) = (now, Instant::now());
                self.say(Condition::Running);
                if begun.elapsed() > STALL {
                    backoff.reset();
                    escalation.works();
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
    /// Why, in words, and whether the last resort may mend it.
    Failed(String, bool),
}

/// Takes it down, and waits for that a moment; what takes longer goes on by itself.
async fn stop_for_a_moment(work: impl Work) {
    // An error: it takes longer.
    let _ = tokio::time::timeout(COMING_DOWN, tokio::spawn(work.stop())).await;
}

/// Takes down what was just being begun. Given up in the middle it would come down by itself some time, and who wants it
/// meanwhile would find its device busy.
async fn stop_what_begins<W: Work>(begin: impl Future<Output = Result<W, W::Error>>, running: &watch::Receiver<bool>) {
    tokio::select! {
        () = ended(running) => {}
        begun = tokio::time::timeout(BEGINNING, begin) => {
            if let Ok(Ok(work)) = begun {
                work.stop().await;
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    };

    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::media::feed::Contents;

    /// How long the camera takes to open, and to be free again once its pipeline goes down.
    const OPENS: Duration = Duration::from_secs(8);
    const GOES_DOWN: Duration = Duration::from_millis(500);

    /// A camera that one at a time can have open.
    #[derive(Clone, Default)]
    struct Camera {
        is_open: Arc<AtomicBool>,
    }

    /// A pipeline with the camera in it. Dropped, it goes down, and nobody waits for that.
    struct Pipeline(Camera);

    impl Job for Camera {
        const LIVE: bool = false;
        type Work = Pipeline;

        async fn begin(&self) -> Result<Pipeline, &'static str> {
            if self.is_open.swap(true, Relaxed) {
                return Err("another program uses it");
            }
            let pipeline = Pipeline(self.clone());
            sleep(OPENS).await;
            Ok(pipeline)
        }
    }

    impl Work for Pipeline {
        type Error = &'static str;

        async fn failure(&mut self) -> &'static str {
            std::future::pending().await
        }

        async fn stop(self) {
            drop(self);
            sleep(GOES_DOWN + Duration::from_millis(1)).await;
        }
    }

    impl Drop for Pipeline {
        fn drop(&mut self) {
            let Camera { is_open } = self.0.clone();
            tokio::spawn(async move {
                sleep(GOES_DOWN).await;
                is_open.store(false, Relaxed);
            });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_while_what_was_being_begun_is_given_up_does_not_find_it_busy() {
        let (camera, demand, running) = (Camera::default(), Demand::default(), watch::channel(true).0);
        let (condition, mut seen) = watch::channel(Condition::Idle);
        let (feed, changes) = (Feed::new("camera", Contents::Raw), Arc::default());
        let supervision = Supervision { label: "camera".to_owned(), feed, demand: demand.clone(), condition, changes };
        supervision.spawn(camera.clone(), &running);
        let first = demand.take();
        sleep(Duration::from_secs(1)).await;
        drop(first);
        // It is not opened to its end when that has been a while ago.
        sleep(LINGER + GOES_DOWN / 2).await;
        let _second = demand.take();
        let failed = seen.wait_for(|condition| matches!(condition, Condition::Failed { .. }));
        assert!(timeout(OPENS * 3, failed).await.is_err());
        assert!(camera.is_open.load(Relaxed));
    }

    /// A device that begins, and gives nothing.
    struct Mute(Arc<Mutex<Vec<Instant>>>);

    struct Muteness;

    impl Job for Mute {
        const LIVE: bool = true;
        type Work = Muteness;
        async fn begin(&self) -> Result<Muteness, String> {
            Ok(Muteness)
        }
        async fn last_resort(&self) -> Option<&'static str> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            Some("it was shaken")
        }
    }

    impl Work for Muteness {
        type Error = String;
        async fn failure(&mut self) -> String {
            std::future::pending().await
        }
        async fn stop(self) {}
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_silent_meets_its_last_resort_and_not_more_than_once_a_minute() {
        let (running, resorts) = (watch::Sender::new(true), Arc::default());
        let (condition, mut said) = watch::channel(Condition::Idle);
        let (feed, demand) = (Feed::new("mute", Contents::Raw), Demand::default());
        let _taken = demand.take();
        let begun = Instant::now();
        let supervision = Supervision { label: "mute".to_owned(), feed, demand, condition, changes: Arc::default() };
        supervision.spawn(Mute(Arc::clone(&resorts)), &running);
        let is_told = |said: &Condition| matches!(said, Condition::Failed { why } if why.ends_with("; it was shaken"));
        said.wait_for(is_told).await.unwrap();
        sleep(Duration::from_secs(180)).await;
        let resorts = resorts.lock().unwrap();
        let first = resorts[0] - begun;
        assert!((10..15).contains(&first.as_secs()), "after two silences of {STALL:?}: {first:?}");
        let apart: Vec<_> = resorts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        assert!(apart.len() >= 2 && apart.iter().all(|seconds| (60..80).contains(seconds)), "{apart:?}");
    }
}
