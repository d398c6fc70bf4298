//! A file that a broken disk or somebody unkind has had.

use std::io::Cursor;

use super::{film, scanned};
use crate::{
    container::Damage,
    mp4::{Fault, ScanError, scan},
};

#[test]
fn samples_have_to_be_in_their_fragment() {
    let film = film(2);
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
    let film = film(2);
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
    let film = film(1);
    for cut in 0..film.header {
        let error = refusal(&film.unfinished[..cut]);
        assert!(matches!(error, ScanError::NotMp4 | ScanError::Header(_)), "cut at {cut}: {error}");
    }
}
