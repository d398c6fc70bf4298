//! When what was written becomes a part, so that it is on the disk.

use std::time::Duration;

use super::{
    Kind,
    film::{AUDIO, VIDEO, apply, opus, vp9},
    scanned,
};
use crate::container::{Block, BlockError};

/// The numbers of parts that have been given before each of such frames was: its track, its time in ms, and whether it is a
/// keyframe.
pub(crate) fn parts_before<K: Kind>(frames: impl IntoIterator<Item = (u64, u64, bool)>) -> Vec<usize> {
    let (mut writer, _) = K::begin(vec![vp9(), opus()]);
    let mut parts = 0;
    frames
        .into_iter()
        .map(|(track, millis, keyframe)| {
            let block = Block { track, time: Duration::from_millis(millis), keyframe, frame: vec![0xAA, track as u8] };
            parts += usize::from(writer.push(block).unwrap().is_some());
            parts
        })
        .collect()
}

pub(crate) fn a_part_lasts_a_second_at_most<K: Kind>() {
    let parts = parts_before::<K>((0..150).map(|at| (AUDIO, at * 20, true)));
    assert_eq!(parts[49..52], [0, 1, 1]);
    assert_eq!(parts[99..102], [1, 2, 2]);
}

pub(crate) fn a_keyframe_begins_a_part_but_not_each_when_all_are<K: Kind>() {
    let video = (0..30).map(|at| (VIDEO, at * 33, at == 0 || at == 20));
    assert_eq!(parts_before::<K>(video).last(), Some(&1));
    let video = (0..30).map(|at| (VIDEO, at * 33, true));
    assert_eq!(parts_before::<K>(video).last(), Some(&3), "a part for each 250 ms");
}

pub(crate) fn tracks_that_lag_by_seconds_make_no_more_parts<K: Kind>() {
    for lag in [0, 200, 1500, 20_000] {
        let lagging = (0..500).flat_map(|at| [(VIDEO, lag + at * 20, false), (AUDIO, at * 20, true)]);
        let parts = parts_before::<K>(lagging).pop().unwrap();
        assert!((9..=10).contains(&parts), "{parts} parts for 10 s, {lag} ms apart");
    }
}

pub(crate) fn what_is_much_is_written_early<K: Kind>() {
    let (mut writer, _) = K::begin(vec![vp9()]);
    let mut push = |millis| {
        let time = Duration::from_millis(millis);
        let block = Block { track: VIDEO, time, keyframe: false, frame: vec![0; 3 << 20] };
        writer.push(block).unwrap().map(|part| part.len() >> 20)
    };
    assert_eq!([push(0), push(1), push(2), push(3), push(4)], [None, None, Some(6), None, Some(6)]);
}

pub(crate) fn a_frame_that_can_not_be_written_leaves_the_others_alone<K: Kind>() {
    let (mut writer, mut bytes) = K::begin(vec![vp9(), opus()]);
    let good = Block { track: AUDIO, time: Duration::ZERO, keyframe: true, frame: vec![1] };
    assert_eq!(writer.push(good.clone()), Ok(None));
    for track in [0, 3, u64::MAX] {
        let error = BlockError::NoSuchTrack { track, tracks: 2 };
        assert_eq!(writer.push(Block { track, ..good.clone() }), Err(error));
    }
    let empty = Block { frame: Vec::new(), ..good.clone() };
    assert_eq!(writer.push(empty), Err(BlockError::Empty { track: AUDIO }));
    let time = Duration::MAX;
    assert_eq!(writer.push(Block { time, ..good }), Err(BlockError::TooLate { track: AUDIO, time }));
    apply(&writer.finish(Duration::ZERO), &mut bytes);
    let scan = scanned::<K>(&bytes);
    assert_eq!(scan.tracks.iter().map(|track| track.frames).collect::<Vec<_>>(), [0, 1]);
}
