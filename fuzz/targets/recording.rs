//! Any bytes as a recording: no panic, little memory, and what is repaired is whole and holds what was found.

use std::fmt::Display;

use peergate::container::{Repair, Scan, ScannedTrack};

/// Looks at the bytes as at a file of the kind which `scan` reads.
pub fn check<F: Display>(bytes: &[u8], scan: impl Fn(&[u8]) -> Option<Scan<F>>) {
    let Some(found) = scan(bytes) else { return };
    assert!(found.whole <= found.length);
    for damage in &found.damage {
        assert!(damage.offset <= found.length && !damage.to_string().is_empty());
    }
    if let Ok(repair) = &found.repair {
        let bytes = repaired(repair, bytes);
        let again = scan(&bytes).unwrap();
        let frames = |track: &ScannedTrack| (track.number, track.frames, track.keyframes, track.bytes);
        assert!(again.is_finished);
        assert!(again.tracks.iter().map(frames).eq(found.tracks.iter().map(frames)));
        assert_eq!(repaired(&again.repair.unwrap(), &bytes), bytes, "nothing is left to be done");
    }
}

fn repaired(repair: &Repair, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes[..usize::try_from(repair.truncate_to).unwrap()].to_vec();
    bytes.extend(&repair.ending.append);
    for patch in &repair.ending.patches {
        let at = usize::try_from(patch.offset).unwrap();
        bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    bytes
}
