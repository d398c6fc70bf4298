//! A file that a broken disk or somebody unkind has had.

use std::io::Cursor;

use super::{film, repaired, scanned};
use crate::{
    container::{self, Damage, tests::found},
    matroska::{Fault, ScanError, scan},
};

#[test]
fn lost_bytes_within_a_cluster_become_void_and_what_is_before_them_is_kept() {
    let film = film(4);
    let mut bytes = film.finished();
    let (from, to) = (film.parts[0].0, film.parts[1].0);
    bytes[to - 100..to - 20].fill(0);
    let scan = scanned(&bytes);
    let [damage] = scan.damage.as_slice() else { panic!("{:?}", scan.damage) };
    assert_eq!((damage.fault, scan.parts), (Fault::NoElement, 4));
    let frames = |scan: &container::Scan<Fault>| scan.tracks.iter().map(|track| track.frames).sum::<u64>();
    assert_eq!(frames(&scan), 80 - 3);
    let again = scanned(&repaired(&bytes));
    assert_eq!((again.damage.as_slice(), frames(&again)), (&[][..], 80 - 3));
    assert_eq!(repaired(&bytes)[from..from + 6], bytes[from..from + 6], "the cluster is where it was");
}

#[test]
fn a_wrong_checksum_is_told_but_the_frames_are_kept() {
    let film = film(2);
    let mut bytes = film.finished();
    // The last byte of the last frame.
    bytes[film.unfinished.len() - 1] ^= 1;
    let scan = scanned(&bytes);
    let [Damage { fault: Fault::Checksum, .. }] = scan.damage.as_slice() else { panic!("{:?}", scan.damage) };
    assert_eq!(found(&scan), film.holds(usize::MAX));
}

#[test]
fn what_is_no_film_is_told_so() {
    let refusal = |bytes: &[u8]| scan(Cursor::new(bytes)).map(|_| ()).unwrap_err();
    assert!(matches!(refusal(b""), ScanError::NotEbml));
    assert!(matches!(refusal(b"RIFF....AVI LIST"), ScanError::NotEbml));
    let film = film(1);
    let mut other = film.unfinished.clone();
    let at = other.windows(4).position(|bytes| bytes == b"webm").unwrap();
    other[at..at + 4].copy_from_slice(b"test");
    assert!(matches!(refusal(&other), ScanError::DocType(name) if name == "test"));
    for cut in 0..film.header {
        let error = refusal(&film.unfinished[..cut]);
        assert!(matches!(error, ScanError::NotEbml | ScanError::Header(_)), "cut at {cut}: {error}");
    }
}
