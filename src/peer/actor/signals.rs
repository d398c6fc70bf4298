//! What webrtcbin and its pipeline say, and what is trusted of it.

use std::time::{Instant, SystemTime};

use tracing::{debug, warn};

use super::{Actor, Outcome, failed};
use crate::{
    codec::MediaKind,
    connection::{CloseReason, PeerEvent},
    limit::{Limit, Misdeed},
    media::pipeline::BusEvent,
    peer::{
        Unreported,
        bandwidth::Bandwidth,
        channel::{self, Channel},
        liveness::Liveness,
        outbound::OutboundError,
        sender::{Sender, Word},
        wiring::Signal,
    },
    report::Message,
    sdp,
};

/// Signals that came before the remote certificate was checked. They wait; more than this no page sends.
const HELD_LIMIT: usize = 64;

impl Actor {
    pub(super) async fn signal(&mut self, signal: Signal) -> Outcome {
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
            Signal::Link(word) => {
                self.hear_of_link(word);
                Ok(())
            }
            Signal::DtlsClosed => Err(CloseReason::ClosedByPeer),
            Signal::Misbehaved(misdeed) => Err(CloseReason::Misbehaved(misdeed)),
            Signal::ChannelClosed(number) => {
                if self.uses(number)
                    && let Some(liveness) = &mut self.liveness
                {
                    liveness.channel_closed(Instant::now());
                }
                self.tell_state().await
            }
            signal @ (Signal::Track(_) | Signal::Channel(..) | Signal::ChannelOpen(_) | Signal::Message(_)) => {
                if let Signal::Message(message) = &signal {
                    self.signals.taken(message);
                    self.inflow.count(Instant::now(), message).map_err(CloseReason::Misbehaved)?;
                }
                if self.verify()? {
                    let is_trusted = self.connected || self.settings.trust.is_none();
                    return if is_trusted { self.trusted(signal).await } else { self.unproved(signal).await };
                }
                self.hold(signal)
            }
        }
    }

    /// Keeps a signal until more is known of who is there.
    pub(super) fn hold(&mut self, signal: Signal) -> Outcome {
        if self.held.len() == HELD_LIMIT {
            let what = "it sent data before it was known who it is";
            return Err(CloseReason::Misbehaved(Misdeed::beyond(Limit::Messages, what)));
        }
        self.held.push(signal);
        Ok(())
    }

    /// What is looked at only once the other side has proved to be who its description said.
    pub(super) async fn trusted(&mut self, signal: Signal) -> Outcome {
        match signal {
            Signal::Track(track) => {
                let (kind, codec) = (track.kind(), track.codec);
                if let Some(recorded) = &self.recorded {
                    recorded.add(codec, track.feed.clone());
                }
                self.inbound.push(track);
                self.tell(PeerEvent::TrackAdded { kind, codec }).await
            }
            Signal::Channel(channel, number) => {
                self.channel = Some(Channel::given(channel, number));
                self.channel_open().await
            }
            Signal::ChannelOpen(number) if self.uses(number) => self.channel_open().await,
            Signal::Message(message) => self.pass_on(message).await,
            _ => Ok(()),
        }
    }

    /// Tells of a message, unless so much that was said in the room waits already: it is this machine that does not keep up.
    async fn pass_on(&mut self, message: Message) -> Outcome {
        let told = match self.reports.send(self.key.clone(), PeerEvent::Message(message)).await {
            Err(Unreported::Gone) => return Err(CloseReason::Asked(Unreported::Gone.to_string())),
            told => told,
        };
        if let Some(channel) = &mut self.channel {
            channel.received(told.is_ok());
        }
        if let Err(why) = told
            && let Some(swallowed) = self.left_out.admit(Instant::now())
        {
            warn!(%why, swallowed, "a message of its is left out, as this machine does not keep up: ease its load, or lower [limits] messages; `dropped` of its channel counts them");
        }
        Ok(())
    }

    /// Whether messages go over the channel with this number; there may be others.
    pub(super) fn uses(&self, number: channel::Number) -> bool {
        self.channel.as_ref().is_some_and(|channel| channel.number() == number)
    }

    async fn channel_open(&mut self) -> Outcome {
        let Some(channel) = &self.channel else { return Ok(()) };
        if let Some(liveness) = &mut self.liveness {
            liveness.channel_opened();
        }
        let label = channel.label().to_owned();
        self.tell(PeerEvent::ChannelOpen { label }).await
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

    /// ICE and DTLS are through: media may flow, once the certificate is checked, and the room's key proved where there is
    /// one.
    async fn established(&mut self) -> Outcome {
        if self.connected || self.proving.is_some() || !self.verify()? {
            return Ok(());
        }
        if self.settings.trust.is_none() {
            return self.begin().await;
        }
        self.begin_to_prove()?;
        for signal in std::mem::take(&mut self.held) {
            self.unproved(signal).await?;
        }
        Ok(())
    }

    /// Everything may flow.
    pub(super) async fn begin(&mut self) -> Outcome {
        self.connected = true;
        self.since = SystemTime::now();
        self.liveness = Some(Liveness::new(Instant::now()));
        self.start_sending().map_err(failed)?;
        self.tell(PeerEvent::Connected).await?;
        self.tell_state().await?;
        for signal in std::mem::take(&mut self.held) {
            self.trusted(signal).await?;
        }
        Ok(())
    }

    /// What the link bears of pictures is told to where they are encoded.
    fn hear_of_link(&mut self, word: Word) {
        let mut video = self.claimed.iter().filter(|claim| claim.outbound.track.kind == MediaKind::Video);
        if let (Some(video), Some(bandwidth)) = (video.next(), &mut self.bandwidth) {
            let bears = bandwidth.hear(Instant::now(), word, video.outbound.bytes());
            video.outbound.bears(bears);
            if let Some(sender) = self.sender.as_ref().filter(|_| !bandwidth.is_judged_by_arrival()) {
                sender.concluded(bears);
            }
        }
    }

    /// Lets everything flow that was agreed upon.
    fn start_sending(&mut self) -> Result<(), OutboundError> {
        let Some(first) = self.claimed.iter().find(|claim| claim.agreed.is_some()) else { return Ok(()) };
        let cname = sdp::resend::cname(&self.description, first.outbound.ssrc).unwrap_or(&self.stream);
        let sender = Sender::open(&self.webrtc.transport()?, cname.to_owned(), &self.clockwork)?;
        let label = self.key.id.to_string();
        for claim in &mut self.claimed {
            let outbound = &mut claim.outbound;
            if outbound.track.kind == MediaKind::Video
                && let Some(full) = outbound.full()
            {
                sender.judge(outbound.ssrc, full.clone(), self.signals.clone());
                self.bandwidth = Some(Bandwidth::new(full, Instant::now()));
            }
            outbound.start(&sender, &label)?;
        }
        self.sender = Some(sender);
        Ok(())
    }

    /// Whether the remote certificate is known to be the right one. A wrong one is a reason to close.
    fn verify(&mut self) -> Result<bool, CloseReason> {
        if !self.verified {
            let expected = self.expected.as_ref();
            match expected.and_then(|expected| self.webrtc.certificate_matches(expected)) {
                Some(true) => self.verified = true,
                Some(false) => {
                    let what = "its DTLS certificate is not the one that its description names";
                    return Err(CloseReason::Misbehaved(Misdeed::wrong(what)));
                }
                None => {}
            }
        }
        Ok(self.verified)
    }

    pub(super) fn bus(&self, event: &BusEvent) -> Outcome {
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
            BusEvent::SegmentDone => Ok(()),
        }
    }
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
