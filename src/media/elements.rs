//! GStreamer itself, and the elements without which nothing works here.

use std::fmt;

/// What every peer needs, and Debian's package that brings it. Encoders are chosen among several elsewhere, and their
/// catalogue names the packages.
const NEEDED: [(&str, &str); 22] = [
    ("webrtcbin", BAD),
    ("dtlssrtpdec", BAD),
    ("dtlssrtpenc", BAD),
    ("sctpdec", BAD),
    ("sctpenc", BAD),
    ("srtpdec", BAD),
    ("srtpenc", BAD),
    ("nicesink", "gstreamer1.0-nice"),
    ("nicesrc", "gstreamer1.0-nice"),
    ("rtpbin", GOOD),
    ("rtph264pay", GOOD),
    ("rtpvp8pay", GOOD),
    ("rtpopuspay", GOOD),
    ("h264parse", BAD),
    ("opusenc", BASE),
    ("appsink", BASE),
    ("videoconvert", BASE),
    ("videoscale", BASE),
    ("videorate", BASE),
    ("audioconvert", BASE),
    ("audioresample", BASE),
    ("queue", CORE),
];
/// What only some need: the element, Debian's package that brings it, and what it is for.
const OPTIONAL: [(&str, &str, &str); 19] = [
    ("v4l2src", GOOD, "cameras"),
    ("jpegdec", GOOD, "cameras that send JPEG"),
    ("openh264dec", BAD, "viewers of a camera whose H.264 is passed on, where they take none"),
    ("appsrc", BASE, "screens"),
    ("pulsesrc", GOOD, "microphones and monitors"),
    ("uridecodebin", BASE, "files"),
    ("videotestsrc", BASE, "test pictures and slates"),
    ("audiotestsrc", BASE, "test sounds, and silence in the place of others"),
    ("textoverlay", PANGO, "slates"),
    ("clockoverlay", PANGO, "test pictures"),
    ("identity", CORE, "test pictures and sounds"),
    ("clocksync", CORE, "files and test pictures"),
    ("videoconvertscale", BASE, "pictures of all kinds"),
    ("rtph264depay", GOOD, "what peers show in H.264"),
    ("rtpvp8depay", GOOD, "what peers show in VP8"),
    ("rtpopusdepay", GOOD, "what peers say"),
    ("rtpvp9depay", GOOD, "what peers show in VP9"),
    ("rtpvp9pay", GOOD, "pictures in VP9"),
    ("jpegenc", GOOD, "snapshots"),
];
const CORE: &str = "libgstreamer1.0-0";
const BASE: &str = "gstreamer1.0-plugins-base";
const PANGO: &str = "gstreamer1.0-x";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";

/// What elements take from the environment alone, and what it is set to.
///
/// `v4l2src` lets go of a camera by handing its buffers over to the kernel, where that can take them, and then forgets a
/// reference: each start and stop costs a descriptor of the camera, whose number is not free again after it was unplugged
/// (`gst_v4l2_object_stop`, in every version up to 1.28). Where it is told to wait for its buffers instead, it lets go of all.
pub const ENVIRONMENT: [(&str, &str); 1] = [("GST_V4L2_FORCE_DRAIN", "1")];

/// Why no media can be had on this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotReady {
    /// GStreamer refuses to start.
    #[error("GStreamer does not start: {0}; is the package libgstreamer1.0-0 whole?")]
    Library(String),
    /// The elements that peergate brings along are refused.
    #[error("GStreamer does not take the elements that peergate brings along: {0}")]
    Own(String),
    /// Elements are not there.
    #[error("GStreamer lacks {0}")]
    Missing(Missing),
}

/// Elements that are not there; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(Vec<(&'static str, &'static str)>);

/// An element that only some need, and that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking {
    /// Its name.
    pub element: &'static str,
    /// Debian's package that brings it.
    pub package: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

impl Missing {
    /// Debian's packages that bring them.
    #[must_use]
    pub fn packages(&self) -> Vec<&'static str> {
        packages(self.0.iter().map(|(_, package)| *package))
    }
}

/// Each once, in order.
#[must_use]
pub fn packages(packages: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let mut packages: Vec<_> = packages.into_iter().collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements: Vec<_> = self.0.iter().map(|(element, _)| *element).collect();
        let plural = if elements.len() == 1 { "element" } else { "elements" };
        write!(f, "the {plural} {}; on Debian: apt install {}", elements.join(", "), self.packages().join(" "))
    }
}

/// Sets [`ENVIRONMENT`]. Whoever has set some of it already knows better.
///
/// # Safety
/// There may be no other thread yet: it could be reading the environment.
#[expect(clippy::disallowed_methods, reason = "before there are other threads, as the contract says")]
pub unsafe fn set_environment() {
    for (name, value) in ENVIRONMENT {
        if std::env::var_os(name).is_none() {
            // SAFETY: the caller's.
            unsafe { std::env::set_var(name, value) };
        }
    }
}

/// Starts GStreamer and looks whether all that is needed is there. What no package of Debian 12 brings, such as
/// `rtpav1pay`, is within peergate itself. Once in a process is enough; more often does no harm.
///
/// # Errors
/// When it is not: what, and which package brings it.
pub fn start() -> Result<(), NotReady> {
    gst::init().map_err(|error| NotReady::Library(error.to_string()))?;
    if gst::ElementFactory::find("rtpav1pay").is_none() {
        gstrsrtp::plugin_register_static().map_err(|error| NotReady::Own(error.to_string()))?;
    }
    let missing: Vec<_> = NEEDED.into_iter().filter(|(element, _)| is_missing(element)).collect();
    if missing.is_empty() { Ok(()) } else { Err(NotReady::Missing(Missing(missing))) }
}

