//! What can be had of each source: its encodes, and the tasks that look after them.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::sync::{Mutex, Notify, watch};

use super::{
    audience::{Audience, LadderIndex},
    audition::Tryout,
    bench::Bench,
    board::{EncoderEntry, SourceEntry},
    capture::CaptureJob,
    conductor::{Part, Voice},
    darkroom::Darkroom,
    decode::DecodeJob,
    demand::Demand,
    encode::{AtWork, EncodeJob},
    lease::{Lease, Step},
    packetize::PacketizeJob,
    placeholder::Press,
    stand_in::StandIn,
    supervise::{Job, Supervision},
};
use crate::{
    codec::{Codec, MediaKind},
    encoder::{self, Candidates, Lineup, Target, Trials},
    media::{
        clockwork::Clockwork,
        feed::{Contents, Feed},
    },
    quality::{self, ladder::Ladder},
    report::Condition,
    source::{SoundServer, Spec, Trust, VideoSpec},
    units::Bitrate,
};

/// One source, and every encode that can be had of it.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Its captures follow it.
    pub(super) spec: watch::Sender<Spec>,
    pub(super) encodes: Vec<Encode>,
    /// For the source.
    pub(super) demand: Demand,
    /// Where pictures of it are made, if it has any.
    pub(super) darkroom: Option<Darkroom>,
    /// What is shown of it, and of each of its encoders.
    pub(super) shown: SourceEntry,
    pub(super) encoders: Vec<EncoderEntry>,
    /// The encoders that can be tried while nobody takes it.
    pub(super) tryouts: Vec<Tryout>,
    /// Every task of it holds a receiver, and ends when this says so or is gone.
    pub(super) running: watch::Sender<bool>,
}

/// One encode, in all its qualities.
#[derive(Debug)]
pub(super) struct Encode {
    pub(super) codec: Codec,
    pub(super) ladder: LadderIndex,
    full: watch::Receiver<Bitrate>,
    steps: Arc<[Step]>,
    source_demand: Demand,
}

/// What shelves are made of.
#[derive(Debug)]
pub(super) struct Stock<'a> {
    pub(super) settings: &'a encoder::Settings,
    pub(super) lineup: &'a Lineup,
    pub(super) trials: &'a Trials,
    pub(super) clockwork: &'a Clockwork,
    pub(super) sound_server: &'a SoundServer,
    pub(super) audience: &'a Audience,
    /// Woken at each change of a condition.
    pub(super) changes: &'a Arc<Notify>,
    /// What is to be conducted, of all shelves that were made.
    pub(super) parts: Vec<(LadderIndex, Part)>,
    /// Of the shelf that is being made.
    pub(super) encoders: Vec<EncoderEntry>,
    pub(super) tryouts: Vec<Tryout>,
}

/// A source, as its encodes see it.
struct Origin<'a> {
    spec: &'a Spec,
    raw: Feed,
    /// For the source.
    demand: Demand,
    /// For what makes the raw feed of a camera that is passed through.
    decoder: Option<Demand>,
}

impl Shelf {
    /// Has this captured from now on, which has the form of what is.
    pub(super) fn follow(&self, spec: &Spec) {
        self.spec.send_if_modified(|now| {
            let changes = now != spec;
            if changes {
                now.clone_from(spec);
            }
            changes
        });
    }

    pub(super) fn codecs(&self) -> Vec<Codec> {
        self.encodes.iter().map(|encode| encode.codec).collect()
    }
}

impl Encode {
    /// Takes it, in full.
    pub(super) fn lease(&self, audience: &Audience) -> Option<Lease> {
        Lease::new(&self.steps, self.full.clone(), audience.join(self.ladder), &self.source_demand)
    }

    /// Takes it, in full and whatever viewers' links bear.
    pub(super) fn lease_here(&self, audience: &Audience) -> Option<Lease> {
        Lease::new(&self.steps, self.full.clone(), audience.join_here(self.ladder), &self.source_demand)
    }
}

