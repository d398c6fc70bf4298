//! The task that owns a connection: commands, signals and time come in, one after the other.

mod exchange;
mod proof;
mod signals;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::mpsc;
use tracing::{debug, warn};

use self::proof::Proving;
use super::{
    OutboundTrack, Outgoing, Reporter, Settings, Unreported,
    bandwidth::Bandwidth,
    channel::{Channel, SendError},
    flow::Turn,
    inbound::InboundTrack,
    inflow::Inflow,
    liveness::Liveness,
    negotiation::Claimed,
    sender::Sender,
    webrtc::Webrtc,
    wiring::{Signal, Signals},
};
use crate::{
    codec::MediaKind,
    connection::{CloseReason, PeerCommand, PeerEvent},
    ids::PeerKey,
    log_limit::LogLimit,
    media::{clockwork::Clockwork, pipeline::BusEvent},
    quality::verdict::Judge,
    recorder::Subject,
    report::{Connection, PeerState},
    sdp::{Fingerprint, RemoteCandidate},
    studio::Warm,
};

/// How often silence is looked for.
const TICK: Duration = Duration::from_millis(500);

/// How long the other side may take to close the data channel, too. Its page then knows at once.
const CHANNEL_LIMIT: Duration = Duration::from_millis(300);

/// How long DTLS may take to say goodbye: it waits for what is being sent, and on a busy machine for its turn. With the
/// channel's, less than what a gateway that stops gives its peers.
const GOODBYE_LIMIT: Duration = Duration::from_millis(600);

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
    recorded: Option<Subject>,
    clockwork: Clockwork,
    mut inbox: Inbox,
    reports: Reporter,
) {
    let reason = match inbox.commands.recv().await {
        Some(first) => match Actor::build(&key, &settings, tracks, recorded, &clockwork, reports.clone()).await {
            Ok(mut actor) => {
                let reason = actor.live(first, &mut inbox).await;
                // Who has a message for it must not wait until all is down.
                drop(inbox.outgoing);
                actor.take_down(&reason).await;
                reason
            }
            Err(reason) => reason,
        },
        None => CloseReason::Asked("it was given up before it began".to_owned()),
    };
    // Nobody left to tell: the gateway is gone.
    let _ = reports.send(key, PeerEvent::Closed(reason)).await;
}

