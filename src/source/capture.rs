//! A source at work: a pipeline that fills a raw feed.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    AudioKind, SoundServer, SourceError, Spec, Trust, VideoKind, camera, file,
    plan::{Plan, Trouble},
    screen, sound, test,
};
use crate::{
    ids::SourceName,
    log_limit::LogLimit,
    media::{
        clockwork::Clockwork,
        feed::{Contents, Feed},
        pipeline::{BusEvent, Pipeline},
    },
};

/// How long a camera has to deliver something while it is tried. It is judged by then.
const TRIAL: Duration = Duration::from_secs(5);

/// Between one look for a first frame and the next: about one frame.
const LOOK: Duration = Duration::from_millis(30);

/// Lines about what an element warns of, at once: a loaded machine has a microphone warn many times a second.
const WARNINGS: u32 = 5;

/// A running source. Dropping it ends it; the feed stays.
#[derive(Debug)]
pub struct Capture {
    name: SourceName,
    pipeline: Pipeline,
    bus: mpsc::Receiver<BusEvent>,
    plan: Plan,
    clockwork: Clockwork,
    warnings: LogLimit,
}

impl Capture {
    /// Starts the source of `spec` into `feed`. `trust` is that of this source, from one start to the next; `sound_server`
    /// is that of all.
    ///
    /// # Errors
    /// When what it captures is not there, or can't be had now.
    pub async fn start(
        spec: &Spec,
        feed: &Feed,
        clockwork: &Clockwork,
        trust: &Trust,
        sound_server: &SoundServer,
    ) -> Result<Self, SourceError> {
        if spec.is_of_sound_server() {
            sound_server.answers().await?;
        }
        let plan = plan(spec, clockwork, trust).await?;
        let (pipeline, bus) = Pipeline::parse(&format!("source {}", spec.name()), &plan.description()?, clockwork)
            .map_err(|error| SourceError::Pipeline(error.message().to_owned()))?;
        let out = pipeline.appsink("out");
        let out = out.ok_or_else(|| SourceError::Pipeline("no appsink in it is named `out`".to_owned()))?;
        feed.ingress(&out);
        plan.apply(&pipeline);
        let (name, warnings) = (spec.name().clone(), LogLimit::new(WARNINGS));
        let mut capture = Self { name, pipeline, bus, plan, clockwork: clockwork.clone(), warnings };
        // What an element says is more than that the state could not be reached.
        let trouble = tokio::select! {
            biased;
            trouble = trouble(&mut capture.bus) => trouble,
            begun = begin(&capture.pipeline, capture.plan.is_looped(), clockwork) => match begun {
                Ok(()) => return Ok(capture),
                Err(error) => said(&mut capture.bus).ok_or(error)?,
            },
        };
        Err(capture.plan.error(trouble).await)
    }

    /// Builds the pipeline of `spec`, and throws it away. A camera whose own H.264 is to be passed on is watched until it
    /// is known whether it can be.
    ///
    /// # Errors
    /// When it can't be built, or what it captures is not there, or is not fit.
    pub async fn dry_build(spec: &Spec, clockwork: &Clockwork) -> Result<(), SourceError> {
        if spec.is_passed_through() {
            return try_passthrough(spec, clockwork).await;
        }
        let plan = plan(spec, clockwork, &Trust::default()).await?;
        Pipeline::parse(&format!("source {}", spec.name()), &plan.description()?, clockwork)
            .map(drop)
            .map_err(|error| SourceError::Pipeline(error.message().to_owned()))
    }

    /// Starts the source of `spec`, waits for its first frame, and stops it. A camera whose own H.264 is to be passed on is
    /// watched until it is known whether it can be.
    ///
    /// # Errors
    /// When nothing comes: why.
    pub async fn rehearse(spec: &Spec, clockwork: &Clockwork) -> Result<(), SourceError> {
        if spec.is_passed_through() {
            return try_passthrough(spec, clockwork).await;
        }
        let (feed, trust) = (Feed::new("rehearsal", Contents::Raw), Trust::default());
        let mut capture = Self::start(spec, &feed, clockwork, &trust, &SoundServer::default()).await?;
        let outcome = tokio::select! {
            error = capture.failure() => Err(error),
            () = first_frame(&feed) => Ok(()),
            () = tokio::time::sleep(TRIAL) => Err(nothing_came()),
        };
        capture.stop().await;
        outcome
    }

