use std::{fs, time::Instant};

use super::*;
use crate::{
    recorder::{Archive, index, segment_file::manifest_path},
    recording::{Kept, Policy, manifest::State, shelf::Query},
};

mod scene;

use scene::{Scene, sound};

/// How long it may take until the keeper has looked at what is there.
const LIMIT: Duration = Duration::from_secs(60);

/// Has a segment closed and sealed, and waits until it is.
fn seal(keeper: &Keeper, (path, manifest): (PathBuf, Manifest)) {
    let recording = manifest.recording.clone();
    keeper.seal(Job::Seal(recording, Box::new(Closed { path, manifest })));
    settle(keeper);
}

fn settle(keeper: &Keeper) {
    let (reply, done) = oneshot::channel();
    keeper.seal(Job::Settle(reply));
    done.blocking_recv().unwrap();
    // What the sealer has said before is heard now.
    let _ = keeper.make_room(&RecordingId::new("anybody").unwrap());
}

fn pin(keeper: &Keeper, recording: &str, pinned: bool, runs: bool) -> usize {
    ask_to_pin(keeper, recording, pinned, runs).blocking_recv().unwrap().unwrap()
}

fn ask_to_pin(keeper: &Keeper, recording: &str, pinned: bool, runs: bool) -> oneshot::Receiver<Result<usize, String>> {
    let (reply, answer) = oneshot::channel();
    let recording = RecordingId::new(recording).unwrap();
    keeper.asks.send(Ask::Pin(Pin { recording, pinned, runs, reply })).unwrap();
    answer
}

/// Waits until the keeper knows that it is so.
fn until_known(keeper: &Keeper, is_so: impl Fn(&Shelf) -> bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut shelf = keeper.shelf();
    let known = runtime.block_on(async { tokio::time::timeout(LIMIT, shelf.wait_for(is_so)).await.map(drop) });
    known.expect("it is known in time");
}

fn until(limit: Duration, what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "{what}");
        std::thread::yield_now();
    }
}

/// With a hundred thousand, and what it takes:
/// `SEGMENTS=100000 ./dev in-lab cargo test --release --lib a_large_folder -- --nocapture`
#[test]
fn a_large_folder_holds_up_no_recording() {
    let count = std::env::var("SEGMENTS").map_or(30_000, |count| count.parse().expect("SEGMENTS is a number"));
    let scene = Scene::new(Policy { segments: Some(count), ..Policy::default() });
    scene.lay_sealed(count);
    let memory = resident();
    let begun = Instant::now();
    let keeper = scene.start();
    let fresh = scene.manifest("fresh", count);
    keeper.make_room(&fresh.1.recording).unwrap();
    let room = begun.elapsed();
    assert!(room < Duration::from_secs(2), "the first segment waits for {room:?}");
    scene.lay(&fresh);
    keeper.opened(&fresh.1.recording, &fresh.0);
    let shelf = keeper.shelf();
    until_known(&keeper, |shelf| shelf.len() as u64 >= count);
    let all = begun.elapsed();
    let memory = resident().saturating_sub(memory) / count;
    keeper.make_room(&fresh.1.recording).unwrap();
    // The oldest has gone for the new one.
    until_known(&keeper, |shelf| shelf.len() as u64 == count);
    assert!(shelf.borrow().of_recording(&RecordingId::new("before").unwrap()).all(|kept| kept.sequence > 0));

    let begun = Instant::now();
    let page = shelf.borrow().page(&Query::default(), 1000);
    let paged = begun.elapsed();
    assert_eq!(page.segments.len(), 1000);
    let begun = Instant::now();
    let again = scene.manifest("fresh", count + 1);
    scene.lay(&again);
    keeper.opened(&again.1.recording, &again.0);
    until_known(&keeper, |shelf| shelf.len() as u64 > count);
    let told = begun.elapsed();
    let begun = Instant::now();
    keeper.make_room(&fresh.1.recording).unwrap();
    let next = begun.elapsed();
    eprintln!(
        "{count} segments: room for the first after {room:?}, all known after {all:?}; a page of 1000 in {paged:?}, a new one \
         known in {told:?}, room for the next in {next:?}; {memory} bytes of memory for each"
    );
}