impl Stock<'_> {
    /// A shelf for `spec`. Its tasks begin, and wait for takers.
    pub(super) fn shelf(&mut self, spec: &Spec) -> Shelf {
        let running = watch::Sender::new(true);
        let name = spec.name().clone();
        let passed_through = spec.is_passed_through();
        let feed = match passed_through {
            true => Feed::new(format!("{name} (passed through)"), Contents::Encoded),
            false => Feed::new(format!("{name} (raw)"), Contents::Raw),
        };
        let demand = Demand::default();
        let clockwork = self.clockwork.clone();
        let (now, followed) = watch::channel(spec.clone());
        let job = CaptureJob {
            spec: followed.clone(),
            feed: feed.clone(),
            clockwork,
            trust: Trust::default(),
            sound_server: self.sound_server.clone(),
            was_denied: AtomicBool::default(),
        };
        let condition = look_after(format!("source {name}"), job, &feed, &demand, self.changes, &running);
        let candidates: Vec<_> = self.lineup.candidates(spec.media()).cloned().collect();
        let ours = candidates.iter().find(|candidates| candidates.codec == Codec::H264);
        let press = ours.filter(|_| passed_through).map(|ours| self.press(spec, ours));
        // What comes encoded is nothing that a plain slate could stand in for.
        if press.is_some() || !passed_through {
            let (spec, feed, demand, condition) = (spec.clone(), feed.clone(), demand.clone(), condition.clone());
            StandIn { spec, feed, demand, condition, clockwork: self.clockwork.clone(), press }.spawn(&running);
        }
        let shown = SourceEntry::new(followed, feed.clone(), condition);
        let (origin, encodes) = if let (true, Spec::Video(video)) = (passed_through, spec) {
            let (raw, decoder) = self.decoder(video, &feed, &demand, &running);
            let origin = Origin { spec, raw, demand, decoder: Some(decoder) };
            let encodes = self.encodes_beside(&feed, &origin, &candidates, &running);
            (origin, encodes)
        } else {
            let origin = Origin { spec, raw: feed, demand, decoder: None };
            let encodes = candidates.iter().map(|candidates| self.encode(&origin, candidates, &running)).collect();
            (origin, encodes)
        };
        if spec.keep() {
            origin.demand.keep();
            encodes.first().and_then(|preferred| preferred.steps.first()).inspect(|best| best.demand.keep());
        }
        let darkroom = (spec.media() == MediaKind::Video).then(|| Darkroom {
            name,
            raw: origin.raw.clone(),
            source: origin.demand.clone(),
            decoder: origin.decoder.clone(),
            clockwork: self.clockwork.clone(),
            turn: Mutex::default(),
        });
        Shelf {
            spec: now,
            encodes,
            demand: origin.demand,
            darkroom,
            shown,
            encoders: std::mem::take(&mut self.encoders),
            tryouts: std::mem::take(&mut self.tryouts),
            running,
        }
    }

    /// What encodes a slate for those who take a camera's own H.264.
    fn press(&self, spec: &Spec, ours: &Candidates) -> Press {
        let target = self.settings.target(spec);
        Press { bench: Bench::new(ours.clone(), target.picture, self.trials, self.settings.retry_after), target }
    }

    /// What makes pictures of a camera's own H.264, and who wants them.
    fn decoder(
        &self,
        video: &VideoSpec,
        camera: &Feed,
        demand: &Demand,
        running: &watch::Sender<bool>,
    ) -> (Feed, Demand) {
        let raw = Feed::new(format!("{} (decoded)", video.name), Contents::Raw);
        let decoder = Demand::default();
        let job = DecodeJob {
            video: video.clone(),
            encoded: camera.clone(),
            camera: demand.clone(),
            raw: raw.clone(),
            clockwork: self.clockwork.clone(),
        };
        look_after(format!("decoder of {}", video.name), job, &raw, &decoder, self.changes, running);
        (raw, decoder)
    }

    /// The camera's own H.264 in the place of ours, or before all others where we have none.
    fn encodes_beside(
        &mut self,
        camera: &Feed,
        origin: &Origin<'_>,
        candidates: &[Candidates],
        running: &watch::Sender<bool>,
    ) -> Vec<Encode> {
        let ours = candidates.iter().find(|candidates| candidates.codec == Codec::H264);
        let mut encodes = Vec::new();
        if ours.is_none() {
            encodes.push(self.passed_through(camera, origin, None, running));
        }
        for candidates in candidates {
            encodes.push(match candidates.codec {
                Codec::H264 => self.passed_through(camera, origin, ours, running),
                _ => self.encode(origin, candidates, running),
            });
        }
        encodes
    }

    fn encode(&mut self, origin: &Origin<'_>, candidates: &Candidates, running: &watch::Sender<bool>) -> Encode {
        let rungs = self.settings.rungs(origin.spec).into_iter().enumerate();
        let steps = rungs
            .map(|(rung, (quality, target))| (quality, self.step(origin, candidates, rung, &target, running)))
            .collect();
        self.climb(origin, candidates.codec, steps)
    }

    /// In full it is the camera's own; the lower rungs are ours, if we can encode them.
    fn passed_through(
        &mut self,
        camera: &Feed,
        origin: &Origin<'_>,
        ours: Option<&Candidates>,
        running: &watch::Sender<bool>,
    ) -> Encode {
        let mut steps = Vec::new();
        for (rung, (quality, target)) in self.settings.rungs(origin.spec).into_iter().enumerate() {
            match ours {
                _ if rung == 0 => steps.push((quality, self.camera_step(camera, origin, &target, running))),
                Some(ours) => steps.push((quality, self.step(origin, ours, rung, &target, running))),
                None => {}
            }
        }
        self.climb(origin, Codec::H264, steps)
    }

    /// An encode of these qualities.
    fn climb(&mut self, origin: &Origin<'_>, codec: Codec, steps: Vec<(quality::Rung, (Step, Voice))>) -> Encode {
        let (qualities, steps): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let (steps, rungs): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let ladder = Ladder::new(qualities);
        let (told, full) = watch::channel(ladder.full());
        let index = self.audience.new_ladder();
        self.parts.push((index, Part { kind: origin.spec.media(), ladder, rungs, full: told }));
        let source_demand = origin.demand.clone();
        Encode { codec, ladder: index, full, steps: steps.into(), source_demand }
    }

    fn camera_step(
        &mut self,
        camera: &Feed,
        origin: &Origin<'_>,
        target: &Target,
        running: &watch::Sender<bool>,
    ) -> (Step, Voice) {
        let name = origin.spec.name();
        let label = format!("{} of {name}", Codec::H264);
        let packets = Feed::new(format!("packets of {label}"), Contents::Packets);
        let demand = Demand::default();
        let (encoded, clockwork) = (camera.clone(), self.clockwork.clone());
        let job = PacketizeJob { encoded, packets: packets.clone(), clockwork };
        let condition = look_after(label, job, camera, &demand, self.changes, running);
        let bitrate = watch::Sender::new(target.bitrate);
        self.encoders.push(EncoderEntry {
            source: name.clone(),
            codec: Codec::H264,
            rung: 0,
            at_work: watch::channel(AtWork::passed_through()).1,
            bitrate: bitrate.clone(),
            origin: camera.clone(),
            feed: camera.clone(),
            demand: demand.clone(),
            condition,
        });
        (Step { feed: camera.clone(), packets, demand }, Voice::of_camera(camera.clone(), bitrate))
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
        let bench = Bench::new(candidates.clone(), target.picture, self.trials, self.settings.retry_after);
        let (at_work, shown) = watch::channel(AtWork::first(&bench));
        self.tryouts.push(Tryout::new(&bench, &at_work));
        let bitrate = watch::Sender::new(target.bitrate);
        let feed = Feed::new(&label, Contents::Encoded);
        let packets = Feed::new(format!("packets of {label}"), Contents::Packets);
        let demand = Demand::default();
        let job = EncodeJob {
            label: label.clone(),
            bench,
            bitrate: bitrate.subscribe(),
            raw: origin.raw.clone(),
            decoder: origin.decoder.clone(),
            encoded: feed.clone(),
            packets: packets.clone(),
            clockwork: self.clockwork.clone(),
            at_work,
        };
        let condition = look_after(label, job, &feed, &demand, self.changes, running);
        self.encoders.push(EncoderEntry {
            source: name.clone(),
            codec,
            rung,
            at_work: shown,
            bitrate: bitrate.clone(),
            origin: origin.raw.clone(),
            feed: feed.clone(),
            demand: demand.clone(),
            condition,
        });
        (Step { feed, packets, demand }, Voice::of_encoder(bitrate))
    }
}

/// Starts the task that runs `job` while it is wanted. Its condition comes back.
fn look_after(
    label: String,
    job: impl Job,
    feed: &Feed,
    demand: &Demand,
    changes: &Arc<Notify>,
    running: &watch::Sender<bool>,
) -> watch::Receiver<Condition> {
    let (condition, watched) = watch::channel(Condition::Idle);
    let (feed, demand, changes) = (feed.clone(), demand.clone(), Arc::clone(changes));
    Supervision { label, feed, demand, condition, changes }.spawn(job, running);
    watched
}
