//! Recordings in virtual time: what comes goes into files, each frame into one.

mod gaps;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const SOUND: TrackNumber = TrackNumber(1);
const PICTURE: TrackNumber = TrackNumber(2);

/// A keyframe of VP8 of 64x48 (RFC 6386, section 9.1), and a frame that needs it, each with its number.
fn picture(number: u64, keyframe: bool) -> Box<[u8]> {
    let head: &[u8] = if keyframe { &[0x10, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48, 0] } else { &[0x11, 0, 0] };
    [head, &number.to_be_bytes()].concat().into()
}

/// A recording, its clock, and what came of it.
struct Scene {
    cutter: Cutter,
    begun: Instant,
    files: Vec<File>,
    open: bool,
    asked: usize,
}

/// A file that was made.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    account: Option<Account>,
}

impl Scene {
    fn new(limits: Limits) -> Self {
        let cutter = Cutter::new(Container::Matroska, limits);
        Self { cutter, begun: Instant::now(), files: Vec::new(), open: false, asked: 0 }
    }

    fn with_both(limits: Limits) -> Self {
        let mut scene = Self::new(limits);
        scene.cutter.handle_track(SOUND, Codec::Opus);
        scene.cutter.handle_track(PICTURE, Codec::Vp8);
        scene
    }

    fn at(&self, ms: u64) -> Instant {
        self.begun + Duration::from_millis(ms)
    }

    /// Lets what is due happen, up to a time.
    fn pass(&mut self, ms: u64) {
        while let Some(next) = self.cutter.next_deadline().filter(|next| *next <= self.at(ms)) {
            self.cutter.handle_timeout(next);
            let stuck =
                self.cutter.next_deadline().is_some_and(|after| after <= next) && self.cutter.outputs.is_empty();
            assert!(!stuck, "a deadline that has passed does something");
            self.carry_out();
        }
    }

    /// A frame of sound of 20 ms that comes when it is heard.
    fn sound(&mut self, ms: u64) {
        self.frame(ms, SOUND, ms, true, vec![0xfc, 1, 2, 3].into());
    }

    fn picture(&mut self, ms: u64, keyframe: bool) {
        self.frame(ms, PICTURE, ms, keyframe, picture(ms, keyframe));
    }

    /// A frame that comes at `now` and is of `ms`.
    fn frame(&mut self, now: u64, track: TrackNumber, ms: u64, keyframe: bool, bytes: Box<[u8]>) {
        self.pass(now);
        let frame = Frame { track, time: Duration::from_millis(ms), keyframe, after_loss: false, bytes };
        self.cutter.handle_frame(self.at(now), frame);
        self.carry_out();
    }

    /// Sound and pictures at 25/s from `from` to `to`, with a keyframe each `every` ms.
    fn play(&mut self, from: u64, to: u64, every: u64) {
        for ms in (from..to).step_by(20) {
            if ms % 40 == 0 {
                self.picture(ms, ms % every == 0);
            }
            self.sound(ms);
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.cutter.poll_output() {
            match output {
                Output::Open(opening) => {
                    assert!(!self.open, "one file at a time");
                    self.open = true;
                    self.files.push(File { bytes: opening.header, account: None });
                }
                Output::Write(cluster) => {
                    assert!(self.open);
                    self.files.last_mut().unwrap().bytes.extend(cluster);
                }
                Output::Close(ended) => {
                    assert!(std::mem::take(&mut self.open), "an open file is closed");
                    let file = self.files.last_mut().unwrap();
                    file.bytes.extend(ended.ending.append);
                    file.account = Some(ended.account);
                }
                Output::AskForKeyframe(track) => {
                    assert_eq!(track, PICTURE);
                    self.asked += 1;
                }
            }
        }
    }

    fn end(mut self, ms: u64) -> Vec<Account> {
        self.pass(ms);
        self.cutter.finish(self.at(ms));
        self.carry_out();
        assert!(!self.open);
        self.files.into_iter().map(|file| file.account.unwrap()).collect()
    }
}

fn limits(ms: u64) -> Limits {
    Limits { time: Duration::from_millis(ms), bytes: u64::MAX }
}

fn frames(account: &Account, codec: Codec) -> u64 {
    account.tracks.iter().filter(|track| track.codec == codec).map(|track| track.frames).sum()
}

#[test]
fn sound_and_pictures_are_in_one_file() {
    let mut scene = Scene::with_both(limits(600_000));
    scene.play(0, 4000, 1000);
    let files = scene.end(4000);
    assert_eq!(files.len(), 1);
    assert_eq!((frames(&files[0], Codec::Opus), frames(&files[0], Codec::Vp8)), (200, 100));
    assert_eq!(files[0].end - files[0].begin, Duration::from_millis(4000));
    assert_eq!(files[0].gaps.listed(), []);
    let size = files[0].tracks[1].sizes[0].size;
    assert_eq!((size.width, size.height), (64, 48));
}

#[test]
fn what_was_taken_is_written_within_a_second() {
    let mut scene = Scene::with_both(limits(600_000));
    for ms in (0..5000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            scene.picture(ms, ms == 0);
        }
        // What the kernel had after a crash at this moment.
        let written = scene.files.last().map_or(0, |file| file.bytes.len());
        let due = ms.saturating_sub(1000) / 20 * 4;
        assert!(written as u64 >= due, "{written} bytes at {ms} ms");
    }
}

