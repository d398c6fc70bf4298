//! When a peer counts as gone. Pure: time and counts are arguments.
//!
//! webrtcbin 1.22 never notices that a peer has vanished: it stays `connected`. So what arrives is counted
//! at the socket (DTLS, RTP, RTCP and SCTP alike), and silence is judged here.

use std::time::{Duration, Instant};

use crate::connection::CloseReason;

/// Browsers report on the media they receive at least every 5 s (RFC 3550, section 6.2), so three reports
/// are missing then, and with the time to take the peer down it is gone within 20 s.
const SILENCE_UNDER_MEDIA: Duration = Duration::from_secs(15);

/// A peer that is sent nothing, because it takes nothing or because our source has failed, has nothing to
/// report on. Only SCTP's heartbeat is heard then: every 30 s, give or take half of the RTO (RFC 9260,
/// section 8.3).
const SILENCE: Duration = Duration::from_secs(55);

/// A page that closes its connection closes the data channel and then says nothing more. One that only
/// closes the channel goes on talking.
const SILENCE_AFTER_CHANNEL_CLOSED: Duration = Duration::from_secs(3);

/// What is known of a peer's being there.
#[derive(Debug)]
pub(super) struct Liveness {
    heard: u64,
    heard_at: Instant,
    sent_when_heard: u64,
    channel_closed_at: Option<Instant>,
}

impl Liveness {
    /// A peer that has just connected.
    pub(super) const fn new(now: Instant) -> Self {
        Self { heard: 0, heard_at: now, sent_when_heard: 0, channel_closed_at: None }
    }

    /// The data channel that is used is closed.
    pub(super) fn channel_closed(&mut self, now: Instant) {
        self.channel_closed_at.get_or_insert(now);
    }

    /// There is one again.
    pub(super) const fn channel_opened(&mut self) {
        self.channel_closed_at = None;
    }

    /// Judges by the packets that have been `heard` so far, and the frames that have been `sent`. Called
    /// twice a second.
    ///
    /// # Errors
    /// The reason to close, once the peer has been silent for too long.
    pub(super) fn check(&mut self, now: Instant, heard: u64, sent: u64) -> Result<(), CloseReason> {
        if heard != self.heard {
            self.heard = heard;
            self.heard_at = now;
            self.sent_when_heard = sent;
            // Who talks on has closed a channel, and no page.
            self.channel_closed_at.take_if(|at| now.saturating_duration_since(*at) >= SILENCE_AFTER_CHANNEL_CLOSED);
            return Ok(());
        }
        let silent = now.saturating_duration_since(self.heard_at);
        if self.channel_closed_at.is_some() && silent >= SILENCE_AFTER_CHANNEL_CLOSED {
            return Err(CloseReason::ClosedByPeer);
        }
        let limit = if sent > self.sent_when_heard { SILENCE_UNDER_MEDIA } else { SILENCE };
        if silent >= limit {
            return Err(CloseReason::Silent(silent.as_secs()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_peer_that_is_sent_media_and_says_nothing_is_gone_within_twenty_seconds() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        assert_eq!(peer.check(start + seconds(1), 10, 30), Ok(()));
        assert_eq!(peer.check(start + seconds(15), 10, 400), Ok(()));
        assert_eq!(peer.check(start + seconds(16), 10, 430), Err(CloseReason::Silent(15)));
    }

    #[test]
    fn a_peer_that_is_sent_nothing_has_time_for_two_heartbeats() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        assert_eq!(peer.check(start + seconds(1), 10, 30), Ok(()));
        assert_eq!(peer.check(start + seconds(55), 10, 30), Ok(()));
        assert_eq!(peer.check(start + seconds(56), 10, 30), Err(CloseReason::Silent(55)));
    }

    #[test]
    fn every_packet_starts_the_wait_anew() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        for n in 1..100 {
            assert_eq!(peer.check(start + seconds(n * 10), n, n * 300), Ok(()));
        }
    }

    #[test]
    fn a_closed_channel_and_silence_mean_a_closed_page() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        assert_eq!(peer.check(start + seconds(5), 10, 0), Ok(()));
        peer.channel_closed(start + seconds(5));
        assert_eq!(peer.check(start + seconds(7), 10, 0), Ok(()));
        assert_eq!(peer.check(start + seconds(8), 10, 0), Err(CloseReason::ClosedByPeer));
    }

    #[test]
    fn silence_long_after_a_closed_channel_is_silence_like_any_other() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        peer.channel_closed(start);
        assert_eq!(peer.check(start + seconds(2), 10, 0), Ok(()));
        assert_eq!(peer.check(start + seconds(4), 11, 0), Ok(()));
        assert_eq!(peer.check(start + seconds(34), 11, 0), Ok(()), "until the next heartbeat");
    }

    #[test]
    fn a_channel_that_is_opened_anew_makes_up_for_the_closed_one() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        peer.channel_closed(start);
        peer.channel_opened();
        assert_eq!(peer.check(start + seconds(30), 0, 0), Ok(()));
    }

    #[test]
    fn a_closed_channel_alone_closes_nothing() {
        let start = Instant::now();
        let mut peer = Liveness::new(start);
        peer.channel_closed(start);
        for n in 1..100 {
            assert_eq!(peer.check(start + seconds(n), n, n), Ok(()));
        }
    }
}
