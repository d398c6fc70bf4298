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
