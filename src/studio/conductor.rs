//! Decides who takes which rung, and at what bitrate each is encoded: the task behind [`crate::quality`]'s policies.

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::audience::{Claim, Claims, LadderIndex};
use crate::{
    codec::MediaKind,
    media::feed::Feed,
    quality::{
        budget::{self, Wish},
        ladder::{Ladder, SeatId},
        meter::Meter,
        steady::Steady,
    },
    units::Bitrate,
};

/// How long words are collected: those of many takers come together, and a link that was cut is no better for less.
const COLLECT: Duration = Duration::from_millis(20);

/// When nothing is to be done by itself.
const IDLE: Duration = Duration::from_secs(3600);

/// One encode's rungs.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: MediaKind,
    pub(super) ladder: Ladder,
    /// Who makes each rung.
    pub(super) rungs: Vec<Voice>,
    /// Where its takers hear what the best one is made at where links bear it.
    pub(super) full: watch::Sender<Bitrate>,
}

/// What makes a rung.
#[derive(Debug)]
pub(super) enum Voice {
    /// An encoder, which is brought to what `told` says.
    Encoder { bitrate: Steady, told: watch::Sender<Bitrate> },
    /// A camera's own, which makes what it likes: `shown` says what that is.
    Camera { feed: Feed, meter: Meter, shown: watch::Sender<Bitrate> },
}

impl Voice {
    pub(super) fn of_encoder(told: watch::Sender<Bitrate>) -> Self {
        let bitrate = Steady::new(*told.borrow());
        Self::Encoder { bitrate, told }
    }

    pub(super) fn of_camera(feed: Feed, shown: watch::Sender<Bitrate>) -> Self {
        Self::Camera { feed, meter: Meter::default(), shown }
    }
}

/// All encodes.
#[derive(Debug, Default)]
pub(super) struct Conductor {
    parts: BTreeMap<LadderIndex, Part>,
    /// What may leave the box in all.
    uplink: Option<Bitrate>,
}

/// What is to be conducted from now on.
#[derive(Debug)]
pub(super) struct Score {
    /// Those that are new. They are known here before anybody takes them.
    pub(super) parts: Vec<(LadderIndex, Part)>,
    /// Those that are no more.
    pub(super) gone: Vec<LadderIndex>,
    /// What may leave the box in all.
    pub(super) uplink: Option<Bitrate>,
}

