use super::*;
use crate::{
    codec::Codec,
    container::{Patch, Shape, Track},
};

const VIDEO: u64 = 1;
const AUDIO: u64 = 2;

fn h264() -> Track {
    let shape = Shape::Video { width: 640, height: 480 };
    // A record without a parameter set.
    Track { codec: Codec::H264, private: vec![1, 0x42, 0xC0, 0x1F, 0xFF, 0xE0, 0], shape, name: None }
}

fn opus() -> Track {
    let shape = Shape::Audio { channels: 2, sample_rate: 48_000 };
    Track { codec: Codec::Opus, private: Vec::new(), shape, name: None }
}

fn header(tracks: Vec<Track>) -> Header {
    Header { tracks, begun: None, application: "test".to_owned() }
}

fn block(track: u64, millis: u64, keyframe: bool) -> Block<[u8; 2]> {
    Block { track, time: Duration::from_millis(millis), keyframe, frame: [0xAA, track as u8] }
}

fn writer() -> Writer<[u8; 2]> {
    Writer::new(&header(vec![h264(), opus()])).unwrap().0
}

/// Bytes in words: those of a text of hexadecimal numbers and quoted letters, with `#` before what is said of them, and `0*9`
/// for nine zeros.
fn hex(text: &str) -> Vec<u8> {
    let words = text.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    words
        .flat_map(|word| match (word.strip_prefix('"'), word.strip_prefix("0*")) {
            (Some(letters), _) => letters.trim_end_matches('"').replace('_', " ").into_bytes(),
            (_, Some(count)) => vec![0; count.parse().unwrap()],
            _ => vec![u8::from_str_radix(word, 16).unwrap()],
        })
        .collect()
}

