//! A file that was written here, of which is known what it holds.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::Kind;
use crate::{
    codec::Codec,
    container::{Block, Ending, Repair, Scan, Shape, Track},
};

pub(super) const VIDEO: u64 = 1;
pub(super) const AUDIO: u64 = 2;
const TRACKS: u64 = 3;

/// How long a frame is that says which one it is.
const MARK: usize = 8;

/// What a film holds of a track: frames, keyframes, bytes, and the first and the last one's time in ms.
type Holding = (u64, u64, u64, u64, u64);

/// A frame: its track, its time in ms, whether it is a keyframe, and its length, of [`MARK`] bytes at least.
pub(super) type Frame = (u64, u64, bool, usize);

#[derive(Debug)]
pub(crate) struct Film {
    /// How long the header is.
    pub(crate) header: usize,
    /// Where each part ends, and the frames up to there.
    pub(crate) parts: Vec<(usize, Vec<Frame>)>,
    /// What there is without the ending.
    pub(crate) unfinished: Vec<u8>,
    pub(super) ending: Ending,
}

impl Film {
    /// One of a second of pictures and sound for each of so many parts, or a part more. Its third track says nothing.
    pub(crate) fn long<K: Kind>(seconds: u64) -> Self {
        let frames: Vec<Frame> = (0..seconds * 10)
            .flat_map(|at| [(VIDEO, at * 100, at % 10 == 0, 30), (AUDIO, at * 100 + 7, true, 10)])
            .collect();
        Self::of::<K>(&frames)
    }

    pub(super) fn of<K: Kind>(frames: &[Frame]) -> Self {
        let sound = Track { name: Some("sound".to_owned()), ..opus() };
        let (mut writer, bytes) = K::begin(vec![vp9(), sound, vp9()]);
        let ending = Ending { append: Vec::new(), patches: Vec::new() };
        let mut film = Self { header: bytes.len(), parts: Vec::new(), unfinished: bytes, ending };
        for (number, frame) in frames.iter().enumerate() {
            let &(track, millis, keyframe, length) = frame;
            let time = Duration::from_millis(millis);
            let block = Block { track, time, keyframe, frame: bytes_of::<K>(number, length) };
            film.add::<K>(writer.push(block).unwrap(), frames);
        }
        // What waits for a next frame waits once.
        film.add::<K>(writer.flush(), frames);
        film.add::<K>(writer.flush(), frames);
        assert_eq!(film.parts.last().map_or(0, |(_, holds)| holds.len()), frames.len(), "each frame is in a part");
        film.ending = writer.finish(Duration::ZERO);
        film
    }

    /// Adds a part: what it holds is found in its bytes.
    fn add<K: Kind>(&mut self, part: Option<Vec<u8>>, frames: &[Frame]) {
        let Some(part) = part else { return };
        self.unfinished.extend(&part);
        let mut holds = self.parts.last().map_or_else(Vec::new, |(_, holds)| holds.clone());
        let is_in = |number| {
            let mark = bytes_of::<K>(number, MARK);
            part.windows(MARK).any(|bytes| bytes == mark)
        };
        holds.extend(frames.iter().enumerate().filter(|(number, _)| is_in(*number)).map(|(_, frame)| *frame));
        self.parts.push((self.unfinished.len(), holds));
    }

    /// What there is once the ending is appended, but nothing is patched.
    pub(super) fn appended(&self) -> Vec<u8> {
        [self.unfinished.as_slice(), &self.ending.append].concat()
    }

    /// All of it.
    pub(crate) fn finished(&self) -> Vec<u8> {
        let mut bytes = self.unfinished.clone();
        apply(&self.ending, &mut bytes);
        bytes
    }

    /// What the parts up to some place hold.
    pub(crate) fn holds(&self, until: usize) -> BTreeMap<u64, Holding> {
        let mut holds = BTreeMap::new();
        let parts = self.parts.iter().take_while(|(end, _)| *end <= until);
        for (track, millis, keyframe, length) in parts.last().map_or(&[][..], |(_, frames)| frames) {
            let holding: &mut Holding = holds.entry(*track).or_insert((0, 0, 0, u64::MAX, 0));
            holding.0 += 1;
            holding.1 += u64::from(*keyframe || *track == AUDIO);
            holding.2 += *length as u64;
            holding.3 = holding.3.min(*millis);
            holding.4 = holding.4.max(*millis);
        }
        holds
    }

    /// Where the last part ends before some place, or the header.
    pub(super) fn whole(&self, until: usize) -> usize {
        self.parts.iter().map(|(end, _)| *end).take_while(|end| *end <= until).last().unwrap_or(self.header)
    }
}

/// Pictures, which each kind may have.
pub(super) fn vp9() -> Track {
    let shape = Shape::Video { width: 640, height: 480 };
    Track { codec: Codec::Vp9, private: Vec::new(), shape, name: None }
}

pub(super) fn opus() -> Track {
    let shape = Shape::Audio { channels: 2, sample_rate: 48_000 };
    Track { codec: Codec::Opus, private: Vec::new(), shape, name: None }
}

/// What a frame holds: which one it is, and bytes that could be taken for something else.
fn bytes_of<K: Kind>(number: usize, length: usize) -> Vec<u8> {
    let mark = [0xF0, 0, (number >> 8) as u8, number as u8];
    mark.iter().chain(K::NOISE.iter().cycle()).copied().take(length).collect()
}

/// What a scan found.
pub(crate) fn found<F>(scan: &Scan<F>) -> BTreeMap<u64, Holding> {
    let millis = |time: Option<Duration>| time.map_or(u64::MAX, |time| time.as_millis() as u64);
    scan.tracks
        .iter()
        .filter(|track| track.frames > 0)
        .map(|track| {
            let holding = (track.frames, track.keyframes, track.bytes, millis(track.first), millis(track.last));
            (track.number, holding)
        })
        .collect()
}

pub(crate) fn scanned<K: Kind>(bytes: &[u8]) -> Scan<K::Fault> {
    K::scan(bytes).unwrap()
}

pub(crate) fn repaired<K: Kind>(bytes: &[u8]) -> Vec<u8> {
    let Repair { truncate_to, ending } = scanned::<K>(bytes).repair.unwrap();
    let mut bytes = bytes[..truncate_to as usize].to_vec();
    apply(&ending, &mut bytes);
    bytes
}

pub(super) fn apply(ending: &Ending, bytes: &mut Vec<u8>) {
    bytes.extend(&ending.append);
    for patch in &ending.patches {
        let at = patch.offset as usize;
        bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
}

/// Frames such as come from peers: those of a track follow each other, the tracks lag behind another or stand still.
pub(super) fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let frame = (1..=TRACKS, 0_u64..400, any::<bool>(), MARK..40);
    let lags = proptest::array::uniform3(prop_oneof![Just(0), Just(200_u64), Just(3000)]);
    (lags, proptest::collection::vec(frame, 0..60)).prop_map(|(lags, frames)| {
        let mut time = 0;
        let place = |(track, step, keyframe, length): Frame| {
            time += step / TRACKS;
            (track, time + lags[track as usize - 1], keyframe, length)
        };
        frames.into_iter().map(place).collect()
    })
}
