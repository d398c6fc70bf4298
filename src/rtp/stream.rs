//! One RTP stream that we send: its headers, and what of it can be sent again.

use std::{
    collections::VecDeque,
    ops::Range,
    time::{Duration, Instant},
};

use super::payloads::Payloads;

/// How many packets can be sent again: at 2 Mbit/s, those of two seconds.
const KEPT: usize = 512;

/// What a stream is to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSettings {
    /// Who sends it.
    pub ssrc: u32,
    /// What it is.
    pub payload_type: u8,
    /// Ticks of its timestamps in a second.
    pub clock_rate: u32,
    /// Whether and how lost packets are sent again.
    pub repair: Repair,
    /// The id of the header extension with the transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01), 1
    /// to 14; `None`: it was not agreed upon.
    pub transport_sequence: Option<u8>,
}

/// How lost packets are sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Not at all.
    None,
    /// As they were.
    Repeat,
    /// In a stream of their own (RFC 4588).
    Stream {
        /// Who sends it.
        ssrc: u32,
        /// What it is.
        payload_type: u8,
    },
}

/// What has been sent so far, the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamCounts {
    /// Frames of video, or packets of sound.
    pub frames: u64,
    /// Packets.
    pub packets: u64,
    /// Their payloads' bytes.
    pub bytes: u64,
    /// Packets that were sent again.
    pub resent: u64,
}

/// A frame as [`pack`](super::pack) makes it, somewhere in memory. Clones are the same frame.
pub trait PackedFrame: Clone {
    /// Lets `read` see its bytes; `None` where they can't be had.
    fn read<R>(&self, read: impl FnOnce(&[u8]) -> R) -> Option<R>;
}

/// An RTP stream of frames `F`, as [`pack`](super::pack) makes them. A frame is kept, not copied, while packets of it can be
/// sent again.
#[derive(Debug)]
pub struct Stream<F> {
    settings: StreamSettings,
    sequence: u16,
    resent_sequence: u16,
    /// The timestamp of running time 0.
    offset: u32,
    counts: StreamCounts,
    kept: VecDeque<Kept<F>>,
    packet: Vec<u8>,
}

/// A packet that can be sent again. Those that are kept have consecutive sequence numbers, up to the latest.
#[derive(Debug)]
struct Kept<F> {
    frame: F,
    payload: Range<usize>,
    marker: bool,
    timestamp: u32,
    /// When it was sent again last.
    resent: Option<Instant>,
}

impl<F: PackedFrame> Stream<F> {
    /// A stream that has sent nothing yet. Sequence numbers and timestamps begin anywhere, as `seed` says (RFC 3550, section
    /// 5.1).
    #[must_use]
    pub const fn new(settings: StreamSettings, seed: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = seed.to_be_bytes();
        Self {
            settings,
            // Low at first: who misses the beginning, and sees it wrap around at once, counts wrong from there (RFC 3711, section
            // 3.3.1).
            sequence: u16::from_be_bytes([a, b]) >> 1,
            resent_sequence: u16::from_be_bytes([c, d]) >> 1,
            offset: u32::from_be_bytes([e, f, g, h]),
            counts: StreamCounts { frames: 0, packets: 0, bytes: 0, resent: 0 },
            kept: VecDeque::new(),
            packet: Vec::new(),
        }
    }

    /// What has been sent so far.
    #[must_use]
    pub const fn counts(&self) -> StreamCounts {
        self.counts
    }

    /// The timestamp of what was captured at a running time.
    #[must_use]
    pub fn timestamp(&self, running_time: Duration) -> u32 {
        let ticks = running_time.as_nanos() * u128::from(self.settings.clock_rate) / 1_000_000_000;
        // They wrap around.
        self.offset.wrapping_add(ticks as u32)
    }

