//! Receiver reports, as they stand in RTCP (RFC 3550, section 6.4).

use std::time::Duration;

use super::link::Report;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const BLOCK: usize = 24;

/// What a compound RTCP packet reports of the stream `ssrc`. `now` is the time in the clock of our sender reports, as
/// the middle 32 bits of an NTP timestamp.
#[must_use]
pub fn of_stream(packet: &[u8], ssrc: u32, now: u32) -> Option<Report> {
    let mut rest = packet;
    let mut found = None;
    while let Some((&[first, kind, high, low], _)) = rest.split_first_chunk::<4>() {
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        let (one, others) = rest.split_at_checked(length)?;
        rest = others;
        let begin = match kind {
            SENDER_REPORT => 28,
            RECEIVER_REPORT => 8,
            _ => continue,
        };
        let blocks = one.get(begin..)?.chunks_exact(BLOCK).take(usize::from(first & 0x1f));
        found = blocks.filter(|block| word(block, 0) == Some(ssrc)).find_map(|block| report(block, now)).or(found);
    }
    found
}

fn report(block: &[u8], now: u32) -> Option<Report> {
    let lost = f64::from(*block.get(4)?) / 256.0;
    let (sent, held) = (word(block, 16)?, word(block, 20)?);
    // In 1/65536 s. No report of ours had arrived where the time of the last one is zero.
    let passed = now.wrapping_sub(sent).wrapping_sub(held);
    // A clock that was set back makes it huge.
    let is_sound = sent != 0 && passed < 60 << 16;
    let round_trip = is_sound.then(|| Duration::from_secs_f64(f64::from(passed) / 65_536.0));
    Some(Report { lost, round_trip })
}

fn word(block: &[u8], at: usize) -> Option<u32> {
    block.get(at..).and_then(|rest| rest.first_chunk::<4>()).map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(ssrc: u32, lost: u8, sent: u32, held: u32) -> Vec<u8> {
        let mut block = ssrc.to_be_bytes().to_vec();
        block.extend([lost, 0, 0, 9, 0, 0, 1, 1, 0, 0, 0, 3]);
        block.extend(sent.to_be_bytes());
        block.extend(held.to_be_bytes());
        block
    }

    fn packet(kind: u8, head: usize, blocks: &[Vec<u8>]) -> Vec<u8> {
        let body: Vec<u8> = std::iter::repeat_n(0, head).chain(blocks.concat()).collect();
        let words = u16::try_from(body.len() / 4).unwrap();
        let mut packet = vec![0x80 | u8::try_from(blocks.len()).unwrap(), kind];
        packet.extend(words.to_be_bytes());
        packet.extend(body);
        packet
    }

    #[test]
    fn the_block_of_our_stream_is_found_among_others() {
        let receiver = packet(RECEIVER_REPORT, 4, &[block(7, 1, 1, 1), block(8, 64, 1000 << 16, 1 << 16)]);
        let compound = [packet(206, 8, &[]), receiver].concat();
        let report = of_stream(&compound, 8, (1001 << 16) + 0x8000).unwrap();
        assert_eq!(report, Report { lost: 0.25, round_trip: Some(Duration::from_millis(500)) });
        assert_eq!(of_stream(&compound, 9, 0), None);
    }

    #[test]
    fn those_who_send_report_too() {
        let sender = packet(SENDER_REPORT, 24, &[block(8, 128, 0, 0)]);
        assert_eq!(of_stream(&sender, 8, 5 << 16), Some(Report { lost: 0.5, round_trip: None }));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_round_trip() {
        let receiver = packet(RECEIVER_REPORT, 4, &[block(8, 0, 1000 << 16, 0)]);
        assert_eq!(of_stream(&receiver, 8, 900 << 16).unwrap().round_trip, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), ssrc in any::<u32>()) {
            let _ = of_stream(&bytes, ssrc, 0);
        }
    }
}
