//! Any bytes as a recording: no panic, little memory, and what is repaired is whole and holds what was found.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use peergate::{
    container::{Repair, Scan, ScannedTrack},
    mp4::{Fault, scan},
};

fn repaired(scan: &Scan<Fault>, bytes: &[u8]) -> Option<Vec<u8>> {
    let Repair { truncate_to, ending } = scan.repair.clone().ok()?;
    let mut bytes = bytes[..usize::try_from(truncate_to).unwrap()].to_vec();
    bytes.extend(&ending.append);
    for patch in &ending.patches {
        let at = usize::try_from(patch.offset).unwrap();
        bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    Some(bytes)
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(found) = scan(Cursor::new(bytes)) else { return };
    assert!(found.whole <= found.length);
    for damage in &found.damage {
        assert!(damage.offset <= found.length && !damage.to_string().is_empty());
    }
    if let Some(bytes) = repaired(&found, bytes) {
        let again = scan(Cursor::new(&bytes)).unwrap();
        let frames = |track: &ScannedTrack| (track.number, track.frames, track.keyframes, track.bytes);
        assert!(again.is_finished);
        assert!(again.tracks.iter().map(frames).eq(found.tracks.iter().map(frames)));
        assert_eq!(repaired(&again, &bytes).as_deref(), Some(bytes.as_slice()), "nothing is left to be done");
    }
});
