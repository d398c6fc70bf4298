//! Files as other muxers write them.

use std::{io::Cursor, time::Duration};

use super::scanned;
use crate::{
    container::NotOurs,
    matroska::{DocType, Scan, element::WriteElements, id::Id, scan},
};

/// A live stream as browsers record it: neither the segment nor its clusters say how long they are.
fn live() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.master(Id::EBML, |ebml| ebml.binary(Id::DOC_TYPE, b"matroska\0"));
    bytes.extend(Id::SEGMENT.bytes());
    bytes.push(0xFF);
    bytes.master(Id::INFO, |info| {
        info.uint(Id::TIMESTAMP_SCALE, 1_000_000);
        info.binary(Id::WRITING_APP, "Künstler".as_bytes());
        info.binary(Id::DATE_UTC, &(-1_000_000_000_i64).to_be_bytes());
    });
    bytes.master(Id::TRACKS, |tracks| {
        tracks.master(Id::TRACK_ENTRY, |track| {
            track.uint(Id::TRACK_NUMBER, 300);
            track.uint(Id::TRACK_TYPE, 1);
            track.binary(Id::CODEC_ID, b"V_THEORA");
        });
    });
    for second in 0..3 {
        bytes.extend(Id::CLUSTER.bytes());
        bytes.push(0xFF);
        bytes.uint(Id::TIMESTAMP, second * 1000);
        bytes.binary(Id::SIMPLE_BLOCK, &[0x41, 0x2C, 0x00, 0x05, 0x80, 1, 2, 3]);
        bytes.master(Id::BLOCK_GROUP, |group| {
            group.binary(Id::BLOCK, &[0x41, 0x2C, 0xFF, 0xFE, 0, 1]);
            if second > 0 {
                group.binary(Id::REFERENCE_BLOCK, &[0xFF]);
            }
        });
    }
    bytes
}

#[test]
fn of_unknown_sizes_are_told_for_what_they_are() {
    let Scan { doc_type, application, film: scan } = scan(Cursor::new(live())).unwrap();
    assert_eq!(scan.damage, []);
    assert_eq!((doc_type, application.as_str()), (DocType::Matroska, "Künstler"));
    assert_eq!(scan.begun, Some(Duration::from_secs(978_307_199)));
    assert_eq!((scan.parts, scan.is_finished, scan.duration), (3, false, None));
    let [track] = scan.tracks.as_slice() else { panic!("{:?}", scan.tracks) };
    assert_eq!((track.number, track.codec, track.codec_id.as_str()), (300, None, "V_THEORA"));
    assert_eq!((track.frames, track.keyframes, track.bytes), (6, 4, 12));
    // The one before its cluster, of the first cluster, would be before the file.
    assert_eq!((track.first, track.last), (Some(Duration::ZERO), Some(Duration::from_millis(2005))));
}

#[test]
fn are_not_repaired() {
    assert_eq!(scanned(&live()).repair, Err(NotOurs));
}

#[test]
fn may_have_blocks_of_tracks_that_nobody_knows() {
    let mut bytes = live();
    let cluster = bytes.len() as u64;
    bytes.master(Id::CLUSTER, |cluster| {
        cluster.uint(Id::TIMESTAMP, 3000);
        cluster.binary(Id::SIMPLE_BLOCK, &[0x81, 0, 0, 0x80, 1]);
        cluster.binary(Id::SIMPLE_BLOCK, &[0x41, 0x2C, 0, 0, 0x80, 1]);
    });
    let scan = scanned(&bytes);
    let words: Vec<String> = scan.damage.iter().map(ToString::to_string).collect();
    assert_eq!(words, [format!("byte {}: a block of track 1, which the header does not know", cluster + 9)]);
    assert_eq!((scan.parts, scan.tracks[0].frames), (4, 7));
}
