//! What we send a peer: from an encode's packets, cut once for all, to its socket.
//!
//! webrtcbin negotiates, finds the way, makes the keys and receives. It could send, too, but at ten times the price: each
//! packet goes through seventeen pads, one by one, and through the slowest of ciphers. What is the peer's own is little: a
//! header, the encryption, and what it says of what arrives. So frames come on the feed's own thread, are made into
//! packets, and go to the socket in one call.

mod batch;
mod judge;
mod route;
mod stream;

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use gst::prelude::*;
use tokio::sync::watch;

use self::{batch::Batch, judge::Judge};
pub(super) use self::{
    judge::Word,
    route::Routes,
    stream::{Inlet, StreamSender},
};
use super::wiring::Signals;
use crate::{
    media::clockwork::Clockwork,
    pace::Pace,
    rtp::{Feedback, Ntp, Protection, ProtectionError, StreamSettings, Unprotection},
    units::Bitrate,
};

/// What DTLS may agree upon, by the numbers of GStreamer's `dtlsenc`: AES-128 in counter mode, and HMAC-SHA1 with tags of 80
/// bits. It offers nothing else.
const AES_128_CM: u32 = 1;
const HMAC_SHA1_80: u32 = 2;

/// How many of a peer's reports are listened to in a second, and at once. Browsers send 20 to 30 of them, and as many
/// requests when much is lost.
const REPORTS_PER_SECOND: u32 = 200;

/// Sends to one peer. Dropping it ends what is sent.
#[derive(Debug)]
pub(super) struct Sender {
    link: Arc<Link>,
    listening: Option<(gst::Pad, gst::PadProbeId)>,
}

/// The elements of a transport that a sender goes past webrtcbin for.
#[derive(Debug)]
pub(super) struct Transport {
    /// `dtlsenc`, which has our key.
    pub(super) our_key: gst::Element,
    /// `srtpdec`, which is given the peer's.
    pub(super) their_key: gst::Element,
    /// `nicesink`, through which everything can leave.
    pub(super) socket: gst::Element,
    /// The way past it, where there is one.
    pub(super) routes: Routes,
    /// `nicesrc`, through which everything comes.
    pub(super) arrivals: gst::Element,
    /// Whether webrtcbin needs the peer's RTCP, too: for what it receives.
    pub(super) shares_reports: bool,
}

/// Nothing can be sent to a peer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum SenderError {
    #[error("webrtcbin is connected, and has no {0}: this GStreamer is not known here")]
    Missing(&'static str),
    #[error(
        "the peer agreed to SRTP with cipher {cipher} and authentication {auth}; expected AES-128 and HMAC-SHA1-80"
    )]
    Profile { cipher: u32, auth: u32 },
    #[error(transparent)]
    Protection(#[from] ProtectionError),
}

/// What the streams to a peer share.
pub(super) struct Link {
    /// The pad of the socket. Buffers are handed to it beside those of webrtcbin; it takes one at a time.
    socket: gst::Pad,
    routes: Routes,
    master: Vec<u8>,
    cname: String,
    clockwork: Clockwork,
    /// What running time 0 is by the wall clock, as it was when the peer connected: a clock that is set later moves nothing.
    epoch: SystemTime,
    transport_sequence: AtomicU16,
    streams: Mutex<Vec<Weak<StreamSender>>>,
    judge: OnceLock<Judge>,
}

