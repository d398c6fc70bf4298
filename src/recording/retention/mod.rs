//! Which segments have to go, and how long it is until one must.

use std::{fmt, time::Duration};

use super::WallTime;
use crate::units::Bitrate;

/// How many files a segment has: itself and its manifest.
const FILES: u64 = 2;

/// What is kept. Whichever limit is reached first counts; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// No segment is kept for longer after its end.
    pub age: Option<Duration>,
    /// All segments together are no larger, in bytes.
    pub bytes: Option<u64>,
    /// There are no more of them.
    pub segments: Option<u64>,
    /// So much of the disk stays free, in bytes.
    pub free: Option<u64>,
    /// So many files can still be made on the disk.
    pub free_files: Option<u64>,
}

/// A segment on the disk. `K` is what the caller knows it by; between segments that ended together its order decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<K> {
    /// What the caller knows it by.
    pub key: K,
    /// When it ended.
    pub ended: Ended,
    /// How much of the disk it takes, its manifest included, in bytes.
    pub bytes: u64,
    /// It is kept, whatever is too old or too much.
    pub pinned: bool,
}

/// When a segment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is still being written.
    NotYet,
    /// Then.
    At(WallTime),
    /// Then, by a clock that nobody had set. It has its place in the order, but no age.
    Unsure(WallTime),
}

/// The disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// What can still be written, in bytes.
    pub free: u64,
    /// What it holds, in bytes.
    pub total: u64,
    /// How many files can still be made (`f_favail` of `statvfs(3)`); `None` where its file system has no such limit.
    pub free_files: Option<u64>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<K> {
    /// What has to go, the oldest first.
    pub remove: Vec<K>,
    /// What that does not help: limits that are not kept when all has gone that may.
    pub short: Option<Shortage>,
}

/// By how much limits are not kept. What is left is pinned, being written, or not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shortage {
    /// Bytes of recordings beyond [`Policy::bytes`].
    pub over: u64,
    /// Segments beyond [`Policy::segments`].
    pub segments: u64,
    /// Bytes missing to [`Policy::free`].
    pub missing: u64,
    /// Files missing to [`Policy::free_files`].
    pub files: u64,
}

/// What is kept now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// All segments together, in bytes.
    pub bytes: u64,
    /// How long ago the oldest one ended that is neither pinned nor being written.
    pub oldest: Option<Duration>,
}

/// What has to go. `now` is `None` while nobody has set the clock.
///
/// Pinned segments and those being written never go. By age goes what ended longer ago than it may, both by a clock that was
/// set: what is [`Ended::Unsure`], or ended after `now`, has no age, since the clock has jumped in between. That
/// keeps it for too long rather than not long enough; size, number and free space still bound it.
/// By size, number and free space go the oldest of the rest, and no more than needed. Their order is by the end's clock, even where
/// that was not set: mostly such a clock begins where it was when the machine went down.
#[must_use]
pub fn plan<K: Clone + Ord>(now: Option<WallTime>, policy: Policy, segments: &[Segment<K>], disk: Disk) -> Plan<K> {
    let bytes = segments.iter().fold(0_u64, |sum, segment| sum.saturating_add(segment.bytes));
    let mut room = Room { bytes, segments: segments.len() as u64, disk };
    let is_old = |segment: &Segment<K>| is_too_old(now, policy, segment.ended);
    // Mostly nothing has to go, and there may be a hundred thousand to be brought into order.
    if room.shortage(policy).is_none() && !segments.iter().any(is_old) {
        return Plan { remove: Vec::new(), short: None };
    }
    let mut removable: Vec<_> = segments
        .iter()
        .filter(|segment| !segment.pinned)
        .filter_map(|segment| Some((segment.ended.order()?, &segment.key, segment)))
        .collect();
    removable.sort_by_key(|(ended, key, _)| (*ended, *key));
    let (mut going, staying): (Vec<_>, Vec<_>) = removable.into_iter().partition(|(_, _, segment)| is_old(segment));
    going.iter().for_each(|(_, _, segment)| room.gain(segment.bytes));
    for segment in staying {
        let Some(short) = room.shortage(policy) else { break };
        if segment.2.bytes > 0 || short.segments > 0 || short.files > 0 {
            room.gain(segment.2.bytes);
            going.push(segment);
        }
    }
    going.sort_by_key(|(ended, key, _)| (*ended, *key));
    Plan { remove: going.into_iter().map(|(_, key, _)| key.clone()).collect(), short: room.shortage(policy) }
}

