//! Files as other muxers write them.

use std::time::Duration;

use super::scanned;
use crate::{
    container::NotOurs,
    mp4::{boxes::WriteBoxes, four_cc::FourCc},
};

/// A file with a track of MPEG-4 video, and fragments that tell as little as they may.
fn terse() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.boxed(FourCc::FTYP, |ftyp| ftyp.extend(b"isom\0\0\0\0"));
    bytes.boxed(FourCc::MOOV, |moov| {
        moov.boxed(FourCc::MVEX, |mvex| {
            mvex.full_box(FourCc::TREX, 0, 0, |trex| [7, 1, 100, 3, 0].into_iter().for_each(|value| trex.u32(value)));
        });
        moov.boxed(FourCc::TRAK, |trak| {
            trak.full_box(FourCc::TKHD, 0, 0, |tkhd| [0, 0, 7].into_iter().for_each(|value| tkhd.u32(value)));
            trak.boxed(FourCc::MDIA, |mdia| {
                mdia.full_box(FourCc::MDHD, 0, 0, |mdhd| [0, 0, 1000].into_iter().for_each(|value| mdhd.u32(value)));
                mdia.full_box(FourCc::HDLR, 0, 0, |hdlr| {
                    hdlr.zeros(4);
                    hdlr.extend(b"vide");
                    hdlr.zeros(12);
                    hdlr.extend("Künstler\0\0".as_bytes());
                });
                mdia.boxed(FourCc::MINF, |minf| {
                    minf.boxed(FourCc::STBL, |stbl| {
                        stbl.full_box(FourCc::STSD, 0, 0, |stsd| {
                            stsd.u32(1);
                            stsd.boxed(FourCc(*b"mp4v"), |entry| entry.zeros(78));
                        });
                    });
                });
            });
        });
    });
    for _ in 0..3 {
        let begin = bytes.len() as u64;
        bytes.boxed(FourCc::MOOF, |moof| {
            moof.full_box(FourCc::MFHD, 0, 0, |mfhd| mfhd.u32(1));
            moof.boxed(FourCc::TRAF, |traf| {
                // base_data_offset; size and length of samples are as trex has them.
                traf.full_box(FourCc::TFHD, 0, 1, |tfhd| {
                    tfhd.u32(7);
                    tfhd.u64(begin);
                });
                traf.full_box(FourCc::TRUN, 0, 5, |trun| {
                    [4, 88, 0x0101_0000].into_iter().for_each(|value| trun.u32(value))
                });
            });
        });
        bytes.boxed(FourCc::MDAT, |mdat| mdat.zeros(12));
    }
    bytes
}

#[test]
fn are_told_for_what_they_are() {
    let scan = scanned(&terse());
    assert_eq!(scan.damage, []);
    assert_eq!((scan.parts, scan.is_finished, scan.duration, scan.begun), (3, false, None, None));
    let [track] = scan.tracks.as_slice() else { panic!("{:?}", scan.tracks) };
    assert_eq!((track.number, track.codec, track.codec_id.as_str()), (7, None, "mp4v"));
    assert_eq!(track.name.as_deref(), Some("Künstler"));
    assert_eq!((track.frames, track.keyframes, track.bytes), (12, 9, 36), "the first of each is none");
    assert_eq!((track.first, track.last), (Some(Duration::ZERO), Some(Duration::from_millis(1100))));
    assert_eq!(scan.end(), Duration::from_millis(1200));
}

#[test]
fn are_not_repaired() {
    assert_eq!(scanned(&terse()).repair, Err(NotOurs));
}

#[test]
fn may_have_samples_of_tracks_that_nobody_knows() {
    let mut bytes = terse();
    let tfhd = bytes.windows(4).rposition(|kind| kind == b"tfhd").unwrap();
    bytes[tfhd + 11] = 8;
    let scan = scanned(&bytes);
    let words: Vec<String> = scan.damage.iter().map(ToString::to_string).collect();
    assert_eq!(words, [format!("byte {}: samples of track 8, which the header does not know", tfhd - 4)]);
    assert_eq!(scan.parts, 2);
}