/// What only some need, and is not there. Call [`start`] first.
#[must_use]
pub fn lacking() -> Vec<Lacking> {
    let optional = OPTIONAL.into_iter().filter(|(element, ..)| is_missing(element));
    optional.map(|(element, package, purpose)| Lacking { element, package, purpose }).collect()
}

fn is_missing(element: &str) -> bool {
    gst::ElementFactory::find(element).is_none()
}

/// Has the elements' plug-ins loaded, on a thread of its own, before the first peer waits for them: some take tens of
/// milliseconds, and DTLS makes a key that it never uses. Call [`start`] first.
pub fn load_ahead() {
    let load = || {
        for (element, _) in NEEDED {
            // One that can't be made says so when it is needed.
            drop(gst::ElementFactory::make(element).build());
        }
    };
    if let Err(error) = std::thread::Builder::new().name("load-ahead".to_owned()).spawn(load) {
        tracing::warn!(%error, "no thread to load plug-ins ahead; the first peer waits for them");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        process::Command,
    };

    use gst::prelude::*;

    use super::*;

    /// Every element of both tables, with its package.
    fn known() -> BTreeMap<&'static str, &'static str> {
        NEEDED.into_iter().chain(OPTIONAL.map(|(element, package, _)| (element, package))).collect()
    }

    #[test]
    fn every_element_of_a_pipeline_is_in_a_table() {
        start().unwrap();
        let known = known();
        let mut named = BTreeSet::new();
        let entries = fs::read_dir("pipelines").unwrap().map(|entry| entry.unwrap().path());
        // Encoders are in their catalogue.
        for folder in entries.filter(|path| path.is_dir() && !path.ends_with("encode")) {
            for template in fs::read_dir(folder).unwrap() {
                let text = fs::read_to_string(template.unwrap().path()).unwrap();
                let code: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
                let code = code.join(" ");
                let first_words = code.split('!').filter_map(|part| part.split_whitespace().next());
                named.extend(first_words.filter(|word| !word.contains('/')).map(str::to_owned));
            }
        }
        assert!(named.contains("v4l2src") && named.contains("jpegenc"), "the templates are read: {named:?}");
        // The first two are peergate's own; the third is only to ask a camera with.
        named.retain(|element| !["rtpav1pay", "rtpav1depay", "fakesink"].contains(&element.as_str()));
        named.retain(|element| !known.contains_key(element.as_str()));
        assert!(named.is_empty(), "no table says which package brings {named:?}");
    }

    #[test]
    fn every_package_brings_what_it_is_said_to() {
        start().unwrap();
        // dpkg knows files by the paths of their packages, whatever links lead there.
        let pattern = |element| {
            let factory = gst::ElementFactory::find(element).unwrap_or_else(|| panic!("{element} is here"));
            let file = factory.plugin().and_then(|plugin| plugin.filename()).unwrap();
            format!("*/{}", file.file_name().unwrap().to_str().unwrap())
        };
        let known: Vec<_> =
            known().into_iter().map(|(element, package)| (element, package, pattern(element))).collect();
        assert!(known.len() > NEEDED.len());
        // Asked once for all: it reads what each package of the machine has.
        let patterns: BTreeSet<_> = known.iter().map(|(.., pattern)| pattern).collect();
        let output = Command::new("dpkg-query").arg("--search").args(patterns).output();
        let output = output.expect("dpkg-query, to ask Debian's packages with");
        let owners = String::from_utf8(output.stdout).unwrap();
        for (element, package, pattern) in known {
            // The first that has it, as in `libgstreamer1.0-0:amd64: /usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstcoreelements.so`.
            let owner = owners.lines().find(|line| line.ends_with(pattern.trim_start_matches('*')));
            let is_it = owner.is_some_and(|owner| owner.starts_with(&format!("{package}:")));
            assert!(is_it, "{element} is in {pattern}, of: {owner:?}");
        }
    }

    #[test]
    fn every_package_is_among_those_that_dev_installs() {
        let script = fs::read_to_string("lab/packages.sh").unwrap();
        let list = script.split_once("run_packages=(").and_then(|(_, rest)| rest.split_once("\n)")).unwrap().0;
        let code: Vec<_> = list.lines().filter_map(|line| line.split('#').next()).collect();
        let installed: BTreeSet<_> = code.iter().flat_map(|line| line.split_whitespace()).collect();
        for package in packages(known().into_values()) {
            // The library comes with its plug-ins.
            assert!(package == CORE || installed.contains(package), "{package} is not in run_packages: {installed:?}");
        }
    }

    #[test]
    fn all_that_is_needed_is_there_where_the_tests_run() {
        assert_eq!(start(), Ok(()));
        assert_eq!(start(), Ok(()), "once more does no harm");
        assert_eq!(lacking(), []);
        assert!(gst::ElementFactory::find("rtpav1pay").is_some());
    }

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let missing =
            Missing(vec![("nicesrc", "gstreamer1.0-nice"), ("srtpenc", BAD), ("nicesink", "gstreamer1.0-nice")]);
        assert_eq!(
            NotReady::Missing(missing).to_string(),
            "GStreamer lacks the elements nicesrc, srtpenc, nicesink; on Debian: apt install gstreamer1.0-nice \
             gstreamer1.0-plugins-bad"
        );
    }
}
