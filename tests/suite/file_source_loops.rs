//! A media file plays in real time, from the start again when it ends, picture and sound together.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use peergate::{
    codec::Codec,
    source::{AudioKind, VideoKind},
};

use crate::common::{
    decode::{Pictures, Samples},
    studio::{audio, failure, lease, studio, video, why},
};

/// Two seconds: a white and then a black one; a tone in the white one alone.
fn film(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let status = ffmpeg()
        .args(["-f", "lavfi", "-i", "color=white:size=320x240:rate=30:duration=1"])
        .args(["-f", "lavfi", "-i", "color=black:size=320x240:rate=30:duration=1"])
        .args(["-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000:duration=2"])
        .args(["-filter_complex", "[0][1]concat=n=2[v];[2]volume='lt(t,1)*4':eval=frame[a]"])
        .args(["-map", "[v]", "-map", "[a]", "-pix_fmt", "yuv420p", "-t", "2"])
        .arg(&path)
        .status()
        .expect("package ffmpeg is installed");
    assert!(status.success());
    path
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-loglevel", "error"]);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn it_plays_again_and_again_with_its_sound() {
    let folder = tempfile::tempdir().unwrap();
    // A name that a shell, a URI or a launch line would stumble over.
    let path = film(folder.path(), "a \"film\" ! fakesink 100%20 'é'.mkv");
    let studio = studio(vec![
        video("film", VideoKind::File { path: path.clone() }),
        audio("sound", AudioKind::File { path }),
    ]);
    let picture = lease(&studio, "film", Codec::Vp8).await;
    let pictures = Pictures::of(&picture.feed).await;
    let sound = lease(&studio, "sound", Codec::Opus).await;
    let samples = Samples::of(&sound.feed).await;

    let listening = tokio::spawn(async move { samples.next(Duration::from_secs(7)).await });
    let (mut turns, mut at_the_end, mut elsewhere) = (Vec::new(), Duration::ZERO, Duration::ZERO);
    let mut last = pictures.next().await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(8) {
        let picture = pictures.next().await;
        let gap = picture.time.saturating_sub(last.time);
        if picture.mean() > 128.0 && last.mean() < 128.0 {
            turns.push(picture.time);
            at_the_end = gap.max(at_the_end);
        } else {
            elsewhere = gap.max(elsewhere);
        }
        last = picture;
    }
    assert!(turns.len() >= 3, "white again each two seconds, got it at {turns:?}");
    for turn in turns.windows(2) {
        let apart = turn[1] - turn[0];
        assert!((1850..2150).contains(&apart.as_millis()), "two seconds apart, got white pictures at {turns:?}");
    }
    // A busy machine leaves out frames anywhere.
    let most = Duration::from_millis(300) + elsewhere;
    assert!(at_the_end < most, "no gap at its end, got {at_the_end:?}, and {elsewhere:?} elsewhere");

    let onsets = listening.await.unwrap().onsets(1000.0, 0.2);
    assert!(onsets.len() >= 2, "the tone again each two seconds, got it at {onsets:?}");
    for onset in onsets {
        let off = turns.iter().map(|turn| ((onset.as_secs_f64() - turn.as_secs_f64() + 3.0).rem_euclid(2.0) - 1.0).abs());
        let off = off.fold(f64::MAX, f64::min);
        assert!(off < 0.15, "the tone begins with the white picture, {off} s off");
    }
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transport_stream_plays_again_too() {
    let folder = tempfile::tempdir().unwrap();
    let studio = studio(vec![video("film", VideoKind::File { path: film(folder.path(), "film.ts") })]);
    let lease = lease(&studio, "film", Codec::Vp8).await;
    let pictures = Pictures::of(&lease.feed).await;
    let first = pictures.next().await;
    pictures.find(|picture| picture.time > first.time + Duration::from_secs(5)).await;
    assert_eq!(why(&studio.state().borrow()), None);
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_no_way_back_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.ivf");
    let film = film(folder.path(), "film.mkv");
    let status = ffmpeg().arg("-i").arg(film).args(["-an", "-c:v", "libvpx"]).arg(&path).status().unwrap();
    assert!(status.success());
    let studio = studio(vec![video("film", VideoKind::File { path })]);
    let lease = lease(&studio, "film", Codec::Vp8).await;
    let pictures = Pictures::of(&lease.feed).await;
    let first = pictures.next().await;
    let why = failure(&studio).await;
    assert!(why.contains("it is opened anew at its end"), "{why}");
    pictures.find(|picture| picture.time > first.time + Duration::from_secs(3)).await;
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_pictures_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "no film at all\n").unwrap();
    let studio = studio(vec![video("film", VideoKind::File { path: path.clone() })]);
    let _lease = lease(&studio, "film", Codec::Vp8).await;
    let why = failure(&studio).await;
    assert!(why.contains(&format!("file {} holds no video that can be decoded here", path.display())), "{why}");
    studio.stop().await;
}
