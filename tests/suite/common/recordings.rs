//! What lies in a folder of recordings: manifests, and what other programs see and hear in the files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use peergate::recording::manifest::{Manifest, State};
use serde_json::Value;

use super::wait::wait_until;

/// How long a recording may take to be whole, once its peer is gone: that is noticed after 20 s at the latest.
const SEAL_LIMIT: Duration = Duration::from_secs(30);

/// A folder of recordings, gone with this.
pub(crate) struct Recordings {
    folder: tempfile::TempDir,
}

/// A segment, and its manifest.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Recordings {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// As an argument of the command line.
    pub(crate) fn dir(&self) -> &str {
        self.path().to_str().unwrap()
    }

    /// All segments, by name.
    pub(crate) fn segments(&self) -> Vec<Recorded> {
        let mut found = Vec::new();
        for member in entries(self.path()) {
            for peer in entries(&member) {
                let manifests = entries(&peer).into_iter();
                found.extend(manifests.filter(|path| path.extension().is_some_and(|one| one == "json")).map(|path| {
                    let manifest = Manifest::read(&fs::read(&path).unwrap()).unwrap();
                    Recorded { path: peer.join(&manifest.file), manifest }
                }));
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Waits until there are so many segments, each of them sealed.
    pub(crate) async fn settled(&self, count: usize) -> Vec<Recorded> {
        wait_until(&format!("{count} segments, all of them sealed"), SEAL_LIMIT, || {
            let segments = self.segments();
            segments.len() >= count && segments.iter().all(Recorded::is_sealed)
        })
        .await;
        self.segments()
    }
}

impl Recorded {
    fn is_sealed(&self) -> bool {
        match self.manifest.state {
            State::Recording => false,
            State::Finished | State::Recovered => self.manifest.sha256.is_some(),
            State::Incomplete { .. } => true,
        }
    }

    /// What ffprobe says of it, with every packet; fails when it has anything to complain of.
    pub(crate) fn probe(&self) -> Value {
        let shown = ["-show_format", "-show_streams", "-show_packets", "-of", "json"];
        let output = Command::new("ffprobe").args(["-v", "warning"]).args(shown).arg(&self.path).output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", self.path.display());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// How many packets of a kind ffprobe finds, `video` or `audio`, and how many of them are keyframes.
    pub(crate) fn packets(&self, kind: &str) -> (u64, u64) {
        let probe = self.probe();
        let packets = probe["packets"].as_array().unwrap().iter().filter(|packet| packet["codec_type"] == kind);
        packets.fold((0, 0), |(all, keys), packet| {
            (all + 1, keys + u64::from(packet["flags"].as_str().unwrap().starts_with('K')))
        })
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
        decode.args(["-v", "warning", "-xerror", "-i"]).arg(&self.path).args(["-f", "null", "-"]);
        let output = decode.output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", self.path.display());
    }

    /// The times of its decoded pictures, and how bright each is, 0 to 255.
    pub(crate) fn brightness(&self) -> Vec<(f64, u8)> {
        let small = [
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-vf",
            "scale=1:1:flags=area,format=gray",
            "-f",
            "rawvideo",
            "-",
        ];
        let pictures = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&self.path).args(small).output().unwrap();
        let entries = ["-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"];
        let times = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(&self.path).output().unwrap();
        let times = String::from_utf8(times.stdout).unwrap();
        let times: Vec<f64> = times.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect();
        assert_eq!(times.len(), pictures.stdout.len(), "each picture has a time");
        times.into_iter().zip(pictures.stdout).collect()
    }

    /// When its picture turns white.
    pub(crate) fn flashes(&self) -> Vec<f64> {
        let pictures = self.brightness();
        let turns = pictures.windows(2).filter(|pair| pair[0].1 < 128 && pair[1].1 >= 128);
        turns.map(|pair| pair[1].0).collect()
    }

    /// When it begins to beep, from the file's own time 0.
    pub(crate) fn beeps(&self) -> Vec<f64> {
        const RATE: f64 = 48_000.0;
        // Where nothing was recorded there is silence, so that samples count the time.
        let filter = "aresample=async=1:min_hard_comp=0.01:first_pts=0,pan=mono|c0=c0";
        let output = ["-map", "0:a:0", "-af", filter, "-ar", "48000", "-f", "s16le", "-"];
        let sound = Command::new("ffmpeg")
            .args(["-v", "error", "-copyts", "-i"])
            .arg(&self.path)
            .args(output)
            .output()
            .unwrap();
        assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stderr));
        let loud: Vec<bool> = sound
            .stdout
            .chunks_exact(2)
            .map(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() > 3000)
            .collect();
        let mut beeps = Vec::new();
        let mut quiet = usize::MAX / 2;
        for (at, loud) in loud.into_iter().enumerate() {
            if loud && quiet > 4800 {
                beeps.push(at as f64 / RATE);
            }
            quiet = if loud { 0 } else { quiet + 1 };
        }
        beeps
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
