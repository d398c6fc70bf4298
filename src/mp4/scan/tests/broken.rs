//! A file that a broken disk or somebody unkind has had.

use std::io::Cursor;

use proptest::prelude::*;

use super::film::*;
use crate::{
    container::Damage,
    mp4::{Fault, ScanError, scan},
};

/// Whatever the bytes are: what is said of them is true of them, and what is repaired is whole.
fn check(bytes: &[u8]) {
    let Ok(scan) = scan(Cursor::new(bytes)) else { return };
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
fn a_changed_byte_costs_one_fragment_at_most() {
    let film = Film::long(4);
    let finished = film.finished();
    for at in film.header..film.unfinished.len() {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = finished.clone();
            bytes[at] ^= change;
            let scan = scanned(&bytes);
            assert!(scan.parts >= 4, "byte {at} changed by {change:02x}: {:?}", scan.damage);
            check(&bytes);
        }
    }
}

#[test]
fn lost_bytes_amid_fragments_become_free() {
    let film = Film::long(4);
    let (from, to) = (film.fragments[0].0, film.fragments[1].0);
    // All of the second one; its head.
    for lost in [from..to, from..from + 5] {
        let mut bytes = film.finished();
        bytes[lost.clone()].fill(0);
        let scan = scanned(&bytes);
        assert_eq!(scan.parts, 4, "{lost:?}");
        let repaired = repaired(&bytes);
        assert_eq!(repaired[from + 4..from + 8], *b"free");
        let again = scanned(&repaired);
        assert_eq!((again.is_finished, again.damage, again.parts), (true, Vec::new(), 4));
    }
}

#[test]
fn bytes_that_are_missing_cost_what_they_were_of() {
    let film = Film::long(4);
    let end = film.fragments[1].0;
    let bytes = [&film.unfinished[..end - 20], &film.unfinished[end..]].concat();
    let scan = scanned(&bytes);
    assert_eq!(scan.parts, 4, "{:?}", scan.damage);
    check(&bytes);
}

#[test]
fn samples_have_to_be_in_their_fragment() {
    let film = Film::long(2);
    let mut bytes = film.finished();
    let trun = film.header + bytes[film.header..].windows(4).position(|kind| kind == b"trun").unwrap();
    // The data offset, behind version, flags and count.
    bytes[trun + 12] = 0x7F;
    let scan = scanned(&bytes);
    let [Damage { offset, fault: Fault::NoData }] = scan.damage.as_slice() else { panic!("{:?}", scan.damage) };
    assert_eq!((*offset as usize, scan.parts), (trun - 4, 2));
}

#[test]
fn bytes_that_no_sample_has_are_told() {
    let film = Film::long(2);
    let mut bytes = film.finished();
    let traf = film.header + bytes[film.header..].windows(4).position(|kind| kind == b"traf").unwrap();
    bytes[traf] = b'x';
    let scan = scanned(&bytes);
    let [Damage { offset, fault: Fault::NoSample { bytes: 300 } }] = scan.damage.as_slice() else {
        panic!("{:?}", scan.damage)
    };
    assert_eq!((*offset as usize, scan.parts), (film.header, 3), "what there is besides is kept");
}

#[test]
fn what_is_no_film_is_told_so() {
    let refusal = |bytes: &[u8]| scan(Cursor::new(bytes)).map(|_| ()).unwrap_err();
    assert!(matches!(refusal(b""), ScanError::NotMp4));
    assert!(matches!(refusal(b"\x1A\x45\xDF\xA3\xA3\x42\x86\x81\x01"), ScanError::NotMp4));
    assert!(matches!(refusal(b"\0\0\0\x10ftypiso6\0\0\0\0"), ScanError::Header(Damage { fault: Fault::NoTracks, .. })));
    let film = Film::long(1);
    for cut in 0..film.header {
        let error = refusal(&film.unfinished[..cut]);
        assert!(matches!(error, ScanError::NotMp4 | ScanError::Header(_)), "cut at {cut}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
        // Behind what makes them a film.
        let film = Film::long(1);
        check(&[&film.unfinished, bytes.as_slice()].concat());
        check(&[&film.unfinished[..film.header], bytes.as_slice()].concat());
        check(&[&film.unfinished[..24], bytes.as_slice()].concat());
    }

    #[test]
    fn changed_bytes_are_read_to_an_end(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let film = Film::long(2);
        let mut bytes = film.finished();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes);
    }
}
