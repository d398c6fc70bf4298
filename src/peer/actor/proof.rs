//! Where the room has a key: what is said before both have proved that they have it.

use std::time::{Duration, Instant};

use super::{Actor, Outcome, failed};
use crate::{
    connection::CloseReason,
    limit::Misdeed,
    peer::{channel::Channel, wiring::Signal},
    report::Message,
    trust::{Bond, Handshake, Prover, Side, Unproved},
};

/// How long a proof may take. A page gives it at once.
const LIMIT: Duration = Duration::from_secs(5);

/// A proof that is waited for.
#[derive(Debug)]
pub(super) struct Proving {
    part: Part,
    since: Instant,
}

/// What is ours of it.
#[derive(Debug)]
enum Part {
    Ask(Handshake),
    Prove(Prover),
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
        let (what, of) = match &self.part {
            Part::Prove(prover) if !prover.is_asked() => ("ask", "for the room's key"),
            Part::Prove(_) | Part::Ask(_) => ("prove", "that it has the room's key"),
        };
        let what = format!("it did not {what} within {} s {of} (member.trust)", LIMIT.as_secs());
        Err(CloseReason::Misbehaved(Misdeed::wrong(what)))
    }
}

impl Actor {
    /// Begins to wait for a proof. The certificate that it is bound to is known by now.
    pub(super) fn begin_to_prove(&mut self) -> Outcome {
        let (Some(trust), Some(theirs)) = (&self.settings.trust, &self.expected) else { return Ok(()) };
        let ours = (trust.own.clone(), self.settings.certificate.fingerprint().clone());
        let theirs = (self.key.id.clone(), theirs.clone());
        let of = |(gateway, gateway_certificate), (peer, peer_certificate)| Bond {
            room: trust.room.clone(),
            gateway,
            peer,
            gateway_certificate,
            peer_certificate,
        };
        let (key, nonce) = (trust.key.clone(), rand::random());
        let part = match trust.side {
            Side::Gateway => Part::Ask(Handshake::new(key, of(ours, theirs), nonce)),
            Side::Peer => Part::Prove(Prover::new(key, of(theirs, ours), nonce)),
        };
        self.proving = Some(Proving { part, since: Instant::now() });
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
            // It asks before we know that we are connected. More than that nobody says by then.
            signal @ Signal::Message(_) if self.proving.is_none() && self.may_be_asked() => self.hold(signal),
            Signal::Message(Message::Text { text }) => self.hear_proof(&text).await,
            signal @ Signal::Track(_) => self.hold(signal),
            _ => Ok(()),
        }
    }

    /// Whether a message may be what asks us to prove: we are who proves, and none is held yet.
    fn may_be_asked(&self) -> bool {
        let proves = self.settings.trust.as_ref().is_some_and(|trust| trust.side == Side::Peer);
        proves && !self.held.iter().any(|signal| matches!(signal, Signal::Message(_)))
    }

    /// Asks, as soon as there is somebody to ask and a channel to ask over.
    fn challenge(&mut self) -> Outcome {
        let (Some(proving), Some(channel)) = (&mut self.proving, &mut self.channel) else { return Ok(()) };
        if let Part::Ask(handshake) = &mut proving.part
            && channel.is_open()
            && let Some(text) = handshake.challenge()
        {
            channel.send(&Message::Text { text }).map_err(failed)?;
        }
        Ok(())
    }

    async fn hear_proof(&mut self, text: &str) -> Outcome {
        let Some(proving) = &mut self.proving else { return Ok(()) };
        let heard = match &mut proving.part {
            Part::Ask(handshake) => handshake.conclude(text).map(|last| (Some(last), true)),
            Part::Prove(prover) => prover.hear(text).map(|said| (said.clone(), said.is_none())),
        };
        let (say, is_proved) = match heard {
            Ok(heard) => heard,
            // A page that knows nothing of keys may say anything.
            Err(Unproved::NoProof) => return Ok(()),
            Err(wrong) => return Err(CloseReason::Misbehaved(Misdeed::wrong(wrong.to_string()))),
        };
        if let (Some(text), Some(channel)) = (say, &mut self.channel) {
            channel.send(&Message::Text { text }).map_err(failed)?;
        }
        if !is_proved {
            return Ok(());
        }
        self.proving = None;
        self.begin().await
    }
}
