//! What is cut into packets may change its form: another encoder takes over.

use peergate::{
    codec::Codec,
    media::{
        clockwork::Clockwork,
        elements,
        feed::{Contents, Feed},
        packetizer::Packetizer,
        pipeline::Pipeline,
    },
};

use crate::common::{logs, studio::Taker};

/// A VP8 encoder that makes keyframes only, of pictures of this size.
async fn encoder(width: u16, height: u16, clockwork: &Clockwork, feed: &Feed) -> Pipeline {
    let template = format!(
        "videotestsrc is-live=true ! video/x-raw,width={width},height={height},framerate=15/1
         ! vp8enc deadline=1 keyframe-max-dist=0 ! appsink name=sink"
    );
    let (pipeline, _bus) = Pipeline::parse("encoder", &template, clockwork).unwrap();
    feed.ingress(&pipeline.appsink("sink").unwrap());
    pipeline.set_state(gst::State::Playing).await.unwrap();
    pipeline
}

/// Waits for a picture of this size: a VP8 keyframe says so (RFC 6386, section 9.1).
async fn wait_for_size(taker: &Taker, width: u16, height: u16) {
    let [low, high] = width.to_le_bytes();
    let [short, tall] = height.to_le_bytes();
    for _ in 0..150 {
        let taken = taker.next().await;
        let packets = taken.buffer.map_readable().unwrap();
        if packets.windows(7).any(|bytes| bytes == [0x9d, 0x01, 0x2a, low, high, short, tall]) {
            return;
        }
    }
    panic!("no picture of {width}x{height} within 150");
}

#[tokio::test(flavor = "multi_thread")]
async fn to_another_size_and_back() {
    logs::show();
    elements::start().unwrap();
    let clockwork = Clockwork::start();
    let (encoded, packets) = (Feed::new("encoded", Contents::Encoded), Feed::new("packets", Contents::Packets));
    let _packetizer = Packetizer::start(Codec::Vp8, &encoded, &packets, &clockwork).await.unwrap();
    let taker = Taker::new(&packets, || {});
    for (width, height) in [(320, 240), (640, 360), (320, 240)] {
        let _encoder = encoder(width, height, &clockwork, &encoded).await;
        wait_for_size(&taker, width, height).await;
    }
}
