//! One socket of a room.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tracing::{Span, debug};

use super::{
    limits::Limits,
    rooms::{Full, Inbox, InvalidName, RoomName, Rooms, Seat, TooSlow, Voice},
};
use crate::{pace::Pace, server::Closing};

/// Messages are small; there may be hundreds of sockets.
pub(super) const BUFFER_BYTES: usize = 8 * 1024;
/// A browser answers by itself. Many proxies take a connection for dead after 60 s.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Two pings without an answer, and some.
const SILENCE_LIMIT: Duration = Duration::from_secs(45);
/// For saying why, and for the other side to say goodbye.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum End {
    #[error("it closed")]
    Closed,
    #[error("the connection broke, or did not keep to WebSocket")]
    Broken,
    #[error("nothing heard for {} s", SILENCE_LIMIT.as_secs())]
    Silent,
    #[error("expected messages of at most {limit} bytes, got one of {got}")]
    TooLong { limit: usize, got: usize },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Full(#[from] Full),
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
    #[error("the relay stops")]
    Stopping,
}

/// Serves a socket to its end.
pub(super) async fn serve(
    socket: WebSocket,
    room: Result<RoomName, InvalidName>,
    rooms: Rooms,
    limits: Limits,
    mut closing: Closing,
) {
    let (mut sink, mut stream) = socket.split();
    let end = tokio::select! {
        end = attend(&mut sink, &mut stream, room, rooms, limits) => end,
        () = closing.wait() => End::Stopping,
    };
    debug!(%end, "socket closed");
    // Whether it hears why or not: it is over.
    let _ = timeout(CLOSE_LIMIT, say_why(&mut sink, &mut stream, end)).await;
}

async fn attend(
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
    room: Result<RoomName, InvalidName>,
    rooms: Rooms,
    limits: Limits,
) -> End {
    let seat = match room {
        Ok(room) => {
            Span::current().record("room", room.as_str());
            rooms.enter(room).await.map_err(End::from)
        }
        Err(invalid) => Err(invalid.into()),
    };
    let Seat { voice, inbox, evicted } = match seat {
        Ok(seat) => seat,
        Err(end) => return end,
    };
    debug!("socket open");
    let (heard, silence) = watch::channel(Instant::now());
    let end = tokio::select! {
        end = listen(stream, &voice, limits, &heard) => end,
        end = speak(sink, inbox) => end,
        end = notice_silence(silence) => end,
        evicted = evicted => evicted.map_or(End::Stopping, End::TooSlow),
    };
    voice.leave().await;
    end
}

/// Passes on what the socket says, no faster than its pace.
async fn listen(
    stream: &mut SplitStream<WebSocket>,
    voice: &Voice,
    limits: Limits,
    heard: &watch::Sender<Instant>,
) -> End {
    let mut pace = Pace::new(limits.messages_per_second, limits.burst);
    loop {
        let message = match stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(_)) => return End::Broken,
            None => return End::Closed,
        };
        heard.send_replace(Instant::now());
        let got = match &message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return End::Closed,
        };
        if got > limits.message_bytes {
            return End::TooLong { limit: limits.message_bytes, got };
        }
        voice.say(message).await;
        if let Some(next) = pace.count(Instant::now().into_std()) {
            sleep_until(next.into()).await;
        }
    }
}

/// Hands the socket what the others say, and asks whether it is still there.
async fn speak(sink: &mut SplitSink<WebSocket, Message>, mut inbox: Inbox) -> End {
    let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            message = inbox.next() => match message {
                Some(message) => message,
                // Its place was taken away; another branch knows why.
                None => std::future::pending().await,
            },
            _ = ping.tick() => Message::Ping(Default::default()),
        };
        if sink.send(message).await.is_err() {
            return End::Broken;
        }
    }
}

async fn notice_silence(heard: watch::Receiver<Instant>) -> End {
    loop {
        let limit = *heard.borrow() + SILENCE_LIMIT;
        if limit <= Instant::now() {
            return End::Silent;
        }
        sleep_until(limit).await;
    }
}

async fn say_why(sink: &mut SplitSink<WebSocket, Message>, stream: &mut SplitStream<WebSocket>, end: End) {
    let code = match end {
        End::Closed | End::Broken | End::Silent => close_code::NORMAL,
        End::TooLong { .. } => close_code::SIZE,
        End::Name(_) => close_code::POLICY,
        End::Full(_) | End::TooSlow(_) => close_code::AGAIN,
        End::Stopping => close_code::AWAY,
    };
    let reason = if end == End::Closed { String::new() } else { end.to_string() };
    let frame = CloseFrame { code, reason: reason.into() };
    if sink.send(Message::Close(Some(frame))).await.is_ok() {
        // Until it says goodbye too. A connection with unread bytes is broken off, and the reason lost.
        while let Some(Ok(_)) = stream.next().await {}
    }
}
