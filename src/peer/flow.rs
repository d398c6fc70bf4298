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
    way: Way,
    _inlet: Inlet,
    stream: Arc<StreamSender>,
    label: String,
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
    /// From what `lease` has, beginning with a keyframe.
    pub(super) fn start(lease: &Lease, stream: Arc<StreamSender>, label: &str) -> Result<Self, LinkError> {
        let inlet = stream.inlet();
        let way = if lease.has_rungs() {
            Way::Changing { junction: Junction::link_at_once(&lease.packets, label, inlet.pad())?, next: None }
        } else {
            let tap = lease.packets.tap(label);
            tap.link_at_once(inlet.pad())?;
            Way::Straight(tap)
        };
        Ok(Self { way, _inlet: inlet, stream, label: label.to_owned() })
    }

    /// Goes over to the rung that is to be taken, a step at a time: the other encoder is started, then its first keyframe
    /// waited for, then the old one let go of. To be called again and again. Where the way to the peer `is_full`, nothing
    /// more of the old one is sent.
    pub(super) fn steer(&mut self, lease: &mut Lease, is_full: bool) -> Result<(), OutboundError> {
        let Way::Changing { junction, next } = &mut self.way else { return Ok(()) };
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
                let pause = is_full && rung.index() > lease.rung();
                if junction.switch(&rung.packets, &self.label, pause)? {
                    if pause {
                        self.stream.forget();
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

    /// What was sent so far.
    pub(super) fn counts(&self) -> StreamCounts {
        self.stream.counts()
    }

    /// Frames that were dropped because the peer did not keep up.
    pub(super) fn dropped(&self) -> u64 {
        let TapCounts { dropped, .. } = match &self.way {
            Way::Straight(tap) => tap.counts(),
            Way::Changing { junction, .. } => junction.counts(),
        };
        dropped
    }
}
