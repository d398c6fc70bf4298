//! A source that fails is started again, and its takers notice a gap and nothing else.

use std::time::Duration;

use peergate::{codec::Codec, report::Condition, source::VideoKind};

use crate::common::{
    studio::{Taker, failure, lease, studio, video},
    xvfb::Xvfb,
};

#[tokio::test(flavor = "multi_thread")]
async fn takers_stay_and_go_on_with_the_same_clock() {
    let server = Xvfb::start();
    let display = server.display.clone();
    let screen = VideoKind::Screen { display: Some(display.clone()), region: None, pointer: false };
    let studio = studio(vec![video("screen", screen)]);
    let lease = lease(&studio, "screen", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    let mut last = taker.next().await.buffer.pts().unwrap();
    drop(server);
    failure(&studio).await;
    let _server = Xvfb::start_on(&display);
    let gap = loop {
        let time = taker.poll(Duration::from_secs(20)).await.expect("frames come again").buffer.pts().unwrap();
        assert!(time > last, "time goes on");
        if (time - last).seconds() >= 4 {
            break time - last;
        }
        last = time;
    };
    assert!(gap.seconds() < 60, "a gap as long as the failure, got {gap}");
    assert!(taker.tap.is_linked(), "the taker never noticed");
    let mut state = studio.state();
    let back = state.wait_for(|state| state.sources[0].condition == Condition::Running);
    assert!(tokio::time::timeout(Duration::from_secs(10), back).await.is_ok(), "it runs again");
    studio.stop().await;
}
