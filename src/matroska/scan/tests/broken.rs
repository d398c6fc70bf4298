//! A file that a broken disk or somebody unkind has had.

use std::io::Cursor;

use proptest::prelude::*;

use super::film::*;
use crate::{
    container::{self, Damage},
    matroska::{Fault, Scan, ScanError, scan},
};

/// Whatever the bytes are: what is said of them is true of them, and what is repaired is whole.
fn check(bytes: &[u8]) {
    let Ok(Scan { film: scan, .. }) = scan(Cursor::new(bytes)) else { return };
    assert!(scan.whole <= scan.length && scan.length == bytes.len() as u64);
    assert!(scan.damage.iter().all(|damage| damage.offset <= scan.length));
    if scan.repair.is_ok() {
        let again = scanned(&repaired(bytes));
        assert!(again.is_finished, "{:?} became {:?}", scan.damage, again.damage);
        assert_eq!(again.parts, scan.parts);
        assert_eq!(found(&again), found(&scan));
    }
}

#[test]
fn a_changed_byte_costs_one_cluster_at_most() {
    let film = Film::long(4);
    let finished = film.finished();
    for at in film.header..film.unfinished.len() {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = finished.clone();
            bytes[at] ^= change;
            let scan = scanned(&bytes);
            assert!(scan.parts >= 3, "byte {at} changed by {change:02x}: {:?}", scan.damage);
            assert!(!scan.damage.is_empty(), "byte {at} changed by {change:02x} is not seen");
            check(&bytes);
        }
    }
}

#[test]
fn lost_bytes_amid_clusters_become_void() {
    let film = Film::long(4);
    let (from, to) = (film.clusters[0].0, film.clusters[1].0);
    // All of the second one; its head; the end of it and the head of the next.
    for lost in [from..to, from..from + 5, to - 20..to + 3] {
        let mut bytes = film.finished();
        bytes[lost.clone()].fill(0);
        let scan = scanned(&bytes);
        let repaired = repaired(&bytes);
        assert_eq!(repaired[from], 0xEC, "Void");
        let again = scanned(&repaired);
        assert_eq!((again.is_finished, again.damage, again.parts), (true, Vec::new(), scan.parts));
    }
}

#[test]
fn lost_bytes_within_a_cluster_become_void_and_what_is_before_them_is_kept() {
    let film = Film::long(4);
    let mut bytes = film.finished();
    let (from, to) = (film.clusters[0].0, film.clusters[1].0);
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
fn bytes_that_are_missing_cost_what_they_were_of() {
    let film = Film::long(4);
    let end = film.clusters[1].0;
    let bytes = [&film.unfinished[..end - 20], &film.unfinished[end..]].concat();
    let scan = scanned(&bytes);
    assert_eq!(scan.parts, 3);
    check(&bytes);
}

#[test]
fn a_wrong_checksum_is_told_but_the_frames_are_kept() {
    let film = Film::long(2);
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
    let film = Film::long(1);
    let mut other = film.unfinished.clone();
    let at = other.windows(4).position(|bytes| bytes == b"webm").unwrap();
    other[at..at + 4].copy_from_slice(b"test");
    assert!(matches!(refusal(&other), ScanError::DocType(name) if name == "test"));
    for cut in 0..film.header {
        let error = refusal(&film.unfinished[..cut]);
        assert!(matches!(error, ScanError::NotEbml | ScanError::Header(_)), "cut at {cut}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
        // Behind what makes them a film.
        let film = Film::long(1);
        check(&[&film.unfinished, bytes.as_slice()].concat());
        check(&[&film.unfinished[..film.header], bytes.as_slice()].concat());
        check(&[&film.unfinished[..48], bytes.as_slice()].concat());
    }

    #[test]
    fn changed_bytes_are_read_to_an_end(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = Film::long(2).finished();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes);
    }
}