    /// Gives `send` each packet of a frame that was captured at `running_time`, with its number over all streams of the
    /// connection. `transport_sequence` gives those; it is asked where they were agreed upon.
    pub fn frame(
        &mut self,
        frame: &F,
        running_time: Duration,
        mut transport_sequence: impl FnMut() -> u16,
        mut send: impl FnMut(&[u8], Option<u16>),
    ) {
        let timestamp = self.timestamp(running_time);
        let payloads = |bytes: &[u8]| {
            for payload in Payloads::of(bytes) {
                let header = Header {
                    ssrc: self.settings.ssrc,
                    payload_type: self.settings.payload_type,
                    marker: payload.marker,
                    sequence: self.sequence,
                    timestamp,
                    extension: self.settings.transport_sequence.map(|id| (id, transport_sequence())),
                };
                header.write(&mut self.packet);
                self.packet.extend_from_slice(payload.bytes);
                send(&self.packet, header.transport_sequence());
                if self.settings.repair != Repair::None {
                    self.keep(Kept {
                        frame: frame.clone(),
                        payload: payload.at..payload.at + payload.bytes.len(),
                        marker: payload.marker,
                        timestamp,
                        resent: None,
                    });
                }
                self.sequence = self.sequence.wrapping_add(1);
                self.counts.packets += 1;
                self.counts.bytes += payload.bytes.len() as u64;
            }
            self.counts.frames += 1;
        };
        frame.read(payloads);
    }

    /// Whether the packet with this sequence number can be sent again, and is not on its way again already: it was not sent
    /// again within the last `round_trip`. Who misses a packet asks for it every few milliseconds.
    #[must_use]
    pub fn is_due(&self, sequence: u16, now: Instant, round_trip: Duration) -> bool {
        let kept = self.index(sequence).and_then(|index| self.kept.get(index));
        kept.is_some_and(|kept| kept.resent.is_none_or(|resent| now.saturating_duration_since(resent) >= round_trip))
    }

    /// Gives `send` the packet with this sequence number once more, if it is still kept.
    pub fn resend(
        &mut self,
        sequence: u16,
        now: Instant,
        mut transport_sequence: impl FnMut() -> u16,
        mut send: impl FnMut(&[u8], Option<u16>),
    ) {
        let index = self.index(sequence);
        let Some(kept) = index.and_then(|index| self.kept.get_mut(index)) else { return };
        kept.resent = Some(now);
        let (ssrc, payload_type, own) = match self.settings.repair {
            Repair::Stream { ssrc, payload_type } => (ssrc, payload_type, self.resent_sequence),
            Repair::Repeat | Repair::None => (self.settings.ssrc, self.settings.payload_type, sequence),
        };
        let header = Header {
            ssrc,
            payload_type,
            marker: kept.marker,
            sequence: own,
            timestamp: kept.timestamp,
            extension: self.settings.transport_sequence.map(|id| (id, transport_sequence())),
        };
        header.write(&mut self.packet);
        if matches!(self.settings.repair, Repair::Stream { .. }) {
            self.packet.extend(sequence.to_be_bytes());
            self.resent_sequence = own.wrapping_add(1);
        }
        let Self { packet, .. } = self;
        let payload = kept.payload.clone();
        if kept.frame.read(|bytes| packet.extend_from_slice(bytes.get(payload).unwrap_or_default())).is_some() {
            self.counts.resent += 1;
            send(&self.packet, header.transport_sequence());
        }
    }

    /// What was sent so far is not sent again: the next frame is a new beginning.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    /// Where the packet with this sequence number is kept, if it is.
    fn index(&self, sequence: u16) -> Option<usize> {
        self.kept.len().checked_sub(usize::from(self.sequence.wrapping_sub(sequence)))
    }

    fn keep(&mut self, packet: Kept<F>) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(packet);
    }
}

/// An RTP header (RFC 3550, section 5.1).
struct Header {
    ssrc: u32,
    payload_type: u8,
    marker: bool,
    sequence: u16,
    timestamp: u32,
    /// The transport-wide sequence number and the id of its extension.
    extension: Option<(u8, u16)>,
}