    /// Waits until it fails.
    pub async fn failure(&mut self) -> SourceError {
        loop {
            match self.bus.recv().await {
                Some(BusEvent::Error { error, debug, .. }) => {
                    return self.plan.error(Trouble::new(error, debug)).await;
                }
                Some(BusEvent::SegmentDone) if self.plan.is_looped() => {
                    if let Err(error) = file::again(&self.pipeline).await {
                        return error;
                    }
                }
                Some(BusEvent::EndOfStream) if self.plan.is_looped() => {
                    if let Err(error) = file::play(&self.pipeline, &self.clockwork).await {
                        return error;
                    }
                }
                Some(BusEvent::EndOfStream) | None => return SourceError::Ended,
                Some(BusEvent::Warning { error, .. }) => {
                    if let Some(swallowed) = self.warnings.admit(Instant::now()) {
                        tracing::warn!(source = %self.name, %error, swallowed, "a source warns");
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Takes it down and waits until it is.
    pub async fn stop(self) {
        if let Err(error) = self.pipeline.stop().await {
            tracing::error!(%error, "a source does not come down; it is left behind");
        }
    }
}

async fn try_passthrough(spec: &Spec, clockwork: &Clockwork) -> Result<(), SourceError> {
    let (feed, trust) = (Feed::new("trial", Contents::Encoded), Trust::default());
    let mut capture = Capture::start(spec, &feed, clockwork, &trust, &SoundServer::default()).await?;
    let outcome = tokio::select! {
        error = capture.failure() => Err(error),
        () = trust.earned() => Ok(()),
        () = tokio::time::sleep(TRIAL) => Err(nothing_came()),
    };
    capture.stop().await;
    outcome
}

/// Nobody is told of frames but who takes them, and for one a look now and then does.
async fn first_frame(feed: &Feed) {
    let mut turns = tokio::time::interval(LOOK);
    while feed.counts().frames == 0 {
        turns.tick().await;
    }
}

fn nothing_came() -> SourceError {
    SourceError::Failed(format!("nothing came for {} s, and no error", TRIAL.as_secs()))
}

/// The first error on the bus.
async fn trouble(bus: &mut mpsc::Receiver<BusEvent>) -> Trouble {
    loop {
        match bus.recv().await {
            Some(BusEvent::Error { error, debug, .. }) => return Trouble::new(error, debug),
            Some(_) => {}
            None => return pending().await,
        }
    }
}

/// An error that is on the bus already.
fn said(bus: &mut mpsc::Receiver<BusEvent>) -> Option<Trouble> {
    while let Ok(event) = bus.try_recv() {
        if let BusEvent::Error { error, debug, .. } = event {
            return Some(Trouble::new(error, debug));
        }
    }
    None
}

async fn begin(pipeline: &Pipeline, looped: bool, clockwork: &Clockwork) -> Result<(), SourceError> {
    if looped {
        file::begin(pipeline, clockwork).await?;
    }
    Ok(pipeline.set_state(gst::State::Playing).await?)
}

async fn plan(spec: &Spec, clockwork: &Clockwork, trust: &Trust) -> Result<Plan, SourceError> {
    match spec {
        Spec::Video(video) => match &video.kind {
            VideoKind::Test { pattern } => Ok(test::picture(video, pattern, clockwork)),
            VideoKind::Camera { device } => camera::plan(video, device.as_deref(), clockwork).await,
            VideoKind::H264Camera { device } => camera::passthrough(video, device.as_deref(), clockwork, trust).await,
            VideoKind::Screen { display, region, pointer } => {
                screen::plan(video, display.as_deref(), *region, *pointer, clockwork).await
            }
            VideoKind::File { path } => file::video(video, path).await,
        },
        Spec::Audio(audio) => match &audio.kind {
            AudioKind::Test { wave } => Ok(test::tone(wave)),
            AudioKind::Microphone { device } => sound::microphone(device.as_deref(), clockwork).await,
            AudioKind::Monitor { device } => sound::monitor(device.as_deref(), clockwork).await,
            AudioKind::File { path } => file::audio(path).await,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use gst::prelude::*;

    use super::*;
    use crate::source::AudioSpec;

    #[tokio::test]
    async fn a_source_that_warns_is_named_and_fills_no_log() {
        gst::init().unwrap();
        let log = tempfile::NamedTempFile::new().unwrap();
        let writer = Arc::new(log.reopen().unwrap());
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let kind = AudioKind::Test { wave: "sine".to_owned() };
        let spec = Spec::Audio(AudioSpec { name: SourceName::new("tone").unwrap(), kind, keep: false });
        let (feed, clockwork) = (Feed::new("tone", Contents::Raw), Clockwork::start());
        let mut capture =
            Capture::start(&spec, &feed, &clockwork, &Trust::default(), &SoundServer::default()).await.unwrap();
        let element = capture.pipeline.element("marks").unwrap();
        for _ in 0..20 {
            element.post_message(gst::message::Warning::new(gst::CoreError::Clock, "too slow")).unwrap();
        }
        element.post_message(gst::message::Error::new(gst::StreamError::Failed, "that is all")).unwrap();
        assert_eq!(capture.failure().await.to_string(), "that is all");
        capture.stop().await;
        let log = fs::read_to_string(log.path()).unwrap();
        let told: Vec<_> = log.lines().filter(|line| line.contains("a source warns")).collect();
        assert!(told.len() == 5 && told.iter().all(|line| line.contains("source=tone")), "{log}");
    }
}
