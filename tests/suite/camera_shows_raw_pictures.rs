//! A camera that delivers raw pictures only.

use peergate::{codec::Codec, report::Condition, source::VideoKind};

use crate::common::{
    decode::Pictures,
    guest::{self, Camera},
    studio::{lease, studio, video},
};

#[test]
fn they_move() {
    guest::with_camera(Camera::Vivid, async {
        let studio = studio(vec![video("front", VideoKind::Camera { device: None })]);
        let lease = lease(&studio, "front", Codec::H264).await;
        let pictures = Pictures::of(&lease.feed).await;
        let first = pictures.next().await;
        assert_eq!((first.width, first.height), (320, 240));
        assert!(first.mean() > 30.0, "colour bars, got a mean luma of {}", first.mean());
        // The camera writes the time and a counter into the picture.
        pictures.find(|picture| picture.difference(&first) > 10).await;
        let mut state = studio.state();
        state.wait_for(|state| state.sources[0].condition == Condition::Running).await.unwrap();
        studio.stop().await;
    });
}