#[test]
fn small_segments_count_with_all_that_they_take_and_by_number() {
    let scene = Scene::new(Policy { segments: Some(10), ..Policy::default() });
    scene.lay_sealed(25);
    let keeper = scene.start();
    until(LIMIT, "ten are left", || scene.count() == 10);
    until_known(&keeper, |shelf| shelf.len() == 10);
    assert_eq!(scene.manifests()[0].sequence, 15, "the oldest are gone");
    let disk_bytes = keeper.shelf().borrow().disk_bytes();
    assert!(disk_bytes >= 10 * 4096, "a file has whole blocks: {disk_bytes}");
    drop(keeper);
    until(LIMIT, "the folder is free", || !is_there("keeper"));

    let scene = Scene { keep: Policy { bytes: Some(5 * 4096), ..Policy::default() }, ..scene };
    let _keeper = scene.start();
    until(LIMIT, "there are five", || scene.count() == 5);
}

#[test]
fn what_can_not_be_removed_holds_up_no_other() {
    let scene = Scene::new(Policy { segments: Some(2), ..Policy::default() });
    scene.lay_sealed(4);
    // A folder, which is not removed as a file is.
    fs::create_dir(scene.manifest("before", 0).0).unwrap();
    let _keeper = scene.start();
    until(LIMIT, "others go in its place", || scene.count() == 2);
    assert!(scene.manifests()[0].sequence == 0);
}

#[test]
fn what_is_removed_while_it_is_sealed_stays_so() {
    let scene = Scene::new(Policy { segments: Some(1), ..Policy::default() });
    let keeper = scene.start();
    let (old, new) = (scene.manifest("one", 0), scene.manifest("two", 1));
    for segment in [&old, &new] {
        scene.lay(segment);
        keeper.opened(&segment.1.recording, &segment.0);
    }
    // The sealer reads a large file, and others need room meanwhile.
    until(LIMIT, "the old one goes", || {
        keeper.make_room(&new.1.recording).unwrap();
        !old.0.exists()
    });
    let (reply, answer) = sync_channel(1);
    keeper.asks.send(Ask::Seal(old.0.clone(), Box::new(old.1.clone()), reply)).unwrap();
    answer.recv().unwrap().unwrap();
    seal(&keeper, old);
    assert_eq!(scene.manifests().len(), 1);
    assert_eq!(keeper.shelf().borrow().len(), 1);
}

#[test]
fn a_pin_holds_for_what_is_written_and_for_what_comes() {
    let scene = Scene::new(Policy { segments: Some(1), ..Policy::default() });
    let keeper = scene.start();
    let recording = RecordingId::new("one").unwrap();
    assert_eq!(pin(&keeper, "one", true, false), 0, "nothing is there");
    assert_eq!(pin(&keeper, "one", true, true), 1, "it runs");
    assert!(keeper.pins().borrow().contains(&recording), "who writes knows of it");
    assert_eq!(pin(&keeper, "one", false, true), 1);

    let first = scene.manifest("one", 0);
    let open = Manifest { state: State::Recording, end: None, ..first.1.clone() };
    scene.lay(&(first.0.clone(), open));
    keeper.opened(&recording, &first.0);
    assert_eq!(pin(&keeper, "one", true, true), 1);
    assert!(keeper.shelf().borrow().of_recording(&recording).all(|kept: &Kept| kept.pinned), "it is shown at once");
    // The one who writes had not heard of it when it wrote the end.
    scene.lay(&first);
    seal(&keeper, first);
    let second = scene.manifest("one", 1);
    scene.lay(&second);
    keeper.opened(&recording, &second.0);
    seal(&keeper, second);
    let manifests = scene.manifests();
    assert_eq!(manifests.len(), 2, "neither is removed");
    assert!(manifests.iter().all(|manifest| manifest.pinned && manifest.sha256.is_some()), "{manifests:#?}");
    assert!(manifests[1].previous.is_some());

    keeper.seal(Job::End(recording.clone()));
    settle(&keeper);
    assert!(!keeper.pins().borrow().contains(&recording), "no more of it comes");
    assert_eq!(pin(&keeper, "one", false, false), 2);
    assert!(scene.manifests().iter().all(|manifest| !manifest.pinned));
}

