use super::*;
use crate::{
    codec::Codec,
    container::{Patch, Shape, Track, tests::parts_before},
    matroska::{DocType, crc::Crc, element::WriteElements},
};

const VIDEO: u64 = 1;
const AUDIO: u64 = 2;

fn vp8() -> Track {
    let shape = Shape::Video { width: 640, height: 480 };
    Track { codec: Codec::Vp8, private: Vec::new(), shape, name: None }
}

fn opus() -> Track {
    let shape = Shape::Audio { channels: 2, sample_rate: 48_000 };
    Track { codec: Codec::Opus, private: Vec::new(), shape, name: None }
}

fn header(tracks: Vec<Track>) -> Header {
    Header { doc_type: DocType::WebM, tracks, begun: None, application: "test".to_owned() }
}

fn block(track: u64, millis: u64, keyframe: bool) -> Block<[u8; 2]> {
    Block { track, time: Duration::from_millis(millis), keyframe, frame: [0xAA, track as u8] }
}

fn writer() -> Writer<[u8; 2]> {
    Writer::new(&header(vec![vp8(), opus()])).unwrap().0
}

/// Bytes in words: those of a text of hexadecimal numbers, with `#` before what is said of them.
fn hex(text: &str) -> Vec<u8> {
    let bytes = text.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn a_file_has_these_bytes() {
    let begun = Some(Duration::from_secs(978_307_201));
    let header = Header { begun, ..header(vec![Track { name: Some("a".to_owned()), ..vp8() }, opus()]) };
    let (mut writer, bytes) = Writer::new(&header).unwrap();
    let expected = "
        1A 45 DF A3 9F                  # EBML
        42 86 81 01 42 F7 81 01         #   EBMLVersion 1, EBMLReadVersion 1
        42 F2 81 04 42 F3 81 08         #   EBMLMaxIDLength 4, EBMLMaxSizeLength 8
        42 82 84 77 65 62 6D            #   DocType webm
        42 87 81 04 42 85 81 02         #   DocTypeVersion 4, DocTypeReadVersion 2
        18 53 80 67                     # Segment
        01 FF FF FF FF FF FF FF         #   at byte 40: of a size not known yet
        11 4D 9B 74 BF                  #   at byte 48: SeekHead
        4D BB 92 53 AB 84 15 49 A9 66   #     Seek Info
        53 AC 88 00 00 00 00 00 00 00 44
        4D BB 92 53 AB 84 16 54 AE 6B   #     Seek Tracks
        53 AC 88 00 00 00 00 00 00 00 74
        EC 93                           #     at byte 95: Void, room for Seek Cues
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        15 49 A9 66 AB                  #   Info
        EC 89 00 00 00 00 00 00 00 00 00 #    at byte 121: Void, room for Duration
        2A D7 B1 83 0F 42 40            #     TimestampScale 1,000,000 ns
        44 61 88 00 00 00 00 3B 9A CA 00 #    DateUTC, 1 s into the millennium
        4D 80 84 74 65 73 74            #     MuxingApp test
        57 41 84 74 65 73 74            #     WritingApp test
        16 54 AE 6B 40 81               #   Tracks
    ";
    let expected = hex(expected);
    assert_eq!(bytes[..expected.len()], expected);
    let tracks = "
        AE A9                           #     TrackEntry
        D7 81 01 73 C5 81 01 83 81 01   #       TrackNumber 1, TrackUID 1, TrackType video
        9C 81 00 22 B5 9C 83 75 6E 64   #       FlagLacing 0, Language und
        53 6E 81 61                     #       Name a
        86 85 56 5F 56 50 38            #       CodecID V_VP8
        E0 88 B0 82 02 80 BA 82 01 E0   #       Video, PixelWidth 640, PixelHeight 480
        AE CE                           #     TrackEntry
        D7 81 02 73 C5 81 02 83 81 02   #       TrackNumber 2, TrackUID 2, TrackType audio
        9C 81 00 22 B5 9C 83 75 6E 64   #       FlagLacing 0, Language und
        86 86 41 5F 4F 50 55 53         #       CodecID A_OPUS
        63 A2 93                        #       CodecPrivate
        4F 70 75 73 48 65 61 64         #         OpusHead
        01 02 38 01 80 BB 00 00 00 00 00 #        version 1, 2 channels, pre-skip 312, 48 kHz, no gain, family 0
        56 AA 83 63 2E A0               #       CodecDelay 6.5 ms
        56 BB 84 04 C4 B4 00            #       SeekPreRoll 80 ms
        E1 8D                           #       Audio
        B5 88 40 E7 70 00 00 00 00 00   #         SamplingFrequency 48,000 Hz
        9F 81 02                        #         Channels 2
    ";
    let tracks = hex(tracks);
    assert_eq!(bytes[expected.len() + 6..], tracks, "behind their checksum");
    assert_eq!(bytes[expected.len()..expected.len() + 6], checksum(&tracks));

    assert_eq!(writer.push(block(VIDEO, 40, true)), Ok(None));
    assert_eq!(writer.push(block(AUDIO, 20, false)), Ok(None));
    let cluster = writer.flush().unwrap();
    let blocks = "
        E7 81 14                        #     Timestamp 20 ms
        A3 86 82 00 00 80 AA 02         #     SimpleBlock, track 2, 0 ms later, a keyframe
        A3 86 81 00 14 80 AA 01         #     SimpleBlock, track 1, 20 ms later, a keyframe
    ";
    let blocks = hex(blocks);
    assert_eq!(cluster[..5], hex("1F 43 B6 75 99"), "Cluster");
    assert_eq!(cluster[5..11], checksum(&blocks));
    assert_eq!(cluster[11..], blocks);

    let Ending { append, patches } = writer.finish(Duration::from_millis(60));
    let point = "
        BB 8B                           #     CuePoint
        B3 81 28                        #       CueTime 40 ms
        B7 86 F7 81 01                  #       CueTrackPositions, CueTrack 1
        F1 81 FB                        #         CueClusterPosition 251
    ";
    let point = hex(point);
    assert_eq!(bytes.len() - 48, 0xFB);
    assert_eq!(append[..5], hex("1C 53 BB 6B 93"), "Cues");
    assert_eq!(append[5..11], checksum(&point));
    assert_eq!(append[11..], point);

    assert_eq!((cluster.len(), append.len()), (0x1E, 0x18));
    let patches: Vec<_> = patches.iter().map(|Patch { offset, bytes }| (*offset, bytes.clone())).collect();
    let cues = "4D BB 92 53 AB 84 1C 53 BB 6B 53 AC 88 00 00 00 00 00 00 01 19  # Seek Cues, at FB + 1E";
    let duration = "44 89 88 40 4E 00 00 00 00 00 00                            # Duration 60 ms";
    let size = "01 00 00 00 00 00 01 31                                         # FB + 1E + 18";
    assert_eq!(patches, [(95, hex(cues)), (121, hex(duration)), (40, hex(size))]);
}

fn checksum(of: &[u8]) -> Vec<u8> {
    let mut element = Vec::new();
    element.checksum(Crc::of(of));
    element
}

#[test]
fn tracks_that_lag_by_more_than_a_block_can_tell_are_in_clusters_of_their_own() {
    let far = [(VIDEO, 0, true), (AUDIO, 40_000, true), (VIDEO, 40, false), (AUDIO, 40_020, true)];
    assert_eq!(parts_before::<Writer<Vec<u8>>>(far), [0, 1, 2, 3]);
}

#[test]
fn frames_are_sorted_by_time_but_those_of_a_track_stay_in_order() {
    let mut writer = writer();
    // Pictures that are decoded in another order than they are seen in.
    for (track, millis) in [(VIDEO, 100), (VIDEO, 180), (VIDEO, 140), (AUDIO, 120), (AUDIO, 200)] {
        writer.push(block(track, millis, false)).unwrap();
    }
    let cluster = writer.flush().unwrap();
    let blocks = cluster.windows(8).filter(|bytes| bytes.starts_with(&[0xA3, 0x86]));
    let blocks: Vec<_> = blocks.map(|bytes| (bytes[2] & 0x7F, u16::from_be_bytes([bytes[3], bytes[4]]))).collect();
    assert_eq!(blocks, [(1, 0), (2, 20), (1, 80), (1, 40), (2, 100)]);
}

#[test]
fn what_no_player_could_play_is_refused() {
    let h264 = |private: &[u8]| Track { codec: Codec::H264, private: private.to_vec(), ..vp8() };
    let refusal = |doc_type, track| Writer::<Vec<u8>>::new(&Header { doc_type, ..header(vec![track]) }).err();
    let avcc = h264(&[1, 0x42, 0xC0, 0x1F, 0xFF, 0xE0, 0]);
    assert_eq!(refusal(DocType::Matroska, avcc.clone()), None);
    let error = refusal(DocType::WebM, avcc).unwrap();
    assert_eq!(error.to_string(), "track 1: a WebM file can't hold h264; a Matroska file can");
    for (track, words) in [
        (h264(&[0, 0, 0, 1, 0x67]), "an avcC record as the codec's private data for h264, got 5 bytes that are not"),
        (Track { codec: Codec::Av1, ..vp8() }, "an av1C record as the codec's private data for av1, got 0 bytes"),
        (Track { codec: Codec::Opus, ..vp8() }, "opus is audio, but the track has the shape of video"),
        (Track { shape: Shape::Video { width: 0, height: 1 }, ..vp8() }, "pictures of at least 1x1, got 0x1"),
        (Track { shape: Shape::Audio { channels: 6, sample_rate: 1 }, ..opus() }, "1 or 2 channels, got 6"),
    ] {
        let said = refusal(DocType::Matroska, track).unwrap().to_string();
        assert!(said.contains(words), "{said}");
    }
    for count in [0, 127] {
        let header = header(vec![vp8(); count]);
        assert_eq!(Writer::<Vec<u8>>::new(&header).err(), Some(HeaderError::Tracks(count)));
    }
}

#[test]
fn a_file_without_a_frame_has_an_ending_without_an_index() {
    let (writer, bytes) = Writer::<Vec<u8>>::new(&header(vec![vp8()])).unwrap();
    let Ending { append, patches } = writer.finish(Duration::ZERO);
    assert!(append.is_empty());
    let [cues, duration, size] = patches.as_slice() else { panic!("{patches:?}") };
    assert_eq!(cues.bytes[..2], [0xEC, 0x93], "there is nothing to tell the place of");
    assert_eq!(duration.bytes[3..], 1.0_f64.to_be_bytes(), "none lasts no time");
    assert_eq!(size.bytes[7], (bytes.len() - 48) as u8);
}
