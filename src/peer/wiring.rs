//! webrtcbin's signals, turned into messages to the actor.
//!
//! Each callback builds one [`Signal`] and sends it. It reads no property of webrtcbin where that would
//! take the lock under which it is called, changes no state, and holds nothing strongly.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCICEConnectionState, WebRTCPeerConnectionState};
use tokio::sync::mpsc;

use super::{
    Certificate, channel,
    inbound::{self, InboundTrack},
    sender::Word,
    timing::Timing,
};
use crate::{
    ids::Session,
    limit::{Limit, Misdeed},
    report::Message,
};

/// What webrtcbin tells. Candidates are the most of it: some tens for each peer.
const SIGNAL_QUEUE: usize = 512;

/// Bytes of messages that may wait there, beside the number that may.
const WAITING_BYTES: usize = 4 * 1024 * 1024;

/// Received media streams. Each costs a pad, a jitter buffer and two threads; a hostile peer can make
/// hundreds in a second.
const MAX_STREAMS: u32 = 8;

/// Sources (SSRCs) that may be heard of. A page has one for each track, one for what is sent again of it, and one for its
/// reports; simulcast has three times as many. Each takes memory, whether it gets a stream or not.
const MAX_SOURCES: usize = 32;

/// What RTCP may take, in bit/s, whatever the property says of bytes. One request for what was lost may be early, and the
/// next only once a report was due (RFC 4585, section 3.5.2): some 50 ms later with this, half a second later, and too late,
/// with what webrtcbin allows. Reports that nobody needs are left out all the same (section 3.5.3).
const FEEDBACK_RATE: f64 = 100_000.0;

/// Channels that the other side may open. Closed ones keep their threads before GStreamer 1.24.9.
const MAX_CHANNELS: usize = 4;

/// What webrtcbin has told.
#[derive(Debug)]
pub(super) enum Signal {
    /// A local candidate.
    Candidate { section: u32, text: String },
    /// ICE's state.
    Ice(WebRTCICEConnectionState),
    /// ICE's and DTLS's state together.
    Connection(WebRTCPeerConnectionState),
    /// The other side has closed DTLS: its `close_notify` came.
    DtlsClosed,
    /// The other side sends a track, and its branch is in place.
    Track(InboundTrack),
    /// The other side has made a data channel, and it is open.
    Channel(WebRTCDataChannel, channel::Number),
    /// Our data channel can be sent over.
    ChannelOpen(channel::Number),
    /// A data channel is closed, by whichever side.
    ChannelClosed(channel::Number),
    /// A message came.
    Message(Message),
    /// What the other side says of its link.
    Link(Word),
    /// The other side did what no page does.
    Misbehaved(Misdeed),
}

/// How callbacks reach the actor. What does not fit into the queue is counted.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    sender: mpsc::Sender<Signal>,
    lost: Arc<AtomicU64>,
    waiting: Arc<AtomicUsize>,
    channels: Arc<AtomicUsize>,
}

impl Signals {
    /// A queue, and its other end.
    pub(super) fn new() -> (Self, mpsc::Receiver<Signal>) {
        let (sender, receiver) = mpsc::channel(SIGNAL_QUEUE);
        (Self { sender, lost: Arc::default(), waiting: Arc::default(), channels: Arc::default() }, receiver)
    }

