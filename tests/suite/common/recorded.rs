//! A recorded file, as other programs see and hear it: ffprobe and ffmpeg.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use peergate::{
    codec::MediaKind,
    recording::{
        Sha256Hex,
        manifest::{Gap, Manifest, State, Track},
    },
    source::strip::Strip,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    decode::Sound,
    flash_and_beep::{HEIGHT, WIDTH},
};

/// A segment, and its manifest.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
}

/// Has ffmpeg take pictures at the times that they have, in ms, and not look for a frame rate.
const PASS: [&str; 4] = ["-fps_mode", "passthrough", "-enc_time_base:v", "1:1000"];

/// A packet of it, as ffprobe tells of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Packet {
    /// In s.
    pub(crate) time: f64,
    /// In s, where it is known.
    pub(crate) length: Option<f64>,
    pub(crate) keyframe: bool,
}

impl Recorded {
    /// Whether nothing is left to be done with it.
    pub(crate) fn is_sealed(&self) -> bool {
        match self.manifest.state {
            State::Recording => false,
            State::Finished | State::Recovered => self.manifest.sha256.is_some(),
            State::Incomplete { .. } => true,
        }
    }

    /// Its manifest's track of a kind.
    pub(crate) fn track(&self, kind: MediaKind) -> Option<&Track> {
        self.manifest.tracks.iter().find(|track| track.kind == kind)
    }

    /// The gaps of the track of a kind that its manifest lists.
    pub(crate) fn gaps(&self, kind: MediaKind) -> Vec<Gap> {
        let number = self.track(kind).map(|track| track.number);
        self.manifest.gaps.listed().iter().filter(|gap| Some(gap.track) == number).copied().collect()
    }

    /// A time in it in s, as the time in s since the machine was started.
    pub(crate) fn since_boot(&self, time: f64) -> f64 {
        self.manifest.start.since_boot.as_secs_f64() + time
    }

