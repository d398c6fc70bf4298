//! What takers see in the place of a source that gives nothing: a slate, encoded where the source comes encoded.

use std::time::Duration;

use super::bench::Bench;
use crate::{
    encoder::{EncodeError, Encoding, Picture, Target},
    media::{
        clockwork::Clockwork,
        feed::{Contents, Feed},
    },
    source::{Slate, SourceError, Spec, VideoSpec},
    units::Size,
};

/// A slate that is shown. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Placeholder {
    slate: Slate,
    print: Option<Print>,
}

/// What encodes slates.
#[derive(Debug)]
pub(super) struct Press {
    pub(super) bench: Bench,
    /// As an encode of the source would be.
    pub(super) target: Target,
}

/// An encoder that encodes one.
#[derive(Debug)]
struct Print {
    encoding: Encoding,
    bench: Bench,
    index: usize,
    /// What it encodes: nobody else holds it.
    _raw: Feed,
}

/// Why there is no slate.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceholderError {
    #[error(transparent)]
    Slate(#[from] SourceError),
    #[error(transparent)]
    Encoder(#[from] EncodeError),
    #[error("nothing here encodes it: {0}")]
    NoEncoder(String),
}

impl Placeholder {
    /// One for a source of pixels or samples, which are encoded behind `feed`.
    pub(super) async fn plain(
        spec: &Spec,
        since: &str,
        feed: &Feed,
        patience: Duration,
        clockwork: &Clockwork,
    ) -> Result<Self, PlaceholderError> {
        Ok(Self { slate: Slate::start(spec, since, feed, patience, clockwork).await?, print: None })
    }

    /// Why it has failed, if it has.
    pub(super) fn failure(&mut self) -> Option<PlaceholderError> {
        if let Some(error) = self.slate.failure() {
            return Some(error.into());
        }
        let print = self.print.as_mut()?;
        let error = print.encoding.failed()?;
        print.bench.failed(print.index);
        Some(error.into())
    }

    /// Takes it down and waits until it is.
    pub(super) async fn stop(self) {
        let Self { slate, print } = self;
        if let Some(Print { encoding, bench, index, .. }) = print {
            encoding.stop().await;
            bench.stopped(index);
        }
        slate.stop().await;
    }
}

impl Press {
    /// One in H.264 for a source whose own fills `feed`: in the size and rate of that, as far as they are known.
    pub(super) async fn print(
        &self,
        spec: &Spec,
        since: &str,
        feed: &Feed,
        patience: Duration,
        clockwork: &Clockwork,
    ) -> Result<Placeholder, PlaceholderError> {
        let own = feed.caps().and_then(|caps| picture(&caps));
        let (spec, target) = match (spec, self.target.picture) {
            (Spec::Video(video), Some(wanted)) => {
                let Picture { size, fps } = own.unwrap_or(wanted);
                let spec = Spec::Video(VideoSpec { size, fps, ..video.clone() });
                (spec, Target { picture: Some(Picture { size, fps }), ..self.target })
            }
            _ => (spec.clone(), self.target),
        };
        // Software, where there is some: viewers wait.
        let index = match self.bench.pick_now() {
            Some(index) => index,
            None => self.bench.pick().await.ok_or_else(|| PlaceholderError::NoEncoder(self.bench.why_none()))?,
        };
        let raw = Feed::new(format!("{} (slate)", spec.name()), Contents::Raw);
        let encoder = self.bench.encoder(index);
        let (encoding, slate) = tokio::join!(
            Encoding::stand_in(encoder, &target, &raw, feed, patience, clockwork),
            // Nothing else fills that feed.
            Slate::start(&spec, since, &raw, Duration::ZERO, clockwork),
        );
        let encoding = encoding.inspect_err(|_| self.bench.failed(index))?;
        let slate = slate?;
        self.bench.started(index);
        Ok(Placeholder { slate, print: Some(Print { encoding, bench: self.bench.clone(), index, _raw: raw }) })
    }
}

/// What caps say of pictures, if all of it.
fn picture(caps: &gst::Caps) -> Option<Picture> {
    let said = caps.structure(0)?;
    let side = |name| u32::try_from(said.get::<i32>(name).ok()?).ok();
    let rate = said.get::<gst::Fraction>("framerate").ok()?;
    // 29.97 is 30.
    let fps = u32::try_from(rate.numer().checked_add(rate.denom() - 1)? / rate.denom().max(1)).ok()?;
    (fps > 0).then_some(Picture { size: Size { width: side("width")?, height: side("height")? }, fps })
}
