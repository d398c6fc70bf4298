//! A stream that flows to the peer, and how it goes over from one quality of its encode to another.

use std::sync::Arc;

use super::{
    outbound::OutboundError,
    sender::{Inlet, StreamSender},
};
use crate::{
    media::{
        junction::Junction,
        tap::{LinkError, Tap, TapCounts},
    },
    rtp::StreamCounts,
    studio::{Lease, Rung},
};

/// What flows. In the order in which it ends.
#[derive(Debug)]
pub(super) struct Flow {
    /// `None` while nothing flows, because the link bears nothing of it.
    way: Option<Way>,
    inlet: Inlet,
    stream: Arc<StreamSender>,
    label: String,
    /// Frames that ways which are gone have dropped.
    dropped: u64,
}

/// What one more step towards the quality that is to be had has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// To nothing that anybody need know of.
    Onward,
    /// Nothing flows any more, so that nothing is learned of the link.
    Paused,
    /// It flows again.
    Anew,
}

/// From the encode to the stream.
#[derive(Debug)]
enum Way {
    /// There is one quality.
    Straight(Tap),
    /// There are several.
    Changing {
        junction: Junction,
        /// The one that is gone over to at the moment.
        next: Option<Rung>,
    },
}

impl Flow {
    /// From what `lease` has, beginning with a keyframe; where it is to have nothing, once it has something.
    pub(super) fn start(lease: &Lease, stream: Arc<StreamSender>, label: &str) -> Result<Self, LinkError> {
        let inlet = stream.inlet();
        let way = if lease.is_to_pause() { None } else { Some(Way::open(lease, &inlet, label)?) };
        Ok(Self { way, inlet, stream, label: label.to_owned(), dropped: 0 })
    }

    /// Goes over to the rung that is to be taken, a step at a time: the other encoder is started, then its first keyframe
    /// waited for, then the old one let go of. To be called again and again. Where the way to the peer `is_full`, nothing
    /// more of the old one is sent.
    pub(super) fn steer(&mut self, lease: &mut Lease, is_full: bool) -> Result<Turn, OutboundError> {
        if lease.is_to_pause() {
            if lease.rung().is_some() {
                self.dropped += self.way.take().as_ref().map_or(0, Way::dropped);
                self.stream.forget();
                lease.pause();
                tracing::info!("no pictures for now: the link, or the uplink, bears less than the least of them");
                return Ok(Turn::Paused);
            }
        } else if let Some(way) = &mut self.way {
            way.steer(lease, &self.stream, &self.label, is_full)?;
        } else if let Some(rung) = lease.next() {
            lease.settle(rung);
            self.way = Some(Way::open(lease, &self.inlet, &self.label)?);
            tracing::info!("pictures again");
            return Ok(Turn::Anew);
        }
        Ok(Turn::Onward)
    }

    /// What was sent so far.
    pub(super) fn counts(&self) -> StreamCounts {
        self.stream.counts()
    }

    /// Frames that were dropped because the peer did not keep up.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped + self.way.as_ref().map_or(0, Way::dropped)
    }
}

impl Way {
    fn open(lease: &Lease, inlet: &Inlet, label: &str) -> Result<Self, LinkError> {
        if lease.has_rungs() {
            return Ok(Self::Changing {
                junction: Junction::link_at_once(&lease.packets, label, inlet.pad())?,
                next: None,
            });
        }
        let tap = lease.packets.tap(label);
        tap.link_at_once(inlet.pad())?;
        Ok(Self::Straight(tap))
    }

    fn steer(
        &mut self,
        lease: &mut Lease,
        stream: &StreamSender,
        label: &str,
        is_full: bool,
    ) -> Result<(), OutboundError> {
        let Self::Changing { junction, next } = self else { return Ok(()) };
        if next.is_some()
            && junction.settle()
            && let Some(rung) = next.take()
        {
            tracing::debug!(rung = rung.index(), "the peer is on another rung");
            lease.settle(rung);
        }
        let wanted = lease.next();
        let is_under_way = next.as_ref().map(Rung::index) == wanted.as_ref().map(Rung::index);
        match wanted {
            _ if is_under_way => {}
            Some(rung) => {
                let pause = is_full && lease.rung().is_some_and(|now| rung.index() > now);
                if junction.switch(&rung.packets, label, pause)? {
                    if pause {
                        stream.forget();
                    }
                    *next = Some(rung);
                }
            }
            None => {
                if junction.stay() {
                    *next = None;
                }
            }
        }
        Ok(())
    }

    fn dropped(&self) -> u64 {
        let TapCounts { dropped, .. } = match self {
            Self::Straight(tap) => tap.counts(),
            Self::Changing { junction, .. } => junction.counts(),
        };
        dropped
    }
}
