//! GStreamer itself, and the elements without which nothing works here.

use std::fmt;

/// What every peer needs, and Debian's package that brings it. Encoders are chosen among several elsewhere.
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
    ("queue", "libgstreamer1.0-0"),
];
const BASE: &str = "gstreamer1.0-plugins-base";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";

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

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements: Vec<_> = self.0.iter().map(|(element, _)| *element).collect();
        let mut packages: Vec<_> = self.0.iter().map(|(_, package)| *package).collect();
        packages.sort_unstable();
        packages.dedup();
        let plural = if elements.len() == 1 { "element" } else { "elements" };
        write!(f, "the {plural} {}; on Debian: apt install {}", elements.join(", "), packages.join(" "))
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
    let is_missing = |(element, _): &(&str, &str)| gst::ElementFactory::find(element).is_none();
    let missing: Vec<_> = NEEDED.into_iter().filter(is_missing).collect();
    if missing.is_empty() { Ok(()) } else { Err(NotReady::Missing(Missing(missing))) }
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
    use super::*;

    #[test]
    fn all_that_is_needed_is_there_where_the_tests_run() {
        assert_eq!(start(), Ok(()));
        assert_eq!(start(), Ok(()), "once more does no harm");
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
