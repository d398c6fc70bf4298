//! A file that was written here, of which is known what it holds.

use std::{collections::BTreeMap, io::Cursor, time::Duration};

use proptest::prelude::*;

use crate::{
    codec::Codec,
    container::{Block, Ending, Repair, Scan, Shape, Track},
    matroska::{DocType, Fault, Header, Writer, scan},
};

pub(super) const TRACKS: u64 = 3;

/// What a film holds of a track: blocks, keyframes, bytes, and the first and the last one's time in ms.
pub(super) type Holding = (u64, u64, u64, u64, u64);

/// A frame: its track, its time in ms, whether it is a keyframe, and its length.
pub(super) type Frame = (u64, u64, bool, usize);

#[derive(Debug)]
pub(super) struct Film {
    /// How long the header is.
    pub(super) header: usize,
    /// Where each cluster ends, and the frames up to there.
    pub(super) clusters: Vec<(usize, Vec<Frame>)>,
    /// What there is without the ending.
    pub(super) unfinished: Vec<u8>,
    pub(super) ending: Ending,
}

impl Film {
    pub(super) fn of(frames: &[Frame]) -> Self {
        let video =
            |codec| Track { codec, private: Vec::new(), shape: Shape::Video { width: 640, height: 480 }, name: None };
        let shape = Shape::Audio { channels: 2, sample_rate: 48_000 };
        let audio = Track { codec: Codec::Opus, private: Vec::new(), shape, name: Some("sound".to_owned()) };
        let header = Header {
            doc_type: DocType::WebM,
            tracks: vec![video(Codec::Vp8), audio, video(Codec::Vp9)],
            begun: Some(Duration::from_secs(1_800_000_000)),
            application: "test".to_owned(),
        };
        let (mut writer, mut bytes) = Writer::new(&header).unwrap();
        let header = bytes.len();
        let (mut clusters, mut done) = (Vec::new(), Vec::new());
        let mut add = |cluster: Option<Vec<u8>>, done: &[Frame]| {
            if let Some(cluster) = cluster {
                bytes.extend(cluster);
                clusters.push((bytes.len(), done.to_vec()));
            }
        };
        for frame in frames {
            let &(track, millis, keyframe, length) = frame;
            let time = Duration::from_millis(millis);
            // Bytes that could be taken for something else.
            let bytes: Vec<u8> = [0x1F, 0x43, 0xB6, 0x75, 0xA3].into_iter().cycle().take(length).collect();
            add(writer.push(Block { track, time, keyframe, frame: bytes }).unwrap(), &done);
            done.push(*frame);
        }
        add(writer.flush(), &done);
        Self { header, clusters, unfinished: bytes, ending: writer.finish(Duration::ZERO) }
    }

    /// A second of pictures and sound for each of so many clusters.
    pub(super) fn long(seconds: u64) -> Self {
        let frames: Vec<Frame> =
            (0..seconds * 10).flat_map(|at| [(1, at * 100, at % 10 == 0, 30), (2, at * 100 + 7, true, 10)]).collect();
        Self::of(&frames)
    }

    /// What there is once the ending is appended, but nothing is patched.
    pub(super) fn appended(&self) -> Vec<u8> {
        [self.unfinished.as_slice(), &self.ending.append].concat()
    }

    /// All of it.
    pub(super) fn finished(&self) -> Vec<u8> {
        let mut bytes = self.unfinished.clone();
        apply(&self.ending, &mut bytes);
        bytes
    }

    /// What the clusters up to some place hold.
    pub(super) fn holds(&self, until: usize) -> BTreeMap<u64, Holding> {
        let mut holds = BTreeMap::new();
        let clusters = self.clusters.iter().take_while(|(end, _)| *end <= until);
        for (track, millis, keyframe, length) in clusters.last().map_or(&[][..], |(_, frames)| frames) {
            let holding: &mut Holding = holds.entry(*track).or_insert((0, 0, 0, u64::MAX, 0));
            holding.0 += 1;
            holding.1 += u64::from(*keyframe || *track == 2);
            holding.2 += *length as u64;
            holding.3 = holding.3.min(*millis);
            holding.4 = holding.4.max(*millis);
        }
        holds
    }

    /// Where the last cluster ends before some place, or the header.
    pub(super) fn whole(&self, until: usize) -> usize {
        self.clusters.iter().map(|(end, _)| *end).take_while(|end| *end <= until).last().unwrap_or(self.header)
    }
}

/// What a scan found.
pub(super) fn found(scan: &Scan<Fault>) -> BTreeMap<u64, Holding> {
    let millis = |time: Option<Duration>| time.map_or(u64::MAX, |time| time.as_millis() as u64);
    scan.tracks
        .iter()
        .filter(|track| track.frames > 0)
        .map(|track| {
            (track.number, (track.frames, track.keyframes, track.bytes, millis(track.first), millis(track.last)))
        })
        .collect()
}

pub(super) fn scanned(bytes: &[u8]) -> Scan<Fault> {
    scan(Cursor::new(bytes)).unwrap().film
}

pub(super) fn apply(ending: &Ending, bytes: &mut Vec<u8>) {
    bytes.extend(&ending.append);
    for patch in &ending.patches {
        let at = patch.offset as usize;
        bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
}

pub(super) fn repaired(bytes: &[u8]) -> Vec<u8> {
    let Repair { truncate_to, ending } = scanned(bytes).repair.unwrap();
    let mut bytes = bytes[..truncate_to as usize].to_vec();
    apply(&ending, &mut bytes);
    bytes
}

/// Frames such as come from peers: those of a track follow each other, the tracks lag behind another or stand still.
pub(super) fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let frame = (1..=TRACKS, 0_u64..400, any::<bool>(), 1_usize..40);
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
