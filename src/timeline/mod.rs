//! When received media was made: RTP timestamps (RFC 3550, section 5.1) turned into times on our clock. Sans-IO.
//!
//! A stream's own timestamps say how far apart its frames are, and nothing else does: neither the network's moods nor a stall
//! of this machine moves a frame. Which moment of the one stream is which of the other, the sender's reports say (section
//! 6.4.1), by a clock that all its streams share. Where that lies on our clock is known by the packets that took the least time;
//! it is followed so slowly that nobody hears it. A sender's clock that is set moves nothing.

mod least;
mod stream;

use std::{collections::BTreeMap, time::Duration};

use self::{least::Least, stream::Stream};
use crate::rtp::SenderTime;

/// Streams of one sender that are known at once. A peer of ours has a handful; who brings more has the stalest forgotten.
const MOST_STREAMS: usize = 16;

/// A report that says something else by more than this is no inaccuracy: a clock was set, or timestamps began anew.
const INACCURATE: i128 = ms(100);

/// How fast the sender's clock is followed: clocks of computers are off by some 0.01 %, and nobody hears 0.05 %.
const DRIFT_DIVISOR: i128 = 2000;

/// The streams of one sender.
#[derive(Debug, Default)]
pub struct Timeline {
    /// By their SSRCs.
    streams: BTreeMap<u32, Stream>,
    /// What was said of streams of which nothing has come.
    early: BTreeMap<u32, Report>,
    sender: Option<SenderClock>,
}

/// Where the sender's clock lies on ours.
#[derive(Debug)]
struct SenderClock {
    /// What is to be added to its time.
    offset: i128,
    /// When that was last looked at.
    at: i128,
    least: Least,
}

/// A sender's report of a stream, and when it came, in ns.
#[derive(Debug, Clone, Copy)]
struct Report {
    sent: i128,
    timestamp: u32,
    came: i128,
}

impl Timeline {
    /// When what a packet carries was made, on the clock that `arrival` is of. `clock_rate` is the timestamps', in Hz.
    pub fn handle_packet(&mut self, ssrc: u32, clock_rate: u32, timestamp: u32, arrival: Duration) -> Duration {
        let arrival = nanos(arrival);
        if !self.streams.contains_key(&ssrc) {
            self.begin(ssrc, Stream::new(clock_rate, timestamp, arrival));
        }
        let came = self.streams.get(&ssrc).map_or(arrival, Stream::came);
        let mut others = self.streams.iter().filter(|(other, _)| **other != ssrc);
        let was_alone = others.any(|(_, other)| other.flowed(came, arrival));
        let Some(stream) = self.streams.get_mut(&ssrc) else { return duration(arrival) };
        let elapsed = stream.elapsed(arrival);
        let advance = stream.go_on(timestamp, arrival, was_alone).unwrap_or_else(|| {
            *stream = Stream::new(clock_rate, timestamp, arrival);
            0
        });
        let target = match (stream.sender_time(), &mut self.sender) {
            (Some(sent), Some(sender)) => {
                sender.follow(arrival, arrival - sent);
                stream.mapped(sender.offset)
            }
            _ => stream.own(arrival, elapsed),
        };
        stream.approach(target, advance);
        duration(stream.time())
    }

    /// Hears what the sender says of one of its streams.
    pub fn handle_report(&mut self, said: SenderTime, arrival: Duration) {
        // One without a clock says so (RFC 3550, section 6.4.1).
        let Some(sent) = said.at.since_1900() else { return };
        let report = Report { sent: nanos(sent), timestamp: said.timestamp, came: nanos(arrival) };
        if self.streams.contains_key(&said.ssrc) {
            self.apply(said.ssrc, report);
        } else {
            if self.early.len() >= MOST_STREAMS
                && let Some(stalest) = self.early.iter().min_by_key(|(_, report)| report.came).map(|(ssrc, _)| *ssrc)
            {
                self.early.remove(&stalest);
            }
            self.early.insert(said.ssrc, report);
        }
    }

    fn begin(&mut self, ssrc: u32, stream: Stream) {
        if self.streams.len() >= MOST_STREAMS
            && let Some(stalest) = self.streams.iter().min_by_key(|(_, stream)| stream.came()).map(|(ssrc, _)| *ssrc)
        {
            self.streams.remove(&stalest);
        }
        self.streams.insert(ssrc, stream);
        if let Some(report) = self.early.remove(&ssrc) {
            self.apply(ssrc, report);
            // Nothing of it has a time yet: it need not come near little by little.
            if let (Some(sender), Some(stream)) = (&self.sender, self.streams.get_mut(&ssrc)) {
                stream.jump(stream.mapped(sender.offset));
            }
        }
    }

    fn apply(&mut self, ssrc: u32, report: Report) {
        // Its clock may have been set while nothing went by it.
        if self.streams.values().all(|stream| stream.sender_time().is_none()) {
            self.sender = None;
        }
        let Some(stream) = self.streams.get_mut(&ssrc) else { return };
        let sender = self.sender.get_or_insert_with(|| SenderClock {
            offset: stream.offset_of(&report),
            at: stream.came(),
            least: Least::default(),
        });
        if let Some(set) = stream.hear(&report, sender.offset) {
            // By as much as its clock was set all of its streams are elsewhere on it, and it is elsewhere on ours.
            sender.set_by(set);
            self.streams.values_mut().for_each(|stream| stream.set_by(set));
        }
    }
}

impl SenderClock {
    /// A packet took `transit` from the sender's clock to ours.
    fn follow(&mut self, arrival: i128, transit: i128) {
        let most = (arrival - self.at).max(0) / DRIFT_DIVISOR;
        self.at = self.at.max(arrival);
        self.offset += (self.least.note(arrival, transit) - self.offset).clamp(-most, most);
    }

    fn set_by(&mut self, ahead: i128) {
        self.offset -= ahead;
        self.least.shift(-ahead);
    }
}

const fn ms(ms: i128) -> i128 {
    ms * 1_000_000
}

fn nanos(time: Duration) -> i128 {
    // 2^96 ns at most.
    time.as_nanos().cast_signed()
}

/// No earlier than where our clock begins.
fn duration(time: i128) -> Duration {
    Duration::from_nanos(u64::try_from(time.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
