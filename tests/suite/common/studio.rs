//! A studio with test sources, and a way to look at what a feed carries.

use std::time::Duration;

use peergate::{
    codec::Codec,
    encoder::Settings,
    ids::SourceName,
    media::{clockwork::Clockwork, feed::Feed, tap::Tap},
    report::Condition,
    source::{AudioKind, AudioSpec, Spec, VideoKind, VideoSpec},
    studio::{Studio, StudioState},
    units::{Bitrate, Size},
};

pub(crate) fn name(text: &str) -> SourceName {
    SourceName::new(text).unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings { video_bitrate: Bitrate::from_bits(1_000_000), ..Settings::default() }
}

/// 320x240 at 30/s.
pub(crate) fn video(text: &str, kind: VideoKind) -> Spec {
    Spec::Video(VideoSpec { name: name(text), kind, size: Size { width: 320, height: 240 }, fps: 30, keep: false })
}

pub(crate) fn audio(text: &str, kind: AudioKind) -> Spec {
    Spec::Audio(AudioSpec { name: name(text), kind, keep: false })
}

/// Sources `picture` and `tone`.
pub(crate) fn test_sources() -> Vec<Spec> {
    vec![
        video("picture", VideoKind::Test { pattern: "smpte".to_owned() }),
        audio("tone", AudioKind::Test { wave: "sine".to_owned() }),
    ]
}

pub(crate) fn studio(specs: Vec<Spec>) -> Studio {
    studio_with(specs, settings())
}

pub(crate) fn studio_with(specs: Vec<Spec>, settings: Settings) -> Studio {
    super::logs::show();
    peergate::media::elements::start().unwrap();
    Studio::start(specs, settings, Clockwork::start()).unwrap()
}

/// What came over a tap: each frame, and whether it was a keyframe.
pub(crate) struct Taker {
    pub(crate) tap: Tap,
    frames: std::sync::mpsc::Receiver<Taken>,
    pub(crate) sink: gst::Pad,
}

#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) keyframe: bool,
    pub(crate) buffer: gst::Buffer,
}

impl Taker {
    /// Takes from `feed` until it is dropped. Each frame is handled in `work` first, on the feed's thread.
    pub(crate) fn new(feed: &Feed, work: impl Fn() + Send + Sync + 'static) -> Self {
        let taker = Self::unlinked(feed, work);
        taker.tap.link(&taker.sink).unwrap();
        taker
    }

    /// One that begins with the last keyframe, if that is recent.
    pub(crate) fn at_once(feed: &Feed) -> Self {
        let taker = Self::unlinked(feed, || {});
        taker.tap.link_at_once(&taker.sink).unwrap();
        taker
    }

    fn unlinked(feed: &Feed, work: impl Fn() + Send + Sync + 'static) -> Self {
        use gst::prelude::*;
        let (sender, frames) = std::sync::mpsc::channel();
        // Without a template, a pad takes no other caps than its first: another encoder's may differ.
        let (direction, presence) = (gst::PadDirection::Sink, gst::PadPresence::Always);
        let template = gst::PadTemplate::new("sink", direction, presence, &gst::Caps::new_any()).unwrap();
        let sink = gst::Pad::builder_from_template(&template)
            .chain_function(move |_, _, buffer| {
                work();
                let keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
                let _ = sender.send(Taken { keyframe, buffer });
                Ok(gst::FlowSuccess::Ok)
            })
            .build();
        sink.set_active(true).unwrap();
        Self { tap: feed.tap("taker"), frames, sink }
    }

    /// The next frame; fails after 10 s without one.
    pub(crate) async fn next(&self) -> Taken {
        self.poll(Duration::from_secs(10)).await.expect("a frame within 10 s")
    }

    /// The next frame, if one comes in time.
    pub(crate) async fn poll(&self, limit: Duration) -> Option<Taken> {
        // Waiting this way is no await: whoever limits the time must get a chance.
        tokio::task::yield_now().await;
        tokio::task::block_in_place(|| self.frames.recv_timeout(limit)).ok()
    }
}

pub(crate) async fn lease(studio: &Studio, source: &str, codec: Codec) -> peergate::studio::Lease {
    studio.take(&name(source), codec).await.unwrap()
}

/// Why the first source fails, if it does.
pub(crate) fn why(state: &StudioState) -> Option<String> {
    match &state.sources.first()?.condition {
        Condition::Failed { why } => Some(why.clone()),
        _ => None,
    }
}

/// Waits until the first source fails, and says why; fails after 20 s.
pub(crate) async fn failure(studio: &Studio) -> String {
    failure_that(studio, |_| true).await
}

/// Waits until the first source fails for a reason `like` this, and says it; fails after 20 s.
pub(crate) async fn failure_that(studio: &Studio, like: impl Fn(&str) -> bool) -> String {
    let (mut state, mut last) = (studio.state(), None);
    let failed = state.wait_for(|state| {
        last = why(state);
        last.as_deref().is_some_and(&like)
    });
    let failed = tokio::time::timeout(Duration::from_secs(20), failed).await.is_ok_and(|state| state.is_ok());
    assert!(failed, "the source does not fail so within 20 s: {last:?}");
    last.unwrap()
}