#[test]
fn a_file_has_these_bytes() {
    let begun = Some(Duration::from_secs(1));
    let header = Header { begun, ..header(vec![Track { name: Some("a".to_owned()), ..h264() }, opus()]) };
    let (mut writer, bytes) = Writer::new(&header).unwrap();
    let unity = "00 01 00 00 0*12 00 01 00 00 0*12 40 00 00 00";
    let expected = format!(
        "
        00 00 00 1C \"ftyp\"
        \"iso6\" 0*4 \"iso6\" \"iso5\" \"mp41\"
        00 00 04 CE \"moov\"                # at byte 28
        00 00 00 78 \"mvhd\" 01 0*3         #   version 1
        00 00 00 00 7C 25 B0 81             #     created 1 s into Unix's epoch, 66 years into this one
        00 00 00 00 7C 25 B0 81             #     and changed
        00 00 03 E8 0*8                     #     timescale 1000, duration 0
        00 01 00 00 01 00 0*10              #     rate 1, volume 1
        {unity}
        0*24 00 00 00 03                    #     next_track_ID 3
        00 00 01 C7 \"trak\"
        00 00 00 68 \"tkhd\" 01 00 00 03    #     enabled, in the movie
        00 00 00 00 7C 25 B0 81 00 00 00 00 7C 25 B0 81
        00 00 00 01 0*4 0*8 0*8             #       track_ID 1, duration 0
        0*2 0*2 0*2 0*2                     #       layer, alternate_group, volume 0
        {unity}
        02 80 00 00 01 E0 00 00             #       640 x 480
        00 00 01 57 \"mdia\"
        00 00 00 2C \"mdhd\" 01 0*3
        00 00 00 00 7C 25 B0 81 00 00 00 00 7C 25 B0 81
        00 01 5F 90 0*8 55 C4 00 00         #       timescale 90,000, language und
        00 00 00 22 \"hdlr\" 0*4 0*4 \"vide\" 0*12 61 00
        00 00 01 01 \"minf\"
        00 00 00 14 \"vmhd\" 00 00 00 01 0*8
        00 00 00 24 \"dinf\" 00 00 00 1C \"dref\" 0*4 00 00 00 01
        00 00 00 0C \"url_\" 00 00 00 01    #         in this file
        00 00 00 C1 \"stbl\"
        00 00 00 75 \"stsd\" 0*4 00 00 00 01
        00 00 00 65 \"avc3\" 0*6 00 01
        0*16 02 80 01 E0                    #           640 x 480
        00 48 00 00 00 48 00 00 0*4 00 01 0*32 00 18 FF FF
        00 00 00 0F \"avcC\" 01 42 C0 1F FF E0 00
        "
    );
    let expected = hex(&expected);
    assert_eq!(bytes[..expected.len()], expected);
    let at = bytes.windows(4).rposition(|kind| kind == b"trak").unwrap() - 4;
    let sound = hex(&format!(
        "
        00 00 02 2E \"trak\"
        00 00 00 68 \"tkhd\" 01 00 00 03
        00 00 00 00 7C 25 B0 81 00 00 00 00 7C 25 B0 81
        00 00 00 02 0*4 0*8 0*8 0*2 0*2 01 00 0*2
        {unity} 0*8
        00 00 00 24 \"edts\" 00 00 00 1C \"elst\" 0*4 00 00 00 01
        00 00 00 00 00 00 01 38 00 01 00 00 #       to the end, from sample 312 on
        "
    ));
    assert_eq!(bytes[at + 4..at + sound.len()], sound[4..]);
    let entry = hex("
        \"Opus\" 0*6 00 01
        0*8 00 02 00 10 0*4 BB 80 00 00     # 2 channels, 16 bits, 48 kHz
        00 00 00 13 \"dOps\"
        00 02 01 38 00 00 BB 80 00 00 00    # version 0, 2 channels, pre-skip 312, 48 kHz, no gain, family 0
        00 00 00 10 \"stts\" 0*8
        00 00 00 10 \"stsc\" 0*8
        00 00 00 14 \"stsz\" 0*12
        00 00 00 10 \"stco\" 0*8
        00 00 00 1A \"sgpd\" 01 0*3 \"roll\" 00 00 00 02 00 00 00 01 FF FC
        00 00 00 5C \"mvex\"
        00 00 00 14 \"free\" 0*12           # room for mehd
        00 00 00 20 \"trex\" 0*4 00 00 00 01 00 00 00 01 0*8 01 01 00 00
        00 00 00 20 \"trex\" 0*4 00 00 00 02 00 00 00 01 0*8 02 00 00 00
        00 00 00 59 \"udta\" 00 00 00 51 \"meta\" 0*4
        00 00 00 21 \"hdlr\" 0*8 \"mdir\" \"appl\" 0*9
        00 00 00 24 \"ilst\" 00 00 00 1C
    ");
    let at = bytes.windows(4).position(|kind| kind == b"Opus").unwrap();
    assert_eq!(bytes[at..at + entry.len()], entry);
    let rest = [&b"\xA9too"[..], &hex("00 00 00 14 \"data\" 00 00 00 01 0*4 \"test\"")].concat();
    assert_eq!(bytes[at + entry.len() + 3..], rest[3..], "to the end");

    assert_eq!(writer.push(block(VIDEO, 40, true)), Ok(None));
    assert_eq!(writer.push(block(AUDIO, 20, false)), Ok(None));
    assert_eq!(writer.push(block(AUDIO, 40, false)), Ok(None));
    assert_eq!(writer.push(block(VIDEO, 80, false)), Ok(None));
    let fragment = hex("
        00 00 00 C8 \"moof\"
        00 00 00 10 \"mfhd\" 0*4 00 00 00 01
        00 00 00 4C \"traf\"
        00 00 00 10 \"tfhd\" 00 02 00 00 00 00 00 01          # places are counted from moof; track 1
        00 00 00 14 \"tfdt\" 01 0*3 00 00 00 00 00 00 0E 10   #   decoded from 40 ms on, in 1/90,000 s
        00 00 00 20 \"trun\" 01 00 07 01                      #   data offset; durations, sizes, flags
        00 00 00 01 00 00 00 D0                               #     one, behind the head of mdat
        00 00 0E 10 00 00 00 02 02 00 00 00                   #     40 ms, 2 bytes, a keyframe
        00 00 00 64 \"traf\"
        00 00 00 10 \"tfhd\" 00 02 00 00 00 00 00 02
        00 00 00 14 \"tfdt\" 01 0*3 00 00 00 00 00 00 03 C0   #   20 ms, in 1/48,000 s
        00 00 00 1C \"trun\" 01 00 03 01
        00 00 00 01 00 00 00 D2
        00 00 03 C0 00 00 00 02                               #     20 ms, 2 bytes
        00 00 00 1C \"sbgp\" 0*4 \"roll\" 00 00 00 01 00 00 00 01 00 00 00 01
        00 00 00 0C \"mdat\" AA 01 AA 02
    ");
    assert_eq!(writer.flush(), Some(fragment.clone()));
    // The last ones wait for the next.
    let Ending { append, patches } = writer.finish(Duration::from_millis(150));
    let last = hex("
        00 00 00 C8 \"moof\"
        00 00 00 10 \"mfhd\" 0*4 00 00 00 02
        00 00 00 4C \"traf\"
        00 00 00 10 \"tfhd\" 00 02 00 00 00 00 00 01
        00 00 00 14 \"tfdt\" 01 0*3 00 00 00 00 00 00 1C 20   #   80 ms
        00 00 00 20 \"trun\" 01 00 07 01
        00 00 00 01 00 00 00 D0
        00 00 0E 10 00 00 00 02 01 01 00 00                   #     as long as the one before; no keyframe
        00 00 00 64 \"traf\"
        00 00 00 10 \"tfhd\" 00 02 00 00 00 00 00 02
        00 00 00 14 \"tfdt\" 01 0*3 00 00 00 00 00 00 07 80   #   40 ms
        00 00 00 1C \"trun\" 01 00 03 01
        00 00 00 01 00 00 00 D2
        00 00 03 C0 00 00 00 02
        00 00 00 1C \"sbgp\" 0*4 \"roll\" 00 00 00 01 00 00 00 01 00 00 00 01
        00 00 00 0C \"mdat\" AA 01 AA 02
    ");
    let mfra = hex("
        00 00 00 43 \"mfra\"
        00 00 00 2B \"tfra\" 01 0*3
        00 00 00 01 0*4 00 00 00 01                           # track 1, numbers of a byte each, one point
        00 00 00 00 00 00 0E 10 00 00 00 00 00 00 04 EA 01 01 01 #   40 ms: the first sample of the fragment there
        00 00 00 10 \"mfro\" 0*4 00 00 00 43
    ");
    assert_eq!(bytes.len(), 0x4EA);
    assert_eq!(append, [last, mfra].concat());
    let patches: Vec<_> = patches.iter().map(|Patch { offset, bytes }| (*offset, bytes.clone())).collect();
    assert_eq!(patches, [(1085, hex("00 00 00 14 \"mehd\" 01 0*3 00 00 00 00 00 00 00 96  # 150 ms"))]);
    assert_eq!(bytes[1085..1093], *b"\0\0\0\x14free");
}

#[test]
fn a_track_that_says_nothing_has_no_traf() {
    let mut writer = writer();
    for millis in [0, 33, 66] {
        writer.push(block(VIDEO, millis, millis == 0)).unwrap();
    }
    let fragment = writer.flush().unwrap();
    assert_eq!(fragment.windows(4).filter(|kind| *kind == b"traf").count(), 1);
}

#[test]
fn a_frame_that_comes_alone_is_written_once_it_has_waited() {
    let mut writer = writer();
    writer.push(block(AUDIO, 0, true)).unwrap();
    assert!(writer.is_waiting());
    assert_eq!(writer.flush(), None);
    assert!(writer.is_waiting() && writer.flush().is_some() && !writer.is_waiting());
    assert_eq!(writer.flush(), None);
}

#[test]
fn what_no_player_could_play_is_refused() {
    let refusal = |track| Writer::<Vec<u8>>::new(&header(vec![track])).err();
    assert_eq!(refusal(h264()), None);
    let vp8 = Track { codec: Codec::Vp8, private: Vec::new(), ..h264() };
    assert_eq!(refusal(vp8).unwrap().to_string(), "track 1: an MP4 file can't hold vp8; a Matroska file can");
    for (track, words) in [
        (Track { private: Vec::new(), ..h264() }, "an avcC record as the codec's private data for h264, got 0 bytes"),
        (Track { shape: Shape::Audio { channels: 6, sample_rate: 1 }, ..opus() }, "1 or 2 channels, got 6"),
    ] {
        let said = refusal(track).unwrap().to_string();
        assert!(said.contains(words), "{said}");
    }
    for count in [0, 127] {
        let header = header(vec![h264(); count]);
        assert_eq!(Writer::<Vec<u8>>::new(&header).err(), Some(HeaderError::Tracks(count)));
    }
}

#[test]
fn a_file_without_a_frame_has_an_ending_with_an_index_of_nothing() {
    let (writer, _) = Writer::<Vec<u8>>::new(&header(vec![h264()])).unwrap();
    let Ending { append, patches } = writer.finish(Duration::ZERO);
    assert_eq!(
        append,
        hex("00 00 00 30 \"mfra\" 00 00 00 18 \"tfra\" 01 0*3 00 00 00 01 0*8 00 00 00 10 \"mfro\" 0*4 00 00 00 30")
    );
    let [mehd] = patches.as_slice() else { panic!("{patches:?}") };
    assert_eq!(mehd.bytes[12..], 1_u64.to_be_bytes(), "none lasts no time");
}
