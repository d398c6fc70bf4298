//! When the encoder behind a feed is asked for a keyframe. Requests of many takers are merged, so that a
//! lossy peer, or twenty that join at once, can't turn the stream into keyframes for all others.

use std::{
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The field of a request that says whether a taker is new.
const NEW_TAKER: &str = "new-taker";

/// Why a keyframe is asked for. It decides how soon after the last one another is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A taker that has seen nothing yet: a person waits for the first picture.
    NewTaker,
    /// A taker that has lost something, or still waits.
    Repeat,
}

impl Reason {
    const ALL: [Self; 2] = [Self::NewTaker, Self::Repeat];

    /// The least time between two keyframes made for this reason. A keyframe of 720p at 2 Mbit/s is worth
    /// some 100 ms of the rate, so more than one in 500 ms would eat a fifth of it all the time; a join is
    /// rare, and gets its picture three frames after another's at the latest.
    const fn interval(self) -> Duration {
        match self {
            Self::NewTaker => Duration::from_millis(100),
            Self::Repeat => Duration::from_millis(500),
        }
    }

    /// A request upstream that says so.
    pub(crate) fn to_event(self) -> gst::Event {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true);
        event.other_field(NEW_TAKER, self == Self::NewTaker).build()
    }

    /// That of a request, if it is one. Others than we don't say.
    pub(super) fn of(event: &gst::Event) -> Option<Self> {
        let is_new = || event.structure().is_some_and(|request| request.get(NEW_TAKER) == Ok(true));
        gst_video::ForceKeyUnitEvent::is(event).then(|| if is_new() { Self::NewTaker } else { Self::Repeat })
    }

    const fn bit(self) -> u8 {
        match self {
            Self::NewTaker => 1,
            Self::Repeat => 2,
        }
    }
}

/// Lets requests through, or remembers them. Without a lock, because takers ask on the threads that push.
/// Time comes in as an argument, counted from whatever moment its owner likes.
#[derive(Debug, Default)]
pub(super) struct KeyframeGate {
    /// When the last request went to the encoder, in ns plus one; 0 for never.
    last: AtomicU64,
    /// The reasons that wait, as bits.
    pending: AtomicU8,
}

impl KeyframeGate {
    /// Asks for a keyframe. `true`: it is to be sent to the encoder now. `false`: it is remembered.
    pub(super) fn request(&self, now: Duration, reason: Reason) -> bool {
        if self.claim(now, reason) {
            return true;
        }
        self.pending.fetch_or(reason.bit(), Relaxed);
        false
    }

    /// Whether a remembered request is to be sent to the encoder now. Asked at each frame that is no keyframe.
    pub(super) fn due(&self, now: Duration) -> bool {
        let pending = self.pending.load(Relaxed);
        pending != 0 && Reason::ALL.into_iter().any(|reason| pending & reason.bit() != 0 && self.claim(now, reason))
    }

    /// The request that was let through could not be delivered: there is no encoder at the moment.
    pub(super) fn undelivered(&self, reason: Reason) {
        self.last.store(0, Relaxed);
        self.pending.fetch_or(reason.bit(), Relaxed);
    }

    /// A keyframe passes by: whoever asked until now has one.
    pub(super) fn satisfied(&self) {
        self.pending.store(0, Relaxed);
    }

    /// One of those who ask at the same time wins.
    fn claim(&self, now: Duration, reason: Reason) -> bool {
        let last = self.last.load(Relaxed);
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX - 1) + 1;
        let interval = reason.interval().as_nanos() as u64;
        if last != 0 && now.saturating_sub(last) < interval {
            return false;
        }
        if self.last.compare_exchange(last, now, Relaxed, Relaxed).is_err() {
            return false;
        }
        self.pending.store(0, Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_first_request_passes_at_once() {
        assert!(KeyframeGate::default().request(ms(0), Reason::NewTaker));
        assert!(KeyframeGate::default().request(ms(0), Reason::Repeat));
    }

    #[test]
    fn twenty_takers_at_once_are_one_request() {
        let gate = KeyframeGate::default();
        let sent = (0..20).filter(|at| gate.request(ms(*at), Reason::NewTaker)).count();
        assert_eq!(sent, 1);
    }

    #[test]
    fn a_new_taker_waits_100_ms_at_most() {
        let gate = KeyframeGate::default();
        assert!(gate.request(ms(0), Reason::NewTaker));
        assert!(!gate.request(ms(10), Reason::NewTaker));
        assert!(!gate.due(ms(99)));
        assert!(gate.due(ms(100)));
        assert!(!gate.due(ms(1000)), "it was sent, and nobody has asked since");
    }

    #[test]
    fn repeats_pass_twice_a_second() {
        let gate = KeyframeGate::default();
        let sent = (0..=2000).step_by(10).filter(|at| gate.request(ms(*at), Reason::Repeat)).count();
        assert_eq!(sent, 5, "at 0, 500, 1000, 1500 and 2000 ms");
    }

    #[test]
    fn a_keyframe_that_passes_by_serves_those_who_wait() {
        let gate = KeyframeGate::default();
        assert!(gate.request(ms(0), Reason::NewTaker));
        assert!(!gate.request(ms(10), Reason::NewTaker));
        gate.satisfied();
        assert!(!gate.due(ms(500)));
    }

    #[test]
    fn a_request_without_an_encoder_is_kept() {
        let gate = KeyframeGate::default();
        assert!(gate.request(ms(0), Reason::Repeat));
        gate.undelivered(Reason::Repeat);
        assert!(gate.due(ms(1)));
    }
}
