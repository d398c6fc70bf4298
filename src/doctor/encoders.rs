//! Whether what is asked of encoders is done here, found out by trial.

use super::{Encoders, Finding, Found, wishes::Wishes};
use crate::{
    codec::MediaKind,
    config::Settings,
    encoder::{Encoder, Fault, Picture, Report, Trials},
    media::clockwork::Clockwork,
    units::Size,
};

/// What pictures are tried where the configuration has no source of any.
const PICTURE: Picture = Picture { size: Size { width: 1280, height: 720 }, fps: 30 };

/// Tries for each wish the encoders that could meet it, in order, until one does. One that is known to work is taken to work;
/// one that did not is tried again, as the machine may have been busy.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let trials = Trials::new(settings.encode.cache.clone(), Clockwork::start());
    let pictures = pictures(settings);
    let wishes = Wishes::of(settings);
    let mut found = Encoders { rows: Vec::new() };
    for wish in wishes.iter() {
        for encoder in wish.encoders() {
            if found.find(encoder).is_none() {
                let tried = Tried { encoder, pictures: &pictures, trials: &trials };
                found.rows.push(tried.where_unknown().await);
            }
            if found.has(encoder) {
                break;
            }
        }
    }
    wishes.findings(&found)
}

/// Tries every encoder, one after the other, with each size and rate of pictures that the daemon would have it encode, and
/// keeps what that shows for it. Within a tokio runtime, with GStreamer started.
pub(super) async fn try_all(settings: &Settings) -> (Vec<Finding>, Encoders) {
    let trials = Trials::new(settings.encode.cache.clone(), Clockwork::start());
    let pictures = pictures(settings);
    let mut rows = Vec::new();
    for encoder in settings.encode.catalogue.iter() {
        let tried = Tried { encoder, pictures: &pictures, trials: &trials };
        rows.push(if encoder.is_installed() { tried.anew().await } else { Found::missing(encoder) });
    }
    let found = Encoders { rows };
    (Wishes::of(settings).findings(&found), found)
}

/// What is encoded: each source in each of its qualities.
fn pictures(settings: &Settings) -> Vec<Picture> {
    let mut pictures = Vec::new();
    let rungs = settings.sources.iter().flat_map(|source| settings.encode.rungs(source));
    for picture in rungs.filter_map(|(_, target)| target.picture) {
        if !pictures.contains(&picture) {
            pictures.push(picture);
        }
    }
    if pictures.is_empty() { vec![PICTURE] } else { pictures }
}

/// What an encoder shows with each of the `pictures`.
struct Tried<'a> {
    encoder: &'a Encoder,
    pictures: &'a [Picture],
    trials: &'a Trials,
}

impl Tried<'_> {
    /// By trial alone.
    async fn anew(self) -> Found {
        self.found(|_| None).await
    }

    /// By trial where no earlier one has shown that it works. One that took its process with it is not made again unasked.
    async fn where_unknown(self) -> Found {
        let is_known = |report: &Report| report.works() || report.faults.contains(&Fault::Crashed);
        let (trials, encoder) = (self.trials, self.encoder);
        self.found(|picture| trials.known(encoder, picture).filter(is_known)).await
    }

    async fn found(self, known: impl Fn(Option<Picture>) -> Option<Report>) -> Found {
        let Self { encoder, pictures, trials } = self;
        let is_sound = encoder.row.codec.kind() == MediaKind::Audio;
        let pictures = if is_sound { vec![None] } else { pictures.iter().copied().map(Some).collect() };
        let (mut shown, mut is_earlier) = (Vec::new(), false);
        for picture in pictures {
            let report = known(picture);
            is_earlier |= report.is_some();
            let report = match report {
                Some(report) => report,
                None => trials.run(encoder, picture).await,
            };
            shown.push((picture, report));
        }
        Found { encoder: encoder.clone(), trials: Some(shown), device: encoder.device(), is_earlier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{self, Overrides, Purpose},
        ids::SourceName,
        source::{Spec, VideoKind, VideoSpec},
    };

    #[test]
    fn each_quality_of_each_source_is_tried_once() {
        let test = |name: &str, width, height| {
            let (name, kind) = (SourceName::new(name).unwrap(), VideoKind::Test { pattern: "smpte".to_owned() });
            Spec::Video(VideoSpec { name, kind, size: Size { width, height }, fps: 30, keep: false })
        };
        let mut settings = config::load(None, Purpose::Daemon, &Overrides::default(), &[]).unwrap();
        settings.sources = vec![test("a", 640, 480), test("b", 1280, 960)];
        let sizes: Vec<_> = pictures(&settings).iter().map(|picture| picture.size.to_string()).collect();
        assert_eq!(sizes, ["640x480", "320x240", "1280x960"]);
        settings.sources.clear();
        assert_eq!(pictures(&settings), [PICTURE]);
    }
}
