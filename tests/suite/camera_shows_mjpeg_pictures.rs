//! A camera that delivers large pictures as MJPEG only.

use peergate::{codec::Codec, source::VideoKind};

use crate::common::{
    decode::Pictures,
    guest::{self, Camera, FRONT, UsbCamera},
    studio::{lease, studio, video},
};

#[test]
fn they_move() {
    guest::with_camera(Camera::Usb, async {
        let _camera = UsbCamera::plug(FRONT).await;
        let studio = studio(vec![video("front", VideoKind::Camera { device: None })]);
        let lease = lease(&studio, "front", Codec::H264).await;
        let pictures = Pictures::of(&lease.feed).await;
        // A white ball on black. The camera's raw pictures are a ramp.
        let first = pictures.next().await;
        let share = first.luma.iter().filter(|luma| (50..200).contains(*luma)).count() as f64 / first.luma.len() as f64;
        assert!(first.mean() < 60.0 && share < 0.1, "black and white, got a mean luma of {} and {share}", first.mean());
        pictures.find(|picture| picture.difference(&first) > 100).await;
        studio.stop().await;
    });
}
