//! Logs: tracing to stderr, with GStreamer's and GLib's own routed in.

mod journal;

use std::{
    ffi::{CStr, c_char},
    io::IsTerminal,
    num::NonZeroU64,
    sync::Mutex,
    time::Instant,
};

use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Registry,
    filter::{ParseError, filter_fn},
    fmt,
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use crate::log_limit::LogLimit;

/// Complaints of GStreamer and GLib at once. What peers send can provoke any number of them.
const COMPLAINTS: u32 = 20;

/// How logs are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is logged: tracing's filter directives, known to parse.
    pub filter: Filter,
    /// How a line looks.
    pub format: Format,
}

/// A tracing filter that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

/// Changes what is logged while the program runs. Clones turn the same log.
#[derive(Debug, Clone)]
pub struct Dial(reload::Handle<EnvFilter, Registry>);

/// There is no log that could be changed: another one was started first in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this process has another log, which can't be changed")]
pub struct NoLog;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people; in colours on a terminal, and with its level for the journal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Filter {
    /// Takes `directives`.
    ///
    /// # Errors
    /// The filter's own, when they do not parse.
    pub fn new(directives: &str) -> Result<Self, ParseError> {
        EnvFilter::builder().parse(directives).map(|_| Self(directives.to_owned()))
    }

    fn to_tracing(&self) -> EnvFilter {
        // It is known to parse.
        EnvFilter::builder().parse_lossy(&self.0)
    }
}

impl Dial {
    /// Has this logged from now on.
    ///
    /// # Errors
    /// When the log is not ours.
    pub fn set(&self, filter: &Filter) -> Result<(), NoLog> {
        self.0.reload(filter.to_tracing()).map_err(|_| NoLog)?;
        // What comes from the crate log is cut off before it is filtered, at a level of its own.
        let most = LevelFilter::current().to_string().parse().unwrap_or(log::LevelFilter::Info);
        log::set_max_level(most);
        Ok(())
    }

    /// What is logged now, in tracing's own words.
    ///
    /// # Errors
    /// When the log is not ours.
    pub fn filter(&self) -> Result<String, NoLog> {
        self.0.with_current(ToString::to_string).map_err(|_| NoLog)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { filter: Filter("info".to_owned()), format: Format::Text }
    }
}

/// Starts logging to stderr. Once in a process; a second start changes nothing, and its dial turns nothing.
pub fn start(settings: &Settings) -> Dial {
    let (filter, handle) = reload::Layer::new(settings.filter.to_tracing());
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let log = tracing_subscriber::registry().with(filter).with(filter_fn(|line| !is_handshake(line)));
    let _ = match settings.format {
        Format::Text if journal::is_behind(std::io::stderr()) => {
            log.with(lines.with_ansi(false).event_format(journal::Lines::new())).try_init()
        }
        Format::Text => log.with(lines).try_init(),
        Format::Json => log.with(lines.json().flatten_event(true)).try_init(),
    };
    Dial(handle)
}

/// At `trace` tungstenite writes whole handshakes, with the credentials that go to a relay.
fn is_handshake(line: &Metadata<'_>) -> bool {
    *line.level() == Level::TRACE && line.target().starts_with("tungstenite")
}

/// Routes GStreamer's and GLib's messages into the log, under the targets `gstreamer` and `glib`. What ends a
/// pipeline comes over its bus and is logged by its owner, so these are one level lower than they call themselves.
/// GStreamer's own `GST_DEBUG` says what it makes at all; warnings and errors without it.
pub fn capture_gstreamer() {
    if std::env::var_os("GST_DEBUG").is_none() {
        gst::log::set_default_threshold(gst::DebugLevel::Warning);
    }
    // It lives as long as the handlers, which is as long as the program.
    let limit: &'static Mutex<LogLimit> = Box::leak(Box::new(Mutex::new(LogLimit::new(COMPLAINTS))));
    gst::log::remove_default_log_function();
    gst::log::add_log_function(move |category, level, _file, _function, _line, object, message| {
        let category = category.name();
        let object = object.map(tracing::field::display);
        let text = message.get();
        let text = text.as_ref().map_or("", |text| text.as_str());
        match level {
            gst::DebugLevel::Error if is_no_news(category, text) => {
                tracing::debug!(target: "gstreamer", category, object, "{text}");
            }
            gst::DebugLevel::Error => {
                if let Some(swallowed) = admit(limit) {
                    tracing::warn!(target: "gstreamer", category, object, swallowed, "{text}");
                }
            }
            gst::DebugLevel::Warning => tracing::debug!(target: "gstreamer", category, object, "{text}"),
            _ => tracing::trace!(target: "gstreamer", category, object, "{text}"),
        }
    });
    let limit = std::ptr::from_ref(limit).cast_mut().cast();
    // SAFETY: the handler is a plain function, it and the limit live as long as the program, and GLib takes its own lock.
    unsafe { glib::ffi::g_log_set_default_handler(Some(glib_message), limit) };
}