impl Sender {
    /// Over a transport that is up. `cname` is what the description says of all streams.
    ///
    /// # Errors
    /// When the transport lacks what it should have.
    pub(super) fn open(transport: &Transport, cname: String, clockwork: &Clockwork) -> Result<Self, SenderError> {
        let master = our_key(&transport.our_key)?;
        let reader = Unprotection::new(&their_key(&transport.their_key)?)?;
        let reader = Mutex::new((reader, Pace::new(REPORTS_PER_SECOND, REPORTS_PER_SECOND)));
        let socket = transport.socket.static_pad("sink").ok_or(SenderError::Missing("socket"))?;
        let arrivals = transport.arrivals.static_pad("src").ok_or(SenderError::Missing("way in"))?;
        let running_time = Duration::from(clockwork.running_time());
        let link = Arc::new(Link {
            socket,
            routes: transport.routes.clone(),
            master,
            cname,
            clockwork: clockwork.clone(),
            epoch: SystemTime::now().checked_sub(running_time).unwrap_or(SystemTime::UNIX_EPOCH),
            transport_sequence: AtomicU16::new(rand::random()),
            streams: Mutex::default(),
            judge: OnceLock::new(),
        });
        let listener = Arc::downgrade(&link);
        // Right behind the socket: a peer reports on what arrives twenty times a second, and on its way through webrtcbin each
        // report would wake another thread.
        let after = if transport.shares_reports { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Drop };
        let probe = arrivals.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let Some(packet) = info.buffer().and_then(|packet| packet.map_readable().ok()) else {
                return gst::PadProbeReturn::Ok;
            };
            if !is_rtcp(&packet) {
                return gst::PadProbeReturn::Ok;
            }
            let report = {
                let (reader, pace) = &mut *reader.lock().unwrap_or_else(PoisonError::into_inner);
                if pace.admits(Instant::now()) { reader.rtcp(&packet) } else { None }
            };
            if let (Some(link), Some(report)) = (listener.upgrade(), report) {
                link.hear(report.as_ref());
            }
            after
        });
        Ok(Self { link, listening: probe.map(|probe| (arrivals, probe)) })
    }

    /// Has the link judged from now on by what the peer says of the stream `ssrc`, which has so much in `full`, and
    /// `signals` told.
    pub(super) fn judge(&self, ssrc: u32, full: watch::Receiver<Bitrate>, signals: Signals) {
        // There is one stream of pictures, and it is enough.
        let _ = self.link.judge.set(Judge::new(ssrc, full, signals));
    }

    /// Nothing is known of the link any more: for a while nothing went over it.
    pub(super) fn judge_anew(&self) {
        if let Some(judge) = self.link.judge.get() {
            judge.begin_anew();
        }
    }

    /// Has the link's next estimate told, whether or not it was told before.
    pub(super) fn tell_anew(&self) {
        if let Some(judge) = self.link.judge.get() {
            judge.tell_anew();
        }
    }

    /// What the link bears of pictures was concluded from reports alone: the peer does not tell of arrivals.
    pub(super) fn concluded(&self, bears: Option<Bitrate>) {
        if let Some(judge) = self.link.judge.get() {
            judge.concluded(bears);
        }
    }

    /// The share of packets that were lost in the last second, as the peer tells of each.
    pub(super) fn lost(&self) -> Option<f64> {
        self.link.judge.get().map(Judge::lost)
    }

    /// Whether packets stand in a queue on their way to the peer.
    pub(super) fn is_full(&self) -> bool {
        self.link.judge.get().is_some_and(Judge::is_full)
    }

    /// A stream to the peer. It ends when it is dropped.
    ///
    /// # Errors
    /// When there is no cryptography.
    pub(super) fn stream(&self, settings: StreamSettings) -> Result<Arc<StreamSender>, SenderError> {
        let stream = Arc::new(StreamSender::new(&self.link, settings)?);
        let mut streams = self.link.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|stream| stream.strong_count() > 0);
        streams.push(Arc::downgrade(&stream));
        Ok(stream)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if let Some((pad, probe)) = self.listening.take() {
            pad.remove_probe(probe);
        }
    }
}

impl Link {
    fn protection(&self) -> Result<Protection, ProtectionError> {
        Protection::new(&self.master)
    }

    fn next_transport_sequence(&self) -> u16 {
        self.transport_sequence.fetch_add(1, Relaxed)
    }

