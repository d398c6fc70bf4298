//! The task that owns a connection: commands, signals and time come in, one after the other.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::mpsc;
use tracing::{Instrument, debug, info_span, warn};

use super::{
    OutboundTrack, Outgoing, Settings,
    channel::{Channel, SendError},
    inbound::InboundTrack,
    liveness::Liveness,
    negotiation::{self, Claimed},
    webrtc::Webrtc,
    wiring::{Signal, Signals},
};
use crate::{
    connection::{CloseReason, PeerCommand, PeerEvent},
    ids::PeerKey,
    media::{clockwork::Clockwork, pipeline::BusEvent},
    report::{Connection, PeerState},
    sdp::{self, Fingerprint, RemoteAnswer, RemoteCandidate, RemoteOffer},
    signal::message::{Candidate, Description, DescriptionKind},
};

/// How often silence is looked for.
const TICK: Duration = Duration::from_millis(500);

/// How long the other side may take to hear that we close. Its page then knows at once.
const GOODBYE_LIMIT: Duration = Duration::from_millis(300);

/// Signals that came before the remote certificate was checked. They wait; more than this no page sends.
const HELD_LIMIT: usize = 64;

/// Candidates that came before the remote description.
const CANDIDATE_LIMIT: usize = 64;

type Outcome = Result<(), CloseReason>;

/// What the connection's holders send.
pub(super) struct Inbox {
    pub(super) commands: mpsc::Receiver<PeerCommand>,
    pub(super) outgoing: mpsc::Receiver<Outgoing>,
}

/// Runs a connection from its first command until everything it held is free.
pub(super) async fn run(
    key: PeerKey,
    settings: Arc<Settings>,
    tracks: Vec<OutboundTrack>,
    clockwork: Clockwork,
    mut inbox: Inbox,
    events: mpsc::Sender<(PeerKey, PeerEvent)>,
) {
    let span = info_span!("peer", id = %key.id, session = key.session.0);
    async {
        let reason = match inbox.commands.recv().await {
            Some(first) => match Actor::build(&key, &settings, tracks, &clockwork, events.clone()).await {
                Ok(mut actor) => {
                    let reason = actor.live(first, &mut inbox).await;
                    actor.take_down(&reason).await;
                    reason
                }
                Err(reason) => reason,
            },
            None => CloseReason::Asked("it was given up before it began".to_owned()),
        };
        // Nobody left to tell: the gateway is gone.
        let _ = events.send((key.clone(), PeerEvent::Closed(reason))).await;
    }
    .instrument(span)
    .await;
}

struct Actor {
    key: PeerKey,
    settings: Arc<Settings>,
    tracks: Vec<OutboundTrack>,
    events: mpsc::Sender<(PeerKey, PeerEvent)>,
    signals: Signals,
    from_webrtcbin: mpsc::Receiver<Signal>,
    from_bus: mpsc::Receiver<BusEvent>,
    webrtc: Webrtc,
    /// The id under which browsers group our tracks into one stream.
    stream: String,
    claimed: Vec<Claimed>,
    inbound: Vec<InboundTrack>,
    channel: Option<Channel>,
    mids: Vec<String>,
    /// Who the other side says it is; known with its description.
    expected: Option<Fingerprint>,
    verified: bool,
    connected: bool,
    liveness: Option<Liveness>,
    held: Vec<Signal>,
    early_candidates: Vec<RemoteCandidate>,
    ice: &'static str,
    since: SystemTime,
}

impl Actor {
    async fn build(
        key: &PeerKey,
        settings: &Arc<Settings>,
        tracks: Vec<OutboundTrack>,
        clockwork: &Clockwork,
        events: mpsc::Sender<(PeerKey, PeerEvent)>,
    ) -> Result<Self, CloseReason> {
        let (signals, from_webrtcbin) = Signals::new();
        let (name, session) = (format!("peer-{}", key.session.0), key.session);
        let (for_build, settings_for_build, clockwork) = (signals.clone(), settings.clone(), clockwork.clone());
        let build = move || Webrtc::build(&name, session, &settings_for_build, &clockwork, &for_build);
        let (webrtc, from_bus) = tokio::task::spawn_blocking(build).await.map_err(failed)?.map_err(failed)?;
        Ok(Self {
            key: key.clone(),
            settings: settings.clone(),
            tracks,
            events,
            signals,
            from_webrtcbin,
            from_bus,
            webrtc,
            stream: format!("peergate-{:016x}", rand::random::<u64>()),
            claimed: Vec::new(),
            inbound: Vec::new(),
            channel: None,
            mids: Vec::new(),
            expected: None,
            verified: false,
            connected: false,
            liveness: None,
            held: Vec::new(),
            early_candidates: Vec::new(),
            ice: "new",
            since: SystemTime::now(),
        })
    }

