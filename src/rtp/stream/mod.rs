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
mod tests;