#[test]
fn thousands_are_pinned_while_others_get_their_room() {
    const COUNT: u64 = 2000;
    let scene = Scene::new(Policy { segments: Some(COUNT), ..Policy::default() });
    scene.lay_sealed(COUNT);
    let keeper = scene.start();
    until_known(&keeper, |shelf| shelf.len() as u64 == COUNT);
    let mut answer = ask_to_pin(&keeper, "before", true, false);
    let fresh = scene.manifest("fresh", COUNT);
    keeper.make_room(&fresh.1.recording).unwrap();
    assert!(answer.try_recv().is_err(), "the room is there before all is written down");
    assert!(keeper.shelf().borrow().iter().all(|kept| kept.pinned), "and none of it was removed for that");
    assert_eq!(answer.blocking_recv().unwrap().unwrap() as u64, COUNT);
    assert!(scene.manifests().iter().all(|manifest| manifest.pinned));
}

#[test]
fn what_can_not_be_pinned_is_not_shown_as_pinned() {
    let scene = Scene::new(Policy::default());
    scene.lay_sealed(3);
    let keeper = scene.start();
    until_known(&keeper, |shelf| shelf.len() == 3);
    fs::write(scene.manifest("before", 1).0.with_extension("json"), "{").unwrap();
    let asked = [ask_to_pin(&keeper, "before", true, false), ask_to_pin(&keeper, "before", true, false)];
    for answer in asked {
        let why = answer.blocking_recv().unwrap().unwrap_err();
        assert!(why.contains("manifest"), "{why}");
    }
    let pinned: Vec<bool> = keeper.shelf().borrow().iter().map(|kept| kept.pinned).collect();
    assert_eq!(pinned, [true, false, false], "as far as it was written down");
}

#[test]
fn what_runs_is_not_taken_for_what_an_earlier_process_left() {
    let scene = Scene::new(Policy::default());
    let left = scene.manifest("left", 0);
    let left = (left.0, Manifest { state: State::Recording, end: None, ..left.1 });
    scene.lay(&left);
    let (jobs, to_do) = sync_channel(QUEUE);
    let jobs = Arc::new(jobs);
    let told =
        work::Told { state: watch::Sender::new(None), shelf: watch::Sender::default(), pins: watch::Sender::default() };
    let settings = Settings { dir: scene.base.path().to_owned(), keep: scene.keep, ..Settings::default() };
    let mut work = Work::new(&settings, true, Arc::downgrade(&jobs), told);
    let (path, manifest) = scene.manifest("fresh", 1);
    let manifest = Manifest { state: State::Recording, end: None, ..manifest };
    let (reply, answer) = sync_channel(1);
    work.answer(Ask::Room(manifest.recording.clone(), reply));
    answer.recv().unwrap().unwrap();
    // It is found before its recording says that it is there.
    scene.lay(&(path.clone(), manifest.clone()));
    while work.past.is_searched() {
        work.search_on();
        work.have_mended();
    }
    work.answer(Ask::Opened(manifest.recording.clone(), path));
    work.have_mended();
    let jobs: Vec<_> = to_do.try_iter().collect();
    assert!(matches!(&jobs[..], [Job::Mend(_, path)] if *path == left.0), "{jobs:?}");
}