impl Conductor {
    /// Conducts what `scores` say until `running` says no.
    pub(super) fn spawn(
        mut scores: mpsc::Receiver<Score>,
        mut claims: watch::Receiver<Claims>,
        running: &watch::Sender<bool>,
    ) {
        let mut running = running.subscribe();
        let work = async move {
            let (mut conductor, mut seated) = (Self::default(), BTreeMap::new());
            loop {
                let next = {
                    // In this order: what somebody claims is in a score by then.
                    let claims = claims.borrow_and_update();
                    while let Ok(score) = scores.try_recv() {
                        conductor.take_up(score);
                    }
                    conductor.settle(&claims, &mut seated)
                };
                let next = next.unwrap_or_else(|| Instant::now() + IDLE);
                let news = async {
                    tokio::select! {
                        Some(score) = scores.recv() => conductor.take_up(score),
                        Ok(()) = claims.changed() => {}
                        // No taker can come any more, nor say anything.
                        else => sleep_until(next).await,
                    }
                };
                // An error: it is time.
                let _ = timeout(next - Instant::now(), news).await;
                sleep(COLLECT).await;
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                _ = running.wait_for(|running| !running) => {}
            }
        });
    }

    fn take_up(&mut self, Score { parts, gone, uplink }: Score) {
        self.parts.retain(|ladder, _| !gone.contains(ladder));
        self.parts.extend(parts);
        self.uplink = uplink;
    }

    /// Gives when to do so again though nothing is said.
    fn settle(&mut self, claims: &Claims, seated: &mut BTreeMap<SeatId, LadderIndex>) -> Option<Instant> {
        let now = Instant::now();
        self.seat(claims, seated);
        let measured = self.parts.values_mut().filter_map(|part| part.measure(now.into_std())).min();
        let allowed = self.allot(claims);
        for (id, claim) in claims {
            let Some(part) = self.parts.get_mut(&claim.ladder) else { continue };
            match allowed.get(id) {
                Some(bitrate) => part.ladder.is_allowed(*id, *bitrate),
                None => part.ladder.bears(*id, claim.bears),
            }
        }
        let mut next = measured;
        for part in self.parts.values_mut() {
            next = earliest(next, part.ladder.settle(now.into_std()));
            next = earliest(next, part.conduct(now.into_std()));
        }
        for (id, Claim { ladder, rung, .. }) in claims {
            let to = self.parts.get(ladder).and_then(|part| part.ladder.rung(*id)).unwrap_or_default();
            let moved = rung.send_if_modified(|rung| std::mem::replace(rung, to) != to);
            if moved {
                tracing::debug!(taker = id.0, rung = to, "a taker changes its rung");
            }
        }
        next.map(Instant::from_std)
    }

    /// Takers come and go.
    fn seat(&mut self, claims: &Claims, seated: &mut BTreeMap<SeatId, LadderIndex>) {
        seated.retain(|id, ladder| {
            let stays = claims.contains_key(id);
            if let Some(part) = self.parts.get_mut(ladder).filter(|_| !stays) {
                part.ladder.leave(*id);
            }
            stays
        });
        for (id, claim) in claims {
            if seated.insert(*id, claim.ladder).is_none()
                && let Some(part) = self.parts.get_mut(&claim.ladder)
            {
                part.ladder.join(*id);
            }
        }
    }

    /// What the takers of pictures may be sent for whom the uplink has less than they want. Sound is sent in any case.
    fn allot(&self, claims: &Claims) -> BTreeMap<SeatId, Bitrate> {
        let Some(uplink) = self.uplink else { return BTreeMap::new() };
        let leaving = claims.iter().filter(|(_, claim)| claim.leaves);
        let taken = leaving.filter_map(|(id, claim)| Some((*id, claim, self.parts.get(&claim.ladder)?)));
        let (mut video, audio): (Vec<_>, Vec<_>) = taken.partition(|(.., part)| part.kind == MediaKind::Video);
        let audio: Vec<_> = audio.iter().map(|(.., part)| part.ladder.full()).collect();
        // Who gets nothing for now gets what the others leave; else who came first comes first.
        video.sort_by_key(|(id, _, part)| (part.ladder.is_paused(*id), *id));
        let wishes: Vec<_> = video.iter().map(|(id, claim, part)| part.wish(*id, claim)).collect();
        let allowed = video.iter().map(|(id, ..)| *id).zip(budget::allot(uplink, &audio, &wishes));
        allowed.filter_map(|(id, allowed)| Some((id, allowed?))).collect()
    }
}

impl Part {
    /// What a taker wants of the uplink: the least, where it gets nothing for now and may come back; no more than its rung
    /// has, where nothing is known of its link.
    fn wish(&self, id: SeatId, claim: &Claim) -> Wish {
        let least = self.ladder.least();
        let full = match claim.bears {
            _ if self.ladder.is_paused(id) => least,
            None => self.ladder.bitrate(self.ladder.rung(id).unwrap_or_default()),
            Some(_) => self.ladder.full(),
        };
        Wish { bears: claim.bears, full, least }
    }

    /// Sees what it can't tell. Gives when to do so again.
    fn measure(&mut self, now: std::time::Instant) -> Option<std::time::Instant> {
        let mut next = None;
        for (index, voice) in self.rungs.iter_mut().enumerate() {
            let Voice::Camera { feed, meter, shown } = voice else { continue };
            if let Some(bitrate) = meter.look(now, feed.counts().bytes) {
                self.ladder.is_made_at(index, bitrate);
                shown.send_replace(bitrate);
            }
            next = earliest(next, meter.deadline());
        }
        self.full.send_if_modified(|full| std::mem::replace(full, self.ladder.full()) != self.ladder.full());
        next.filter(|_| !self.ladder.is_empty())
    }

    /// Brings the encoders to what their takers need. Gives when to do so again.
    fn conduct(&mut self, now: std::time::Instant) -> Option<std::time::Instant> {
        let mut next = None;
        for (index, voice) in self.rungs.iter_mut().enumerate() {
            let Voice::Encoder { bitrate, told } = voice else { continue };
            bitrate.want(self.ladder.bitrate(index));
            let changed = if self.ladder.taken(index) == 0 { bitrate.reset() } else { bitrate.settle(now) };
            if changed {
                told.send_replace(bitrate.bitrate());
            }
            next = earliest(next, bitrate.deadline());
        }
        next
    }
}

fn earliest(one: Option<std::time::Instant>, other: Option<std::time::Instant>) -> Option<std::time::Instant> {
    one.into_iter().chain(other).min()
}
