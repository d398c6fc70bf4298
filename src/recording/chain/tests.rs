use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{
    ids::{BootId, PeerId},
    recording::{
        Container, WallTime,
        manifest::{Clock, Direction, Gaps, Moment, Previous, digest},
    },
};

/// Segments of a recording as they are written, one after the other, and their files.
struct Disk(Vec<(Manifest, Option<Sha256Hex>)>);

impl Disk {
    fn with(recording: &str, segments: u64) -> Self {
        let mut disk = Self(Vec::new());
        for sequence in 0..segments {
            let previous = disk.0.last().map(|(manifest, _)| Previous {
                file: manifest.file.clone(),
                manifest_sha256: digest(&manifest.to_json()).unwrap(),
            });
            let file = format!("{recording}-{sequence}.mkv");
            let sha256 = Some(Sha256Hex::of(file.as_bytes()));
            disk.0.push((manifest(recording, sequence, file, sha256, previous), sha256));
        }
        disk
    }

    fn check(&self) -> Vec<Fault> {
        let links = self.0.iter().map(|(manifest, file)| Link {
            manifest,
            digest: digest(&manifest.to_json()).unwrap(),
            file: *file,
        });
        check(&links.collect::<Vec<_>>())
    }

    /// The segment with this number is no longer there.
    fn remove(&mut self, sequence: u64) {
        self.0.retain(|(manifest, _)| manifest.sequence != sequence);
    }

    fn manifest(&mut self, sequence: usize) -> &mut Manifest {
        &mut self.0[sequence].0
    }
}

fn manifest(
    recording: &str,
    sequence: u64,
    file: String,
    sha256: Option<Sha256Hex>,
    previous: Option<Previous>,
) -> Manifest {
    let moment = Moment { since_boot: Duration::ZERO, wall: WallTime::from_unix_ms(0), clock: Clock::Set };
    Manifest {
        recording: RecordingId::new(recording).unwrap(),
        member: PeerId::new("front-door").unwrap(),
        peer: None,
        direction: Direction::Local,
        sequence,
        file: FileName::new(file).unwrap(),
        container: Container::Matroska,
        state: State::Finished,
        pinned: false,
        boot: BootId::new("boot").unwrap(),
        start: moment,
        end: Some(moment),
        bytes: 1,
        sha256,
        previous,
        tracks: Vec::new(),
        gaps: Gaps::default(),
    }
}

fn file(name: &str) -> FileName {
    FileName::new(name).unwrap()
}

#[test]
fn whole_recordings_have_no_faults() {
    let mut disk = Disk::with("a", 4);
    disk.0.extend(Disk::with("b", 3).0);
    disk.0.reverse();
    assert_eq!(disk.check(), []);
    assert_eq!(Disk(Vec::new()).check(), []);
}

#[test]
fn what_is_missing_at_the_beginning_was_too_old() {
    let mut disk = Disk::with("a", 5);
    disk.remove(0);
    disk.remove(1);
    assert_eq!(disk.check(), []);
}

#[test]
fn what_is_missing_at_the_end_is_not_seen() {
    let mut disk = Disk::with("a", 5);
    disk.remove(4);
    assert_eq!(disk.check(), []);
}

#[test]
fn a_hole_in_the_middle_is_a_fault() {
    let mut disk = Disk::with("a", 6);
    disk.remove(2);
    disk.remove(3);
    let [fault] = &disk.check()[..] else { panic!("{:?}", disk.check()) };
    assert_eq!(*fault, Fault::Hole { recording: RecordingId::new("a").unwrap(), after: 1, before: 4 });
    assert_eq!(fault.to_string(), "recording a: expected segment 2 after 1, got 4: what is between them is not there");
}

#[test]
fn what_was_too_old_between_pinned_segments_is_no_hole() {
    let mut disk = Disk::with("a", 6);
    disk.manifest(0).pinned = true;
    disk.manifest(2).pinned = true;
    for removed in [1, 3] {
        disk.remove(removed);
    }
    assert_eq!(disk.check(), []);
    disk.manifest(0).pinned = false;
    assert_eq!(disk.check().len(), 2, "what is older than the holes would have had to go first");
}

#[test]
fn pinning_changes_nothing() {
    let mut disk = Disk::with("a", 3);
    disk.manifest(1).pinned = true;
    assert_eq!(disk.check(), []);
}

#[test]
fn a_changed_manifest_is_noticed_by_the_next_one() {
    let mut disk = Disk::with("a", 3);
    disk.manifest(1).bytes = 2;
    let [Fault::ManifestChanged { file: changed, .. }] = &disk.check()[..] else { panic!("{:?}", disk.check()) };
    assert_eq!(*changed, file("a-1.mkv"));
}

#[test]
fn changed_and_missing_files_are_noticed() {
    let mut disk = Disk::with("a", 3);
    disk.0[0].1 = Some(Sha256Hex::of(b"other"));
    disk.0[2].1 = None;
    let expected = Sha256Hex::of(b"a-0.mkv");
    let got = Sha256Hex::of(b"other");
    let faults = [Fault::FileChanged { file: file("a-0.mkv"), expected, got }, Fault::NoFile { file: file("a-2.mkv") }];
    assert_eq!(disk.check(), faults);
    disk.manifest(2).state = State::incomplete("the disk was full");
    assert_eq!(disk.check().len(), 1, "nobody promised that one");
    disk.0[2].1 = Some(got);
    disk.manifest(2).sha256 = None;
    assert_eq!(disk.check().len(), 1, "while it is written it has no digest yet");
}

#[test]
fn a_link_to_another_segment_or_none_is_a_fault() {
    let mut disk = Disk::with("a", 3);
    disk.manifest(2).previous = None;
    let unlinked = Fault::Unlinked { file: file("a-2.mkv"), before: file("a-1.mkv"), got: None };
    assert!(unlinked.to_string().ends_with("a-1.mkv as the segment before, got none"), "{unlinked}");
    assert_eq!(disk.check(), [unlinked]);
}

#[test]
fn two_of_one_number_are_a_fault() {
    let mut disk = Disk::with("a", 2);
    let mut copy = disk.0[1].clone();
    copy.0.file = file("copy.mkv");
    disk.0.push(copy);
    let twice = Fault::Twice {
        recording: RecordingId::new("a").unwrap(),
        sequence: 1,
        first: file("a-1.mkv"),
        second: file("copy.mkv"),
    };
    assert_eq!(disk.check(), [twice]);
}

proptest! {
    #[test]
    fn one_fault_for_each_hole(kept in prop::collection::vec(any::<bool>(), 1..20)) {
        let mut disk = Disk::with("a", kept.len() as u64);
        kept.iter().enumerate().filter(|(_, kept)| !**kept).for_each(|(number, _)| disk.remove(number as u64));
        let holes = kept.chunk_by(|a, b| a == b).filter(|run| !run[0]).count();
        let at_the_ends = usize::from(!kept[0]) + usize::from(kept.len() > 1 && !kept[kept.len() - 1]);
        let expected = if kept.contains(&true) { holes - at_the_ends } else { 0 };
        prop_assert_eq!(disk.check().len(), expected);
    }
}
