//! What is not there is an error that says what is there instead, and it is tried again until it comes.

use peergate::{codec::Codec, source::VideoKind};

use crate::common::{
    decode::Pictures,
    studio::{failure, lease, studio, video},
    xvfb::Xvfb,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_not_there() {
    let camera = VideoKind::Camera { device: Some("usb-Nobody_Nothing".to_owned()) };
    let studio = studio(vec![video("front", camera)]);
    let _lease = lease(&studio, "front", Codec::H264).await;
    let why = failure(&studio).await;
    assert!(why.starts_with("camera \"usb-Nobody_Nothing\" is not there; there "), "{why}");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there() {
    let studio = studio(vec![video("film", VideoKind::File { path: "/nowhere/film.mkv".into() })]);
    let _lease = lease(&studio, "film", Codec::H264).await;
    let why = failure(&studio).await;
    assert_eq!(why, "file /nowhere/film.mkv is not there");
    studio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_that_comes_late() {
    let display = Xvfb::free_display();
    let screen = VideoKind::Screen { display: Some(display.clone()), region: None, pointer: false };
    let studio = studio(vec![video("screen", screen)]);
    let lease = lease(&studio, "screen", Codec::H264).await;
    let pictures = Pictures::of(&lease.feed).await;
    let why = failure(&studio).await;
    assert!(why.starts_with(&format!("X display {display} can't be reached")), "{why}");
    let server = Xvfb::start_on(&display);
    let _window = server.run("xlogo", &["-geometry", "640x480+0+0", "-fg", "white", "-bg", "white"]);
    pictures.find(|picture| picture.mean() > 150.0).await;
    studio.stop().await;
}
