//! A taker whose link bears less goes over to a smaller encode without a hole, and back when its link has recovered.

use std::time::Duration;

use gst::prelude::*;
use peergate::{
    codec::Codec,
    media::junction::Junction,
    report::EncoderState,
    studio::{Lease, Studio},
    units::Bitrate,
};

use crate::common::studio::{self, lease, studio, test_sources};

/// A frame as the taker sees it.
#[derive(Debug, Clone)]
struct Seen {
    time: gst::ClockTime,
    keyframe: bool,
    width: i32,
}

struct Taker {
    sink: gst::Pad,
    seen: std::sync::mpsc::Receiver<Seen>,
}

impl Taker {
    fn new() -> Self {
        let (sender, seen) = std::sync::mpsc::channel();
        let (direction, presence) = (gst::PadDirection::Sink, gst::PadPresence::Request);
        let any = gst::PadTemplate::new("any", direction, presence, &gst::Caps::new_any()).unwrap();
        let sink = gst::Pad::builder_from_template(&any)
            .chain_function(move |pad, _, buffer| {
                let segment = pad.sticky_event::<gst::event::Segment>(0).unwrap();
                let segment = segment.segment().downcast_ref::<gst::ClockTime>().unwrap();
                let caps = pad.current_caps().unwrap();
                let _ = sender.send(Seen {
                    time: segment.to_running_time(buffer.pts()).unwrap(),
                    keyframe: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
                    width: caps.structure(0).unwrap().get("width").unwrap(),
                });
                Ok(gst::FlowSuccess::Ok)
            })
            .build();
        sink.set_active(true).unwrap();
        Self { sink, seen }
    }
}

async fn change(lease: &mut Lease, junction: &mut Junction) {
    lease.moved().await;
    let rung = lease.next().expect("another rung");
    while !junction.switch(&rung.feed, "taker", false).unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let settled = async {
        while !junction.settle() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), settled).await.expect("the other rung takes over");
    lease.settle(rung);
}

fn encoders(studio: &Studio, codec: Codec) -> Vec<EncoderState> {
    studio.state().borrow().encoders.iter().filter(|encoder| encoder.codec == codec).cloned().collect()
}

async fn goes_down_and_up(codec: Codec) {
    let studio = studio(test_sources());
    let mut lease = lease(&studio, "picture", codec).await;
    let other = studio::lease(&studio, "picture", codec).await;
    other.bears(Some(Bitrate::from_bits(5_000_000)));
    let taker = Taker::new();
    let mut junction = Junction::link_at_once(&lease.feed, "taker", &taker.sink).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;

    lease.bears(Some(Bitrate::from_bits(200_000)));
    change(&mut lease, &mut junction).await;
    assert_eq!(lease.rung(), Some(1));
    lease.bears(Some(Bitrate::from_bits(3_000_000)));
    let begun = tokio::time::Instant::now();
    change(&mut lease, &mut junction).await;
    assert_eq!(lease.rung(), Some(0));
    assert!(begun.elapsed() >= Duration::from_secs(10), "up after a calm time, and not after {:?}", begun.elapsed());
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(junction);

    let seen: Vec<Seen> = taker.seen.try_iter().collect();
    assert!(seen.len() > 150, "{} frames", seen.len());
    assert!(seen[0].keyframe);
    for pair in seen.windows(2) {
        let [before, after] = pair else { unreachable!() };
        assert!(after.time > before.time, "{before:?} {after:?}");
        assert!(before.width == after.width || after.keyframe, "{before:?} {after:?}");
        let gap = after.time - before.time;
        assert!(gap < gst::ClockTime::from_mseconds(200), "{gap}: {before:?} {after:?}");
    }
    let mut widths: Vec<i32> = seen.iter().map(|seen| seen.width).collect();
    widths.dedup();
    assert_eq!(widths, [320, 160, 320]);

    let mut state = studio.state();
    let released = state.wait_for(|state| {
        let rung = state.encoders.iter().find(|encoder| encoder.codec == codec && encoder.rung == 1);
        rung.is_some_and(|rung| rung.takers == 0)
    });
    tokio::time::timeout(Duration::from_secs(5), released).await.expect("nobody takes the lower rung").unwrap();
    let rungs = encoders(&studio, codec);
    assert_eq!(rungs[0].bitrate, studio::settings().video_bitrate, "the other one bears all of it");
    assert_eq!(rungs[0].takers, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_h264() {
    goes_down_and_up(Codec::H264).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_vp8() {
    goes_down_and_up(Codec::Vp8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_takers_encoder_follows_its_link() {
    let studio = studio(test_sources());
    let lease = lease(&studio, "picture", Codec::H264).await;
    lease.bears(Some(Bitrate::from_bits(700_000)));
    let mut state = studio.state();
    let followed = state.wait_for(|state| state.encoders[0].bitrate == Bitrate::from_bits(700_000));
    tokio::time::timeout(Duration::from_secs(5), followed).await.expect("the encoder follows").unwrap();
    assert_eq!(lease.rung(), Some(0));
    assert!(lease.next().is_none());
}
