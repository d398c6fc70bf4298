//! What the feed's thread knows of a tap: whether it wants a frame, and on which thread it gets it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Relaxed, Release},
        },
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::{Duration, Instant},
};

use super::port::{Frame, Port, Sent};
use crate::media::patience::{CALM, Patience};

/// How many frames wait for a tap with a thread of its own: two seconds of video at 30/s, or of sound.
/// Later than that nobody wants them.
const QUEUE: usize = 60;

/// How many may wait there at most, at each frame, for a taker that keeps up.
const KEEPS_UP: usize = 2;

/// What the feed's thread knows of a tap.
pub(in crate::media) struct Outlet {
    pub(super) port: Arc<Port>,
    pub(super) threaded: AtomicBool,
    queue: OnceLock<SyncSender<Queued>>,
}

/// What the feed's thread, or the tap's own, remembers of a tap.
#[derive(Debug, Default)]
pub(in crate::media) struct Memory {
    sent: Sent,
    patience: Patience,
    /// Since when a threaded tap has kept up.
    calm_since: Option<Duration>,
}

struct Queued {
    frame: Frame,
    link: u32,
}

impl Outlet {
    pub(super) fn new(port: Port) -> Self {
        Self { port: Arc::new(port), threaded: AtomicBool::new(false), queue: OnceLock::new() }
    }

    /// Whether it begins with frames that passed before it came.
    pub(in crate::media) fn begins_with_replay(&self) -> bool {
        self.port.begins_with_replay()
    }

    /// On the feed's streaming thread, `now` since any fixed moment. Whether the frame was pushed there and then.
    pub(in crate::media) fn offer(&self, frame: &Frame, memory: &mut Memory, now: Duration) -> bool {
        let link = self.port.link.load(Relaxed);
        if link == 0 || !self.port.wants(frame) {
            return false;
        }
        if self.threaded.load(Relaxed) && !self.has_calmed_down(memory, now) {
            self.enqueue(frame, link);
            return false;
        }
        let begun = Instant::now();
        self.port.push(frame, &mut memory.sent, link);
        let took = begun.elapsed();
        if memory.patience.is_tried(now, took) && self.port.link.load(Relaxed) == link {
            tracing::warn!(tap = self.port.label, ?took, "a taker held up its feed; it gets a thread of its own");
            memory.calm_since = None;
            self.give_thread();
        }
        true
    }

    /// Whether a threaded tap has kept up for long enough. Then it is direct again.
    fn has_calmed_down(&self, memory: &mut Memory, now: Duration) -> bool {
        let waiting = self.port.queued.load(Acquire);
        if waiting > KEEPS_UP {
            memory.calm_since = None;
            return false;
        }
        let since = *memory.calm_since.get_or_insert(now);
        // With none on its way: this frame must not overtake one.
        let calm = waiting == 0 && now.saturating_sub(since) > CALM;
        if calm {
            tracing::info!(tap = self.port.label, "a taker keeps up again");
            memory.patience = Patience::default();
            self.threaded.store(false, Relaxed);
        }
        calm
    }

    fn enqueue(&self, frame: &Frame, link: u32) {
        let Some(queue) = self.queue.get() else { return };
        self.port.queued.fetch_add(1, Relaxed);
        let refused = match queue.try_send(Queued { frame: frame.clone(), link }) {
            Ok(()) => return,
            Err(refused) => refused,
        };
        self.port.queued.fetch_sub(1, Relaxed);
        match refused {
            TrySendError::Full(_) => self.port.overflow(),
            TrySendError::Disconnected(_) => self.port.link.store(0, Relaxed),
        }
    }

    fn give_thread(&self) {
        if self.queue.get().is_none() {
            let (queue, queued) = sync_channel(QUEUE);
            let port = self.port.clone();
            let spawned = std::thread::Builder::new().name("tap".to_owned()).spawn(move || run(&port, &queued));
            if let Err(error) = spawned {
                tracing::error!(tap = self.port.label, %error, "no thread for a slow taker; it gets nothing");
            }
            // Another that did the same at this moment has its queue in place; ours closes with its thread.
            let _ = self.queue.set(queue);
        }
        self.threaded.store(true, Relaxed);
    }
}

/// The tap's own thread. Ends with the tap, whose drop closes the queue.
fn run(port: &Port, queued: &Receiver<Queued>) {
    let mut sent = Sent::default();
    for Queued { frame, link } in queued {
        if link == port.link.load(Relaxed) {
            port.push(&frame, &mut sent, link);
        }
        // What this thread did is done before the feed's goes on with it.
        port.queued.fetch_sub(1, Release);
    }
}