/// What is missing for a segment to be begun while it is not known yet what could be removed for it: half of what is to stay
/// free has to be there. The other half is for what is written until it is known.
#[must_use]
pub fn unseen(policy: Policy, disk: Disk) -> Option<Shortage> {
    let half = |least: Option<u64>| least.map(|least| least / 2);
    let halved = Policy { free: half(policy.free), free_files: half(policy.free_files), ..Policy::default() };
    Room { bytes: 0, segments: 0, disk }.shortage(halved)
}

/// How long it is until a first segment has to go, or the disk is full, when so much is recorded all the time; `None` when
/// neither ever happens.
#[must_use]
pub fn forecast(rate: Bitrate, policy: Policy, kept: Kept, disk: Disk) -> Option<Duration> {
    let flows = rate.bits() > 0;
    let fills = |bytes: u64| {
        let seconds = flows.then(|| bytes as f64 * 8.0 / f64::from(rate.bits()))?;
        Duration::try_from_secs_f64(seconds).ok()
    };
    let full = disk.free.saturating_sub(policy.free.unwrap_or(0));
    let too_much = policy.bytes.map(|most| most.saturating_sub(kept.bytes));
    // Where there is none yet, the first ends now at the earliest.
    let oldest = kept.oldest.or(flows.then_some(Duration::ZERO));
    let too_old = policy.age.zip(oldest).map(|(most, oldest)| most.saturating_sub(oldest));
    [fills(full), too_much.and_then(fills), too_old].into_iter().flatten().min()
}

/// What recordings take and what is free.
#[derive(Debug, Clone, Copy)]
struct Room {
    bytes: u64,
    segments: u64,
    disk: Disk,
}

impl Room {
    /// A segment of so many bytes goes.
    fn gain(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.segments = self.segments.saturating_sub(1);
        self.disk.free = self.disk.free.saturating_add(bytes);
        self.disk.free_files = self.disk.free_files.map(|free| free.saturating_add(FILES));
    }

    fn shortage(self, policy: Policy) -> Option<Shortage> {
        let files = policy.free_files.zip(self.disk.free_files);
        let shortage = Shortage {
            over: policy.bytes.map_or(0, |most| self.bytes.saturating_sub(most)),
            segments: policy.segments.map_or(0, |most| self.segments.saturating_sub(most)),
            missing: policy.free.map_or(0, |least| least.saturating_sub(self.disk.free)),
            files: files.map_or(0, |(least, free)| least.saturating_sub(free)),
        };
        (shortage != Shortage::default()).then_some(shortage)
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { over, segments, missing, files } = *self;
        let said = [
            (over, "bytes of recordings are more than there may be"),
            (segments, "segments of recordings are more than there may be"),
            (missing, "bytes are missing that were to stay free on the disk"),
            (files, "files can no longer be made that were to stay free on the disk"),
        ];
        for (number, what) in said.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{number} {what}, ")?;
        }
        f.write_str(
            "with all removed that may be; unpin some, free the disk of other things, or set other limits ([record.keep])",
        )
    }
}

impl Ended {
    /// Its place in the order; `None` of what has not ended.
    const fn order(self) -> Option<WallTime> {
        match self {
            Self::NotYet => None,
            Self::At(moment) | Self::Unsure(moment) => Some(moment),
        }
    }
}

fn is_too_old(now: Option<WallTime>, policy: Policy, ended: Ended) -> bool {
    let (Some(now), Some(most), Ended::At(ended)) = (now, policy.age, ended) else { return false };
    now.since(ended).is_some_and(|age| age > most)
}

#[cfg(test)]
mod tests;