    /// Works until there is a reason to end.
    async fn live(&mut self, first: PeerCommand, inbox: &mut Inbox) -> CloseReason {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut outcome = self.command(first).await;
        let mut ticks = 0_u32;
        loop {
            if let Err(reason) = outcome {
                return reason;
            }
            outcome = tokio::select! {
                command = inbox.commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => Err(CloseReason::Asked("nobody holds the connection any more".to_owned())),
                },
                Some(outgoing) = inbox.outgoing.recv() => {
                    self.send(outgoing);
                    Ok(())
                }
                Some(signal) = self.from_webrtcbin.recv() => self.signal(signal).await,
                Some(event) = self.from_bus.recv() => self.bus(&event),
                _ = tick.tick() => {
                    ticks = ticks.wrapping_add(1);
                    self.tick(ticks).await
                }
            };
        }
    }

    async fn command(&mut self, command: PeerCommand) -> Outcome {
        match command {
            PeerCommand::Offer => self.offer().await,
            PeerCommand::AcceptOffer(offer) => self.accept_offer(&offer).await,
            PeerCommand::AcceptAnswer(answer) => self.accept_answer(&answer).await,
            PeerCommand::AddCandidate(candidate) => {
                self.add_candidate(candidate);
                Ok(())
            }
            PeerCommand::Close(reason) => Err(reason),
        }
    }

    fn send(&mut self, Outgoing { message, reply }: Outgoing) {
        let sent = match &mut self.channel {
            Some(channel) if self.verified => channel.send(&message),
            _ => Err(SendError::NotOpen),
        };
        // Whoever asked may have gone meanwhile.
        let _ = reply.send(sent);
    }

    async fn offer(&mut self) -> Outcome {
        self.claimed = negotiation::plan_offer(self.webrtc.bin(), &self.tracks, &self.stream).map_err(failed)?;
        self.webrtc.pipeline().set_state(gst::State::Ready).await.map_err(failed)?;
        if let Some(settings) = &self.settings.channel {
            self.channel = Channel::create(self.webrtc.bin(), settings, &self.signals);
        }
        self.webrtc.pipeline().set_state(gst::State::Playing).await.map_err(failed)?;
        let offer = self.webrtc.offer().await.map_err(failed)?;
        self.describe(DescriptionKind::Offer, &offer).await
    }

    async fn accept_offer(&mut self, offer: &RemoteOffer) -> Outcome {
        self.expect(&offer.outline);
        let plan = negotiation::plan_answer(self.webrtc.bin(), &self.tracks, &self.stream, &offer.outline, &offer.text)
            .map_err(failed)?;
        self.claimed = plan.claimed;
        self.webrtc.pipeline().set_state(gst::State::Playing).await.map_err(failed)?;
        self.webrtc.accept_offer(&plan.offer).await.map_err(failed)?;
        let ours = self.settings.certificate.fingerprint();
        let answer = self.webrtc.answer(|sdp| sdp::local::write_fingerprint(sdp, ours)).await.map_err(failed)?;
        self.prepare().await?;
        self.describe(DescriptionKind::Answer, &answer).await?;
        self.add_early_candidates();
        Ok(())
    }

    async fn accept_answer(&mut self, answer: &RemoteAnswer) -> Outcome {
        self.expect(&answer.outline);
        self.webrtc.accept_answer(&answer.text).await.map_err(failed)?;
        negotiation::agree(&mut self.claimed, &answer.outline);
        self.prepare().await?;
        self.add_early_candidates();
        Ok(())
    }

    fn expect(&mut self, remote: &sdp::Outline) {
        self.expected = Some(remote.fingerprint.clone());
    }

    /// Puts in place what is sent in each section that was agreed upon.
    async fn prepare(&mut self) -> Outcome {
        for claim in &mut self.claimed {
            if let Some((codec, payload_type)) = claim.agreed {
                let pipeline = self.webrtc.pipeline().as_gst();
                claim.outbound.prepare(pipeline, codec, payload_type).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Sends our description on its way. Candidates wait in the signals' queue until we are through here.
    async fn describe(&mut self, kind: DescriptionKind, sdp: &str) -> Outcome {
        self.mids = negotiation::mids(sdp);
        // webrtcbin names the certificate that it would have made itself.
        let sdp = sdp::local::write_fingerprint(sdp, self.settings.certificate.fingerprint());
        let sdp = sdp::local::write_msids(&sdp, &self.stream);
        self.tell(PeerEvent::Description(Description { kind, sdp })).await
    }

    fn add_candidate(&mut self, candidate: RemoteCandidate) {
        if self.expected.is_some() {
            self.webrtc.add_candidate(&candidate.text);
        } else if self.early_candidates.len() < CANDIDATE_LIMIT {
            self.early_candidates.push(candidate);
        }
    }

    fn add_early_candidates(&mut self) {
        for candidate in std::mem::take(&mut self.early_candidates) {
            self.webrtc.add_candidate(&candidate.text);
        }
    }

    async fn signal(&mut self, signal: Signal) -> Outcome {
        match signal {
            Signal::Candidate { section, text } => self.local_candidate(section, text).await,
            Signal::Ice(state) => {
                self.ice = ice_word(state);
                debug!(ice = self.ice, "ICE");
                if state == gst_webrtc::WebRTCICEConnectionState::Failed {
                    return Err(CloseReason::Unreachable);
                }
                self.tell_state().await
            }
            Signal::Connection(state) => self.connection(state).await,
            Signal::DtlsClosed => Err(CloseReason::ClosedByPeer),
            Signal::Misbehaved(what) => Err(CloseReason::Misbehaved(what)),
            Signal::ChannelClosed => {
                if let Some(liveness) = &mut self.liveness {
                    liveness.channel_closed(Instant::now());
                }
                self.tell_state().await
            }
            signal @ (Signal::Track(_) | Signal::Channel(_) | Signal::ChannelOpen | Signal::Message(_)) => {
                if self.verify()? {
                    return self.trusted(signal).await;
                }
                if self.held.len() == HELD_LIMIT {
                    return Err(CloseReason::Misbehaved("it sent data before its certificate was known".to_owned()));
                }
                self.held.push(signal);
                Ok(())
            }
        }
    }

    /// What is looked at only once the other side has proved to be who its description said.
    async fn trusted(&mut self, signal: Signal) -> Outcome {
        match signal {
            Signal::Track(track) => {
                let (kind, codec) = (track.kind(), track.codec);
                self.inbound.push(track);
                self.tell(PeerEvent::TrackAdded { kind, codec }).await
            }
            Signal::Channel(channel) => {
                let channel = Channel::given(channel);
                let label = channel.label().to_owned();
                self.channel = Some(channel);
                self.tell(PeerEvent::ChannelOpen { label }).await
            }
            Signal::ChannelOpen => match &self.channel {
                Some(channel) => {
                    let label = channel.label().to_owned();
                    self.tell(PeerEvent::ChannelOpen { label }).await
                }
                None => Ok(()),
            },
            Signal::Message(message) => {
                if let Some(channel) = &mut self.channel {
                    channel.received();
                }
                self.tell(PeerEvent::Message(message)).await
            }
            _ => Ok(()),
        }
    }

    async fn connection(&mut self, state: gst_webrtc::WebRTCPeerConnectionState) -> Outcome {
        use gst_webrtc::WebRTCPeerConnectionState as State;
        debug!(?state, "connection");
        match state {
            State::Connected => self.established().await,
            State::Failed => Err(CloseReason::Unreachable),
            State::Closed => Err(CloseReason::ClosedByPeer),
            _ => Ok(()),
        }
    }

    /// ICE and DTLS are through: media may flow, once the certificate is checked.
    async fn established(&mut self) -> Outcome {
        if self.connected || !self.verify()? {
            return Ok(());
        }
        self.connected = true;
        self.since = SystemTime::now();
        self.liveness = Some(Liveness::new(Instant::now()));
        let label = self.key.id.to_string();
        for claim in &mut self.claimed {
            claim.outbound.start(&label).map_err(failed)?;
        }
        self.tell(PeerEvent::Connected).await?;
        self.tell_state().await?;
        for signal in std::mem::take(&mut self.held) {
            self.trusted(signal).await?;
        }
        Ok(())
    }

    /// Whether the remote certificate is known to be the right one. A wrong one is a reason to close.
    fn verify(&mut self) -> Result<bool, CloseReason> {
        if !self.verified {
            let expected = self.expected.as_ref();
            match expected.and_then(|expected| self.webrtc.certificate_matches(expected)) {
                Some(true) => self.verified = true,
                Some(false) => {
                    return Err(CloseReason::Misbehaved(
                        "its DTLS certificate is not the one that its description names".to_owned(),
                    ));
                }
                None => {}
            }
        }
        Ok(self.verified)
    }

    async fn local_candidate(&mut self, section: u32, text: String) -> Outcome {
        if !is_worth_sending(&text) {
            return Ok(());
        }
        let sdp_mid = self.mids.get(section as usize).cloned();
        let candidate = Candidate {
            candidate: text,
            sdp_mid,
            sdp_m_line_index: u16::try_from(section).ok(),
            username_fragment: None,
        };
        self.tell(PeerEvent::Candidate(candidate)).await
    }

    fn bus(&self, event: &BusEvent) -> Outcome {
        match event {
            BusEvent::Error { element, error, debug: details } => {
                debug!(element, %error, details, "the peer's pipeline failed");
                // A page that goes may abort its SCTP association first, which sctpenc takes for a failure here.
                if self.connected && element.starts_with("sctpenc") {
                    return Err(CloseReason::ClosedByPeer);
                }
                Err(CloseReason::Failed(format!("{element}: {error}")))
            }
            BusEvent::Warning { element, error } => {
                debug!(element, %error, "the peer's pipeline warns");
                Ok(())
            }
            BusEvent::EndOfStream => Err(CloseReason::ClosedByPeer),
            BusEvent::SegmentDone | BusEvent::Element(_) => Ok(()),
        }
    }

    async fn tick(&mut self, ticks: u32) -> Outcome {
        if self.signals.lost() > 0 {
            return Err(CloseReason::Misbehaved("it sends faster than it can be listened to".to_owned()));
        }
        if let Some(liveness) = &mut self.liveness {
            let sent = self.claimed.iter().filter_map(|claim| claim.outbound.state()).map(|track| track.frames).sum();
            liveness.check(Instant::now(), self.webrtc.packets_heard(), sent)?;
        }
        if self.connected && ticks.is_multiple_of(2) { self.tell_state().await } else { Ok(()) }
    }

    async fn tell_state(&self) -> Outcome {
        self.tell(PeerEvent::State(Box::new(self.state()))).await
    }

    async fn tell(&self, event: PeerEvent) -> Outcome {
        let gone = |_| CloseReason::Asked("the gateway is gone".to_owned());
        self.events.send((self.key.clone(), event)).await.map_err(gone)
    }

    fn state(&self) -> PeerState {
        PeerState {
            id: self.key.id.clone(),
            connection: if self.connected { Connection::Connected } else { Connection::Negotiating },
            ice: self.ice.to_owned(),
            since: self.since,
            sending: self.claimed.iter().filter_map(|claim| claim.outbound.state()).collect(),
            receiving: self.inbound.iter().map(InboundTrack::state).collect(),
            channel: self.channel.as_ref().map(Channel::state),
        }
    }

    /// Frees everything, in the order that GStreamer 1.22 survives: what pushes first, then the channel,
    /// of which no reference may outlive webrtcbin, then the pipeline.
    async fn take_down(mut self, reason: &CloseReason) {
        debug!(%reason, "closing");
        for claim in &mut self.claimed {
            claim.outbound.stop();
        }
        self.claimed.clear();
        self.held.clear();
        if let Some(channel) = self.channel.take()
            && channel.is_open()
        {
            channel.close();
            let closed = async {
                while let Some(signal) = self.from_webrtcbin.recv().await {
                    if matches!(signal, Signal::ChannelClosed) {
                        break;
                    }
                }
            };
            // Not closed in time: the other side finds out by itself.
            let _ = tokio::time::timeout(GOODBYE_LIMIT, closed).await;
        }
        drop(self.from_webrtcbin);
        if self.connected {
            self.webrtc.say_goodbye(GOODBYE_LIMIT).await;
        }
        if let Err(error) = self.webrtc.stop().await {
            warn!(%error, "a peer's pipeline is left behind");
        }
    }
}

fn failed(error: impl std::fmt::Display) -> CloseReason {
    CloseReason::Failed(error.to_string())
}

const fn ice_word(state: gst_webrtc::WebRTCICEConnectionState) -> &'static str {
    use gst_webrtc::WebRTCICEConnectionState as State;
    match state {
        State::New => "new",
        State::Checking => "checking",
        State::Connected => "connected",
        State::Completed => "completed",
        State::Failed => "failed",
        State::Disconnected => "disconnected",
        State::Closed => "closed",
        _ => "unknown",
    }
}

/// Whether a candidate of ours can be of use to anybody else: not with a link-local or loopback address.
fn is_worth_sending(candidate: &str) -> bool {
    let address = candidate.split(' ').nth(4).and_then(|address| address.parse::<IpAddr>().ok());
    address.is_some_and(|address| match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_and_loopback_candidates_stay_here() {
        assert!(is_worth_sending("candidate:1 1 UDP 2015363327 192.0.2.2 54788 typ host"));
        assert!(is_worth_sending("candidate:1 1 UDP 2015363327 2001:db8::1 54788 typ host"));
        for address in ["127.0.0.1", "::1", "fe80::1", "169.254.3.4", "name.local"] {
            assert!(!is_worth_sending(&format!("candidate:1 1 UDP 2015363327 {address} 54788 typ host")), "{address}");
        }
    }
}
