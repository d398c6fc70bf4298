//! Sender reports: how a stream's timestamps map to time, so that the other side plays sound and picture together.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rtcp_types::{
    Compound, RtcpPacketWriter, RtcpPacketWriterExt, RtcpWriteError, Sdes, SdesChunk, SdesItem, SenderReport,
};

/// Between 1900, when NTP's time begins, and 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// Time as NTP counts it: seconds since 1900 in the upper half, their fractions in the lower (RFC 5905, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ntp(pub u64);

/// What a sender report says of a stream.
#[derive(Debug, Clone, Copy)]
pub struct SenderInfo<'a> {
    /// Whose stream.
    pub ssrc: u32,
    /// When it is said.
    pub at: Ntp,
    /// The stream's timestamp of that moment.
    pub timestamp: u32,
    /// Packets sent so far.
    pub packets: u64,
    /// Their payloads' bytes.
    pub bytes: u64,
    /// By which the other side knows which streams are one sender's.
    pub cname: &'a str,
}

impl Ntp {
    /// A moment of the wall clock; 1900 where that is before 1970.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        Self(since.as_secs().wrapping_add(NTP_TO_UNIX) << 32 | fraction)
    }

    /// How long after 1900 it is, within the era that began then (RFC 5905, section 6); `None` where it says nothing: all zeros.
    #[must_use]
    pub fn since_1900(self) -> Option<Duration> {
        let fraction = (u128::from(self.0 & 0xffff_ffff) * 1_000_000_000) >> 32;
        (self.0 != 0).then(|| Duration::new(self.0 >> 32, fraction as u32))
    }

    /// Its middle 32 bits: units of 1/65536 s, as reports repeat them.
    #[must_use]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// How long a packet and the report on it were on their way: `self` is when the report came, `last_report` which of ours the
    /// other side had seen, `delay` how long before it reported, both in 1/65536 s (RFC 3550, section 6.4.1). `None` where it
    /// had seen none, or the numbers make no sense.
    #[must_use]
    pub fn round_trip(self, last_report: u32, delay: u32) -> Option<Duration> {
        let units = self.middle().wrapping_sub(last_report).wrapping_sub(delay);
        // More than a minute is a clock that was set, or a lie.
        (last_report != 0 && units < 60 << 16).then(|| Duration::from_micros((u64::from(units) * 1_000_000) >> 16))
    }
}

impl SenderInfo<'_> {
    /// The report as an RTCP packet, with the name that must go along (RFC 3550, section 6.1).
    ///
    /// # Errors
    /// When the name is too long for it.
    pub fn to_packet(self) -> Result<Vec<u8>, RtcpWriteError> {
        let report = SenderReport::builder(self.ssrc)
            .ntp_timestamp(self.at.0)
            .rtp_timestamp(self.timestamp)
            // They wrap around.
            .packet_count(self.packets as u32)
            .octet_count(self.bytes as u32);
        let name = SdesItem::builder(SdesItem::CNAME, self.cname);
        let names = Sdes::builder().add_chunk(SdesChunk::builder(self.ssrc).add_item(name));
        let compound = Compound::builder().add_packet(report).add_packet(names);
        let mut packet = vec![0; compound.calculate_size()?];
        let length = compound.write_into(&mut packet)?;
        packet.truncate(length);
        Ok(packet)
    }
}

#[cfg(test)]
mod tests {
    use rtcp_types::Packet;

    use super::*;

    #[test]
    fn a_report_can_be_read_back() {
        let at = Ntp::of(UNIX_EPOCH + Duration::from_millis(1_500));
        let info = SenderInfo { ssrc: 7, at, timestamp: 90_000, packets: 3, bytes: 1_000, cname: "peergate" };
        let packet = info.to_packet().unwrap();
        let packets: Vec<_> = Compound::parse(&packet).unwrap().map(Result::unwrap).collect();
        let [Packet::Sr(report), Packet::Sdes(names)] = packets.as_slice() else { panic!("{packets:?}") };
        assert_eq!((report.ssrc(), report.rtp_timestamp(), report.packet_count()), (7, 90_000, 3));
        assert_eq!(report.ntp_timestamp(), (2_208_988_801 << 32) | 0x8000_0000);
        let chunk = names.chunks().next().unwrap();
        assert_eq!(chunk.ssrc(), 7);
        assert_eq!(chunk.items().next().unwrap().value(), b"peergate");
    }

    #[test]
    fn the_round_trip_is_what_the_other_side_did_not_wait() {
        let sent = Ntp::of(UNIX_EPOCH + Duration::from_secs(100));
        let back = Ntp::of(UNIX_EPOCH + Duration::from_millis(100_800));
        assert_eq!(back.round_trip(sent.middle(), 65_536 / 2), Some(Duration::from_micros(299_987)));
        assert_eq!(back.round_trip(0, 0), None, "it has seen no report yet");
        assert_eq!(back.round_trip(sent.middle(), 65_536), None, "it waited for longer than all took");
    }
}
