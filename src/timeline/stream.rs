//! One stream of a sender.

use super::{DRIFT_DIVISOR, INACCURATE, Report, least::Least, ms};

/// How far behind its arrival a packet's time may lie: what a network, a jitter buffer and a stall hold up together.
const LATEST: i128 = ms(10_000);

/// How far ahead of it. The first packet of all may have been held up by this much.
const EARLIEST: i128 = ms(-2_000);

/// A stream is brought into step at a tenth of its speed. What is further behind is set at once, and what is further ahead goes at
/// half its speed: the first picture of a slow encoder comes a second late.
const STEP: i128 = ms(200);
const APPROACH_DIVISOR: i128 = 10;

/// How much of a difference the later reports make: one alone may be off by what the sender's machine was busy. By no more
/// than 0.5 % of the time in between: no clock of sound or pictures is so far off, but one that is set by a little is, and the
/// other streams hear of it later.
const MOST_REPORTS: i128 = 4;
const CORRECTION_DIVISOR: i128 = 200;

/// For so long nothing came, and timestamps do not tell it. What is sent again comes earlier.
const STOOD_STILL: i128 = ms(1000);

/// A stream of which something came so lately flows.
const FLOWS: i128 = ms(300);

/// A stream, as far as it has come.
#[derive(Debug)]
pub(super) struct Stream {
    clock_rate: i128,
    /// The last timestamp, with those that wrapped around before it.
    extended: i128,
    /// When the last packet came.
    came: i128,
    /// What is added to the stream's own time.
    offset: i128,
    /// The least that packets took by the stream's own time: what there is to go by without reports.
    least: Least,
    mapping: Option<Mapping>,
    /// Since when it flows, without a break that another stream could be compared with.
    flows_since: i128,
}

/// What the sender's reports say of the stream.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    /// What is to be added to the stream's own time for the sender's.
    to_sender: i128,
    reports: i128,
    /// When the last one was sent by the sender's clock, and when it came by ours.
    sent: i128,
    came: i128,
}

impl Stream {
    pub(super) fn new(clock_rate: u32, timestamp: u32, arrival: i128) -> Self {
        let mut stream = Self {
            clock_rate: i128::from(clock_rate.max(1)),
            extended: timestamp.into(),
            came: arrival,
            offset: 0,
            least: Least::default(),
            mapping: None,
            flows_since: arrival,
        };
        stream.offset = arrival - stream.media();
        stream
    }

    /// When the last packet came.
    pub(super) const fn came(&self) -> i128 {
        self.came
    }

    /// How long after the last packet another one comes.
    pub(super) fn elapsed(&self, arrival: i128) -> i128 {
        (arrival - self.came).max(0)
    }

    /// Takes the next packet's timestamp; by how much the stream's own time goes on with it. `None`: it can't belong to what
    /// came before, whoever is to blame. `was_alone`: other streams flowed on while nothing came of this one.
    pub(super) fn go_on(&mut self, timestamp: u32, arrival: i128, was_alone: bool) -> Option<i128> {
        let held_up = self.elapsed(arrival);
        let advance = self.extend(timestamp) - self.extended;
        self.extended += advance;
        self.came = self.came.max(arrival);
        let advance = self.in_nanos(advance);
        if held_up > FLOWS {
            self.flows_since = arrival;
        }
        // Senders exist whose timestamps count what they sent, and not the time. A network that stands still does so for all.
        if was_alone && held_up - advance > STOOD_STILL {
            self.offset += held_up - advance;
            self.least = Least::default();
            if let Some(mapping) = &mut self.mapping {
                mapping.to_sender += held_up - advance;
            }
        }
        (EARLIEST..=LATEST).contains(&self.late(arrival)).then_some(advance)
    }

    /// Whether it flows at `arrival`, and did since `from`.
    pub(super) fn flowed(&self, from: i128, arrival: i128) -> bool {
        self.flows_since <= from && arrival - self.came <= FLOWS
    }

    /// The present time by the sender's clock; `None` before its first report.
    pub(super) fn sender_time(&self) -> Option<i128> {
        self.mapping.map(|mapping| self.media() + mapping.to_sender)
    }

