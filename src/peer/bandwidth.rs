//! What a peer's link bears, as its task knows it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::sender::Word;
use crate::{
    quality::{self, link::Link},
    report::LinkState,
    units::Bitrate,
};

/// One peer's link, and what was sent over it when it was last judged.
#[derive(Debug)]
pub(super) struct Bandwidth {
    link: Link,
    /// What the pictures have in full.
    full: watch::Receiver<Bitrate>,
    sent: u64,
    at: Instant,
    /// What was sent when that was last measured; before, what is to be.
    rate: Bitrate,
}

/// How long it is measured what is sent. In a shorter time there may be no frame.
const MEASURED: Duration = Duration::from_millis(500);

impl Bandwidth {
    /// Of a link that nothing is known of, and pictures that have so much in `full`.
    pub(super) fn new(full: watch::Receiver<Bitrate>, now: Instant) -> Self {
        let rate = *full.borrow();
        Self { link: Link::new(quality::asked(rate)), full, sent: 0, at: now, rate }
    }

    /// Pictures are sent again; so many bytes of them were before. What the link bears is not known any more.
    pub(super) fn begin_anew(&mut self, sent: u64, now: Instant) {
        self.link.begin_anew();
        (self.sent, self.at, self.rate) = (sent, now, *self.full.borrow());
    }

    /// The peer's feedback has said something, when so many bytes of pictures had been `sent` in all. Gives what the link
    /// bears of pictures.
    pub(super) fn hear(&mut self, now: Instant, word: Word, sent: u64) -> Option<Bitrate> {
        self.link.ask(quality::asked(*self.full.borrow()));
        match word {
            Word::Estimate(estimate) => self.link.estimated(estimate),
            Word::Report(report) => {
                let passed = now.saturating_duration_since(self.at);
                if passed >= MEASURED {
                    self.rate = Bitrate::of(sent.saturating_sub(self.sent), passed);
                    (self.sent, self.at) = (sent, now);
                }
                self.link.reported(now, report, self.rate);
            }
        }
        self.link.bears()
    }

    /// Whether the peer tells of arrivals.
    pub(super) const fn is_judged_by_arrival(&self) -> bool {
        self.link.is_judged_by_arrival()
    }

    /// What the API shows of it. `lost` is what is known of losses by the arrival of packets.
    pub(super) fn state(&self, lost: Option<f64>) -> LinkState {
        LinkState {
            estimate: self.link.estimate(),
            by_arrival: self.link.is_judged_by_arrival(),
            lost: lost.filter(|_| self.link.is_judged_by_arrival()).or(self.link.lost()),
            round_trip_ms: self.link.round_trip().map(|time| time.as_secs_f64() * 1000.0),
        }
    }
}
