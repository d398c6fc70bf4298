//! A pipeline with an owner: every change of state goes through here, off the callback threads, with a
//! time limit, and dropping it takes it down.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use gst::prelude::*;
use tokio::sync::{mpsc, oneshot};

use super::clockwork::Clockwork;

/// How long a change of state may take. GStreamer 1.22 has ways to hang in one (sctpenc, libnice).
const STATE_CHANGE_LIMIT: Duration = Duration::from_secs(10);

/// What may wait for an owner that is busy.
const EVENTS: usize = 64;

/// A GStreamer pipeline that is on the house's clock and is set to NULL when it is dropped.
#[derive(Debug)]
pub struct Pipeline {
    inner: gst::Pipeline,
    changes: Arc<Changes>,
    clockwork: Clockwork,
    name: String,
}

/// What a pipeline's bus tells its owner.
#[derive(Debug, Clone)]
pub enum BusEvent {
    /// An element gave up.
    Error {
        /// Which.
        element: String,
        /// What it says.
        error: glib::Error,
        /// Its details for developers.
        debug: Option<String>,
    },
    /// An element has something to say.
    Warning {
        /// Which.
        element: String,
        /// What it says.
        error: glib::Error,
    },
    /// All sinks have seen the end.
    EndOfStream,
    /// A segment that was sought to has been played to its end.
    SegmentDone,
}

impl BusEvent {
    /// Why an element gave up, in GStreamer's words, if that is what it says.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Error { error, debug: Some(debug), .. } => Some(format!("{} ({debug})", error.message())),
            Self::Error { error, debug: None, .. } => Some(error.message().to_owned()),
            _ => None,
        }
    }
}

/// A change of state that did not come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// An element refused.
    #[error("pipeline {name} could not go to {to:?}; its bus says why")]
    Refused {
        /// The pipeline.
        name: String,
        /// The state wanted.
        to: gst::State,
    },
    /// It took longer than the limit.
    #[error("pipeline {name} did not reach {to:?} within {} s", STATE_CHANGE_LIMIT.as_secs())]
    TimedOut {
        /// The pipeline.
        name: String,
        /// The state wanted.
        to: gst::State,
    },
}

impl Pipeline {
    /// An empty pipeline on `clockwork`. Its bus goes to the returned channel; bounded, and what does
    /// not fit is dropped, so that nobody who is slow holds references to dead elements.
    #[must_use]
    pub fn new(name: &str, clockwork: &Clockwork) -> (Self, mpsc::Receiver<BusEvent>) {
        Self::adopt(gst::Pipeline::with_name(name), name, clockwork)
    }

    /// A pipeline of the launch `description`.
    ///
    /// # Errors
    /// GStreamer's own, when the description does not parse or names an element that is not there.
    pub fn parse(
        name: &str,
        description: &str,
        clockwork: &Clockwork,
    ) -> Result<(Self, mpsc::Receiver<BusEvent>), glib::Error> {
        let parsed = gst::parse::launch_full(description, None, gst::ParseFlags::FATAL_ERRORS)?;
        let pipeline = match parsed.downcast::<gst::Pipeline>() {
            Ok(pipeline) => pipeline,
            Err(element) => {
                let pipeline = gst::Pipeline::new();
                // A fresh pipeline takes any element that has no parent.
                let _ = pipeline.add(&element);
                pipeline
            }
        };
        Ok(Self::adopt(pipeline, name, clockwork))
    }

    fn adopt(inner: gst::Pipeline, name: &str, clockwork: &Clockwork) -> (Self, mpsc::Receiver<BusEvent>) {
        clockwork.apply(&inner);
        let (events, receiver) = mpsc::channel(EVENTS);
        if let Some(bus) = inner.bus() {
            let pipeline = inner.downgrade();
            bus.set_sync_handler(move |_, message| {
                forward(message, &pipeline, &events);
                gst::BusSyncReply::Drop
            });
        }
        let (changes, clockwork) = (Arc::default(), clockwork.clone());
        (Self { inner, changes, clockwork, name: name.to_owned() }, receiver)
    }

    /// The pipeline itself, to add and find elements. Its state is changed only through `self`.
    #[must_use]
    pub const fn as_gst(&self) -> &gst::Pipeline {
        &self.inner
    }

    /// The element of this name.
    #[must_use]
    pub fn element(&self, name: &str) -> Option<gst::Element> {
        self.inner.by_name(name)
    }

    /// The appsink of this name.
    #[must_use]
    pub fn appsink(&self, name: &str) -> Option<gst_app::AppSink> {
        self.element(name)?.downcast().ok()
    }

