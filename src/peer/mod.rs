//! One remote peer: its pipeline with a `webrtcbin`, and the actor that owns it.
//!
//! Commands go in, events come out ([`crate::connection`]); what happens between is nobody else's
//! business. It knows GStreamer, and nothing of rooms or relays.

mod actor;
mod bandwidth;
mod certificate;
mod channel;
mod continuity;
mod flow;
mod formats;
mod inbound;
mod inflow;
mod liveness;
mod negotiation;
mod network;
mod outbound;
mod reports;
mod sender;
mod settings;
mod timing;
mod webrtc;
mod wiring;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument, info_span};

use crate::{
    codec::{Codec, MediaKind},
    connection::PeerCommand,
    ids::{PeerKey, SourceName},
    media::clockwork::Clockwork,
    recorder::Subject,
    report::Message,
    studio::Studio,
};

pub use certificate::{Certificate, CertificateError};
pub use channel::SendError;
pub use inflow::MessageLimits;
pub use network::{NetworkError, offered, try_network};
pub use reports::{Reporter, Reports, Unreported};
pub use settings::{ChannelSettings, Settings, Trust};

/// Messages that may wait for the task. What waits behind it, in SCTP, is bounded by bytes.
const OUTBOX: usize = 16;

/// Commands that may wait for a connection. Candidates come in bursts; nothing else does.
const COMMAND_QUEUE: usize = 128;

/// A track that a peer is sent, if it wants it.
#[derive(Debug, Clone)]
pub struct OutboundTrack {
    /// Audio or video. A peer gets at most one of each.
    pub kind: MediaKind,
    /// What is sent.
    pub source: SourceName,
    /// How it can be encoded, the preferred codec first.
    pub codecs: Vec<Codec>,
    /// Where it is encoded.
    pub studio: Studio,
}

/// A connection to a peer. Dropping it ends it.
#[derive(Debug)]
pub struct Peer {
    commands: mpsc::Sender<PeerCommand>,
    outbox: mpsc::Sender<Outgoing>,
}

/// A message on its way out, and where to say what became of it.
#[derive(Debug)]
struct Outgoing {
    message: Message,
    reply: oneshot::Sender<Result<(), SendError>>,
}

/// The connection is over, or so far behind that its commands pile up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection to the peer takes no commands any more")]
pub struct Unresponsive;

impl Peer {
    /// Starts the task of a connection. It does nothing before the first command. What it has to tell goes to `reports`, the
    /// last of it [`PeerEvent::Closed`](crate::connection::PeerEvent::Closed). The tracks that it is sent can be recorded as
    /// `recorded`.
    ///
    /// Must be called within a tokio runtime. What it logs is told as of whoever calls: its span is within the present one.
    #[must_use]
    pub fn spawn(
        key: PeerKey,
        settings: Arc<Settings>,
        tracks: Vec<OutboundTrack>,
        recorded: Option<Subject>,
        clockwork: Clockwork,
        reports: Reporter,
    ) -> Self {
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let span = info_span!("peer", id = %key.id, session = key.session.0);
        let inbox = actor::Inbox { commands: command_queue, outgoing };
        let reports = reports.another();
        tokio::spawn(actor::run(key, settings, tracks, recorded, clockwork, inbox, reports).instrument(span));
        Self { commands, outbox }
    }

    /// Tells the connection to do something.
    ///
    /// # Errors
    /// When it is over, or 128 commands wait already. Drop it then.
    pub fn tell(&self, command: PeerCommand) -> Result<(), Unresponsive> {
        self.commands.try_send(command).map_err(|_| Unresponsive)
    }

    /// Sends a message over the data channel: hands it to SCTP, which does not mean that it has arrived.
    /// The returned future needs nothing of `self`.
    ///
    /// # Errors
    /// When the channel is not open, the message does not fit, or too much waits already.
    pub fn send(&self, message: Message) -> impl Future<Output = Result<(), SendError>> + Send + use<> {
        let outbox = self.outbox.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            outbox.send(Outgoing { message, reply }).await.map_err(|_| SendError::NotOpen)?;
            // The task ended meanwhile, and the channel with it.
            answer.await.unwrap_or(Err(SendError::NotOpen))
        }
    }
}
