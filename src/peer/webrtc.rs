//! A peer's pipeline with its webrtcbin: made, asked for descriptions, given candidates, taken down.

use std::time::Duration;

use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use tokio::sync::mpsc;

use super::{
    Settings, network,
    sender::{Routes, SenderError, Transport},
    wiring::{self, Heard, Inner, Signals},
};
use crate::{
    ice::Way,
    ids::Session,
    media::{
        clockwork::Clockwork,
        pipeline::{BusEvent, Pipeline, StateError},
    },
    sdp::Fingerprint,
};

/// How long webrtcbin may take for a description. It needs milliseconds; a promise whose task was thrown
/// away is never answered.
const PROMISE_LIMIT: Duration = Duration::from_secs(5);

/// What webrtcbin or its pipeline did not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum WebrtcError {
    #[error("{0}; apt install gstreamer1.0-plugins-bad gstreamer1.0-nice")]
    Missing(#[from] glib::BoolError),
    #[error(transparent)]
    Network(#[from] network::NetworkError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("webrtcbin did not {what} within {} s", PROMISE_LIMIT.as_secs())]
    NoReply { what: &'static str },
    #[error("webrtcbin could not {what}: {why}")]
    Refused { what: &'static str, why: String },
}

/// A pipeline that holds a webrtcbin.
#[derive(Debug)]
pub(super) struct Webrtc {
    pipeline: Pipeline,
    bin: gst::Element,
    heard: Heard,
    inner: Inner,
    routes: Routes,
}

impl Webrtc {
    /// Makes it, in the NULL state. Blocks for some milliseconds.
    pub(super) fn build(
        name: &str,
        session: Session,
        settings: &Settings,
        clockwork: &Clockwork,
        signals: &Signals,
    ) -> Result<(Self, mpsc::Receiver<BusEvent>), WebrtcError> {
        let bin = gst::ElementFactory::make("webrtcbin")
            .property_from_str("bundle-policy", "max-bundle")
            .property("latency", u32::try_from(settings.jitter_buffer.as_millis()).unwrap_or(u32::MAX))
            .build()?;
        network::configure(&bin, &settings.ice)?;
        let routes = network::nice_agent(&bin).as_ref().map(Routes::follow).unwrap_or_default();
        let (heard, inner) = wiring::connect(&bin, session, &settings.certificate, signals);
        let (pipeline, bus) = Pipeline::new(name, clockwork);
        pipeline.as_gst().add(&bin)?;
        Ok((Self { pipeline, bin, heard, inner, routes }, bus))
    }

    pub(super) const fn bin(&self) -> &gst::Element {
        &self.bin
    }

    pub(super) const fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// The way that ICE has found, once it has.
    pub(super) fn way(&self) -> Option<Way> {
        self.routes.way()
    }

    /// Packets that have arrived so far.
    pub(super) fn packets_heard(&self) -> u64 {
        self.heard.packets()
    }

    /// An offer of what was set up, passed through `mend`, set as the local description. Candidates are gathered from now
    /// on.
    pub(super) async fn offer(&self, mend: impl FnOnce(&str) -> String) -> Result<String, WebrtcError> {
        self.describe("offer", WebRTCSDPType::Offer, mend).await
    }

    /// Takes an offer.
    pub(super) async fn accept_offer(&self, sdp: &str) -> Result<(), WebrtcError> {
        let offer = parse(WebRTCSDPType::Offer, sdp)?;
        self.set("set-remote-description", "take the offer", &offer).await
    }

    /// The answer to the offer that was taken, passed through `mend`, set as the local description.
    pub(super) async fn answer(&self, mend: impl FnOnce(&str) -> String) -> Result<String, WebrtcError> {
        self.describe("answer", WebRTCSDPType::Answer, mend).await
    }

    /// Takes the answer to our offer.
    pub(super) async fn accept_answer(&self, sdp: &str) -> Result<(), WebrtcError> {
        let answer = parse(WebRTCSDPType::Answer, sdp)?;
        self.set("set-remote-description", "take the answer", &answer).await
    }

    /// Takes a remote candidate. All belong to the first section: everything is bundled.
    pub(super) fn add_candidate(&self, candidate: &str) {
        self.bin.emit_by_name::<()>("add-ice-candidate", &[&0_u32, &candidate]);
    }

    /// Whether the certificate that the peer showed in DTLS is the one that `expected` names; `None`
    /// while it has shown none. webrtcbin does not look before GStreamer 1.28.5.
    pub(super) fn certificate_matches(&self, expected: &Fingerprint) -> Option<bool> {
        let pem = self.inner.decoder.get()?.property::<Option<String>>("peer-pem")?;
        Some(certificate_der(&pem).is_some_and(|der| expected.is_of(&der)))
    }

    /// Keeps what the peer reports of our streams from webrtcbin, which has nothing set up for it.
    pub(super) fn discard_reports(&self) {
        self.inner.discard_reports();
    }

    /// Ends webrtcbin's reports, and the thread that writes them. In PAUSED the session still takes what comes to it.
    pub(super) async fn end_reports(&self) {
        if let Some(session) = self.inner.session.get() {
            // Refused or not: at worst the thread stays, which has nothing to do.
            let _ = self.pipeline.set_state_of(&session, gst::State::Paused).await;
        }
    }

    /// The way to the peer, once it is up.
    pub(super) fn transport(&self) -> Result<Transport, SenderError> {
        let there = |element: Option<gst::Element>, what| element.ok_or(SenderError::Missing(what));
        Ok(Transport {
            our_key: there(self.inner.encoder.get(), "dtlsenc")?,
            their_key: there(self.inner.decrypter.get(), "srtpdec")?,
            socket: there(self.inner.socket.get(), "nicesink")?,
            routes: self.routes.clone(),
            arrivals: there(self.inner.arrivals.get(), "nicesrc")?,
            shares_reports: !self.inner.discards_reports(),
        })
    }

    /// Tells the other side in DTLS that this is the end, and waits until that has left, for at most
    /// `limit`. webrtcbin says nothing by itself when it is taken down.
    pub(super) async fn say_goodbye(&self, limit: Duration) {
        let (Some(encoder), Some(socket)) = (self.inner.encoder.get(), self.inner.socket.get()) else { return };
        let (Some(farewell), Some(leaving)) = (encoder.static_pad("sink"), socket.static_pad("sink")) else { return };
        let (sender, mut left) = mpsc::channel(1);
        leaving.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
            if carries_alert(info) {
                let _ = sender.try_send(());
                return gst::PadProbeReturn::Remove;
            }
            gst::PadProbeReturn::Ok
        });
        // The event may have to wait for a buffer that is on its way.
        let send = tokio::task::spawn_blocking(move || farewell.send_event(gst::event::Eos::new()));
        let _ = tokio::time::timeout(limit, async { (send.await, left.recv().await) }).await;
    }

    /// Takes it down. With a limit; see [`Pipeline::stop`].
    pub(super) async fn stop(self) -> Result<(), StateError> {
        let Self { pipeline, bin, routes, .. } = self;
        routes.end();
        drop(bin);
        pipeline.stop().await
    }

    /// Has a description made, mends it, and sets it as the local one.
    async fn describe(
        &self,
        what: &'static str,
        kind: WebRTCSDPType,
        mend: impl FnOnce(&str) -> String,
    ) -> Result<String, WebrtcError> {
        let made = self.create(what, &format!("create-{what}")).await?;
        let mended = mend(&text(&made)?);
        self.set("set-local-description", "set its own description", &parse(kind, &mended)?).await?;
        Ok(mended)
    }

    async fn create(&self, what: &'static str, signal: &str) -> Result<WebRTCSessionDescription, WebrtcError> {
        let (promise, reply) = gst::Promise::new_future();
        self.bin.emit_by_name::<()>(signal, &[&None::<gst::Structure>, &promise]);
        let reply = answered("make a description", reply).await?;
        reply
            .as_ref()
            .and_then(|reply| reply.get::<WebRTCSessionDescription>(what).ok())
            .ok_or_else(|| WebrtcError::Refused { what: "make a description", why: "its reply holds none".to_owned() })
    }

    async fn set(
        &self,
        signal: &str,
        what: &'static str,
        description: &WebRTCSessionDescription,
    ) -> Result<(), WebrtcError> {
        let (promise, reply) = gst::Promise::new_future();
        self.bin.emit_by_name::<()>(signal, &[description, &promise]);
        answered(what, reply).await.map(drop)
    }
}

/// Whether a packet on its way to the socket is a DTLS alert (RFC 9147, section 4.1; RFC 7983).
fn carries_alert(info: &gst::PadProbeInfo<'_>) -> bool {
    const ALERT: u8 = 21;
    let is_alert = |buffer: &gst::BufferRef| buffer.map_readable().is_ok_and(|bytes| bytes.first() == Some(&ALERT));
    match &info.data {
        Some(gst::PadProbeData::Buffer(buffer)) => is_alert(buffer),
        Some(gst::PadProbeData::BufferList(list)) => list.iter().any(is_alert),
        _ => false,
    }
}

/// Waits for a promise. webrtcbin reports an error as a reply with a field `error`.
async fn answered<R>(
    what: &'static str,
    reply: impl Future<Output = Result<Option<R>, gst::PromiseError>>,
) -> Result<Option<gst::Structure>, WebrtcError>
where
    R: std::ops::Deref<Target = gst::StructureRef>,
{
    match tokio::time::timeout(PROMISE_LIMIT, reply).await {
        Err(_) => Err(WebrtcError::NoReply { what }),
        Ok(Err(error)) => Err(WebrtcError::Refused { what, why: format!("{error:?}") }),
        Ok(Ok(None)) => Ok(None),
        Ok(Ok(Some(reply))) => match reply.get::<glib::Error>("error") {
            Ok(error) => Err(WebrtcError::Refused { what, why: error.to_string() }),
            Err(_) => Ok(Some(reply.to_owned())),
        },
    }
}

fn parse(kind: WebRTCSDPType, sdp: &str) -> Result<WebRTCSessionDescription, WebrtcError> {
    let message = gst_sdp::SDPMessage::parse_buffer(sdp.as_bytes())?;
    Ok(WebRTCSessionDescription::new(kind, message))
}

fn text(description: &WebRTCSessionDescription) -> Result<String, WebrtcError> {
    description
        .sdp()
        .as_text()
        .map_err(|error| WebrtcError::Refused { what: "write its description", why: error.to_string() })
}

/// The DER form of a PEM certificate.
fn certificate_der(pem: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    let body = pem.split("-----BEGIN CERTIFICATE-----").nth(1)?.split("-----END CERTIFICATE-----").next()?;
    let body: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Certificate;

    #[test]
    fn a_certificates_hash_is_that_of_its_der() {
        let certificate = Certificate::generate().unwrap();
        let der = certificate_der(certificate.pem().reveal()).unwrap();
        assert!(certificate.fingerprint().is_of(&der));
    }
}