#[test]
fn a_peer_without_pictures_is_recorded_and_one_without_sound() {
    let mut scene = Scene::with_both(limits(600_000));
    (0..3000).step_by(20).for_each(|ms| scene.sound(ms));
    let files = scene.end(3000);
    assert_eq!((files.len(), frames(&files[0], Codec::Opus)), (1, 150));
    let mut scene = Scene::new(limits(600_000));
    scene.cutter.handle_track(PICTURE, Codec::Vp8);
    (0..3000).step_by(40).for_each(|ms| scene.picture(ms, ms == 0));
    let files = scene.end(3000);
    assert_eq!((files.len(), frames(&files[0], Codec::Vp8)), (1, 75));
}

#[test]
fn a_segment_ends_with_the_next_keyframe_and_no_frame_is_lost_or_twice() {
    let mut scene = Scene::with_both(limits(2500));
    scene.play(0, 10_000, 1000);
    let files = scene.end(10_000);
    let begins: Vec<_> = files.iter().map(|file| file.begin.as_millis()).collect();
    assert_eq!(begins, [0, 3000, 6000, 9000]);
    assert_eq!(files.iter().map(|file| frames(file, Codec::Opus)).sum::<u64>(), 500);
    assert_eq!(files.iter().map(|file| frames(file, Codec::Vp8)).sum::<u64>(), 250);
    for pair in files.windows(2) {
        assert_eq!(pair[0].end, pair[1].begin, "each frame of the one is before the other");
    }
}

#[test]
fn a_keyframe_is_asked_for_when_a_segment_is_long_enough_and_waited_for() {
    let mut scene = Scene::with_both(limits(1000));
    for ms in (0..6000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            scene.picture(ms, ms == 0 || ms == 4000);
        }
    }
    assert!((3..=6).contains(&scene.asked), "once a second, not with each frame: {}", scene.asked);
    let begins: Vec<_> = scene.end(6000).iter().map(|file| file.begin.as_millis()).collect();
    assert_eq!(begins, [0, 4000]);
}

#[test]
fn sound_alone_is_cut_where_it_is_long_enough() {
    let mut scene = Scene::with_both(limits(1000));
    (0..3500).step_by(20).for_each(|ms| scene.sound(ms));
    let files = scene.end(3500);
    assert_eq!(files.len(), 4);
    assert_eq!(files.iter().map(|file| frames(file, Codec::Opus)).sum::<u64>(), 175);
}

#[test]
fn a_segment_of_many_bytes_is_cut_too() {
    let mut scene = Scene::with_both(Limits { time: Duration::from_secs(3600), bytes: 4000 });
    scene.play(0, 20_000, 1000);
    assert!(scene.end(20_000).len() > 2);
}

#[test]
fn a_track_that_comes_late_begins_a_segment_with_all_of_it() {
    let mut scene = Scene::new(limits(600_000));
    scene.cutter.handle_track(PICTURE, Codec::Vp8);
    (0..2000).step_by(40).for_each(|ms| scene.picture(ms, ms == 0));
    scene.cutter.handle_track(SOUND, Codec::Opus);
    for ms in (2000..5000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            // It comes when it is asked for, after a while.
            scene.picture(ms, ms == 2400);
        }
    }
    assert!(scene.asked > 0);
    let files = scene.end(5000);
    assert_eq!(files.len(), 2);
    assert_eq!(frames(&files[0], Codec::Vp8), 60);
    assert_eq!((frames(&files[1], Codec::Opus), frames(&files[1], Codec::Vp8)), (150, 65));
    assert_eq!(files[1].begin, Duration::from_millis(2000), "sound from its first frame on");
}

#[test]
fn late_sound_does_not_wait_for_pictures_that_do_not_come() {
    let mut scene = Scene::new(limits(600_000));
    scene.cutter.handle_track(PICTURE, Codec::Vp8);
    (0..1000).step_by(40).for_each(|ms| scene.picture(ms, ms == 0));
    scene.cutter.handle_track(SOUND, Codec::Opus);
    (5000..8000).step_by(20).for_each(|ms| scene.sound(ms));
    let files = scene.end(8000);
    assert_eq!(files.len(), 2);
    assert_eq!(frames(&files[1], Codec::Opus), 150);
}

#[test]
fn pictures_that_come_back_after_sound_has_begun_a_file_wait_for_a_keyframe() {
    let mut scene = Scene::with_both(limits(4000));
    scene.play(0, 1000, 1000);
    (1000..6000).step_by(20).for_each(|ms| scene.sound(ms));
    let asked = scene.asked;
    for ms in (6000..8000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            scene.picture(ms, ms == 7000);
        }
    }
    assert!(scene.asked > asked, "it is asked for");
    let files = scene.end(8000);
    assert_eq!(frames(&files[0], Codec::Vp8), 25);
    assert_eq!(files[1..].iter().map(|file| frames(file, Codec::Vp8)).sum::<u64>(), 25, "from 7000 on");
}

