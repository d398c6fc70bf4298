//! `peergate doctor`: what works here, what does not, and what helps.

use crate::{
    codec::{Codec, MediaKind},
    config::Settings,
    encoder::{Device, Encoder, Picture, Report, Trials},
    media::clockwork::Clockwork,
    units::Size,
};

/// What pictures are tried where the configuration has no source of any.
const PICTURE: Picture = Picture { size: Size { width: 1280, height: 720 }, fps: 30 };

/// What was found out about every encoder of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoders {
    /// In the catalogue's order.
    pub rows: Vec<Found>,
}

/// What was found out about one.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The encoder.
    pub encoder: Encoder,
    /// What its trial has shown; `None`: it is not installed.
    pub report: Option<Report>,
    /// Whether its device can be used.
    pub device: Device,
}

/// Tries every encoder, one after the other, with the pictures of the first source, and keeps what that shows for the
/// daemon. Within a tokio runtime, with GStreamer started.
pub async fn encoders(settings: &Settings) -> Encoders {
    let trials = Trials::new(settings.encode.cache.clone(), Clockwork::start());
    let configured = settings.sources.iter().find_map(|source| settings.encode.target(source).picture);
    let picture = configured.unwrap_or(PICTURE);
    let mut rows = Vec::new();
    for encoder in settings.encode.catalogue.iter() {
        let picture = (encoder.row.codec.kind() == MediaKind::Video).then_some(picture);
        let report = if encoder.is_installed() { Some(trials.run(encoder, picture).await) } else { None };
        rows.push(Found { encoder: encoder.clone(), report, device: encoder.device() });
    }
    Encoders { rows }
}

impl Encoders {
    /// Whether what every peer can play is encoded here: H.264 or VP8, and Opus.
    #[must_use]
    pub fn suffice(&self) -> bool {
        let works = |codec| self.rows.iter().any(|found| found.encoder.row.codec == codec && found.works());
        (works(Codec::H264) || works(Codec::Vp8)) && works(Codec::Opus)
    }

    /// The table, a line for each encoder, and below it what is odd about those that are here.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines =
            vec![["codec", "encoder", "here", "works", "frames/s", "why not, and what helps"].map(str::to_owned)];
        lines.extend(self.rows.iter().map(Found::line));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 5] = std::array::from_fn(width);
        let mut table = String::new();
        for line in &lines {
            for (cell, width) in line.iter().zip(widths) {
                table.push_str(&format!("{cell:width$}  "));
            }
            table.push_str(&line[5]);
            table.truncate(table.trim_end().len());
            table.push('\n');
        }
        table.push_str(&self.notes());
        table
    }

    /// What is odd about those that are here.
    fn notes(&self) -> String {
        let here = self.rows.iter().filter(|found| found.report.is_some()).map(|found| &found.encoder.row);
        let notes = here.flat_map(|row| row.quirks.iter().map(|quirk| format!("{}: {quirk}\n", row.element)));
        let notes: String = notes.collect();
        if notes.is_empty() { notes } else { format!("\n{notes}") }
    }
}

impl Found {
    fn works(&self) -> bool {
        self.report.as_ref().is_some_and(Report::works)
    }

    fn line(&self) -> [String; 6] {
        let row = &self.encoder.row;
        let yes = |yes| if yes { "yes" } else { "no" }.to_owned();
        let (works, speed) = match &self.report {
            None => ("-".to_owned(), "-".to_owned()),
            Some(report) => (yes(report.works()), format!("{:.0}", report.frames_per_second)),
        };
        [row.codec.to_string(), row.element.clone(), yes(self.report.is_some()), works, speed, self.advice()]
    }

    fn advice(&self) -> String {
        if self.works() {
            return String::new();
        }
        let hardware = self.encoder.row.hardware.as_ref();
        let mut advice = Vec::new();
        match &self.report {
            None => advice.push(format!("package {}", self.encoder.row.package)),
            Some(report) => advice.push(report.why()),
        }
        match &self.device {
            Device::Usable => {}
            Device::Missing { patterns } => advice.push(format!("no device here ({patterns})")),
            Device::Forbidden { node } => {
                let group = hardware.and_then(|hardware| hardware.group.as_deref()).unwrap_or("its own");
                advice.push(format!("{} is not for this user: the group {group} may open it", node.display()));
            }
        }
        // Whose device is not there is helped by no driver.
        let help = hardware.and_then(|hardware| hardware.help.clone());
        if !matches!(self.device, Device::Missing { .. }) {
            advice.extend(help);
        }
        advice.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{Catalogue, Fault};

    fn found(element: &str, report: Option<Report>, device: Device) -> Found {
        let encoder = Catalogue::default().iter().find(|encoder| encoder.row.element == element).cloned().unwrap();
        Found { encoder, report, device }
    }

    fn works(element: &str) -> Found {
        found(element, Some(Report { frames_per_second: 123.4, faults: Vec::new() }), Device::Usable)
    }

    #[test]
    fn the_table_says_what_helps() {
        let forbidden = Device::Forbidden { node: "/dev/dri/renderD128".into() };
        let missing = Device::Missing { patterns: "/dev/dri/renderD*".to_owned() };
        let failed = Report { frames_per_second: 0.0, faults: vec![Fault::Failed { why: "no device".to_owned() }] };
        let rows =
            vec![found("vah264enc", Some(failed), forbidden), found("vah264lpenc", None, missing), works("x264enc")];
        let table = Encoders { rows }.table();
        assert_eq!(
            table,
            "codec  encoder      here  works  frames/s  why not, and what helps\n\
             h264   vah264enc    yes   no     0         no device; /dev/dri/renderD128 is not for this user: the group \
             render may open it; apt install intel-media-va-driver (Intel) or mesa-va-drivers (AMD); vainfo shows what \
             they can\n\
             h264   vah264lpenc  no    -      -         package gstreamer1.0-plugins-bad; no device here \
             (/dev/dri/renderD*)\n\
             h264   x264enc      yes   yes    123\n\
             \n\
             vah264enc: GStreamer ranks it 'none', so nothing that goes by rank ever picks it\n"
        );
    }

    #[test]
    fn what_every_peer_plays_suffices() {
        let suffice = |rows: Vec<Found>| Encoders { rows }.suffice();
        assert!(suffice(vec![works("vp8enc"), works("opusenc")]));
        assert!(suffice(vec![works("x264enc"), works("opusenc")]));
        assert!(!suffice(vec![works("av1enc"), works("opusenc")]));
        assert!(!suffice(vec![works("x264enc")]));
    }
}