struct Actor {
    key: PeerKey,
    settings: Arc<Settings>,
    tracks: Vec<OutboundTrack>,
    reports: Reporter,
    signals: Signals,
    from_webrtcbin: mpsc::Receiver<Signal>,
    from_bus: mpsc::Receiver<BusEvent>,
    webrtc: Webrtc,
    /// The id under which browsers group our tracks into one stream.
    stream: String,
    claimed: Vec<Claimed>,
    /// What may be sent is captured while descriptions travel.
    warm: Vec<Warm>,
    /// Our own, once it is made.
    description: String,
    clockwork: Clockwork,
    /// There while we are connected.
    sender: Option<Sender>,
    inbound: Vec<InboundTrack>,
    recorded: Option<Subject>,
    channel: Option<Channel>,
    inflow: Inflow,
    /// How often the log says that a message was left out.
    left_out: LogLimit,
    mids: Vec<String>,
    /// Who the other side says it is; known with its description.
    expected: Option<Fingerprint>,
    verified: bool,
    /// There while the peer has to prove that it has the room's key.
    proving: Option<Proving>,
    connected: bool,
    liveness: Option<Liveness>,
    /// There once pictures are sent.
    bandwidth: Option<Bandwidth>,
    judge: Judge,
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
        recorded: Option<Subject>,
        clockwork: &Clockwork,
        reports: Reporter,
    ) -> Result<Self, CloseReason> {
        let (signals, from_webrtcbin) = Signals::new();
        let (name, session) = (format!("peer-{}", key.session.0), key.session);
        let (for_build, settings_for_build, clock) = (signals.clone(), settings.clone(), clockwork.clone());
        let build = move || Webrtc::build(&name, session, &settings_for_build, &clock, &for_build);
        let (webrtc, from_bus) = tokio::task::spawn_blocking(build).await.map_err(failed)?.map_err(failed)?;
        Ok(Self {
            key: key.clone(),
            settings: settings.clone(),
            tracks,
            reports,
            signals,
            from_webrtcbin,
            from_bus,
            webrtc,
            stream: format!("peergate-{:016x}", rand::random::<u64>()),
            claimed: Vec::new(),
            warm: Vec::new(),
            description: String::new(),
            clockwork: clockwork.clone(),
            sender: None,
            inbound: Vec::new(),
            recorded,
            channel: None,
            inflow: Inflow::new(settings.messages),
            left_out: LogLimit::new(1),
            mids: Vec::new(),
            expected: None,
            verified: false,
            proving: None,
            connected: false,
            liveness: None,
            bandwidth: None,
            judge: Judge::new(settings.ice.policy),
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
                () = moved(&mut self.claimed) => self.steer(),
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
        // It came too late, and whoever asked was told so.
        if reply.is_closed() {
            return;
        }
        let sent = match &mut self.channel {
            Some(channel) if self.connected => channel.send(&message),
            _ => Err(SendError::NotOpen),
        };
        // Whoever asked may have gone meanwhile.
        let _ = reply.send(sent);
    }

    async fn tick(&mut self, ticks: u32) -> Outcome {
        if self.signals.lost() > 0 {
            // Who is to blame is not known: whoever sends too much is found out before, unless this machine was held up.
            return Err(failed("more came from it than could be listened to; this machine may be overloaded"));
        }
        if let Some(proving) = &self.proving {
            proving.check(Instant::now())?;
        }
        if let Some(liveness) = &mut self.liveness {
            let sent = self.claimed.iter().filter_map(|claim| claim.outbound.state()).map(|track| track.frames).sum();
            liveness.check(Instant::now(), self.webrtc.packets_heard(), sent)?;
        }
        self.steer()?;
        if self.connected && ticks.is_multiple_of(2) { self.tell_state().await } else { Ok(()) }
    }

    /// Brings each track nearer to the quality that it is to be sent in.
    fn steer(&mut self) -> Outcome {
        let is_full = self.sender.as_ref().is_some_and(Sender::is_full);
        for claim in &mut self.claimed {
            let turn = claim.outbound.steer(is_full).map_err(failed)?;
            let (Some(sender), Some(bandwidth)) = (&self.sender, &mut self.bandwidth) else { continue };
            match turn {
                Turn::Onward => {}
                // Before the first picture that comes after it.
                Turn::Paused => sender.judge_anew(),
                Turn::Anew => {
                    bandwidth.begin_anew(claim.outbound.bytes(), Instant::now());
                    sender.tell_anew();
                }
            }
        }
        Ok(())
    }

    async fn tell_state(&mut self) -> Outcome {
        let state = Box::new(self.state());
        self.tell(PeerEvent::State(state)).await
    }

    async fn tell(&self, event: PeerEvent) -> Outcome {
        let gone = |error: Unreported| CloseReason::Asked(error.to_string());
        self.reports.send(self.key.clone(), event).await.map_err(gone)
    }

    fn state(&mut self) -> PeerState {
        let state = PeerState {
            id: self.key.id.clone(),
            connection: if self.connected { Connection::Connected } else { Connection::Negotiating },
            ice: self.ice.to_owned(),
            since: self.since,
            way: self.webrtc.way(),
            verdict: None,
            link: self.bandwidth.as_ref().map(|bandwidth| bandwidth.state(self.sender.as_ref().and_then(Sender::lost))),
            sending: self.claimed.iter().filter_map(|claim| claim.outbound.state()).collect(),
            receiving: self.inbound.iter().map(InboundTrack::state).collect(),
            channel: self.channel.as_ref().map(|channel| channel.state(self.connected)),
        };
        PeerState { verdict: self.judge.judge(Instant::now(), &state), ..state }
    }

    /// Frees everything, in the order that GStreamer 1.22 survives: what pushes first, then the channel,
    /// of which no reference may outlive webrtcbin, then the pipeline.
    async fn take_down(mut self, reason: &CloseReason) {
        debug!(%reason, "closing");
        let closing =
            PeerState { connection: Connection::Closing, since: SystemTime::now(), verdict: None, ..self.state() };
        // An error: the gateway is gone.
        let _ = self.tell(PeerEvent::State(Box::new(closing))).await;
        for claim in &mut self.claimed {
            claim.outbound.stop();
        }
        self.claimed.clear();
        self.sender = None;
        self.recorded = None;
        self.held.clear();
        if let Some(channel) = self.channel.take()
            && channel.is_open()
        {
            channel.close();
            let closed = async {
                while let Some(signal) = self.from_webrtcbin.recv().await {
                    if matches!(signal, Signal::ChannelClosed(number) if number == channel.number()) {
                        break;
                    }
                }
            };
            // Not closed in time: the other side finds out by itself.
            let _ = tokio::time::timeout(CHANNEL_LIMIT, closed).await;
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

/// Waits until a track is to be sent in another quality. That is one of pictures.
async fn moved(claimed: &mut [Claimed]) {
    match claimed.iter_mut().find(|claim| claim.outbound.track.kind == MediaKind::Video) {
        Some(video) => video.outbound.moved().await,
        None => std::future::pending().await,
    }
}

fn failed(error: impl std::fmt::Display) -> CloseReason {
    CloseReason::Failed(error.to_string())
}
