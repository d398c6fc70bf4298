//! The data channel.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use glib::translate::ToGlibPtr;
use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCDataChannelState};
use rand::{Rng, distr::Alphanumeric};

use super::{
    settings::ChannelSettings,
    wiring::{Signal, Signals},
};
use crate::{
    limit::{Limit, Misdeed},
    report::{ChannelState, Message},
};

/// What may wait to be sent. The queue below has no bound of its own.
const MAX_BUFFERED_BYTES: u64 = 1024 * 1024;

/// The library's labels have 20 random characters.
const RANDOM_LABEL_CHARACTERS: usize = 20;

/// A message that was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no channel, or it is not open yet or any more.
    #[error("the data channel is not open")]
    NotOpen,
    /// GStreamer closes the channel over an empty message.
    #[error("a message must hold something; this one is empty")]
    Empty,
    /// More than fits.
    #[error("a message holds at most {max} bytes, this one has {0}", max = Message::MAX_BYTES)]
    TooLong(usize),
    /// GStreamer would cut the text there.
    #[error("a text message must not hold a NUL character; send it as bytes")]
    Nul,
    /// So many bytes wait already.
    #[error("{0} bytes wait to be sent already; the peer does not keep up")]
    Congested(u64),
    /// GStreamer said no.
    #[error("GStreamer refused the message: {0}")]
    Refused(String),
}

/// Which of a connection's channels, in the order they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) usize);

/// The channel that messages go over: the last one that either side made.
#[derive(Debug)]
pub(super) struct Channel {
    inner: WebRTCDataChannel,
    number: Number,
    label: String,
    sent: u64,
    received: u64,
    dropped: u64,
}

impl Channel {
    /// Makes our channel. In the READY state, before the offer.
    pub(super) fn create(webrtcbin: &gst::Element, settings: &ChannelSettings, signals: &Signals) -> Option<Self> {
        let label = settings.label.clone().unwrap_or_else(random_label);
        let mut options = gst::Structure::builder("data-channel")
            .field("ordered", settings.ordered)
            .field("protocol", settings.protocol.as_str());
        if let Some(times) = settings.max_retransmits {
            options = options.field("max-retransmits", i32::from(times));
        }
        if let Some(milliseconds) = settings.max_packet_life_time {
            options = options.field("max-packet-lifetime", i32::from(milliseconds));
        }
        let inner = webrtcbin
            .emit_by_name::<Option<WebRTCDataChannel>>("create-data-channel", &[&label.as_str(), &options.build()])?;
        let number = connect(&inner, signals);
        Some(Self { inner, number, label, sent: 0, received: 0, dropped: 0 })
    }

    /// Takes a channel that the other side made. Its handlers are connected already.
    pub(super) fn given(inner: WebRTCDataChannel, number: Number) -> Self {
        let label = lossy(&inner.property_value("label")).unwrap_or_default();
        Self { inner, number, label, sent: 0, received: 0, dropped: 0 }
    }

