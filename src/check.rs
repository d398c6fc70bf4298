//! `peergate check`: whether a configuration works here, found out without joining anything.
//!
//! Every pipeline that it names is built and thrown away: each source, each encoder, and a peer's connection.

use crate::{
    codec::MediaKind,
    config::Settings,
    encoder::{Candidates, Encoder, Encoding, Lineup, Row},
    media::clockwork::Clockwork,
    peer::{self, NetworkError},
    source::{Capture, SourceError, Spec},
    tls::Identity,
};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// What keeps it from working, with the table it stands in.
    pub problems: Vec<String>,
    /// What is not there at the moment, and waited for.
    pub waited_for: Vec<String>,
    /// How many pipelines could be built.
    pub built: usize,
}

/// Builds every pipeline of `settings`. Within a tokio runtime, with GStreamer started.
pub async fn check(settings: &Settings) -> Findings {
    let mut findings = Findings::default();
    let clockwork = Clockwork::start();
    for spec in &settings.sources {
        let table = match spec {
            Spec::Video(_) => format!("[video.{}]", spec.name()),
            Spec::Audio(_) => format!("[audio.{}]", spec.name()),
        };
        match Capture::dry_build(spec, &clockwork).await {
            Ok(()) => findings.built += 1,
            Err(error @ (SourceError::Template(_) | SourceError::Pipeline(_) | SourceError::Unfit { .. })) => {
                findings.problems.push(format!("{table}: {error}"));
            }
            Err(error) => findings.waited_for.push(format!("{table}: {error}")),
        }
    }
    let identity = settings.http.as_ref().and_then(|http| http.identity.as_ref());
    if let Some(Err(error)) = identity.map(Identity::kept) {
        findings.problems.push(format!("[http]: {error}"));
    }
    findings.encoders(settings, &clockwork);
    match peer::try_network(&settings.ice) {
        Ok(()) => findings.built += 1,
        Err(error @ NetworkError::NoInterface(_)) => findings.waited_for.push(format!("[ice]: {error}")),
        Err(error) => findings.problems.push(format!("[ice]: {error}")),
    }
    findings
}

impl Findings {
    fn encoders(&mut self, settings: &Settings, clockwork: &Clockwork) {
        let lineup = match Lineup::choose(&settings.encode) {
            Ok(lineup) => lineup,
            Err(error) => return self.problems.push(format!("[encode]: {error}")),
        };
        for kind in [MediaKind::Video, MediaKind::Audio] {
            // Sources differ in size and rate, which makes no other pipeline.
            let Some(source) = settings.sources.iter().find(|source| source.media() == kind) else { continue };
            let own = settings.encode.catalogue.own().iter().filter(|encoder| encoder.row.codec.kind() == kind);
            // One that is not installed says nothing of the others.
            let (installed, missing): (Vec<_>, Vec<_>) = own.partition(|encoder| encoder.is_installed());
            for Encoder { row, .. } in missing {
                let Row { element, package, .. } = row;
                self.waited_for.push(format!("[encode]: {element} is not installed; package {package} brings it"));
            }
            let mut used: Vec<_> = lineup.candidates(kind).map(Candidates::first).collect();
            let more: Vec<_> = installed.into_iter().filter(|own| !used.contains(own)).collect();
            used.extend(more);
            for encoder in used {
                match Encoding::dry_build(encoder, &settings.encode.target(source), clockwork) {
                    Ok(()) => self.built += 1,
                    Err(error) => self.problems.push(format!("[encode]: {error}")),
                }
            }
        }
    }
}