#[test]
fn what_an_earlier_process_left_is_sealed_in_its_order() {
    let scene = Scene::new(Policy::default());
    for minute in 0..100 {
        scene.lay(&scene.manifest("one", minute));
    }
    let file = sound();
    for path in index::manifests(scene.base.path()) {
        fs::write(path.with_extension("mkv"), &file).unwrap();
    }
    let _keeper = scene.start();
    until(LIMIT, "all are sealed", || scene.manifests().iter().all(|manifest| manifest.sha256.is_some()));
    let faults = Archive::new(scene.base.path().to_owned()).verify().faults;
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_segment_that_has_lost_its_manifest_gets_a_fresh_one() {
    let scene = Scene::new(Policy::default());
    let file = sound();
    let [missing, torn, cut, later] = [0, 1, 2, 3].map(|minute| scene.manifest("one", minute));
    let sealed = scene.manifest("one", 4);
    for segment in [&missing, &torn, &cut, &later, &sealed] {
        scene.lay(segment);
        fs::write(&segment.0, &file).unwrap();
    }
    fs::remove_file(manifest_path(&missing.0)).unwrap();
    fs::write(manifest_path(&torn.0), "{\"format\": 1, \"recor").unwrap();
    fs::remove_file(manifest_path(&cut.0)).unwrap();
    fs::write(&cut.0, &file[..file.len() * 2 / 3]).unwrap();
    fs::write(manifest_path(&later.0), "{\"format\": 2}").unwrap();
    let folder = missing.0.parent().unwrap();
    let others = [
        folder.join("holiday.mkv"),
        folder.join("notes.txt"),
        scene.base.path().join("readme"),
        scene.base.path().join("Not Ours/camera").join(missing.0.file_name().unwrap()),
    ];
    for other in &others {
        fs::create_dir_all(other.parent().unwrap()).unwrap();
        fs::write(other, "somebody else's").unwrap();
    }
    let keeper = scene.start();
    let state = |segment: &PathBuf| index::manifest(&manifest_path(segment)).ok().map(|(manifest, _)| manifest);
    for (path, frames) in [(&missing.0, 100), (&torn.0, 100), (&cut.0, 50)] {
        until(LIMIT, "it is mended", || state(path).is_some_and(|manifest| manifest.sha256.is_some()));
        let manifest = state(path).unwrap();
        assert_eq!(manifest.state, State::Recovered, "{path:?}");
        assert_eq!((manifest.member.as_str(), manifest.peer.unwrap().as_str()), ("gateway", "camera"));
        assert!(manifest.tracks[0].frames >= frames, "{:?}", manifest.tracks);
        assert!(manifest.end.unwrap().wall > manifest.start.wall);
    }
    assert_ne!(state(&missing.0).unwrap().recording, state(&cut.0).unwrap().recording, "nobody knows which it was of");
    let aside = fs::read_to_string(manifest_path(&torn.0).with_extension("json.broken")).unwrap();
    assert!(aside.ends_with("recor"), "what was there is put aside: {aside}");
    assert_eq!(fs::read_to_string(manifest_path(&later.0)).unwrap(), "{\"format\": 2}", "a later version wrote it");
    for other in &others {
        assert_eq!(fs::read_to_string(other).unwrap(), "somebody else's");
    }
    until_known(&keeper, |shelf| shelf.len() == 5);
    let shelf = keeper.shelf().borrow().clone();
    let listed = shelf.page(&Query::default(), 10).segments;
    assert!(matches!(&listed[3].state, State::Incomplete { why } if why.contains("format 1, got 2")), "{listed:#?}");
    drop(keeper);

    until(LIMIT, "the folder is free", || !is_there("keeper"));
    let scene = Scene { keep: Policy { segments: Some(1), ..Policy::default() }, ..scene };
    let _keeper = scene.start();
    until(LIMIT, "the last is left", || scene.count() == 1);
    let left = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut left: Vec<_> = left.filter(|path| !others.contains(path)).collect();
    left.sort();
    assert_eq!(left, [manifest_path(&sealed.0), sealed.0.clone()], "with all that is beside them");
    assert!(others.iter().all(|other| other.exists()));
}

#[test]
fn its_threads_end_with_it() {
    let scenes: Vec<_> = (0..20).map(|_| Scene::new(Policy::default())).collect();
    for scene in &scenes {
        let keeper = scene.start();
        let segment = scene.manifest("one", 0);
        scene.lay(&segment);
        keeper.opened(&segment.1.recording, &segment.0);
        keeper.seal(Job::Seal(segment.1.recording.clone(), Box::new(Closed { path: segment.0, manifest: segment.1 })));
    }
    until(LIMIT, "they have ended", || !is_there("keeper") && !is_there("sealer"));
    for scene in scenes {
        assert!(scene.manifests()[0].sha256.is_some(), "what there was to do is done");
    }
}

/// Whether a thread of this name runs in this process: each test has one of its own.
fn is_there(thread: &str) -> bool {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    threads
        .map(|thread| fs::read_to_string(thread.path().join("comm")).unwrap_or_default())
        .any(|name| name.trim() == thread)
}

/// The memory that this process has, in bytes: the second number of `/proc/self/statm`, in pages.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
