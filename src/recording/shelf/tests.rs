use proptest::prelude::*;

use super::*;
use crate::recording::{
    Container, FileName,
    manifest::{Clock, Direction, Gaps, Manifest, Moment, State},
};

/// A segment that began at this minute and was a minute long.
fn segment(recording: u8, sequence: u64, minute: u64, peer: u8) -> Kept {
    let at = |minute: u64| Moment {
        since_boot: std::time::Duration::from_secs(60 * minute),
        wall: WallTime::from_unix_ms(60_000 * minute),
        clock: Clock::Set,
    };
    let manifest = Manifest {
        recording: RecordingId::new(format!("r{recording}")).unwrap(),
        member: PeerId::new("gateway").unwrap(),
        peer: Some(PeerId::new(format!("p{peer}")).unwrap()),
        direction: Direction::Remote,
        sequence,
        container: Container::Matroska,
        file: FileName::new(format!("r{recording}-{sequence}.mkv")).unwrap(),
        state: State::Finished,
        pinned: false,
        boot: crate::ids::BootId::new("boot").unwrap(),
        start: at(minute),
        end: Some(at(minute + 1)),
        bytes: 100,
        sha256: None,
        previous: None,
        tracks: Vec::new(),
        gaps: Gaps::default(),
    };
    Kept::new(&format!("gateway/p{peer}"), &manifest)
}

fn files(page: &Page) -> Vec<&str> {
    page.segments.iter().map(|kept| kept.file.rsplit('/').next().unwrap()).collect()
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    for (recording, sequence, minute, peer) in [(0, 1, 6, 0), (1, 0, 3, 1), (0, 0, 1, 0), (2, 0, 9, 1)] {
        assert_eq!(shelf.insert(segment(recording, sequence, minute, peer)), None);
    }
    shelf
}

#[test]
fn segments_are_listed_a_page_at_a_time_the_oldest_first() {
    let mut shelf = shelf();
    let first = shelf.page(&Query::default(), 3);
    assert_eq!(files(&first), ["r0-0.mkv", "r1-0.mkv", "r0-1.mkv"]);
    let next = first.next.unwrap().to_string();
    assert_eq!(next, "360000-gateway/p0/r0-1.mkv");
    // Where it goes on does not depend on who is still there.
    shelf.remove("gateway/p0/r0-1.mkv");
    let rest = shelf.page(&Query { after: Some(next.parse().unwrap()), ..Query::default() }, 3);
    assert_eq!((files(&rest), &rest.next), (vec!["r2-0.mkv"], &None));
    for text in ["", "360000", "x-y", &"1".repeat(600)] {
        assert!(text.parse::<Place>().is_err(), "{text}");
    }
}

#[test]
fn what_is_asked_for_is_listed_alone() {
    let (shelf, minute) = (shelf(), |minute: u64| Some(WallTime::from_unix_ms(60_000 * minute)));
    let peer = |peer: &str| Some(PeerId::new(peer).unwrap());
    for (query, wanted) in [
        (Query { peer: peer("p1"), ..Query::default() }, vec!["r1-0.mkv", "r2-0.mkv"]),
        (Query { recording: RecordingId::new("r0").ok(), ..Query::default() }, vec!["r0-0.mkv", "r0-1.mkv"]),
        (Query { recording: RecordingId::new("r0").ok(), from: minute(5), ..Query::default() }, vec!["r0-1.mkv"]),
        (Query { member: peer("somebody"), ..Query::default() }, vec![]),
        (Query { from: minute(4), to: minute(9), ..Query::default() }, vec!["r1-0.mkv", "r0-1.mkv"]),
    ] {
        assert_eq!(files(&shelf.page(&query, 10)), wanted, "{query:?}");
    }
    let one = Query { recording: RecordingId::new("r0").ok(), ..Query::default() };
    let page = shelf.page(&one, 1);
    let rest = shelf.page(&Query { after: page.next.clone(), ..one }, 1);
    assert_eq!((files(&page), files(&rest), rest.next.is_some()), (vec!["r0-0.mkv"], vec!["r0-1.mkv"], false));
}

#[test]
fn a_segment_is_found_by_what_is_known_of_it() {
    let mut shelf = shelf();
    assert_eq!(shelf.segment("gateway/p1/r1-0.mkv").map(|kept| kept.sequence), Some(0));
    assert_eq!(shelf.beside("gateway/p1").map(|kept| &*kept.file), Some("gateway/p1/r1-0.mkv"));
    assert_eq!(shelf.beside("gateway/p"), None);
    assert_eq!((shelf.len(), shelf.disk_bytes()), (4, 400));
    let mut grown = segment(1, 0, 0, 1);
    grown.disk_bytes = 250;
    assert_eq!(shelf.insert(grown).map(|kept| kept.disk_bytes), Some(100));
    assert_eq!((shelf.len(), shelf.disk_bytes()), (4, 550));
    assert_eq!(files(&shelf.page(&Query::default(), 1)), ["r1-0.mkv"], "it has another place now");
    assert_eq!(shelf.remove("gateway/p1/r1-0.mkv").map(|kept| kept.disk_bytes), Some(250));
    assert_eq!(shelf.of_recording(&RecordingId::new("r1").unwrap()).count(), 0);
}

proptest! {
    #[test]
    fn pages_joined_are_the_whole_whatever_came_and_went(
        steps in prop::collection::vec((0..4_u8, 0..4_u64, 0..20_u64, any::<bool>()), 0..60), most in 1..5_usize,
    ) {
        let mut shelf = Shelf::default();
        let mut known = BTreeMap::new();
        for (recording, sequence, minute, is_new) in steps {
            let kept = segment(recording, sequence, minute, recording % 2);
            if is_new {
                prop_assert_eq!(shelf.insert(kept.clone()), known.insert(kept.file.clone(), kept));
            } else {
                prop_assert_eq!(shelf.remove(&kept.file), known.remove(&kept.file));
            }
        }
        prop_assert_eq!(shelf.len(), known.len());
        prop_assert_eq!(shelf.disk_bytes(), 100 * known.len() as u64);
        let (mut query, mut listed) = (Query::default(), Vec::new());
        loop {
            let Page { segments, next } = shelf.page(&query, most);
            listed.extend(segments);
            query.after = next;
            if query.after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = known.into_values().collect();
        expected.sort_by_key(Place::of);
        prop_assert_eq!(listed, expected);
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,30}|[0-9]{1,25}-[a-z/]{0,9}") {
        if let Ok(place) = text.parse::<Place>() {
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }
    }
}
