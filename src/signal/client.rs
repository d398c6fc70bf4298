//! The connection to a relay, for ever: connect, carry messages, come back when it breaks.

use std::{convert::Infallible, pin::pin, time::Duration};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tracing::{Instrument, debug, info, info_span, trace, warn};

use super::{
    backoff::Backoff,
    message::{Envelope, MessageError},
    relay_url::RelayUrl,
    transport::{Connection, Lost, Transport},
    websocket::WebSocket,
};
use crate::{redact::Redacted, tls::Anchors};

/// Messages that wait to be sent. A room of a hundred gets an offer and a dozen candidates each at once.
const OUTGOING: usize = 4096;
/// Events that wait to be looked at, which is 16 MiB of the longest messages. When they are full the relay waits for us.
const EVENTS: usize = 64;
/// How long [`Client::close`] may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Which relay, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub url: RelayUrl,
    /// The sub-protocols that are offered to it. It must take one when there are any.
    pub protocols: Vec<String>,
    /// Headers of the handshake, beside WebSocket's own.
    pub headers: Vec<(String, Redacted<String>)>,
    /// Who is trusted to be it, where it is spoken to over TLS.
    pub anchors: Anchors,
}

/// A connection that comes back. Dropping it ends it; [`Client::close`] waits for that.
#[derive(Debug)]
pub struct Client {
    outgoing: mpsc::Sender<Envelope>,
    task: JoinHandle<()>,
}

/// What a client tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// The relay is there: what is sent from now on reaches the room.
    Up,
    /// It is not, or the reason has changed. It is tried again without end.
    Down {
        /// Why, in words.
        why: String,
    },
    /// A member of the room says something.
    Message(Envelope),
    /// A member of the room sent what is no message.
    Malformed {
        /// What was expected, and what came.
        why: String,
    },
}

impl Client {
    /// Begins to connect. What happens comes out of the receiver; when that is dropped, the connection ends.
    ///
    /// Call it inside a tokio runtime.
    #[must_use]
    pub fn start(settings: Settings) -> (Self, mpsc::Receiver<ClientEvent>) {
        let span = info_span!("relay", url = %settings.url);
        Self::over(WebSocket::new(settings), span)
    }

    fn over(transport: impl Transport, span: tracing::Span) -> (Self, mpsc::Receiver<ClientEvent>) {
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        let (events, received) = mpsc::channel(EVENTS);
        let keeper = Keeper { transport, queue, events, backoff: Backoff::default(), told: None };
        let task = tokio::spawn(keeper.run().instrument(span));
        (Self { outgoing, task }, received)
    }

    /// Sends a message. While the relay is away, or does not keep up, it is dropped: what signalling says is true only
    /// for a moment, and the room begins anew when the relay is back.
    pub fn send(&self, envelope: Envelope) {
        if self.outgoing.try_send(envelope).is_err() {
            debug!("a message is dropped: the relay does not keep up");
        }
    }

