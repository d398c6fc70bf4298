//! An X display: what moves on it, a part of it, and the pointer.

use std::time::Duration;

use peergate::{
    codec::Codec,
    source::{Region, VideoKind},
    units::Size,
};

use crate::common::{
    daemon::{Daemon, GATEWAY},
    decode::Pictures,
    decode_track,
    str0m_peer::{Options, Viewer},
    studio::{failure, lease, studio, video},
    xvfb::Xvfb,
};

fn screen(server: &Xvfb, region: Option<Region>, pointer: bool) -> VideoKind {
    VideoKind::Screen { display: Some(server.display.clone()), region, pointer }
}

const fn part(x: u32, y: u32) -> Option<Region> {
    Some(Region { x, y, size: Size { width: 320, height: 240 } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_on_it_moves_in_the_picture() {
    let server = Xvfb::start();
    let studio = studio(vec![video("screen", screen(&server, None, false))]);
    let lease = lease(&studio, "screen", Codec::Vp8).await;
    let pictures = Pictures::of(&lease.feed).await;
    let empty = pictures.next().await;
    assert!(empty.mean() < 25.0, "nothing is drawn yet, got a mean luma of {}", empty.mean());
    let _clock = server.run("xclock", &["-analog", "-update", "1", "-geometry", "400x400+100+40"]);
    let first = pictures.find(|picture| picture.difference(&empty) > 10_000).await;
    // The second hand.
    pictures.find(|picture| (20..5000).contains(&picture.difference(&first))).await;
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_shows_that_part_alone() {
    let server = Xvfb::start();
    let _window = server.run("xlogo", &["-geometry", "320x240+320+240", "-fg", "white", "-bg", "white"]);
    let studio = studio(vec![
        video("whole", screen(&server, None, false)),
        video("window", screen(&server, part(320, 240), false)),
        video("beside", screen(&server, part(0, 240), false)),
    ]);
    let whole = lease(&studio, "whole", Codec::Vp8).await;
    let whole = Pictures::of(&whole.feed).await.find(|picture| picture.mean() > 60.0).await;
    assert!(whole.at(240, 180) > 200 && whole.at(80, 180) < 50 && whole.at(240, 60) < 50, "the lower right quarter");
    let window = lease(&studio, "window", Codec::Vp8).await;
    let window = Pictures::of(&window.feed).await.next().await;
    assert!(window.mean() > 220.0, "all white, got a mean luma of {}", window.mean());
    let beside = lease(&studio, "beside", Codec::Vp8).await;
    let beside = Pictures::of(&beside.feed).await.next().await;
    assert!(beside.mean() < 25.0, "all black, got a mean luma of {}", beside.mean());
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pointer_is_in_the_picture_if_it_is_wanted() {
    let server = Xvfb::start();
    // The server's own cursor is a black cross, in the middle of the screen.
    let _window = server.run("xlogo", &["-geometry", "640x480+0+0", "-fg", "white", "-bg", "white"]);
    // The middle, not scaled.
    let studio = studio(vec![
        video("with", screen(&server, part(160, 120), true)),
        video("without", screen(&server, part(160, 120), false)),
    ]);
    let with = lease(&studio, "with", Codec::Vp8).await;
    let with = Pictures::of(&with.feed).await.find(|picture| picture.mean() > 200.0).await;
    let without = lease(&studio, "without", Codec::Vp8).await;
    let without = Pictures::of(&without.feed).await.find(|picture| picture.mean() > 200.0).await;
    let pixels = with.difference(&without);
    assert!((10..2000).contains(&pixels), "a cursor's worth of pixels differs, got {pixels}");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_one_that_changes_its_size_sees_the_new_one_and_misses_nothing() {
    let server = Xvfb::start();
    // A quarter of the screen, and all of a screen of a quarter.
    let _window = server.run("xlogo", &["-geometry", "320x240+0+0", "-fg", "white", "-bg", "white"]);
    let display = format!("screen:{}", server.display);
    let gateway = Daemon::gateway(&["--video", &display, "--audio", "none"]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("watcher").meeting(GATEWAY).keeping(300)).await;
    // Each for so many frames: 1.5 s.
    for size in [(640, 480), (320, 240), (640, 480)] {
        server.resize(size.0, size.1);
        let frames = viewer.view().tracks().map(|track| track.frames).sum::<u64>();
        viewer.video(frames + 45).await;
    }
    let track = viewer.video(1).await;
    let pictures = decode_track::pictures(&track).await;
    // In the middles of the quarters at the upper left and the lower right; 4:3 has bars at its sides.
    let mut shown: Vec<_> = pictures
        .iter()
        .map(|picture| [(100, 45), (220, 135)].map(|(x, y)| picture.luma[y * picture.width + x] > 128))
        .skip_while(|shown| *shown != [true, false])
        .collect();
    shown.dedup();
    assert_eq!(shown, [[true, false], [true, true], [true, false]]);
    let longest = track.kept.windows(2).map(|pair| pair[1].time - pair[0].time).max().unwrap();
    assert!(track.gaps == 0 && longest < Duration::from_secs(1), "{} lost, {longest:?} without one", track.gaps);
    assert_eq!(viewer.view().connections.len(), 1, "it stayed connected");
    assert!(!gateway.log().contains("it is tried again"), "{}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_that_goes_away_and_comes_back_ends_nothing() {
    let server = Xvfb::start();
    let display = server.display.clone();
    let studio = studio(vec![video("screen", screen(&server, None, false))]);
    let lease = lease(&studio, "screen", Codec::Vp8).await;
    let pictures = Pictures::of(&lease.feed).await;
    pictures.next().await;
    drop(server);
    let why = failure(&studio).await;
    assert!(why.starts_with(&format!("X display {display} can't be reached")), "{why}");
    let server = Xvfb::start_on(&display);
    let _window = server.run("xlogo", &["-geometry", "640x480+0+0", "-fg", "white", "-bg", "white"]);
    pictures.find(|picture| picture.mean() > 200.0).await;
    studio.stop().await;
}
