//! What trials of encoders have shown, and the table of it.

use crate::encoder::{Device, Encoder, Picture, Report};

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
    /// What its trials have shown, by the pictures that it was given; `None`: it is not installed.
    pub trials: Option<Vec<(Option<Picture>, Report)>>,
    /// Whether its device can be used.
    pub device: Device,
    /// Whether some of that was shown to an earlier process, and is taken for true.
    pub is_earlier: bool,
}

impl Encoders {
    /// Whether this one was tried, and works.
    pub(super) fn has(&self, encoder: &Encoder) -> bool {
        self.find(encoder).is_some_and(Found::works)
    }

    /// What this one was found to be wrong with; `None`: nothing, or it was not tried.
    pub(super) fn why_not(&self, encoder: &Encoder) -> Option<String> {
        self.find(encoder)?.why_not()
    }

    /// Whether this one was looked at.
    pub(super) fn find(&self, encoder: &Encoder) -> Option<&Found> {
        self.rows.iter().find(|found| found.encoder == *encoder)
    }

    /// Those that work, in words; empty where none does.
    pub(super) fn working(&self) -> String {
        let working = self.rows.iter().filter(|found| found.works());
        working.map(Found::in_words).collect::<Vec<_>>().join(", ")
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
        let here = self.rows.iter().filter(|found| found.trials.is_some()).map(|found| &found.encoder.row);
        let notes = here.flat_map(|row| row.quirks.iter().map(|quirk| format!("{}: {quirk}\n", row.element)));
        let notes: String = notes.collect();
        if notes.is_empty() { notes } else { format!("\n{notes}") }
    }
}

impl Found {
    /// One that is not installed.
    pub(super) fn missing(encoder: &Encoder) -> Self {
        Self { encoder: encoder.clone(), trials: None, device: encoder.device(), is_earlier: false }
    }

    pub(super) fn works(&self) -> bool {
        self.trials.as_ref().is_some_and(|trials| trials.iter().all(|(_, report)| report.works()))
    }

    /// `x264enc (h264, 123 frames/s)`, and whether that was found out earlier.
    fn in_words(&self) -> String {
        let Encoder { row, .. } = &self.encoder;
        let speed = self.trials.as_ref().map_or(0.0, |trials| slowest(trials));
        let earlier = if self.is_earlier { ", by an earlier trial" } else { "" };
        format!("{} ({}, {speed:.0} frames/s{earlier})", row.element, row.codec)
    }

    fn why_not(&self) -> Option<String> {
        let trials = self.trials.as_ref().filter(|_| !self.works())?;
        Some(format!("{}: {}", self.encoder.row.element, faults(trials).join(", ")))
    }

    fn line(&self) -> [String; 6] {
        let row = &self.encoder.row;
        let yes = |yes| if yes { "yes" } else { "no" }.to_owned();
        let (works, speed) = match &self.trials {
            None => ("-".to_owned(), "-".to_owned()),
            Some(trials) => (yes(self.works()), format!("{:.0}", slowest(trials))),
        };
        [row.codec.to_string(), row.element.clone(), yes(self.trials.is_some()), works, speed, self.advice()]
    }

    fn advice(&self) -> String {
        if self.works() {
            return String::new();
        }
        let hardware = self.encoder.row.hardware.as_ref();
        let mut advice = Vec::new();
        match &self.trials {
            None => advice.push(format!("package {}", self.encoder.row.package)),
            Some(trials) => advice.extend(faults(trials)),
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

/// How fast it is with the pictures that cost it most.
fn slowest(trials: &[(Option<Picture>, Report)]) -> f64 {
    trials.iter().map(|(_, report)| report.frames_per_second).reduce(f64::min).unwrap_or(0.0)
}

/// What is wrong, and with which pictures where it is not the same with all.
fn faults(trials: &[(Option<Picture>, Report)]) -> Vec<String> {
    let all_alike = trials.iter().all(|(_, report)| report.faults == trials[0].1.faults);
    let told = if all_alike { &trials[..1] } else { trials };
    let ill = told.iter().filter(|(_, report)| !report.works());
    ill.map(|(picture, report)| match picture {
        Some(Picture { size, fps }) if !all_alike => format!("{size} at {fps}/s: {}", report.why()),
        _ => report.why(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::MediaKind,
        encoder::{Catalogue, Fault},
        units::Size,
    };

    const LARGE: Picture = Picture { size: Size { width: 1280, height: 720 }, fps: 30 };
    const SMALL: Picture = Picture { size: Size { width: 640, height: 360 }, fps: 30 };

    fn found(element: &str, report: Option<Report>, device: Device) -> Found {
        let encoder = Catalogue::default().iter().find(|encoder| encoder.row.element == element).cloned().unwrap();
        let picture = (encoder.row.codec.kind() == MediaKind::Video).then_some(LARGE);
        Found { encoder, trials: report.map(|report| vec![(picture, report)]), device, is_earlier: false }
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
    fn each_picture_that_it_can_t_is_named() {
        let slow = Report { frames_per_second: 12.0, faults: vec![Fault::Slow { wanted: 30 }] };
        let mut both = works("x264enc");
        both.trials.as_mut().unwrap().insert(0, (Some(SMALL), slow.clone()));
        assert!(!both.works());
        assert_eq!(both.line()[3..], ["no", "12", "640x360 at 30/s: it is too slow: 30 frames/s are wanted"]);
        let mut alike = found("x264enc", Some(slow.clone()), Device::Usable);
        alike.trials.as_mut().unwrap().push((Some(SMALL), slow));
        assert_eq!(alike.line()[5], "it is too slow: 30 frames/s are wanted");
    }
}
