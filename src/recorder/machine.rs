//! What the machine says of its clocks: manifests have times of two, and how far the one for people can be believed.

use std::{
    fs, io,
    time::{Duration, SystemTime},
};

use rustix::time::{ClockId, clock_gettime};

use crate::{
    ids::BootId,
    recording::{
        WallTime,
        manifest::{Clock, Moment},
    },
};

/// When this was written: no clock that is set shows an earlier time. 2026-11-01, in s since 1970.
const WRITTEN: Duration = Duration::from_secs(1_793_491_200);

/// How often two clocks are read to read them at once. It takes some µs.
const READINGS: usize = 5;

/// This moment.
pub(super) fn now() -> Moment {
    let wall = SystemTime::now();
    Moment { since_boot: since_boot(), wall: wall.into(), clock: clock_at(wall) }
}

/// How far the clock for people can be believed now.
#[must_use]
pub fn clock() -> Clock {
    clock_at(SystemTime::now())
}

/// Tells the log where the system does not say how the clock does: less is known of it then than could be.
pub(super) fn tell_of_silent_clock() {
    if let Err(error) = is_synchronized() {
        tracing::warn!(%error, "the system does not say whether somebody keeps the clock right; recordings have it as set, at best");
    }
}

fn clock_at(wall: SystemTime) -> Clock {
    let is_plausible = wall.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since >= WRITTEN);
    match (is_synchronized().unwrap_or(false), is_plausible) {
        (true, _) => Clock::Synchronised,
        (false, true) => Clock::Set,
        (false, false) => Clock::Unset,
    }
}

/// The moment when another clock showed `time`; `clock` reads that one now. Both have to be read at once: who is kept from
/// it in between, on a busy machine, reads them again.
pub(super) fn when(time: Duration, clock: impl Fn() -> Duration) -> Moment {
    let read = || {
        let (before, other, moment) = (since_boot(), clock(), now());
        (moment.since_boot.saturating_sub(before), other, moment)
    };
    let readings = (0..READINGS).map(|_| read());
    let (_, other, moment) = readings.min_by_key(|(took, ..)| *took).unwrap_or_else(read);
    before(moment, other.saturating_sub(time))
}

/// The moment that was so long before another.
fn before(moment: Moment, time: Duration) -> Moment {
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Moment {
        since_boot: moment.since_boot.saturating_sub(time),
        wall: WallTime::from_unix_ms(moment.wall.unix_ms().saturating_sub(ms)),
        ..moment
    }
}

/// The moment that is so long after another.
pub(super) fn after(moment: Moment, time: Duration) -> Moment {
    Moment { since_boot: moment.since_boot + time, wall: moment.wall.after(time), ..moment }
}

/// Which start of the machine this is; times since boot compare within it only.
pub(super) fn boot_id() -> BootId {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    BootId::new(id.trim()).unwrap_or_else(|_| BootId::new("unknown").expect("a text makes an id"))
}

fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// Whether somebody keeps the clock right, as the kernel says: `adjtimex(2)` gives `TIME_ERROR` where nobody does. A sandbox
/// may forbid to ask.
fn is_synchronized() -> io::Result<bool> {
    // SAFETY: a timex is plain numbers, of which all zeros are one, and with modes 0 the kernel only writes to it.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&raw mut timex)
    };
    if state < 0 { Err(io::Error::last_os_error()) } else { Ok(state != libc::TIME_ERROR) }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_clocks_go_and_the_boot_has_a_name() {
        let (first, second) = (now(), now());
        assert!(second.since_boot >= first.since_boot && first.since_boot > Duration::ZERO);
        assert_ne!(first.clock, Clock::Unset);
        let second_long = Duration::from_secs(1);
        assert_eq!(second.wall.since(before(second, second_long).wall), Some(second_long));
        assert_eq!(after(before(second, second_long), second_long), second);
        let (clock, begun) = (Instant::now(), now());
        let then = when(Duration::ZERO, || clock.elapsed());
        assert!(then.since_boot.abs_diff(begun.since_boot) < Duration::from_millis(100), "{then:?} is not {begun:?}");
        assert_eq!(boot_id().as_str().len(), 36, "a UUID");
    }
}