    /// Goes to `state` and waits until it is there. A live pipeline that goes to PAUSED is there
    /// without preroll.
    ///
    /// # Errors
    /// When an element refuses, or the limit of 10 s passes.
    pub async fn set_state(&self, state: gst::State) -> Result<(), StateError> {
        self.set_state_of(self.inner.upcast_ref(), state).await
    }

    /// Brings an `element` of the pipeline to `state`, and waits until it is there. It stays there until the pipeline
    /// changes its own.
    ///
    /// # Errors
    /// When it refuses, the limit of 10 s passes, or the pipeline is being taken down.
    pub async fn set_state_of(&self, element: &gst::Element, state: gst::State) -> Result<(), StateError> {
        let (done, outcome) = oneshot::channel();
        let (inner, changes, clockwork) = (element.clone(), self.changes.clone(), self.clockwork.clone());
        let goes_down = state == gst::State::Null;
        // Of the two, that the limit has passed and that the change is made, each tells the other that it was first.
        let passed_or_made = Arc::new(AtomicBool::new(false));
        let passed = passed_or_made.clone();
        let refused = || StateError::Refused { name: self.name.clone(), to: state };
        // A thread of its own, not the runtime's: one that hangs must not keep the runtime from ending.
        std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || {
                let outcome = changes.make(&inner, state);
                if goes_down && passed.swap(true, Relaxed) {
                    changes.catch_up(&clockwork);
                }
                let _ = done.send(outcome);
            })
            .map_err(|_| refused())?;
        match tokio::time::timeout(STATE_CHANGE_LIMIT, outcome).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(_) => Err(refused()),
            Err(_) => {
                if goes_down {
                    self.changes.be_late(&self.clockwork);
                    if passed_or_made.swap(true, Relaxed) {
                        self.changes.catch_up(&self.clockwork);
                    }
                }
                Err(StateError::TimedOut { name: self.name.clone(), to: state })
            }
        }
    }

    /// Takes the pipeline down and waits until it is.
    ///
    /// # Errors
    /// When it does not come down within 10 s. It is left behind then, on purpose: a thread that hangs
    /// in it can't be ended. [`Clockwork::left_behind`] counts it for as long as it hangs.
    pub async fn stop(self) -> Result<(), StateError> {
        self.changes.ended.store(true, Relaxed);
        self.set_state(gst::State::Null).await
    }

    /// Has it taken down, and counted as left behind while that takes longer than `limit`, which GLib's default main loop looks
    /// at. Does not wait.
    fn take_down(&self, limit: Duration) {
        self.changes.ended.store(true, Relaxed);
        // On a thread of its own: this may be one that the pipeline would have to join.
        let (inner, changes) = (self.inner.clone().upcast(), self.changes.clone());
        // Of the two, that the limit has passed and that it is down, each tells the other that it was first.
        let passed_or_down = Arc::new(AtomicBool::new(false));
        let (late, clockwork, passed) = (self.changes.clone(), self.clockwork.clone(), passed_or_down.clone());
        let watch = glib::timeout_source_new(limit, Some("pipeline-watch"), glib::Priority::DEFAULT, move || {
            late.be_late(&clockwork);
            if passed.swap(true, Relaxed) {
                late.catch_up(&clockwork);
            }
            glib::ControlFlow::Break
        });
        watch.attach(None);
        let (clockwork, watched, has_passed) = (self.clockwork.clone(), watch.clone(), passed_or_down.clone());
        let spawned = std::thread::Builder::new().name("pipeline-stop".to_owned()).spawn(move || {
            let _ = changes.make(&inner, gst::State::Null);
            watched.destroy();
            if passed_or_down.swap(true, Relaxed) {
                changes.catch_up(&clockwork);
            }
        });
        if let Err(error) = spawned {
            tracing::error!(pipeline = self.name, %error, "no thread to take a pipeline down with; it is left behind");
            watch.destroy();
            // The watch may have counted it already.
            if !has_passed.swap(true, Relaxed) {
                self.changes.be_late(&self.clockwork);
            }
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.take_down(STATE_CHANGE_LIMIT);
    }
}

/// The changes of a pipeline's state, one after the other.
#[derive(Debug, Default)]
struct Changes {
    turn: Mutex<()>,
    /// It goes down: a change that was given up, and is late, must not bring it up again.
    ended: AtomicBool,
    /// How many changes are late that take it down. Whatever their number, one pipeline hangs.
    late: Mutex<usize>,
}

impl Changes {
    /// A change that takes it down has not come about in time.
    fn be_late(&self, clockwork: &Clockwork) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        *late += 1;
        if *late == 1 {
            clockwork.leave_behind();
        }
    }

    /// One of those has come about after all.
    fn catch_up(&self, clockwork: &Clockwork) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        *late -= 1;
        if *late == 0 {
            clockwork.catch_up();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that changes a state")]
    fn make(&self, element: &gst::Element, state: gst::State) -> Result<(), gst::StateChangeError> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended.load(Relaxed) && state != gst::State::Null {
            return Err(gst::StateChangeError);
        }
        element.set_state(state)?;
        drop(turn);
        let limit = gst::ClockTime::from_mseconds(STATE_CHANGE_LIMIT.as_millis() as u64);
        element.state(limit).0.map(drop)
    }
}

