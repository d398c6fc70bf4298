//! A file whose writing broke off.

use proptest::prelude::*;

use super::film::*;

/// Cuts a file there, and repairs what is left.
fn check(film: &Film, bytes: &[u8], cut: usize) {
    let left = &bytes[..cut];
    let scan = scanned(left);
    assert_eq!(scan.whole as usize, film.whole(cut), "cut at {cut}");
    assert_eq!(found(&scan), film.holds(cut));
    assert!(!scan.is_finished, "cut at {cut}");
    let is_torn = cut > film.whole(cut);
    assert!(!is_torn || scan.damage.len() <= 1, "{:?}", scan.damage);

    let repaired = repaired(left);
    assert_eq!(repaired.get(film.header..film.whole(cut)), left.get(film.header..film.whole(cut)));
    let scan = scanned(&repaired);
    assert!(scan.is_finished, "cut at {cut}");
    assert_eq!(scan.damage, []);
    assert_eq!(found(&scan), film.holds(cut));
}

#[test]
fn loses_the_last_fragment_wherever_it_was() {
    let film = Film::long(3);
    assert_eq!(film.fragments.len(), 4, "the last frames wait once");
    for cut in film.header..=film.unfinished.len() {
        check(&film, &film.unfinished, cut);
    }
    let appended = film.appended();
    for cut in film.unfinished.len()..=appended.len() {
        check(&film, &appended, cut);
    }
}

#[test]
fn that_was_finished_is_finished_anew() {
    let film = Film::long(3);
    let finished = film.finished();
    for cut in film.header..finished.len() {
        check(&film, &finished, cut);
    }
}

#[test]
fn says_where_it_is_torn() {
    let film = Film::long(3);
    let (from, to) = (film.fragments[1].0, film.fragments[2].0);
    let words = |cut: usize| -> Vec<String> {
        scanned(&film.unfinished[..cut]).damage.iter().map(ToString::to_string).collect()
    };
    assert_eq!(words(from + 20).len(), 1);
    let in_mdat = words(to - 10);
    assert!(in_mdat.len() == 1 && in_mdat[0].ends_with("a box lacks its last 10 bytes"), "{in_mdat:?}");
}

#[test]
fn may_be_patched_in_part() {
    let film = Film::long(2);
    for patches in 0..=film.ending.patches.len() {
        let mut ending = film.ending.clone();
        ending.patches.truncate(patches);
        let mut bytes = film.unfinished.clone();
        apply(&ending, &mut bytes);
        assert_eq!(scanned(&bytes).is_finished, patches == film.ending.patches.len());
        assert_eq!(repaired(&bytes), film.finished());
    }
}

#[test]
fn may_end_in_zeros_as_after_a_power_cut() {
    let film = Film::long(3);
    for cut in film.header..film.unfinished.len() {
        let mut bytes = film.unfinished[..cut].to_vec();
        bytes.resize(film.unfinished.len() + 1000, 0);
        let scan = scanned(&bytes);
        let whole = film.whole(cut);
        assert!(scan.whole as usize >= whole, "what was written is there");
        assert!(scan.damage.len() <= 2);
        assert!(scanned(&repaired(&bytes)).is_finished);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anywhere_loses_no_fragment_before(frames in frames(), cut in any::<prop::sample::Index>()) {
        let film = Film::of(&frames);
        let bytes = film.appended();
        let cut = film.header + cut.index(bytes.len() + 1 - film.header);
        check(&film, &bytes, cut);
    }
}