    /// Sends what waits, says goodbye and ends, within a second.
    pub async fn close(self) {
        let Self { outgoing, mut task, .. } = self;
        drop(outgoing);
        if timeout(GOODBYE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// The task behind a [`Client`]. It ends when the client is dropped, or when nobody listens any more.
struct Keeper<T> {
    transport: T,
    queue: mpsc::Receiver<Envelope>,
    events: mpsc::Sender<ClientEvent>,
    backoff: Backoff,
    /// Why the relay is away, as it was last told.
    told: Option<Lost>,
}

/// Nobody wants the connection any more.
struct Unwanted;

impl<T: Transport> Keeper<T> {
    async fn run(mut self) {
        let Err(Unwanted) = self.keep().await;
    }

    async fn keep(&mut self) -> Result<Infallible, Unwanted> {
        loop {
            let mut connection = match discarding(&mut self.queue, self.transport.connect()).await? {
                Ok(connection) => connection,
                Err(lost) => {
                    self.pause(lost).await?;
                    continue;
                }
            };
            info!("connected");
            let since = Instant::now();
            self.told = None;
            self.tell(ClientEvent::Up).await?;
            let lost = match self.carry(&mut connection).await {
                Ok(lost) => lost,
                Err(Unwanted) => {
                    connection.close().await;
                    return Err(Unwanted);
                }
            };
            self.backoff.ended(since.elapsed());
            self.pause(lost).await?;
        }
    }

    /// Carries messages both ways until the connection is lost.
    async fn carry(&mut self, connection: &mut T::Connection) -> Result<Lost, Unwanted> {
        loop {
            tokio::select! {
                received = connection.receive() => match received {
                    Ok(wire) => self.read(&wire).await?,
                    Err(lost) => return Ok(lost),
                },
                next = self.queue.recv() => {
                    let envelope = next.ok_or(Unwanted)?;
                    if let Err(lost) = connection.send(envelope.to_text()).await {
                        return Ok(lost);
                    }
                }
            }
        }
    }

    async fn read(&mut self, wire: &[u8]) -> Result<(), Unwanted> {
        match Envelope::parse(wire) {
            Ok(envelope) => self.tell(ClientEvent::Message(envelope)).await,
            Err(MessageError::Foreign(event)) => {
                trace!(event, "left alone: an application's own event");
                Ok(())
            }
            Err(error) => self.tell(ClientEvent::Malformed { why: error.to_string() }).await,
        }
    }

    /// Tells why there is no connection, and waits before the next try.
    async fn pause(&mut self, lost: Lost) -> Result<(), Unwanted> {
        let wait = match lost {
            Lost::Absent(_) => Backoff::wait_for_anybody(rand::random()),
            Lost::Unserved(_) => self.backoff.wait(rand::random()),
        };
        if self.told.as_ref() == Some(&lost) {
            debug!(why = %lost, ?wait, "still away");
        } else {
            warn!(why = %lost, ?wait, "away; it is tried again without end");
            self.told = Some(lost.clone());
            self.tell(ClientEvent::Down { why: lost.to_string() }).await?;
        }
        discarding(&mut self.queue, sleep(wait)).await
    }

    async fn tell(&mut self, event: ClientEvent) -> Result<(), Unwanted> {
        self.events.send(event).await.map_err(|_| Unwanted)
    }
}

/// Waits for `future`; what comes to be sent meanwhile is dropped.
async fn discarding<F: Future>(queue: &mut mpsc::Receiver<Envelope>, future: F) -> Result<F::Output, Unwanted> {
    let mut future = pin!(future);
    loop {
        tokio::select! {
            output = &mut future => return Ok(output),
            stale = queue.recv() => match stale {
                Some(_) => debug!("a message is dropped: the relay is away"),
                None => return Err(Unwanted),
            },
        };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::{ids::PeerId, signal::message::Signal};

    /// A way to a relay whose every connection is known beforehand.
    struct Script {
        tries: mpsc::UnboundedSender<Instant>,
        outcomes: VecDeque<Result<Scripted, Lost>>,
    }

    /// A connection that lives so long, and keeps what is sent.
    struct Scripted {
        lives: Duration,
        sent: mpsc::UnboundedSender<String>,
    }

    impl Transport for Script {
        type Connection = Scripted;

        async fn connect(&mut self) -> Result<Scripted, Lost> {
            self.tries.send(Instant::now()).unwrap();
            match self.outcomes.pop_front() {
                Some(outcome) => outcome,
                None => std::future::pending().await,
            }
        }
    }

    impl Connection for Scripted {
        async fn receive(&mut self) -> Result<Vec<u8>, Lost> {
            sleep(self.lives).await;
            Err(Lost::Unserved("it ended".to_owned()))
        }

        async fn send(&mut self, text: String) -> Result<(), Lost> {
            self.sent.send(text).unwrap();
            Ok(())
        }

        async fn close(self) {}
    }

    /// A client over a script: with its events, the times of its tries and what it sent.
    struct Play {
        client: Client,
        events: mpsc::Receiver<ClientEvent>,
        tries: mpsc::UnboundedReceiver<Instant>,
        sent: mpsc::UnboundedReceiver<String>,
    }

    /// Plays a script: how long each connection lives, or why somebody who is there makes none.
    fn play(outcomes: impl IntoIterator<Item = Result<Duration, &'static str>>) -> Play {
        let unserved = |why: &str| Lost::Unserved(why.to_owned());
        play_out(outcomes.into_iter().map(|outcome| outcome.map_err(unserved)))
    }

    /// Plays a script: how long each connection lives, or why it does not come about.
    fn play_out(outcomes: impl IntoIterator<Item = Result<Duration, Lost>>) -> Play {
        let (tries, tried) = mpsc::unbounded_channel();
        let (sender, sent) = mpsc::unbounded_channel();
        let connection = |lives| Scripted { lives, sent: sender.clone() };
        let outcomes = outcomes.into_iter().map(|outcome| outcome.map(connection)).collect();
        let (client, events) = Client::over(Script { tries, outcomes }, tracing::Span::none());
        Play { client, events, tries: tried, sent }
    }

    fn join(id: &str) -> Envelope {
        Envelope { from: PeerId::new(id).unwrap(), to: None, body: Signal::Join }
    }

    fn down(why: &str) -> Option<ClientEvent> {
        Some(ClientEvent::Down { why: why.to_owned() })
    }

    #[tokio::test(start_paused = true)]
    async fn it_tries_without_end_with_growing_waits() {
        let mut play = play(vec![Err("nothing listens"); 40]);
        let mut last = play.tries.recv().await.unwrap();
        let mut waits = Vec::new();
        for _ in 0..40 {
            let next = play.tries.recv().await.unwrap();
            waits.push(next - last);
            last = next;
        }
        assert!(waits[0] <= Duration::from_secs(1), "{waits:?}");
        assert!(waits.iter().all(|wait| (Duration::from_millis(500)..Duration::from_secs(31)).contains(wait)));
        assert!(waits[5..].iter().any(|wait| *wait > Duration::from_secs(5)), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_away_for_ten_minutes_is_found_within_a_second_of_its_return() {
        let mut play = play_out(vec![Err(Lost::Absent("nothing listens".to_owned())); 1500]);
        let gone = play.tries.recv().await.unwrap();
        let mut last = gone;
        while last - gone < Duration::from_secs(600) {
            let next = play.tries.recv().await.unwrap();
            assert!(
                (Duration::from_millis(500)..Duration::from_millis(900)).contains(&(next - last)),
                "{:?}",
                next - last
            );
            last = next;
        }
        assert_eq!(play.events.recv().await, down("nothing listens"));
        assert!(play.events.is_empty(), "it is told once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reason_is_told_once_and_again_when_it_changes() {
        let hour = Duration::from_secs(3600);
        let mut play = play([Err("no name"), Err("no name"), Err("no route"), Ok(hour), Err("no route")]);
        assert_eq!(play.events.recv().await, down("no name"));
        assert_eq!(play.events.recv().await, down("no route"));
        assert_eq!(play.events.recv().await, Some(ClientEvent::Up));
        assert_eq!(play.events.recv().await, down("it ended"));
        assert_eq!(play.events.recv().await, down("no route"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_while_away_is_dropped() {
        let mut play = play([Err("nothing listens"), Ok(Duration::from_secs(3600))]);
        play.client.send(join("before"));
        assert_eq!(play.events.recv().await, down("nothing listens"));
        play.client.send(join("while"));
        assert_eq!(play.events.recv().await, Some(ClientEvent::Up));
        play.client.send(join("after"));
        assert_eq!(play.sent.recv().await, Some(join("after").to_text()));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_its_client_whatever_it_does() {
        for outcomes in [vec![], vec![Err("nothing listens")], vec![Ok(Duration::from_secs(3600))]] {
            let Play { client, mut events, mut tries, .. } = play(outcomes);
            tries.recv().await.unwrap();
            drop(client);
            while events.recv().await.is_some() {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_nobody_listens() {
        let Play { client, events, mut tries, .. } = play(vec![Err("one"), Err("two"), Err("three")]);
        drop(events);
        tries.recv().await.unwrap();
        assert_eq!(tries.recv().await, None);
        drop(client);
    }
}
