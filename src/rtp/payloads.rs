//! A frame cut into RTP payloads, all in one piece of memory: what is made once for all who are sent it.

/// The longest payload. Far more than fits into a packet on any path.
const MAX_LENGTH: usize = 0x7fff;

/// In the two bytes before each payload, beside its length: whether the packet's marker is set.
const MARKER: u16 = 0x8000;

/// One packet's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// Whether the packet's marker is set: with video, at the end of a frame.
    pub marker: bool,
    /// What follows the header.
    pub bytes: &'a [u8],
    /// Where `bytes` begin in the frame.
    pub at: usize,
}

/// The payloads of a packed frame, in order. Iteration ends where something does not fit.
#[derive(Debug, Clone)]
pub struct Payloads<'a> {
    frame: &'a [u8],
    at: usize,
}

/// Packs the payloads of `packets`: whole RTP packets, of one frame, as a payloader makes them. What is no RTP packet is
/// left out.
pub fn pack<'a>(packets: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut packed = Vec::new();
    for packet in packets {
        let Some((marker, payload)) = split(packet).filter(|(_, payload)| payload.len() <= MAX_LENGTH) else {
            continue;
        };
        let head = payload.len() as u16 | if marker { MARKER } else { 0 };
        packed.extend(head.to_be_bytes());
        packed.extend(payload);
    }
    packed
}

impl<'a> Payloads<'a> {
    /// Those of a frame that [`pack`] has made.
    #[must_use]
    pub const fn of(frame: &'a [u8]) -> Self {
        Self { frame, at: 0 }
    }
}

impl<'a> Iterator for Payloads<'a> {
    type Item = Payload<'a>;

    fn next(&mut self) -> Option<Payload<'a>> {
        let rest = self.frame.get(self.at..)?;
        let (head, rest) = rest.split_first_chunk::<2>()?;
        let head = u16::from_be_bytes(*head);
        let bytes = rest.get(..usize::from(head & !MARKER))?;
        let at = self.at + 2;
        self.at = at + bytes.len();
        Some(Payload { marker: head & MARKER != 0, bytes, at })
    }
}

/// The marker and the payload of an RTP packet (RFC 3550, section 5.1).
fn split(packet: &[u8]) -> Option<(bool, &[u8])> {
    let (&[first, second], sources) = (packet.first_chunk::<2>()?, usize::from(packet[0] & 0x0f));
    let mut at = 12 + 4 * sources;
    if first & 0x10 != 0 {
        let words = packet.get(at + 2..at + 4)?;
        at += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    let padding = if first & 0x20 != 0 { usize::from(*packet.last()?) } else { 0 };
    let end = packet.len().checked_sub(padding)?;
    (first >> 6 == 2).then_some((second & 0x80 != 0, packet.get(at..end)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(marker: bool, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, 96 | if marker { 0x80 } else { 0 }, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        packet.extend(payload);
        packet
    }

    #[test]
    fn sources_extensions_and_padding_are_no_payload() {
        let mut dressed = vec![0xb1, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9];
        dressed.extend([0xbe, 0xde, 0, 1, 0x10, 5, 0, 0]);
        dressed.extend(b"frame\0\0\x03");
        let packed = pack([dressed.as_slice()].into_iter());
        assert_eq!(Payloads::of(&packed).collect::<Vec<_>>(), [Payload { marker: true, bytes: b"frame", at: 2 }]);
    }

    #[test]
    fn what_is_no_packet_is_left_out() {
        let packets: [&[u8]; 4] = [b"", b"\x80", b"\x40\x60\0\0\0\0\0\0\0\0\0\0", b"\xa0\x60\0\0\0\0\0\0\0\0\0\xff"];
        assert_eq!(pack(packets.into_iter()), b"");
    }

    proptest! {
        #[test]
        fn payloads_come_back_as_they_went_in(frame: Vec<(bool, Vec<u8>)>) {
            let packets: Vec<_> = frame.iter().map(|(marker, payload)| packet(*marker, payload)).collect();
            let packed = pack(packets.iter().map(Vec::as_slice));
            let back: Vec<_> = Payloads::of(&packed).map(|payload| (payload.marker, payload.bytes.to_vec())).collect();
            prop_assert_eq!(back, frame);
        }

        #[test]
        fn any_bytes_are_read_without_harm(frame: Vec<u8>) {
            let length: usize = Payloads::of(&frame).map(|payload| payload.bytes.len() + 2).sum();
            prop_assert!(length <= frame.len());
            pack([frame.as_slice()].into_iter());
        }
    }
}
