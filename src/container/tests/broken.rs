//! A file that a broken disk or somebody unkind has had.

use proptest::prelude::*;

use super::{Film, Kind, cases, found, repaired, scanned};

/// Whatever the bytes are: what is said of them is true of them, and what is repaired is whole.
fn check<K: Kind>(bytes: &[u8]) {
    let Ok(scan) = K::scan(bytes) else { return };
    assert!(scan.whole <= scan.length && scan.length == bytes.len() as u64);
    assert!(scan.damage.iter().all(|damage| damage.offset <= scan.length));
    if scan.repair.is_ok() {
        let again = scanned::<K>(&repaired::<K>(bytes));
        assert!(again.is_finished, "{:?} became {:?}", scan.damage, again.damage);
        assert_eq!(again.parts, scan.parts);
        assert_eq!(found(&again), found(&scan));
    }
}

pub(crate) fn a_changed_byte_costs_one_part_at_most<K: Kind>() {
    let film = Film::long::<K>(4);
    let finished = film.finished();
    for at in film.header..film.unfinished.len() {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = finished.clone();
            bytes[at] ^= change;
            let scan = scanned::<K>(&bytes);
            let (lost, damage) = (film.parts.len() - scan.parts as usize, &scan.damage);
            assert!(lost <= 1, "byte {at} changed by {change:02x}: {damage:?}");
            assert!(!K::HAS_CHECKSUMS || !damage.is_empty(), "byte {at} changed by {change:02x} is not seen");
            check::<K>(&bytes);
        }
    }
}

pub(crate) fn lost_bytes_amid_parts_become_free<K: Kind>() {
    let film = Film::long::<K>(4);
    let (from, to) = (film.parts[0].0, film.parts[1].0);
    // All of the second one; its head; the end of it and the head of the next.
    for lost in [from..to, from..from + 5, to - 20..to + 3] {
        let mut bytes = film.finished();
        bytes[lost.clone()].fill(0);
        let scan = scanned::<K>(&bytes);
        assert!((film.parts.len() - 2..film.parts.len()).contains(&(scan.parts as usize)), "{lost:?}");
        let again = scanned::<K>(&repaired::<K>(&bytes));
        assert_eq!((again.is_finished, again.damage, again.parts), (true, Vec::new(), scan.parts));
    }
}

pub(crate) fn bytes_that_are_missing_cost_what_they_were_of<K: Kind>() {
    let film = Film::long::<K>(4);
    let end = film.parts[1].0;
    let bytes = [&film.unfinished[..end - 20], &film.unfinished[end..]].concat();
    let scan = scanned::<K>(&bytes);
    assert_eq!(scan.parts as usize, film.parts.len() - 1, "{:?}", scan.damage);
    check::<K>(&bytes);
}

pub(crate) fn any_bytes_are_read_to_an_end<K: Kind>() {
    let film = Film::long::<K>(1);
    proptest!(cases(2000), |(bytes in proptest::collection::vec(any::<u8>(), 0..300))| {
        check::<K>(&bytes);
        // Behind what makes them a film.
        for behind in [film.unfinished.len(), film.header, K::BEGINNING] {
            check::<K>(&[&film.unfinished[..behind], &bytes].concat());
        }
    });
}

pub(crate) fn changed_bytes_are_read_to_an_end<K: Kind>() {
    let finished = Film::long::<K>(2).finished();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20);
    proptest!(cases(2000), |(changes in changes)| {
        let mut bytes = finished.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check::<K>(&bytes);
    });
}