fn admit(limit: &Mutex<LogLimit>) -> Option<Option<NonZeroU64>> {
    limit.lock().ok()?.admit(Instant::now())
}

/// What GStreamer calls an error whenever a peer goes, which was quicker than our answer to its goodbye, or whenever it is asked
/// for sound devices where no server answers, which whoever asks tells better.
fn is_no_news(category: &str, text: &str) -> bool {
    match category {
        "dtlsenc" => text == "Failed to send close_notify",
        "sctpenc" => text == "Push failed on packet source pad. Error: eos",
        "pulse" => text.starts_with("Failed to connect: "),
        _ => false,
    }
}

/// On whatever thread complains. Through the C interface, because the text may hold what a peer sent, in any bytes.
unsafe extern "C" fn glib_message(
    domain: *const c_char,
    level: glib::ffi::GLogLevelFlags,
    text: *const c_char,
    limit: glib::ffi::gpointer,
) {
    // SAFETY: GLib hands over NULL or a C string that lives during the call.
    let lossy = |text: *const c_char| match text.is_null() {
        true => String::new(),
        false => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
    };
    let (domain, text) = (lossy(domain), lossy(text));
    if level & glib::ffi::G_LOG_LEVEL_ERROR != 0 {
        // GLib ends the program with it: the last that is heard of it.
        tracing::warn!(target: "glib", domain, "{text}");
    } else if level & glib::ffi::G_LOG_LEVEL_CRITICAL != 0 {
        // SAFETY: what GLib was given together with this function.
        if let Some(swallowed) = unsafe { limit.cast::<Mutex<LogLimit>>().as_ref() }.and_then(admit) {
            tracing::warn!(target: "glib", domain, swallowed, "{text}");
        }
    } else {
        tracing::debug!(target: "glib", domain, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn gstreamer_and_glib_complain_into_the_log_one_level_lower_in_any_bytes_and_not_without_end() {
        gst::init().unwrap();
        capture_gstreamer();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let category = gst::DebugCategory::new("lab", gst::DebugColorFlags::empty(), None);
            gst::error!(category, "went wrong");
            gst::warning!(category, "is odd");
            gst::info!(category, "is not made");
            let goodbye = gst::DebugCategory::new("dtlsenc", gst::DebugColorFlags::empty(), None);
            gst::error!(goodbye, "Failed to send close_notify");
            // SAFETY: a domain, a format without arguments, both with their NUL.
            unsafe {
                let (domain, text) = (c"Nice", c"stream \xff\xfe is gone");
                glib::ffi::g_log(domain.as_ptr(), glib::ffi::G_LOG_LEVEL_CRITICAL, text.as_ptr());
            }
            let flood = gst::DebugCategory::new("flood", gst::DebugColorFlags::empty(), None);
            for _ in 0..1000 {
                gst::error!(flood, "went wrong again");
            }
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let ours: Vec<_> =
            text.lines().filter(|line| ["lab", "dtlsenc", "Nice"].iter().any(|name| line.contains(name))).collect();
        assert_eq!(
            ours,
            [
                r#" WARN gstreamer: went wrong category="lab""#,
                r#"DEBUG gstreamer: is odd category="lab""#,
                r#"DEBUG gstreamer: Failed to send close_notify category="dtlsenc""#,
                "\u{20}WARN glib: stream \u{fffd}\u{fffd} is gone domain=\"Nice\"",
            ]
        );
        // The two above count too; another second or two may have begun.
        let flood = text.lines().filter(|line| line.contains("flood")).count();
        assert!((18..25).contains(&flood), "{flood} of 1000 lines");
    }

    #[test]
    fn filters_are_checked() {
        for good in ["info", "peergate=debug,gstreamer=off", "warn,peergate::peer[peer]=trace"] {
            assert!(Filter::new(good).is_ok(), "{good}");
        }
        assert!(Filter::new("peergate=loud").is_err());
    }
}