    /// What would have to be added to the stream's time where the sender's clock is `offset` from ours.
    pub(super) fn mapped(&self, offset: i128) -> i128 {
        self.mapping.map_or(self.offset, |mapping| mapping.to_sender + offset)
    }

    /// The same where nothing was reported: by what the packets of this stream alone took.
    pub(super) fn own(&mut self, arrival: i128, elapsed: i128) -> i128 {
        let most = elapsed / DRIFT_DIVISOR;
        let least = self.least.note(arrival, arrival - self.media());
        self.offset + (least - self.offset).clamp(-most, most)
    }

    /// Comes nearer to what should be added, while its own time goes on by `advance`.
    pub(super) fn approach(&mut self, target: i128, advance: i128) {
        let (distance, advance) = (target - self.offset, advance.max(0));
        let most = match distance {
            _ if distance > STEP => distance,
            // Time goes on meanwhile: frames can't be where others are already.
            _ if distance < -STEP => advance / 2,
            _ => advance / APPROACH_DIVISOR,
        };
        self.offset += distance.clamp(-most, most);
    }

    /// Is there at once.
    pub(super) fn jump(&mut self, target: i128) {
        self.offset = target;
    }

    /// The time of the last packet on our clock.
    pub(super) fn time(&self) -> i128 {
        self.media() + self.offset
    }

    /// How far the sender's clock is from ours, if the stream is where it should be and the report is right.
    pub(super) fn offset_of(&self, report: &Report) -> i128 {
        self.offset - (report.sent - self.media_at(report.timestamp))
    }

    /// Goes by a report, where the sender's clock is `offset` from ours; by how much that clock was set, if it was.
    pub(super) fn hear(&mut self, report: &Report, offset: i128) -> Option<i128> {
        let to_sender = report.sent - self.media_at(report.timestamp);
        let fresh = Mapping { to_sender, reports: 1, sent: report.sent, came: report.came };
        let Some(known) = self.mapping else {
            self.adopt(fresh, offset);
            return None;
        };
        let moved = to_sender - known.to_sender;
        if moved.abs() <= INACCURATE {
            let reports = (known.reports + 1).min(MOST_REPORTS);
            let most = if reports < MOST_REPORTS {
                INACCURATE
            } else {
                (report.came - known.came).max(0) / CORRECTION_DIVISOR
            };
            let to_sender = known.to_sender + (moved / reports).clamp(-most, most);
            self.mapping = Some(Mapping { to_sender, reports, ..fresh });
            return None;
        }
        // Either the sender's clock went further than ours, or the stream's timestamps did.
        let ahead = (report.sent - known.sent) - (report.came - known.came);
        if (ahead - moved).abs() < moved.abs() / 2 {
            self.mapping = Some(Mapping { to_sender: known.to_sender, ..fresh });
            return Some(moved);
        }
        self.adopt(fresh, offset);
        None
    }

    /// The sender's clock was set.
    pub(super) fn set_by(&mut self, ahead: i128) {
        if let Some(mapping) = &mut self.mapping {
            mapping.to_sender += ahead;
        }
    }

    /// Goes by a mapping, unless it puts what came last where it can't be.
    fn adopt(&mut self, mapping: Mapping, offset: i128) {
        let late = self.came - (self.media() + mapping.to_sender + offset);
        self.mapping = (EARLIEST..=LATEST).contains(&late).then_some(mapping);
    }

    /// How late what came last is, had it come at `arrival`.
    fn late(&self, arrival: i128) -> i128 {
        arrival - self.time()
    }

    /// A timestamp near the last one, with those that wrapped around.
    fn extend(&self, timestamp: u32) -> i128 {
        let distance = timestamp.wrapping_sub(self.extended as u32).cast_signed();
        self.extended + i128::from(distance)
    }

    /// The stream's own time now, in ns.
    fn media(&self) -> i128 {
        self.in_nanos(self.extended)
    }

    fn media_at(&self, timestamp: u32) -> i128 {
        self.in_nanos(self.extend(timestamp))
    }

    fn in_nanos(&self, units: i128) -> i128 {
        units * 1_000_000_000 / self.clock_rate
    }
}
