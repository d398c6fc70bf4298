//! What the machine says of its clocks: manifests have times of two, and how far the one for people can be believed.

use std::{
    fs,
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

/// This moment.
pub(super) fn now() -> Moment {
    let wall = SystemTime::now();
    let is_plausible = wall.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since >= WRITTEN);
    let clock = match (is_synchronized(), is_plausible) {
        (true, _) => Clock::Synchronised,
        (false, true) => Clock::Set,
        (false, false) => Clock::Unset,
    };
    Moment { since_boot: since_boot(), wall: wall.into(), clock }
}

/// The moment that was so long before another.
pub(super) fn before(moment: Moment, time: Duration) -> Moment {
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

/// Whether somebody keeps the clock right, as the kernel says: `adjtimex(2)` gives `TIME_ERROR` where nobody does.
fn is_synchronized() -> bool {
    // SAFETY: a timex is plain numbers, of which all zeros are one, and with modes 0 the kernel only writes to it.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&raw mut timex)
    };
    (0..libc::TIME_ERROR).contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_go_and_the_boot_has_a_name() {
        let (first, second) = (now(), now());
        assert!(second.since_boot >= first.since_boot && first.since_boot > Duration::ZERO);
        assert_ne!(first.clock, Clock::Unset);
        let second_long = Duration::from_secs(1);
        assert_eq!(second.wall.since(before(second, second_long).wall), Some(second_long));
        assert_eq!(after(before(second, second_long), second_long), second);
        assert_eq!(boot_id().as_str().len(), 36, "a UUID");
    }
}