    pub(super) const fn number(&self) -> Number {
        self.number
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn is_open(&self) -> bool {
        self.inner.ready_state() == WebRTCDataChannelState::Open
    }

    /// Hands a message to SCTP.
    pub(super) fn send(&mut self, message: &Message) -> Result<(), SendError> {
        let length = message.as_bytes().len();
        match length {
            0 => return Err(SendError::Empty),
            1..=Message::MAX_BYTES => {}
            _ => return Err(SendError::TooLong(length)),
        }
        if !self.is_open() {
            return Err(SendError::NotOpen);
        }
        let buffered = self.inner.buffered_amount();
        if buffered.saturating_add(length as u64) > MAX_BUFFERED_BYTES {
            return Err(SendError::Congested(buffered));
        }
        match message {
            Message::Text { text } if text.contains('\0') => return Err(SendError::Nul),
            Message::Text { text } => self.inner.send_string_full(Some(text)),
            Message::Binary { bytes } => self.inner.send_data_full(Some(&glib::Bytes::from(bytes))),
        }
        .map_err(|error| SendError::Refused(error.to_string()))?;
        self.sent += 1;
        Ok(())
    }

    /// Counts a message that came, and whether it was `told` to anybody.
    pub(super) const fn received(&mut self, told: bool) {
        self.received += 1;
        if !told {
            self.dropped += 1;
        }
    }

    /// Closes it, so that the other side hears of it at once.
    pub(super) fn close(&self) {
        self.inner.close();
    }

    /// What the API shows of it. Nothing is sent over it before the peer counts as `connected`.
    pub(super) fn state(&self, connected: bool) -> ChannelState {
        ChannelState {
            label: self.label.clone(),
            open: connected && self.is_open(),
            buffered: self.inner.buffered_amount(),
            sent: self.sent,
            received: self.received,
            dropped: self.dropped,
        }
    }
}

/// Connects a channel's signals, and says what number they bear. Called under webrtcbin's lock for channels of the other
/// side, so nothing but that is done here.
pub(super) fn connect(channel: &WebRTCDataChannel, signals: &Signals) -> Number {
    let number = signals.number_channel();
    let to = signals.clone();
    channel.connect("on-open", false, move |_| {
        to.send(Signal::ChannelOpen(number));
        None
    });
    // `on-close` comes twice where both sides close at once.
    let to = signals.clone();
    let closed = Arc::new(AtomicBool::new(false));
    channel.connect("on-close", false, move |_| {
        if !closed.swap(true, Ordering::Relaxed) {
            to.send(Signal::ChannelClosed(number));
        }
        None
    });
    let to = signals.clone();
    channel.connect("on-message-string", false, move |arguments| {
        // An empty text arrives as NULL.
        let text = arguments.get(1).and_then(lossy).unwrap_or_default();
        receive(&to, text.len(), || Message::Text { text });
        None
    });
    let to = signals.clone();
    channel.connect("on-message-data", false, move |arguments| {
        let bytes = arguments.get(1).and_then(|value| value.get::<Option<glib::Bytes>>().ok()).flatten();
        let length = bytes.as_ref().map_or(0, |bytes| bytes.len());
        receive(&to, length, || Message::Binary { bytes: bytes.map(|bytes| bytes.to_vec()).unwrap_or_default() });
        None
    });
    number
}

/// Hands a message of so many bytes on, unless no page would have sent it: none goes beyond what was announced.
fn receive(to: &Signals, length: usize, message: impl FnOnce() -> Message) {
    if length <= Message::MAX_BYTES {
        return to.send_message(message());
    }
    let what = format!("it sent a message of {length} bytes, where {} are the most", Message::MAX_BYTES);
    to.send(Signal::Misbehaved(Misdeed::beyond(Limit::MessageSize, what)));
}

/// A string value, with what is not UTF-8 replaced. The peer chooses these bytes, and the safe accessors
/// panic over them, which in a callback ends the process.
pub(super) fn lossy(value: &glib::Value) -> Option<String> {
    if !value.type_().is_a(glib::Type::STRING) {
        return None;
    }
    // SAFETY: the value holds a string; the pointer is its own and stays valid while it is borrowed.
    let pointer = unsafe { glib::gobject_ffi::g_value_get_string(value.to_glib_none().0) };
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null, and NUL-terminated as all strings of GLib are.
    let text = unsafe { std::ffi::CStr::from_ptr(pointer) };
    Some(text.to_string_lossy().into_owned())
}

fn random_label() -> String {
    rand::rng().sample_iter(Alphanumeric).take(RANDOM_LABEL_CHARACTERS).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_utf8_are_replaced() {
        let mut value = glib::Value::from_type(glib::Type::STRING);
        // SAFETY: the value is a string, and the bytes end with NUL.
        unsafe { glib::gobject_ffi::g_value_set_string(value.as_ptr(), c"a\xffb".as_ptr()) };
        assert_eq!(lossy(&value).as_deref(), Some("a\u{fffd}b"));
        value = None::<String>.to_value();
        assert_eq!(lossy(&value), None);
        assert_eq!(lossy(&7_i32.to_value()), None);
    }

    #[test]
    fn labels_are_as_random_as_the_librarys() {
        assert_eq!(random_label().len(), 20);
        assert_ne!(random_label(), random_label());
    }
}
