//! A file whose writing broke off.

use proptest::prelude::*;

use super::{
    Film, Kind, cases,
    film::{apply, frames},
    found, repaired, scanned,
};

/// Cuts a file there, and repairs what is left.
fn check<K: Kind>(film: &Film, bytes: &[u8], cut: usize) {
    let left = &bytes[..cut];
    let scan = scanned::<K>(left);
    assert_eq!(scan.whole as usize, film.whole(cut), "cut at {cut}");
    assert_eq!(found(&scan), film.holds(cut));
    assert!(!scan.is_finished, "cut at {cut}");
    let is_torn = cut > film.whole(cut);
    assert!(!is_torn || scan.damage.len() <= 1, "{:?}", scan.damage);

    let repaired = repaired::<K>(left);
    assert_eq!(repaired.get(film.header..film.whole(cut)), left.get(film.header..film.whole(cut)));
    let scan = scanned::<K>(&repaired);
    assert!(scan.is_finished, "cut at {cut}");
    assert_eq!(scan.damage, []);
    assert_eq!(found(&scan), film.holds(cut));
}

pub(crate) fn a_cut_file_loses_its_last_part_wherever_it_is_cut<K: Kind>() {
    let film = Film::long::<K>(3);
    assert!(film.parts.len() >= 3);
    for cut in film.header..=film.unfinished.len() {
        check::<K>(&film, &film.unfinished, cut);
    }
    let appended = film.appended();
    for cut in film.unfinished.len()..=appended.len() {
        check::<K>(&film, &appended, cut);
    }
}

pub(crate) fn a_finished_file_that_is_cut_is_finished_anew<K: Kind>() {
    let film = Film::long::<K>(3);
    let finished = film.finished();
    for cut in film.header..finished.len() {
        check::<K>(&film, &finished, cut);
    }
}

pub(crate) fn a_torn_file_says_where<K: Kind>() {
    let film = Film::long::<K>(3);
    let (from, to) = (film.parts[1].0, film.parts[2].0);
    for (cut, words) in [(from + 20, "bytes"), (to - 10, "lacks its last 10 bytes")] {
        let scan = scanned::<K>(&film.unfinished[..cut]);
        let [damage] = scan.damage.as_slice() else { panic!("{:?}", scan.damage) };
        assert!((from..cut).contains(&(damage.offset as usize)), "{damage}");
        assert!(damage.to_string().ends_with(words), "{damage}");
    }
}

pub(crate) fn an_ending_may_be_patched_in_part<K: Kind>() {
    let film = Film::long::<K>(2);
    for patches in 0..=film.ending.patches.len() {
        let mut ending = film.ending.clone();
        ending.patches.truncate(patches);
        let mut bytes = film.unfinished.clone();
        apply(&ending, &mut bytes);
        assert_eq!(scanned::<K>(&bytes).is_finished, patches == film.ending.patches.len());
        assert_eq!(repaired::<K>(&bytes), film.finished());
    }
}

pub(crate) fn a_file_may_end_in_zeros_as_after_a_power_cut<K: Kind>() {
    let film = Film::long::<K>(3);
    for cut in film.header..film.unfinished.len() {
        let mut bytes = film.unfinished[..cut].to_vec();
        bytes.resize(film.unfinished.len() + 1000, 0);
        let scan = scanned::<K>(&bytes);
        assert!(scan.whole as usize >= film.whole(cut), "what was written is there");
        assert!(scan.damage.len() <= 2);
        assert!(scanned::<K>(&repaired::<K>(&bytes)).is_finished);
    }
}

pub(crate) fn any_cut_loses_no_part_before_it<K: Kind>() {
    proptest!(cases(300), |(frames in frames(), cut in any::<prop::sample::Index>())| {
        let film = Film::of::<K>(&frames);
        let bytes = film.appended();
        let cut = film.header + cut.index(bytes.len() + 1 - film.header);
        check::<K>(&film, &bytes, cut);
    });
}