    /// Packets are sent: their transport-wide numbers and their lengths.
    fn sent(&self, packets: &[(u16, usize)]) {
        if let Some(judge) = self.judge.get().filter(|_| !packets.is_empty()) {
            judge.sent(packets.iter().copied());
        }
    }

    /// The running time, and what the wall clock says at it.
    fn now(&self) -> (Duration, Ntp) {
        let running_time = Duration::from(self.clockwork.running_time());
        (running_time, Ntp::of(self.epoch + running_time))
    }

    /// Hands packets to the socket. Blocks while that can't take them: UDP always can, and who is reached over TCP gets a
    /// thread of its own when it does not keep up.
    fn send(&self, batch: &Batch) -> Result<gst::FlowSuccess, gst::FlowError> {
        let left = self.routes.send(batch);
        if left == batch.len() {
            return Ok(gst::FlowSuccess::Ok);
        }
        let rest = batch.packets().skip(left);
        self.socket.chain_list(rest.map(|packet| gst::Buffer::from_slice(packet.to_vec())).collect())
    }

    /// What the peer says of our streams. On the thread that receives from this peer: what is done here at once, sending
    /// again what was lost, holds up nobody else.
    fn hear(&self, packet: &[u8]) {
        for feedback in Feedback::parse(packet) {
            match feedback {
                Feedback::Lost { ssrc, sequences } => {
                    if let Some(stream) = self.stream_of(ssrc) {
                        stream.resend(&sequences, self.judge.get().map(Judge::way).unwrap_or_default());
                    }
                }
                Feedback::Keyframe { ssrc } => {
                    if let Some(stream) = self.stream_of(ssrc) {
                        stream.ask_for_keyframe();
                    }
                }
                Feedback::Report(report) => {
                    if let Some(judge) = self.judge.get() {
                        judge.report(&report, self.now().1);
                    }
                }
                Feedback::Arrivals(arrivals) => {
                    if let Some(judge) = self.judge.get() {
                        judge.arrivals(&arrivals);
                    }
                }
            }
        }
    }

    fn stream_of(&self, ssrc: u32) -> Option<Arc<StreamSender>> {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().filter_map(Weak::upgrade).find(|stream| stream.ssrc() == ssrc)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("cname", &self.cname).finish_non_exhaustive()
    }
}

/// Whether a packet is RTCP, encrypted or not, and neither RTP, DTLS nor STUN (RFC 5761, section 4; RFC 7983).
fn is_rtcp(packet: &[u8]) -> bool {
    matches!(packet, [128..=191, 192..=223, ..])
}

/// The key for what we send, as DTLS has agreed upon it.
fn our_key(dtlsenc: &gst::Element) -> Result<Vec<u8>, SenderError> {
    let (cipher, auth) = (dtlsenc.property::<u32>("srtp-cipher"), dtlsenc.property::<u32>("srtp-auth"));
    if (cipher, auth) != (AES_128_CM, HMAC_SHA1_80) {
        return Err(SenderError::Profile { cipher, auth });
    }
    bytes(dtlsenc.property_value("encoder-key").get().ok().flatten())
}

/// The key for what comes; the ciphers are those of what we send. It is asked for as `srtpdec` does: the property of
/// `dtlsdec` with it says that it is something else.
fn their_key(srtpdec: &gst::Element) -> Result<Vec<u8>, SenderError> {
    let any_source = 0_u32;
    let caps = srtpdec.emit_by_name::<Option<gst::Caps>>("request-key", &[&any_source]);
    bytes(caps.and_then(|caps| caps.structure(0)?.get::<gst::Buffer>("srtp-key").ok()))
}

fn bytes(key: Option<gst::Buffer>) -> Result<Vec<u8>, SenderError> {
    let missing = || SenderError::Missing("key for SRTP");
    key.ok_or_else(missing)?.map_readable().map(|key| key.to_vec()).map_err(|_| missing())
}
