//! What is missing is said.

use super::*;
use crate::recording::manifest::GapKind;

#[test]
fn a_track_that_goes_silent_holds_up_nobody_and_comes_back_into_the_same_file() {
    let mut scene = Scene::with_both(limits(600_000));
    scene.play(0, 2000, 1000);
    (2000..8000).step_by(40).for_each(|ms| scene.picture(ms, ms % 1000 == 0));
    scene.play(8000, 9000, 1000);
    let files = scene.end(9000);
    assert_eq!(files.len(), 1);
    let gap = files[0].gaps.listed()[0];
    assert_eq!((gap.track, gap.kind), (1, GapKind::Silent));
    assert_eq!((gap.from.as_millis(), gap.to.as_millis()), (2000, 8000));
}

#[test]
fn what_was_lost_is_a_gap() {
    let mut scene = Scene::with_both(limits(600_000));
    scene.play(0, 1000, 1000);
    let bytes = picture(1400, true);
    let frame = Frame { track: PICTURE, time: Duration::from_millis(1400), keyframe: true, after_loss: true, bytes };
    scene.cutter.handle_frame(scene.at(1400), frame);
    scene.cutter.handle_dropped(SOUND, 7);
    scene.sound(1500);
    let gaps = scene.end(2000)[0].gaps.clone();
    let [picture, sound] = gaps.listed() else { panic!("{gaps:?}") };
    assert_eq!((picture.kind, picture.from.as_millis(), picture.to.as_millis()), (GapKind::Lost, 1000, 1400));
    assert_eq!((sound.kind, sound.frames, sound.to.as_millis()), (GapKind::Dropped, Some(7), 1500));
}

#[test]
fn pictures_begin_with_a_keyframe_also_after_frames_were_dropped() {
    let mut scene = Scene::with_both(limits(600_000));
    for ms in (0..4000).step_by(20) {
        scene.sound(ms);
        if ms == 2000 {
            scene.cutter.handle_dropped(PICTURE, 3);
        }
        if ms % 40 == 0 {
            if ms == 2960 {
                assert!(scene.asked > 0, "nobody makes a keyframe that is not asked for");
            }
            scene.picture(ms, ms == 400 || ms == 3000);
        }
    }
    let files = scene.end(4000);
    let pictures: u64 = files.iter().map(|file| frames(file, Codec::Vp8)).sum();
    assert_eq!(pictures, 40 + 25, "from 400 to 2000, and from 3000 on");
    let gap = files[0].gaps.listed().iter().find(|gap| gap.kind == GapKind::Dropped).copied().unwrap();
    assert_eq!(
        (gap.from.as_millis() + 400, gap.to.as_millis() + 400),
        (2000 + 400 - files[0].begin.as_millis(), 3000 + 400 - files[0].begin.as_millis())
    );
}

#[test]
fn a_disk_that_takes_nothing_costs_what_came_meanwhile_and_no_more() {
    let mut scene = Scene::with_both(limits(600_000));
    scene.play(0, 1000, 1000);
    scene.cutter.abandon();
    scene.open = false;
    for ms in (1000..3000).step_by(20) {
        scene.cutter.handle_blocked(SOUND);
        if ms % 40 == 0 {
            scene.cutter.handle_blocked(PICTURE);
        }
    }
    scene.files.clear();
    scene.play(3000, 5000, 1000);
    let files = scene.end(5000);
    assert_eq!((files.len(), frames(&files[0], Codec::Opus), frames(&files[0], Codec::Vp8)), (1, 100, 50));
    let gaps: Vec<_> = files[0].gaps.listed().iter().map(|gap| (gap.track, gap.kind, gap.frames)).collect();
    assert_eq!(gaps, [(2, GapKind::Disk, Some(50)), (1, GapKind::Disk, Some(100))]);
}

#[test]
fn a_gap_between_two_segments_has_its_length() {
    let mut scene = Scene::with_both(limits(600_000));
    scene.play(0, 1000, 1000);
    scene.cutter.abandon();
    scene.open = false;
    (0..25).for_each(|_| scene.cutter.handle_blocked(PICTURE));
    scene.files.clear();
    scene.play(2000, 3000, 1000);
    let files = scene.end(3000);
    let gap = files[0].gaps.listed().iter().find(|gap| gap.kind == GapKind::Disk).copied().unwrap();
    assert_eq!((gap.from, gap.earlier.as_millis(), gap.to), (Duration::ZERO, 1000, Duration::ZERO));
}

#[test]
fn what_is_missing_at_the_beginning_and_at_the_end_is_a_gap_too() {
    let mut scene = Scene::with_both(limits(600_000));
    for ms in (0..4000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            scene.picture(ms, ms == 400);
        }
    }
    scene.cutter.handle_dropped(PICTURE, 3);
    (4000..4200).step_by(20).for_each(|ms| scene.sound(ms));
    let files = scene.end(4200);
    let gaps: Vec<_> = files.iter().flat_map(|file| file.gaps.listed()).filter(|gap| gap.track == 2).collect();
    let [first, last] = gaps.as_slice() else { panic!("{gaps:?}") };
    assert_eq!((first.kind, first.frames, first.length().as_millis()), (GapKind::Broken, Some(10), 400));
    assert_eq!((last.kind, last.frames, last.length().as_millis()), (GapKind::Dropped, Some(3), 200));
}

#[test]
fn a_sender_that_makes_no_keyframe_loses_pictures_and_does_not_have_a_file_grow_for_ever() {
    let mut scene = Scene::with_both(limits(2000));
    for ms in (0..30_000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            scene.picture(ms, ms == 0 || ms == 25_000);
        }
    }
    let files = scene.end(30_000);
    assert_eq!(files[0].end, Duration::from_secs(12), "ten seconds after it was long enough");
    assert_eq!(files.iter().map(|file| frames(file, Codec::Opus)).sum::<u64>(), 1500, "of sound nothing is lost");
    assert_eq!(files.iter().map(|file| frames(file, Codec::Vp8)).sum::<u64>(), 300 + 125);
    let gaps: Vec<_> = files.iter().flat_map(|file| file.gaps.listed()).filter(|gap| gap.track == 2).collect();
    let [gap] = gaps.as_slice() else { panic!("{gaps:?}") };
    assert_eq!((gap.kind, gap.frames, gap.length()), (GapKind::Broken, Some(325), Duration::from_secs(13)));
}