impl Header {
    const fn transport_sequence(&self) -> Option<u16> {
        match self.extension {
            Some((_, sequence)) => Some(sequence),
            None => None,
        }
    }

    /// Writes it in place of what is there.
    fn write(&self, packet: &mut Vec<u8>) {
        packet.clear();
        packet.push(0x80 | if self.extension.is_some() { 0x10 } else { 0 });
        packet.push(self.payload_type & 0x7f | if self.marker { 0x80 } else { 0 });
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        if let Some((id, sequence)) = self.extension {
            // One-byte headers, one word of them: two bytes of data, one of padding (RFC 8285, section 4.2).
            let [high, low] = sequence.to_be_bytes();
            packet.extend([0xbe, 0xde, 0, 1, id << 4 | 1, high, low, 0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::pack;

    impl PackedFrame for Vec<u8> {
        fn read<R>(&self, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
            Some(read(self))
        }
    }

    const SETTINGS: StreamSettings = StreamSettings {
        ssrc: 0x0102_0304,
        payload_type: 96,
        clock_rate: 90_000,
        repair: Repair::Stream { ssrc: 0x0a0b_0c0d, payload_type: 97 },
        transport_sequence: None,
    };

    fn frame(payloads: &[&[u8]]) -> Vec<u8> {
        let last = payloads.len() - 1;
        let packets: Vec<Vec<u8>> = payloads
            .iter()
            .enumerate()
            .map(|(index, payload)| {
                let marker = if index == last { 0xe0 } else { 0x60 };
                [&[0x80, marker, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], *payload].concat()
            })
            .collect();
        pack(packets.iter().map(Vec::as_slice))
    }

    fn sent(stream: &mut Stream<Vec<u8>>, payloads: &[&[u8]], at: Duration) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        stream.frame(&frame(payloads), at, || 7, |packet, _| packets.push(packet.to_vec()));
        packets
    }

    fn resent(stream: &mut Stream<Vec<u8>>, sequence: u16) -> Option<Vec<u8>> {
        let mut packets = Vec::new();
        stream.resend(sequence, Instant::now(), || 8, |packet, _| packets.push(packet.to_vec()));
        packets.pop()
    }

    #[test]
    fn packets_count_up_and_the_last_of_a_frame_is_marked() {
        let mut stream = Stream::new(SETTINGS, 0x0004_0000_0000_0000);
        let packets = sent(&mut stream, &[b"one", b"two"], Duration::from_secs(1));
        assert_eq!(packets[0], b"\x80\x60\x00\x02\x00\x01\x5f\x90\x01\x02\x03\x04one");
        assert_eq!(packets[1], b"\x80\xe0\x00\x03\x00\x01\x5f\x90\x01\x02\x03\x04two");
        assert_eq!(stream.counts(), StreamCounts { frames: 1, packets: 2, bytes: 6, resent: 0 });
    }

    #[test]
    fn the_transports_number_stands_in_an_extension_where_it_was_agreed_upon() {
        let mut stream = Stream::new(StreamSettings { transport_sequence: Some(3), ..SETTINGS }, 0);
        let packets = sent(&mut stream, &[b"one"], Duration::ZERO);
        assert_eq!(packets[0][0], 0x90);
        assert_eq!(packets[0][12..], *b"\xbe\xde\x00\x01\x31\x00\x07\x00one");
        let mut numbers = Vec::new();
        stream.frame(&frame(&[b"two"]), Duration::ZERO, || 9, |_, number| numbers.push(number));
        assert_eq!(numbers, [Some(9)]);
    }

    #[test]
    fn a_lost_packet_is_sent_again_in_a_stream_of_its_own() {
        let mut stream = Stream::new(SETTINGS, 0);
        sent(&mut stream, &[b"one", b"two"], Duration::from_secs(1));
        sent(&mut stream, &[b"three"], Duration::from_secs(2));
        let again = resent(&mut stream, 1).unwrap();
        assert_eq!(again, b"\x80\xe1\x00\x00\x00\x01\x5f\x90\x0a\x0b\x0c\x0d\x00\x01two");
        let again = resent(&mut stream, 0).unwrap();
        assert_eq!(again, b"\x80\x61\x00\x01\x00\x01\x5f\x90\x0a\x0b\x0c\x0d\x00\x00one");
        assert_eq!(stream.counts().resent, 2);
    }

    #[test]
    fn without_a_stream_for_it_a_packet_is_sent_again_as_it_was() {
        let mut stream = Stream::new(StreamSettings { repair: Repair::Repeat, ..SETTINGS }, 0);
        let packets = sent(&mut stream, &[b"one"], Duration::ZERO);
        assert_eq!(resent(&mut stream, 0), Some(packets[0].clone()));
    }

    #[test]
    fn what_was_never_sent_or_long_ago_is_not_sent_again() {
        let mut stream = Stream::new(SETTINGS, u64::MAX);
        let first = u16::MAX >> 1;
        assert_eq!(resent(&mut stream, first), None);
        for _ in 0..=KEPT {
            sent(&mut stream, &[b"one"], Duration::ZERO);
        }
        assert_eq!(resent(&mut stream, first), None, "the oldest is gone");
        assert!(resent(&mut stream, first + 1).is_some());
        let next = first.wrapping_add(KEPT as u16 + 1);
        assert_eq!(resent(&mut stream, next), None, "not sent yet");
        assert!(resent(&mut stream, next.wrapping_sub(1)).is_some());
    }

    #[test]
    fn what_is_on_its_way_again_is_not_due() {
        const ROUND_TRIP: Duration = Duration::from_millis(100);
        let (mut stream, now) = (Stream::new(SETTINGS, 0), Instant::now());
        sent(&mut stream, &[b"one", b"two"], Duration::ZERO);
        assert!(stream.is_due(0, now, ROUND_TRIP));
        stream.resend(0, now, || 7, |_, _| ());
        assert!(!stream.is_due(0, now + ROUND_TRIP / 2, ROUND_TRIP));
        assert!(stream.is_due(1, now + ROUND_TRIP / 2, ROUND_TRIP), "another one");
        assert!(stream.is_due(0, now + ROUND_TRIP, ROUND_TRIP), "it was lost, too");
        assert!(!stream.is_due(2, now, ROUND_TRIP), "it was never sent");
    }

    #[test]
    fn what_was_forgotten_is_not_sent_again_and_what_comes_after_is() {
        let mut stream = Stream::new(SETTINGS, 0);
        sent(&mut stream, &[b"one"], Duration::ZERO);
        stream.forget();
        sent(&mut stream, &[b"two"], Duration::ZERO);
        assert_eq!(resent(&mut stream, 0), None);
        assert!(resent(&mut stream, 1).is_some());
    }

    #[test]
    fn sequence_numbers_and_timestamps_wrap_around() {
        let mut stream = Stream::new(SETTINGS, u64::MAX);
        for _ in 0..0x8000 {
            sent(&mut stream, &[b"one"], Duration::ZERO);
        }
        let packets = sent(&mut stream, &[b"one"], Duration::from_secs(1));
        assert_eq!(packets[0][2..4], 0xffff_u16.to_be_bytes());
        assert_eq!(packets[0][4..8], 89_999_u32.to_be_bytes());
        let packets = sent(&mut stream, &[b"one"], Duration::from_secs(1));
        assert_eq!(packets[0][2..4], [0, 0]);
        assert!(resent(&mut stream, 0xffff).is_some());
    }

    #[test]
    fn two_days_are_no_more_than_a_number_of_ticks() {
        let stream = Stream::<Vec<u8>>::new(SETTINGS, 0);
        let ticks = 48 * 3600 * 90_000_u64;
        assert_eq!(stream.timestamp(Duration::from_secs(48 * 3600)), ticks as u32);
    }
}
