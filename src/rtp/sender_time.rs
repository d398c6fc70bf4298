//! What sender reports say of a stream's timestamps.

use rtcp_types::{Compound, Packet};

use super::Ntp;

/// How many messages of one packet are looked at. Browsers send a handful.
const MAX_MESSAGES: usize = 32;

/// Which timestamp of a stream is which moment by the sender's clock (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderTime {
    /// Whose stream.
    pub ssrc: u32,
    /// The moment.
    pub at: Ntp,
    /// The stream's timestamp then.
    pub timestamp: u32,
}

impl SenderTime {
    /// What an RTCP packet says of it. What is not as it should be is left out.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Vec<Self> {
        let Ok(compound) = Compound::parse(packet) else { return Vec::new() };
        let reports = compound.take(MAX_MESSAGES).map_while(Result::ok).filter_map(|packet| match packet {
            Packet::Sr(report) => {
                Some(Self { ssrc: report.ssrc(), at: Ntp(report.ntp_timestamp()), timestamp: report.rtp_timestamp() })
            }
            _ => None,
        });
        reports.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;
    use crate::rtp::SenderInfo;

    #[test]
    fn it_says_what_was_reported() {
        let at = Ntp::of(UNIX_EPOCH + Duration::from_millis(1_500));
        let info = SenderInfo { ssrc: 7, at, timestamp: 90_000, packets: 3, bytes: 1_000, cname: "peergate" };
        let packet = info.to_packet().unwrap();
        assert_eq!(SenderTime::parse(&packet), [SenderTime { ssrc: 7, at, timestamp: 90_000 }]);
        assert_eq!(SenderTime::parse(&packet[..packet.len() - 1]), [], "it ends too early");
    }

    proptest! {
        #[test]
        fn nonsense_is_left_out(packet: Vec<u8>) {
            let _ = SenderTime::parse(&packet);
        }
    }
}
