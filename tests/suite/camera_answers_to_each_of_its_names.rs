//! A camera is found by whatever name stays the same, with another one plugged in before it.

use peergate::{codec::Codec, source::VideoKind};

use crate::common::{
    decode::Pictures,
    guest::{self, BACK, Camera, FRONT, UsbCamera},
    studio::{failure, lease, studio, video},
};

#[test]
fn by_id_by_path_serial_card_and_node() {
    guest::with_camera(Camera::Usb, async {
        let _front = UsbCamera::plug(FRONT).await;
        let _back = UsbCamera::plug(BACK).await;
        let by_id = BACK.by_id();
        let linked = format!("/dev/v4l/by-id/{by_id}");
        let node = std::fs::canonicalize(&linked).unwrap();
        let by_path = "platform-vhci_hcd.0-usb-0:2:1.0-video-index0";
        for name in [&by_id, &linked, by_path, BACK.serial, BACK.name, node.to_str().unwrap()] {
            let studio = studio(vec![video("back", VideoKind::Camera { device: Some(name.to_owned()) })]);
            let lease = lease(&studio, "back", Codec::Vp8).await;
            let picture = Pictures::of(&lease.feed).await.next().await;
                assert!(picture.mean() > 150.0, "{name} is the white one, got a mean luma of {}", picture.mean());
            studio.stop().await;
        }
    });
}

#[test]
fn a_name_that_none_answers_to_is_told_those_that_there_are() {
    guest::with_camera(Camera::Usb, async {
        let _front = UsbCamera::plug(FRONT).await;
        let studio = studio(vec![video("back", VideoKind::Camera { device: Some(BACK.by_id()) })]);
        let _lease = lease(&studio, "back", Codec::Vp8).await;
        let why = failure(&studio).await;
        for name in [&BACK.by_id(), &FRONT.by_id(), FRONT.name] {
            assert!(why.contains(name), "{name} in: {why}");
        }
        studio.stop().await;
    });
}
