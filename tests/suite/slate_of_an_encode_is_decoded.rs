//! What stands in for the maker of an encode is decoded from its first frame on, and so is what the maker brings after it.

use std::time::Duration;

use peergate::media::{
    clockwork::Clockwork,
    elements,
    feed::{Contents, Feed},
    pipeline::Pipeline,
};

use crate::common::{
    decode::{Picture, Pictures},
    studio::Taker,
};

/// Within which another picture is to be there.
const LIMIT: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(700);

/// Pictures of `pattern`, encoded with one keyframe in 17 minutes, but for those that are asked for.
fn encoder(pattern: &str, clockwork: &Clockwork) -> (Pipeline, gst_app::AppSink) {
    let description = format!(
        "videotestsrc is-live=true pattern={pattern} ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30000 ! h264parse config-interval=-1 \
         ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out"
    );
    let (pipeline, _bus) = Pipeline::parse(pattern, &description, clockwork).unwrap();
    let out = pipeline.appsink("out").unwrap();
    (pipeline, out)
}

fn is_white(picture: &Picture) -> bool {
    picture.mean() > 200.0
}

fn is_black(picture: &Picture) -> bool {
    picture.mean() < 40.0
}

/// Looks at each picture until one is as `wanted`. All are of one of the two, and later than the one before, but by less than
/// [`LIMIT`].
async fn follow(pictures: &Pictures, last: &mut Option<Duration>, wanted: fn(&Picture) -> bool) -> Picture {
    loop {
        let picture = pictures.next().await;
        assert!(is_white(&picture) != is_black(&picture), "it is whole: a mean luma of {}", picture.mean());
        if let Some(before) = last.replace(picture.time) {
            let gap = picture.time.saturating_sub(before);
            assert!(gap > Duration::ZERO && gap < LIMIT, "time goes on: {:?} after {before:?}", picture.time);
        }
        if wanted(&picture) {
            return picture;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_its_first_frame_on_and_asked_for_keyframes_in_the_makers_place() {
    elements::start().unwrap();
    let (feed, clockwork) = (Feed::new("camera", Contents::Encoded), Clockwork::start());
    let (maker, out) = encoder("white", &clockwork);
    feed.ingress(&out);
    maker.set_state(gst::State::Playing).await.unwrap();
    // Long at work, and not listened to, when it is needed.
    let (slate, out) = encoder("black", &clockwork);
    feed.stand_in(&out, PATIENCE);
    let pictures = Pictures::of(&feed).await;
    let mut last = None;
    follow(&pictures, &mut last, is_white).await;
    slate.set_state(gst::State::Playing).await.unwrap();
    for _ in 0..3 {
        let white = follow(&pictures, &mut last, is_white).await;
        maker.set_state(gst::State::Paused).await.unwrap();
        let black = follow(&pictures, &mut last, is_black).await;
        assert!(black.time > white.time);
        let late = Taker::new(&feed, || {});
        assert!(late.next().await.keyframe, "who comes now sees it, too");
        drop(late);
        maker.set_state(gst::State::Playing).await.unwrap();
    }
    follow(&pictures, &mut last, is_white).await;
    assert!(feed.counts().keyframes >= 4, "the maker was asked for one each time");
    maker.stop().await.unwrap();
    slate.stop().await.unwrap();
}
