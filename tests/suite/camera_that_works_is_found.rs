//! Where no camera is named, the first that works is taken: not the first node, if that fails.

use std::fs;

use peergate::{codec::Codec, source::VideoKind};

use crate::common::{
    decode::Pictures,
    guest::{self, BACK, Camera, FRONT, UsbCamera},
    studio::{failure, lease, studio, video},
};

#[test]
fn behind_one_that_fails() {
    guest::with_camera(Camera::Usb, async {
        let _front = UsbCamera::plug(FRONT).await;
        break_node(&FRONT.by_id());
        let studio = studio(vec![video("any", VideoKind::Camera { device: None })]);
        let lease = lease(&studio, "any", Codec::Vp8).await;
        let pictures = Pictures::of(&lease.feed).await;
        let why = failure(&studio).await;
        assert!(why.contains("isn't a device"), "{why}");
        let _back = UsbCamera::plug(BACK).await;
        // The white one.
        pictures.find(|picture| picture.mean() > 150.0).await;
        studio.stop().await;
    });
}

/// Puts a file that is no camera in the place of a camera's node.
fn break_node(by_id: &str) {
    let node = fs::canonicalize(format!("/dev/v4l/by-id/{by_id}")).unwrap();
    fs::remove_file(&node).unwrap();
    fs::write(&node, "no camera").unwrap();
}
