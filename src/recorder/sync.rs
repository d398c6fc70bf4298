//! When what was written to a file is brought to the disk itself, so that a power cut costs no more than it may.

use std::time::{Duration, Instant};

/// While frames come, more is written within this: they wait for a quarter of a second, then the thread for its turn, and
/// what is written last before a cut has waited already.
const MORE_WITHIN: Duration = Duration::from_millis(500);

/// What is known of the last time.
#[derive(Debug)]
pub(super) struct Sync {
    /// No more time than this may be lost.
    limit: Duration,
    /// When that began; `None` before the first time. What was written since would be lost.
    begun: Option<Instant>,
    /// How long it took.
    took: Duration,
    /// Whether anything was written since.
    is_behind: bool,
}

impl Sync {
    /// Of a file that the disk knows nothing of.
    pub(super) const fn new(limit: Duration) -> Self {
        Self { limit, begun: None, took: Duration::ZERO, is_behind: false }
    }

    /// Something was written. Whether it is to be brought to the disk now, as it would be too late when more is
    /// written. What is written first is: it has waited for the other tracks.
    pub(super) fn handle_write(&mut self, now: Instant) -> bool {
        self.is_behind = true;
        let next = |begun| now.saturating_duration_since(begun) + MORE_WITHIN + self.took;
        self.begun.is_none_or(|begun| next(begun) > self.limit)
    }

    /// All that was written by `begun` is on the disk, since `now`.
    pub(super) fn handle_done(&mut self, begun: Instant, now: Instant) {
        *self = Self {
            limit: self.limit,
            begun: Some(begun),
            took: now.saturating_duration_since(begun),
            is_behind: false,
        };
    }

    /// When it is to be brought to the disk, should nothing more be written.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.begun.filter(|_| self.is_behind).map(|begun| begun + self.limit.saturating_sub(self.took))
    }

    /// Whether the disk has something of the file.
    pub(super) const fn has_begun(&self) -> bool {
        self.begun.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_written_first_is_brought_at_once() {
        let start = Instant::now();
        let mut sync = Sync::new(ms(1000));
        assert!(!sync.has_begun() && sync.next_deadline().is_none());
        assert!(sync.handle_write(start));
        sync.handle_done(start, start + ms(10));
        assert!(sync.has_begun() && sync.next_deadline().is_none(), "nothing is behind");
    }

    #[test]
    fn nothing_is_ever_older_than_the_limit() {
        for (limit, every, takes) in
            [(1000, 250, 5), (1000, 350, 50), (1000, 480, 100), (5000, 300, 5), (60_000, 350, 900)]
        {
            let start = Instant::now();
            let mut sync = Sync::new(ms(limit));
            let (mut now, mut begun, mut count) = (start, start, 0_u32);
            while now < start + ms(120_000) {
                if sync.handle_write(now) {
                    let done = now + ms(takes);
                    assert!(done - begun <= ms(limit), "{:?} would be lost, {limit} {every} {takes}", done - begun);
                    sync.handle_done(now, done);
                    (begun, now, count) = (now, done, count + 1);
                }
                now += ms(every);
            }
            let most = 120_000 / u32::try_from(limit.saturating_sub(500 + every + takes).max(every)).unwrap() + 1;
            assert!(count <= most, "{count} times with a limit of {limit} ms");
        }
    }

    #[test]
    fn what_nothing_follows_is_brought_in_time() {
        let start = Instant::now();
        let mut sync = Sync::new(ms(1000));
        assert!(sync.handle_write(start));
        sync.handle_done(start, start + ms(20));
        assert!(!sync.handle_write(start + ms(300)), "more may come");
        assert_eq!(sync.next_deadline(), Some(start + ms(980)));
        sync.handle_done(start + ms(980), start + ms(1000));
        assert_eq!(sync.next_deadline(), None);
    }
}
