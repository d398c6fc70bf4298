//! What was written is what is read.

use proptest::prelude::*;

use super::{Film, Kind, cases, film::frames, found, repaired, scanned};

pub(crate) fn frames_are_read_as_they_were_written<K: Kind>() {
    proptest!(cases(500), |(frames in frames())| {
        let film = Film::of::<K>(&frames);
        for (bytes, is_finished) in [(film.unfinished.clone(), false), (film.appended(), false), (film.finished(), true)] {
            let scan = scanned::<K>(&bytes);
            prop_assert_eq!(&scan.damage, &[]);
            prop_assert_eq!(scan.is_finished, is_finished);
            prop_assert_eq!(found(&scan), film.holds(usize::MAX));
            prop_assert_eq!(scan.parts as usize, film.parts.len());
            prop_assert_eq!(scan.whole as usize, film.whole(usize::MAX));
            prop_assert_eq!(scan.length as usize, bytes.len());
        }
    });
}

pub(crate) fn repairing_gives_the_ending_that_the_writer_gives<K: Kind>() {
    proptest!(cases(500), |(frames in frames())| {
        let film = Film::of::<K>(&frames);
        prop_assert_eq!(repaired::<K>(&film.unfinished), film.finished());
        prop_assert_eq!(repaired::<K>(&film.finished()), film.finished());
    });
}
