//! A camera that fails is tried again until it delivers, and its takers stay.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use peergate::{
    codec::Codec,
    media::clockwork::Clockwork,
    source::{Capture, VideoKind},
};

use crate::common::{
    decode::{Picture, Pictures},
    guest::{self, BACK, Camera, UsbCamera},
    held,
    studio::{failure, failure_that, lease, studio, video},
    wait::wait_until,
};

/// Within which what was captured is let go of.
const RELEASE_LIMIT: Duration = Duration::from_secs(10);

fn back() -> VideoKind {
    VideoKind::Camera { device: Some(BACK.by_id()) }
}

/// The white one: a slate is dark.
#[test]
fn after_it_was_unplugged() {
    guest::with_camera(Camera::Usb, async {
        let camera = UsbCamera::plug(BACK).await;
        let node = BACK.node();
        let studio = studio(vec![video("back", back())]);
        let lease = lease(&studio, "back", Codec::Vp8).await;
        let pictures = Pictures::of(&lease.feed).await;
        pictures.find(|picture| picture.mean() > 150.0).await;
        camera.unplug().await;
        // The first words may be that it can't be read any more: that is known before its node is gone.
        let why = failure_that(&studio, |why| !why.contains("if it was unplugged")).await;
        assert!(why.contains("is not there") && why.contains(&BACK.by_id()), "{why}");
        pictures.find(Picture::is_slate).await;
        let _camera = UsbCamera::plug(BACK).await;
        assert_eq!(BACK.node(), node, "nobody held on to it");
        pictures.find(|picture| picture.mean() > 150.0).await;
        studio.stop().await;
        let (spec, clockwork) = (video("back", back()), Clockwork::start());
        for _ in 0..8 {
            Capture::rehearse(&spec, &clockwork).await.unwrap();
        }
        let held = || held::cameras(std::process::id());
        wait_until("the camera is let go of, however often it was started", RELEASE_LIMIT, || held() == 0).await;
    });
}

#[test]
fn after_another_program_had_it_and_after_its_port_was_reset() {
    guest::with_camera(Camera::Usb, async {
        let camera = UsbCamera::plug(BACK).await;
        let mut other = Command::new("v4l2-ctl")
            .arg("--device")
            .arg(BACK.node())
            .args(["--stream-mmap", "--stream-to=/dev/null"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let studio = studio(vec![video("back", back())]);
        let lease = lease(&studio, "back", Codec::Vp8).await;
        let pictures = Pictures::of(&lease.feed).await;
        let why = failure(&studio).await;
        let expected = format!("is busy: process {} (v4l2-ctl) has it", other.id());
        assert!(why.contains(&expected), "{expected} in: {why}");
        other.kill().unwrap();
        other.wait().unwrap();
        let before = pictures.find(|picture| picture.mean() > 150.0).await.time;
        camera.stall_until_reset();
        failure_that(&studio, |why| why.contains("nothing came for 5 s") && why.ends_with("; its USB port was reset"))
            .await;
        pictures.find(|picture| picture.mean() > 150.0 && picture.time > before + Duration::from_secs(10)).await;
        studio.stop().await;
    });
}

#[test]
fn after_it_delivered_nothing_and_said_nothing() {
    guest::with_camera(Camera::Vivid, async {
        let studio = studio(vec![video("front", VideoKind::Camera { device: None })]);
        let lease = lease(&studio, "front", Codec::Vp8).await;
        let pictures = Pictures::of(&lease.feed).await;
        let before = pictures.next().await;
        guest::set_control("percentage_of_dropped_buffers=100");
        let why = failure(&studio).await;
        assert!(why.contains("nothing came for 5 s") && why.contains("unplugging"), "{why}");
        guest::set_control("percentage_of_dropped_buffers=0");
        let stalled = before.time;
        pictures.find(|picture| picture.time > stalled + Duration::from_secs(5)).await;
        studio.stop().await;
    });
}
