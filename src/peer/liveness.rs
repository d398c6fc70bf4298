//! When a peer counts as gone. Pure: time and counts are arguments.
//!
//! webrtcbin 1.22 never notices that a peer has vanished: it stays `connected`. So what arrives is counted
//! at the socket (DTLS, RTP, RTCP and SCTP alike), and silence is judged here.

use std::time::{Duration, Instant};

use crate::connection::CloseReason;

/// Browsers report on received media at least every 5 s (RFC 3550, section 6.2), so three reports are
/// missing then, and with the time to take the peer down it is gone within 20 s.
const MEDIA_SILENCE: Duration = Duration::from_secs(15);

/// Without media only SCTP's heartbeat is heard: every 30 s, give or take half of the RTO (RFC 9260,
/// section 8.3).
const DATA_SILENCE: Duration = Duration::from_secs(55);

/// A page that closes its connection closes the data channel and then says nothing more. One that only
/// closes the channel goes on talking.
const SILENCE_AFTER_CHANNEL_CLOSED: Duration = Duration::from_secs(3);

/// What is known of a peer's being there.
#[derive(Debug)]
pub(super) struct Liveness {
    limit: Duration,
    heard: u64,
    heard_at: Instant,
    channel_closed_at: Option<Instant>,
}

impl Liveness {
    /// A peer that has just connected. `media` says whether RTP flows in any direction.
    pub(super) const fn new(now: Instant, media: bool) -> Self {
        let limit = if media { MEDIA_SILENCE } else { DATA_SILENCE };
        Self { limit, heard: 0, heard_at: now, channel_closed_at: None }
    }

    /// The other side has closed the data channel.
    pub(super) fn channel_closed(&mut self, now: Instant) {
        self.channel_closed_at.get_or_insert(now);
    }

    /// `heard` counts the packets that have arrived so far. Called twice a second.
    ///
    /// # Errors
    /// The reason to close, once the peer has been silent for too long.
    pub(super) fn check(&mut self, now: Instant, heard: u64) -> Result<(), CloseReason> {
        if heard != self.heard {
            self.heard = heard;
            self.heard_at = now;
            return Ok(());
        }
        let silent = now.saturating_duration_since(self.heard_at);
        if self.channel_closed_at.is_some() && silent >= SILENCE_AFTER_CHANNEL_CLOSED {
            return Err(CloseReason::ClosedByPeer);
        }
        if silent >= self.limit {
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
    fn a_silent_peer_with_media_is_gone_within_twenty_seconds() {
        let start = Instant::now();
        let mut peer = Liveness::new(start, true);
        assert_eq!(peer.check(start + seconds(1), 10), Ok(()));
        assert_eq!(peer.check(start + seconds(15), 10), Ok(()));
        assert_eq!(peer.check(start + seconds(16), 10), Err(CloseReason::Silent(15)));
    }

    #[test]
    fn a_peer_without_media_has_time_for_two_heartbeats() {
        let start = Instant::now();
        let mut peer = Liveness::new(start, false);
        assert_eq!(peer.check(start + seconds(54), 0), Ok(()));
        assert_eq!(peer.check(start + seconds(55), 0), Err(CloseReason::Silent(55)));
    }

    #[test]
    fn every_packet_starts_the_wait_anew() {
        let start = Instant::now();
        let mut peer = Liveness::new(start, true);
        for n in 1..100 {
            assert_eq!(peer.check(start + seconds(n * 10), n), Ok(()));
        }
    }

    #[test]
    fn a_closed_channel_and_silence_mean_a_closed_page() {
        let start = Instant::now();
        let mut peer = Liveness::new(start, true);
        assert_eq!(peer.check(start + seconds(5), 10), Ok(()));
        peer.channel_closed(start + seconds(5));
        assert_eq!(peer.check(start + seconds(7), 10), Ok(()));
        assert_eq!(peer.check(start + seconds(8), 10), Err(CloseReason::ClosedByPeer));
    }

    #[test]
    fn a_closed_channel_alone_closes_nothing() {
        let start = Instant::now();
        let mut peer = Liveness::new(start, true);
        peer.channel_closed(start);
        for n in 1..100 {
            assert_eq!(peer.check(start + seconds(n), n), Ok(()));
        }
    }
}