/// On whatever thread posts the message: builds one event and sends it.
fn forward(message: &gst::Message, pipeline: &glib::WeakRef<gst::Pipeline>, events: &mpsc::Sender<BusEvent>) {
    let element = || message.src().map_or_else(String::new, |source| source.name().to_string());
    let event = match message.view() {
        gst::MessageView::Error(error) => BusEvent::Error {
            element: element(),
            error: error.error(),
            debug: error.debug().map(|debug| debug.to_string()),
        },
        gst::MessageView::Warning(_) if events.capacity() <= EVENTS / 2 => return,
        gst::MessageView::Warning(warning) => BusEvent::Warning { element: element(), error: warning.error() },
        gst::MessageView::Eos(_) => BusEvent::EndOfStream,
        gst::MessageView::SegmentDone(_) => BusEvent::SegmentDone,
        gst::MessageView::Latency(_) => {
            if let Some(pipeline) = pipeline.upgrade() {
                pipeline.call_async(|pipeline| {
                    let _ = pipeline.recalculate_latency();
                });
            }
            return;
        }
        _ => return,
    };
    // Full: warnings leave half of the places free, so the owner has many errors to look at already.
    let _ = events.try_send(event);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::media::main_loop::MainLoop;

    /// A pipeline that does not come down until the second is dropped.
    async fn hung(clockwork: &Clockwork) -> (Pipeline, std::sync::mpsc::Sender<()>) {
        let (pipeline, _) = Pipeline::parse("hung", "fakesrc ! fakesink name=sink async=false", clockwork).unwrap();
        let (arrives, arrived) = oneshot::channel();
        let (release, held) = channel::<()>();
        let hang = Mutex::new((Some(arrives), held));
        let pad = pipeline.element("sink").unwrap().static_pad("sink").unwrap();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let (arrives, held) = &mut *hang.lock().unwrap();
            if let Some(arrives) = arrives.take() {
                arrives.send(()).unwrap();
            }
            let _ = held.recv();
            gst::PadProbeReturn::Ok
        });
        pipeline.set_state(gst::State::Playing).await.unwrap();
        arrived.await.unwrap();
        (pipeline, release)
    }

    #[tokio::test]
    async fn one_that_hangs_is_counted_until_it_comes_down() {
        gst::init().unwrap();
        let clockwork = Clockwork::start();
        let (pipeline, release) = hung(&clockwork).await;
        let mut left_behind = clockwork.left_behind();
        tokio::time::pause();
        assert!(matches!(pipeline.stop().await, Err(StateError::TimedOut { .. })));
        assert_eq!(*left_behind.borrow_and_update(), 1);
        tokio::time::resume();
        drop(release);
        left_behind.wait_for(|count| *count == 0).await.unwrap();
    }

    #[tokio::test]
    async fn one_that_hangs_when_it_is_dropped_is_counted_once_until_it_comes_down() {
        gst::init().unwrap();
        let _main_loop = MainLoop::start().unwrap();
        let clockwork = Clockwork::start();
        let (pipeline, release) = hung(&clockwork).await;
        let mut left_behind = clockwork.left_behind();
        pipeline.take_down(Duration::ZERO);
        left_behind.wait_for(|count| *count == 1).await.unwrap();
        tokio::time::pause();
        assert!(matches!(pipeline.stop().await, Err(StateError::TimedOut { .. })));
        assert_eq!(*left_behind.borrow_and_update(), 1, "late twice, and one all the same");
        tokio::time::resume();
        drop(release);
        left_behind.wait_for(|count| *count == 0).await.unwrap();
    }

    #[test]
    fn an_error_comes_through_whatever_else_elements_say() {
        gst::init().unwrap();
        let (pipeline, mut events) = Pipeline::new("noisy", &Clockwork::start());
        let bus = pipeline.as_gst().bus().unwrap();
        for _ in 0..2 * EVENTS {
            bus.post(gst::message::Element::new(gst::Structure::new_empty("level"))).unwrap();
            bus.post(gst::message::Warning::new(gst::StreamError::Decode, "a broken picture")).unwrap();
        }
        bus.post(gst::message::Error::new(gst::StreamError::Failed, "it gave up")).unwrap();
        let said = std::iter::from_fn(|| events.try_recv().ok());
        assert!(said.last().is_some_and(|event| matches!(event, BusEvent::Error { .. })));
    }
}
