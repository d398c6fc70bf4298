//! What can be had of each source: its encodes, and the tasks that look after them.

use std::sync::Arc;

use tokio::sync::watch;

use super::{
    audience::{Audience, LadderIndex},
    bench::Bench,
    board::{Board, EncoderEntry, SourceEntry},
    capture::CaptureJob,
    conductor::{Part, Voice},
    demand::Demand,
    encode::{AtWork, EncodeJob},
    lease::{Lease, Step},
    supervise::{Job, Supervision},
};
use crate::{
    codec::Codec,
    encoder::{self, Candidates, Lineup, Target, Trials},
    ids::SourceName,
    media::{
        clockwork::Clockwork,
        feed::{Contents, Feed},
    },
    quality::ladder::Ladder,
    report::Condition,
    source::Spec,
    units::Bitrate,
};

/// One source, and every encode that can be had of it.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) name: SourceName,
    pub(super) encodes: Vec<Encode>,
    /// For the source.
    pub(super) demand: Demand,
}

/// One encode, in all its qualities.
#[derive(Debug)]
pub(super) struct Encode {
    pub(super) codec: Codec,
    ladder: LadderIndex,
    full: Bitrate,
    steps: Arc<[Step]>,
    source_demand: Demand,
}

/// What shelves are made of, and what they add to.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) settings: encoder::Settings,
    pub(super) lineup: Lineup,
    pub(super) trials: Trials,
    pub(super) clockwork: Clockwork,
    pub(super) board: Board,
    pub(super) parts: Vec<Part>,
}

/// A source, as its encodes see it.
struct Origin<'a> {
    spec: &'a Spec,
    raw: Feed,
    demand: Demand,
}

impl Shelf {
    pub(super) fn codecs(&self) -> Vec<Codec> {
        self.encodes.iter().map(|encode| encode.codec).collect()
    }
}

impl Encode {
    /// Takes it, in full.
    pub(super) fn lease(&self, audience: &Audience) -> Option<Lease> {
        Lease::new(&self.steps, self.full, audience.join(self.ladder), self.source_demand.take())
    }
}

impl Stock {
    /// A shelf for `spec`. Its tasks begin, and wait for takers.
    pub(super) fn shelf(&mut self, spec: &Spec, running: &watch::Sender<bool>) -> Shelf {
        let name = spec.name().clone();
        let raw = Feed::new(format!("{name} (raw)"), Contents::Raw);
        let demand = Demand::default();
        let job = CaptureJob { spec: spec.clone(), raw: raw.clone(), clockwork: self.clockwork.clone() };
        let condition = look_after(format!("source {name}"), job, &raw, &demand, &self.board, running);
        self.board.sources.push(SourceEntry::new(spec, raw.clone(), condition));
        let origin = Origin { spec, raw, demand };
        let candidates: Vec<_> = self.lineup.candidates(spec.media()).cloned().collect();
        let encodes: Vec<_> = candidates.iter().map(|candidates| self.encode(&origin, candidates, running)).collect();
        if spec.keep() {
            origin.demand.keep();
            encodes.first().and_then(|preferred| preferred.steps.first()).inspect(|best| best.demand.keep());
        }
        Shelf { name, encodes, demand: origin.demand }
    }

    fn encode(&mut self, origin: &Origin<'_>, candidates: &Candidates, running: &watch::Sender<bool>) -> Encode {
        let (qualities, targets): (Vec<_>, Vec<_>) = self.settings.rungs(origin.spec).into_iter().unzip();
        let (steps, rungs): (Vec<_>, Vec<_>) = targets
            .iter()
            .enumerate()
            .map(|(rung, target)| self.step(origin, candidates, rung, target, running))
            .unzip();
        let ladder = Ladder::new(qualities);
        let full = ladder.full();
        let index = LadderIndex(self.parts.len());
        self.parts.push(Part { kind: origin.spec.media(), ladder, rungs });
        let source_demand = origin.demand.clone();
        Encode { codec: candidates.codec, ladder: index, full, steps: steps.into(), source_demand }
    }

    fn step(
        &mut self,
        origin: &Origin<'_>,
        candidates: &Candidates,
        rung: usize,
        target: &Target,
        running: &watch::Sender<bool>,
    ) -> (Step, Voice) {
        let (name, codec) = (origin.spec.name(), candidates.codec);
        let label = if rung == 0 { format!("{codec} of {name}") } else { format!("{codec} of {name}, rung {rung}") };
        let bench = Bench::new(candidates.clone(), target.picture, &self.trials, self.settings.retry_after);
        let (at_work, shown) = watch::channel(AtWork::first(&bench));
        let bitrate = watch::Sender::new(target.bitrate);
        let feed = Feed::new(&label, Contents::Encoded);
        let packets = Feed::new(format!("packets of {label}"), Contents::Packets);
        let demand = Demand::default();
        let job = EncodeJob {
            label: label.clone(),
            bench,
            bitrate: bitrate.subscribe(),
            raw: origin.raw.clone(),
            encoded: feed.clone(),
            packets: packets.clone(),
            clockwork: self.clockwork.clone(),
            at_work,
        };
        let condition = look_after(label, job, &feed, &demand, &self.board, running);
        self.board.encoders.push(EncoderEntry {
            source: name.clone(),
            codec,
            rung,
            at_work: shown,
            bitrate: bitrate.clone(),
            feed: feed.clone(),
            demand: demand.clone(),
            condition,
        });
        (Step { feed, packets, demand }, Voice::new(bitrate))
    }
}

/// Starts the task that runs `job` while it is wanted. Its condition comes back.
fn look_after(
    label: String,
    job: impl Job,
    feed: &Feed,
    demand: &Demand,
    board: &Board,
    running: &watch::Sender<bool>,
) -> watch::Receiver<Condition> {
    let (condition, watched) = watch::channel(Condition::Idle);
    let (feed, demand, changes) = (feed.clone(), demand.clone(), board.changes.clone());
    Supervision { label, feed, demand, condition, changes }.spawn(job, running);
    watched
}