    /// Sends, or counts what was lost. Never waits.
    pub(super) fn send(&self, signal: Signal) {
        if self.sender.try_send(signal).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The same for a message, which may be long. [`taken`](Self::taken) makes room again.
    pub(super) fn send_message(&self, message: Message) {
        let bytes = message.as_bytes().len();
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > WAITING_BYTES
            || self.sender.try_send(Signal::Message(message)).is_err()
        {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A message was taken out of the queue.
    pub(super) fn taken(&self, message: &Message) {
        self.waiting.fetch_sub(message.as_bytes().len(), Ordering::Relaxed);
    }

    /// A number for one more data channel.
    pub(super) fn number_channel(&self) -> channel::Number {
        channel::Number(self.channels.fetch_add(1, Ordering::Relaxed))
    }

    /// Signals that found the queue full: the peer sends faster than it can be listened to, or the actor is held up.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Counts that callbacks keep and the actor reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<AtomicU64>);

impl Heard {
    /// Packets that have arrived, of any kind but STUN.
    pub(super) fn packets(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An element that webrtcbin makes later, once.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot(Arc<OnceLock<glib::WeakRef<gst::Element>>>);

impl Slot {
    /// It, if it is there.
    pub(super) fn get(&self) -> Option<gst::Element> {
        self.0.get()?.upgrade()
    }

    fn fill(&self, element: &gst::Element) {
        let _ = self.0.set(element.downgrade());
    }
}

/// The elements within webrtcbin that are read or told something later. max-bundle makes one transport, so
/// there is one of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Inner {
    /// `dtlssrtpdec`, which knows the remote certificate.
    pub(super) decoder: Slot,
    /// `dtlsenc`, which has our key, and says goodbye at the end of its stream.
    pub(super) encoder: Slot,
    /// `srtpdec`, which is given the other side's key.
    pub(super) decrypter: Slot,
    /// `nicesink`, through which everything leaves.
    pub(super) socket: Slot,
    /// `nicesrc`, through which everything comes.
    pub(super) arrivals: Slot,
    /// `rtpsession`, which reads and writes reports.
    pub(super) session: Slot,
    discards_reports: Arc<AtomicBool>,
}

impl Inner {
    /// Whether webrtcbin gets no reports.
    pub(super) fn discards_reports(&self) -> bool {
        self.discards_reports.load(Ordering::Relaxed)
    }

    /// From now on, webrtcbin gets no reports: they end where they have been decrypted, if not before.
    pub(super) fn discard_reports(&self) {
        self.discards_reports.store(true, Ordering::Relaxed);
    }
}

/// Connects everything. Before webrtcbin leaves the NULL state, so that nothing is missed.
pub(super) fn connect(
    webrtcbin: &gst::Element,
    session: Session,
    certificate: &Arc<Certificate>,
    signals: &Signals,
) -> (Heard, Inner) {
    let to = signals.clone();
    webrtcbin.connect("on-ice-candidate", false, move |arguments| {
        if let (Some(section), Some(text)) = (argument::<u32>(arguments, 1), text(arguments, 2))
            && !text.is_empty()
        {
            to.send(Signal::Candidate { section, text });
        }
        None
    });

    // Reading the own property in a notification is safe: the lock is released by then.
    let to = signals.clone();
    webrtcbin.connect_notify(Some("ice-connection-state"), move |webrtcbin, _| {
        to.send(Signal::Ice(webrtcbin.property("ice-connection-state")));
    });
    let to = signals.clone();
    webrtcbin.connect_notify(Some("connection-state"), move |webrtcbin, _| {
        to.send(Signal::Connection(webrtcbin.property("connection-state")));
    });

    let to = signals.clone();
    let opened = AtomicUsize::new(0);
    webrtcbin.connect("prepare-data-channel", false, move |arguments| {
        let local = argument::<bool>(arguments, 2).unwrap_or(false);
        if !local && opened.fetch_add(1, Ordering::Relaxed) >= MAX_CHANNELS {
            let what = format!("it opened more than {MAX_CHANNELS} data channels");
            to.send(Signal::Misbehaved(Misdeed::beyond(Limit::Channels, what)));
        }
        None
    });
    let to = signals.clone();
    webrtcbin.connect("on-data-channel", false, move |arguments| {
        if let Some(channel) = argument::<WebRTCDataChannel>(arguments, 1) {
            let number = channel::connect(&channel, &to);
            to.send(Signal::Channel(channel, number));
        }
        None
    });

    let timing = Timing::default();
    let (to, times) = (signals.clone(), timing.clone());
    webrtcbin.connect_pad_added(move |webrtcbin, pad| {
        if pad.direction() == gst::PadDirection::Src
            && let Some(track) = inbound::branch(webrtcbin, pad, &times)
        {
            to.send(Signal::Track(track));
        }
    });

    let heard = Heard::default();
    let inner = Inner::default();
    watch_elements(webrtcbin, session, certificate, signals, &heard, &inner, timing);
    (heard, inner)
}

/// Sets properties of elements that webrtcbin makes within itself, as they come.
fn watch_elements(
    webrtcbin: &gst::Element,
    session: Session,
    certificate: &Arc<Certificate>,
    signals: &Signals,
    heard: &Heard,
    inner: &Inner,
    timing: Timing,
) {
    let Some(bin) = webrtcbin.downcast_ref::<gst::Bin>() else { return };
    if let Some(rtpbin) = bin.by_name("rtpbin") {
        rtpbin.set_property("max-streams", MAX_STREAMS);
        // In ns: it brings no streams into step by any more. That is done here, and by when packets came.
        rtpbin.set_property("max-ts-offset", 1_i64);
        count_sources(&rtpbin, signals);
    }
    let (certificate, signals, heard, inner) = (certificate.clone(), signals.clone(), heard.clone(), inner.clone());
    // webrtcbin picks random ids before 1.28; two peers with the same one break each other's channel.
    let association = u32::try_from(session.0 % 65_535 + 1).unwrap_or(1);
    bin.connect_deep_element_added(move |_, _, element| {
        let Some(factory) = element.factory() else { return };
        match factory.name().as_str() {
            "dtlssrtpdec" => {
                element.set_property("pem", certificate.pem().reveal());
                inner.decoder.fill(element);
                hear_reports(element, &inner, &timing);
            }
            "dtlsdec" => watch_dtls(element, &signals),
            "srtpdec" => inner.decrypter.fill(element),
            "dtlsenc" => inner.encoder.fill(element),
            "rtpsession" => {
                element.set_property("rtcp-fraction", FEEDBACK_RATE);
                inner.session.fill(element);
            }
            "nicesink" => inner.socket.fill(element),
            "sctpdec" | "sctpenc" => element.set_property("sctp-association-id", association),
            // Else it takes the next packet for lost while a track is silent, and throws it away when it comes.
            "rtpjitterbuffer" => element.set_property("rtx-next-seqnum", false),
            "nicesrc" => {
                count_packets(element, &heard);
                inner.arrivals.fill(element);
            }
            _ => {}
        }
    });
}

/// `max-streams` keeps pads and threads from being made, and says nothing of who wants them.
fn count_sources(rtpbin: &gst::Element, signals: &Signals) {
    let to = signals.clone();
    // A source that was silent for a while is new again, and is still the same one.
    let heard = Mutex::new(HashSet::new());
    rtpbin.connect("on-new-ssrc", false, move |arguments| {
        let ssrc = arguments.get(2)?.get::<u32>().ok()?;
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() <= MAX_SOURCES && heard.insert(ssrc) && heard.len() > MAX_SOURCES {
            let what = format!("it sends media of more than {MAX_SOURCES} sources (SSRCs)");
            to.send(Signal::Misbehaved(Misdeed::beyond(Limit::Sources, what)));
        }
        None
    });
}

/// webrtcbin takes a closed DTLS connection for nothing special.
fn watch_dtls(dtlsdec: &gst::Element, signals: &Signals) {
    let to = signals.clone();
    dtlsdec.connect_notify(Some("connection-state"), move |dtlsdec, _| {
        let state = dtlsdec.property_value("connection-state");
        if glib::EnumValue::from_value(&state).is_some_and(|(_, state)| state.nick() == "closed") {
            to.send(Signal::DtlsClosed);
        }
    });
}

/// What goes to a pad that nothing is linked to would end the peer.
fn hear_reports(dtlssrtpdec: &gst::Element, inner: &Inner, timing: &Timing) {
    let discards = inner.discards_reports.clone();
    if let Some(pad) = dtlssrtpdec.static_pad("rtcp_src") {
        timing.hear(&pad);
        pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
            if discards.load(Ordering::Relaxed) { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
        });
    }
}

fn count_packets(nicesrc: &gst::Element, heard: &Heard) {
    let heard = heard.clone();
    if let Some(pad) = nicesrc.static_pad("src") {
        pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
            heard.0.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
    }
}

/// A signal's argument, if it is there and of that type.
fn argument<T: for<'a> glib::value::FromValue<'a>>(arguments: &[glib::Value], index: usize) -> Option<T> {
    arguments.get(index)?.get::<T>().ok()
}

fn text(arguments: &[glib::Value], index: usize) -> Option<String> {
    arguments.get(index).and_then(channel::lossy)
}