    /// What it and its manifest take there.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        let files = [self.path.clone(), self.path.with_extension("json")];
        // Of 512 bytes, whatever the file system's are.
        files.iter().map(|file| fs::metadata(file).unwrap().blocks() * 512).sum()
    }

    /// The file's digest; `None` where there is no file.
    pub(crate) fn digest(&self) -> Option<Sha256Hex> {
        fs::read(&self.path).ok().map(|bytes| Sha256Hex::from_bytes(Sha256::digest(bytes).into()))
    }

    /// Fails unless it plays to the end, and has in it what its manifest says: each frame of each track, and no other.
    pub(crate) fn is_what_its_manifest_says(&self) {
        self.plays_to_the_end();
        let Manifest { tracks, bytes, sha256, .. } = &self.manifest;
        assert_eq!(fs::metadata(&self.path).unwrap().len(), *bytes, "{self:?}");
        assert_eq!(self.digest(), *sha256, "{self:?}");
        let probe = self.probe();
        assert_eq!(probe["streams"].as_array().unwrap().len(), tracks.len(), "{self:?}");
        for track in tracks {
            let packets = packets(&probe, track.kind);
            let keyframes = packets.iter().filter(|packet| packet.keyframe).count();
            assert_eq!((packets.len() as u64, keyframes as u64), (track.frames, track.keyframes), "{track:?}");
            assert!(packets.first().is_none_or(|first| first.keyframe), "{self:?}");
            let ends = [packets.first(), packets.last()].map(|packet| packet.map(|packet| packet.time));
            // ffprobe takes off what Opus is ahead (Matroska's CodecDelay), and rounds.
            let ahead = if track.kind == MediaKind::Audio { 0.0065 } else { 0.0 };
            for (seen, noted) in ends.into_iter().zip([track.first, track.last]) {
                let (seen, noted) = (seen.unwrap() + ahead, noted.unwrap().as_secs_f64());
                assert!((seen - noted).abs() < 0.002, "{seen} s is not {noted} s: {track:?}");
            }
        }
    }

    /// What ffprobe says of it, with every packet; fails when it has anything to complain of.
    pub(crate) fn probe(&self) -> Value {
        let shown = ["-show_format", "-show_streams", "-show_packets", "-of", "json"];
        let output = Command::new("ffprobe").args(["-v", "warning"]).args(shown).arg(&self.path).output().unwrap();
        serde_json::from_slice(&self.without_complaint(output)).unwrap()
    }

    /// Its packets of a kind.
    pub(crate) fn packets(&self, kind: MediaKind) -> Vec<Packet> {
        packets(&self.probe(), kind)
    }

    /// How long ffprobe says that it is.
    pub(crate) fn duration(&self) -> Duration {
        let probe = self.probe();
        let seconds = probe["format"]["duration"].as_str().expect("a duration").parse().unwrap();
        Duration::from_secs_f64(seconds)
    }

    /// Decodes all of it; fails when a decoder complains.
    pub(crate) fn plays_to_the_end(&self) {
        let mut decode = Command::new("ffmpeg");
        decode.args(["-v", "warning", "-xerror", "-i"]).arg(&self.path).args(PASS).args(["-f", "null", "-"]);
        self.without_complaint(decode.output().unwrap());
    }

    /// The times of its decoded pictures in s, and how bright each is, 0 to 255.
    pub(crate) fn brightness(&self) -> Vec<(f64, u8)> {
        let bytes = self.decoded("scale=1:1:flags=area,format=gray");
        self.times().into_iter().zip(self.pictures(&bytes, 1).map(|picture| picture[0])).collect()
    }

    /// The times of its decoded pictures in s, and the number in each.
    pub(crate) fn numbers(&self) -> Vec<(f64, u32)> {
        let bytes = self.decoded(&format!("scale={WIDTH}:{HEIGHT}:flags=area,format=gray"));
        let strip = Strip::of(WIDTH, HEIGHT).unwrap();
        let read = |picture| strip.read(picture, WIDTH).expect("each picture has a number");
        self.times().into_iter().zip(self.pictures(&bytes, WIDTH * HEIGHT).map(read)).collect()
    }

    /// When its picture turns white.
    pub(crate) fn flashes(&self) -> Vec<f64> {
        let pictures = self.brightness();
        let turns = pictures.windows(2).filter(|pair| pair[0].1 < 128 && pair[1].1 >= 128);
        turns.map(|pair| pair[1].0).collect()
    }

    /// How large its last decoded picture is: width and height.
    pub(crate) fn last_size(&self) -> [u32; 2] {
        let entries = ["-select_streams", "v:0", "-show_entries", "frame=width,height", "-of", "csv=p=0"];
        let sizes = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(&self.path).output().unwrap();
        let sizes = String::from_utf8(self.without_complaint(sizes)).unwrap();
        let last = sizes.lines().rfind(|line| !line.is_empty()).expect("a picture");
        let sides: Vec<_> = last.split(',').filter_map(|side| side.parse().ok()).collect();
        sides.try_into().unwrap_or_else(|_| panic!("{last} is no size"))
    }

    /// How many pictures it has, and how many of them are other than the one before, if only by a little.
    pub(crate) fn pictures_that_differ(&self) -> (usize, usize) {
        let digests = ["-map", "0:v:0", "-f", "framemd5", "-"];
        let mut decode = Command::new("ffmpeg");
        decode.args(["-v", "error", "-i"]).arg(&self.path).args(PASS).args(digests);
        let text = String::from_utf8(self.without_complaint(decode.output().unwrap())).unwrap();
        let mut digests: Vec<_> =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit(',').next()).collect();
        let all = digests.len();
        digests.dedup();
        (all, digests.len())
    }

    /// When it begins to beep with 1000 Hz, from the file's own time 0.
    pub(crate) fn beeps(&self) -> Vec<f64> {
        self.beeps_of(1000.0)
    }

    /// The same, with a beep of so many Hz.
    pub(crate) fn beeps_of(&self, pitch: f64) -> Vec<f64> {
        // Where nothing was recorded there is silence, so that samples count the time.
        let filter = "aresample=async=1:min_hard_comp=0.01:first_pts=0,pan=mono|c0=c0";
        let output = ["-map", "0:a:0", "-af", filter, "-ar", "48000", "-f", "f32le", "-"];
        let mut decode = Command::new("ffmpeg");
        // FFmpeg 5.1's own decoder of Opus makes other tones of short ones.
        decode.args(["-v", "error", "-copyts", "-c:a", "libopus", "-i"]).arg(&self.path).args(output);
        let bytes = self.without_complaint(decode.output().unwrap());
        let samples = bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()).into());
        let sound = Sound { time: Duration::ZERO, left: samples.collect() };
        sound.onsets(pitch, 0.2).iter().map(Duration::as_secs_f64).collect()
    }

    /// Its pictures, through an ffmpeg filter that makes them grey.
    fn decoded(&self, filter: &str) -> Vec<u8> {
        let grey = ["-map", "0:v:0", "-vf", filter, "-f", "rawvideo", "-"];
        self.without_complaint(
            Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&self.path).args(PASS).args(grey).output().unwrap(),
        )
    }

    /// When each of its decoded pictures is shown.
    fn times(&self) -> Vec<f64> {
        let entries = ["-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"];
        let times = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(&self.path).output().unwrap();
        let times = String::from_utf8(self.without_complaint(times)).unwrap();
        // What encoders write into a picture beside it makes lines without a time.
        let times = times.lines().map(|line| line.trim_end_matches(',')).filter(|time| !time.is_empty());
        times.map(|time| time.parse().unwrap()).collect()
    }

    /// The pictures that `bytes` are, one for each of [`Self::times`].
    fn pictures<'a>(&self, bytes: &'a [u8], size: usize) -> std::slice::ChunksExact<'a, u8> {
        assert_eq!(bytes.len(), self.times().len() * size, "each picture has a time");
        bytes.chunks_exact(size)
    }

    fn without_complaint(&self, output: Output) -> Vec<u8> {
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", self.path.display());
        output.stdout
    }
}

fn packets(probe: &Value, kind: MediaKind) -> Vec<Packet> {
    let kind = kind.to_string();
    let number = |value: &Value| value.as_str()?.parse().ok();
    let packets = probe["packets"].as_array().unwrap().iter().filter(|packet| packet["codec_type"] == kind);
    packets
        .map(|packet| Packet {
            time: number(&packet["pts_time"]).expect("a time"),
            length: number(&packet["duration_time"]),
            keyframe: packet["flags"].as_str().unwrap().starts_with('K'),
        })
        .collect()
}
