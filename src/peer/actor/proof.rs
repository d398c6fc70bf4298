//! Where the room has a key: what is said before the peer has proved that it has it.

use std::time::{Duration, Instant};

use super::{Actor, Outcome, failed};
use crate::{
    connection::CloseReason,
    limit::Misdeed,
    peer::{channel::Channel, wiring::Signal},
    report::Message,
    trust::{Bond, Handshake, Unproved},
};

/// How long a proof may take. A page gives it at once.
const LIMIT: Duration = Duration::from_secs(5);

/// A proof that is waited for.
#[derive(Debug)]
pub(super) struct Proving {
    handshake: Handshake,
    since: Instant,
}

impl Proving {
    /// Whether there is still time.
    ///
    /// # Errors
    /// The reason to close, when there is none left.
    pub(super) fn check(&self, now: Instant) -> Outcome {
        if now.saturating_duration_since(self.since) < LIMIT {
            return Ok(());
        }
        let what = format!("it did not prove within {} s that it has the room's key (member.trust)", LIMIT.as_secs());
        Err(CloseReason::Misbehaved(Misdeed::wrong(what)))
    }
}

impl Actor {
    /// Begins to wait for a proof. The certificate that it is bound to is known by now.
    pub(super) fn ask_for_proof(&mut self) -> Outcome {
        let (Some(trust), Some(theirs)) = (&self.settings.trust, &self.expected) else { return Ok(()) };
        let bond = Bond {
            room: trust.room.clone(),
            gateway: trust.own.clone(),
            peer: self.key.id.clone(),
            gateway_certificate: self.settings.certificate.fingerprint().clone(),
            peer_certificate: theirs.clone(),
        };
        let handshake = Handshake::new(trust.key.clone(), bond, rand::random());
        self.proving = Some(Proving { handshake, since: Instant::now() });
        self.challenge()
    }

    /// What comes from one who has proved nothing: of a channel, that there is one to talk over; of messages, the proof.
    /// Everything else waits, or is passed over.
    pub(super) async fn unproved(&mut self, signal: Signal) -> Outcome {
        match signal {
            signal if self.connected => self.trusted(signal).await,
            Signal::Channel(channel, number) => {
                self.channel = Some(Channel::given(channel, number));
                self.challenge()
            }
            Signal::ChannelOpen(number) if self.uses(number) => self.challenge(),
            Signal::Message(Message::Text { text }) => self.hear_proof(&text).await,
            signal @ Signal::Track(_) => self.hold(signal),
            _ => Ok(()),
        }
    }

    /// Asks, as soon as there is somebody to ask and a channel to ask over.
    fn challenge(&mut self) -> Outcome {
        let (Some(proving), Some(channel)) = (&mut self.proving, &mut self.channel) else { return Ok(()) };
        if channel.is_open()
            && let Some(text) = proving.handshake.challenge()
        {
            channel.send(&Message::Text { text }).map_err(failed)?;
        }
        Ok(())
    }

    async fn hear_proof(&mut self, text: &str) -> Outcome {
        let Some(proving) = &self.proving else { return Ok(()) };
        let text = match proving.handshake.conclude(text) {
            Ok(text) => text,
            // A page that knows nothing of keys may say anything.
            Err(Unproved::NoProof) => return Ok(()),
            Err(wrong) => return Err(CloseReason::Misbehaved(Misdeed::wrong(wrong.to_string()))),
        };
        if let Some(channel) = &mut self.channel {
            channel.send(&Message::Text { text }).map_err(failed)?;
        }
        self.proving = None;
        self.begin().await
    }
}