#[test]
fn a_late_track_waits_for_a_keyframe_for_so_long_and_no_longer() {
    let mut scene = Scene::new(limits(600_000));
    scene.cutter.handle_track(PICTURE, Codec::Vp8);
    (0..2000).step_by(40).for_each(|ms| scene.picture(ms, ms == 0));
    scene.cutter.handle_track(SOUND, Codec::Opus);
    for ms in (2000..15_000).step_by(20) {
        scene.sound(ms);
        if ms % 40 == 0 {
            scene.picture(ms, false);
        }
    }
    let files = scene.end(15_000);
    assert_eq!((files.len(), files[1].begin), (2, Duration::from_secs(2)));
    assert_eq!(frames(&files[1], Codec::Opus), 650);
    assert_eq!(frames(&files[0], Codec::Vp8), 300);
}

#[test]
fn a_track_that_is_gone_is_not_named_for_ever() {
    let mut scene = Scene::with_both(limits(30_000));
    scene.play(0, 1000, 1000);
    (1000..120_000).step_by(40).for_each(|ms| scene.picture(ms, ms % 1000 == 0));
    scene.play(120_000, 121_000, 1000);
    let named: Vec<_> = scene.end(121_000).iter().map(|file| file.tracks.len()).collect();
    assert_eq!(named, [2, 2, 2, 1, 2], "for a minute, and again when it is back");
}

#[test]
fn a_flood_of_one_moment_does_not_make_files() {
    let mut scene = Scene::with_both(limits(10_000));
    scene.play(0, 1000, 1000);
    (0..20_000).for_each(|packet| scene.frame(1000 + packet / 5, SOUND, 1000, true, vec![0xfc, 1].into()));
    scene.play(5000, 60_000, 1000);
    let files = scene.end(60_000);
    assert!(files.len() <= 7, "one each ten seconds: {}", files.len());
    let left_out: u64 = files.iter().flat_map(|file| file.gaps.listed()).filter_map(|gap| gap.frames).sum();
    assert!(left_out > 18_000, "{left_out}");
}

#[test]
fn times_that_move_back_never_go_behind_what_was_before() {
    let mut scene = Scene::new(limits(60_000));
    scene.cutter.handle_track(SOUND, Codec::Opus);
    for at in 0..50 {
        // A report of the sender: sound was 31 ms later than it should be.
        let time = if at < 25 { at * 20 + 31 } else { at * 20 };
        scene.frame(at * 20 + 50, SOUND, time, true, vec![0xfc, 1].into());
    }
    let files = scene.end(2000);
    let track = &files[0].tracks[0];
    assert_eq!(track.frames, 50);
    assert_eq!(track.last, Some(Duration::from_millis(49 * 20 - 31)), "it has caught up");
    assert_eq!(files[0].gaps.listed(), []);
    let mut track = Track::new(Codec::Opus);
    let times = [0, 20, 40, 29, 49, 69].map(|ms| track.in_order(Duration::from_millis(ms)).unwrap().as_millis());
    assert_eq!(times, [0, 20, 40, 41, 49, 69]);
}

proptest! {
    /// Frames of two tracks that come in any order within 150 ms of each other, with keyframes anywhere and any pauses.
    #[test]
    fn each_frame_is_in_one_file_and_each_file_begins_with_a_keyframe(
        steps in proptest::collection::vec((0..100_u64, 0..150_u64, any::<bool>(), 0..12_u8), 1..300),
        limit in 200..3000_u64,
    ) {
        let mut scene = Scene::with_both(limits(limit));
        let (mut now, mut given, mut last) = (200, BTreeSet::new(), [0_u64; 2]);
        // A sender that makes none for ten seconds has pictures left out.
        let (mut has_key, mut keyframe_at) = (false, 0);
        for (wait, age, is_picture, dice) in steps {
            now += wait;
            let track = usize::from(is_picture);
            // Within a track they come in order, as from a jitter buffer.
            let time = (now - age).max(last[track] + 1);
            last[track] = time;
            if is_picture {
                let keyframe = dice == 0 || now > keyframe_at + 5000;
                has_key |= keyframe;
                if keyframe {
                    keyframe_at = now;
                }
                if has_key {
                    given.insert((PICTURE, time));
                }
                scene.frame(now, PICTURE, time, keyframe, picture(time, keyframe));
            } else {
                given.insert((SOUND, time));
                scene.frame(now, SOUND, time, true, vec![0xfc, 1].into());
            }
        }
        let frames: u64 = scene.end(now + 5000).iter().map(|file| {
            file.tracks.iter().map(|track| track.frames).sum::<u64>()
        }).sum();
        prop_assert_eq!(frames, given.len() as u64);
    }
}
