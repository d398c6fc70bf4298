//! The task that owns all rooms: who is in which, and who gets what.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::extract::ws::Message;
use tokio::sync::{mpsc, oneshot};

use super::limits::Limits;

/// Requests that wait for the task. When they are full, sockets are read no further.
const REQUESTS: usize = 1024;
/// The longest name of a room.
const MAX_NAME_BYTES: usize = 64;

/// The name of a room: up to 64 of `A-Z a-z 0-9 _ . ~ -`. `/signal` has the empty one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RoomName(String);

/// A text that is no name of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a room's name has at most {MAX_NAME_BYTES} of A-Z a-z 0-9 _ . ~ -")]
pub(super) struct InvalidName;

/// Why nobody more is let in. It may be different in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    #[error("the room is full: it has {0} sockets")]
    Room(usize),
    #[error("the relay is full: it has {0} rooms")]
    Rooms(usize),
    #[error("the relay is full: it has {0} sockets")]
    Sockets(usize),
    #[error("the relay stops")]
    Stopping,
}

/// A socket lost its place: more waited for it than may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read too slowly: {messages} messages of {bytes} bytes waited")]
pub(super) struct TooSlow {
    messages: usize,
    bytes: usize,
}

/// The way to the task. Clones lead to the same one; it ends with the last.
#[derive(Debug, Clone)]
pub(super) struct Rooms(mpsc::Sender<Request>);

/// A place in a room.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) voice: Voice,
    pub(super) inbox: Inbox,
    /// Resolves when the place was taken away.
    pub(super) evicted: oneshot::Receiver<TooSlow>,
}

/// Speaks from a place.
#[derive(Debug)]
pub(super) struct Voice {
    id: SeatId,
    room: RoomName,
    rooms: Rooms,
}

/// What waits for a socket.
#[derive(Debug)]
pub(super) struct Inbox {
    queue: mpsc::Receiver<Message>,
    bytes: Arc<AtomicUsize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct SeatId(u64);

enum Request {
    Enter { room: RoomName, reply: oneshot::Sender<Result<Place, Full>> },
    Say { room: RoomName, from: SeatId, message: Message },
    Leave { room: RoomName, id: SeatId },
}

/// What becomes a [`Seat`] on the way out.
#[derive(Debug)]
struct Place {
    id: SeatId,
    inbox: Inbox,
    evicted: oneshot::Receiver<TooSlow>,
}

impl RoomName {
    pub(super) fn new(name: String) -> Result<Self, InvalidName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.~-".contains(&byte);
        if name.len() <= MAX_NAME_BYTES && name.bytes().all(plain) { Ok(Self(name)) } else { Err(InvalidName) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Rooms {
    /// Starts the task. Call it inside a tokio runtime.
    pub(super) fn open(limits: Limits) -> Self {
        let (requests, queue) = mpsc::channel(REQUESTS);
        tokio::spawn(Registry { limits, rooms: HashMap::new(), seats: 0, next: 0 }.run(queue));
        Self(requests)
    }

    /// Takes a place in a room, which comes into being with its first.
    pub(super) async fn enter(&self, room: RoomName) -> Result<Seat, Full> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Request::Enter { room: room.clone(), reply }).await.map_err(|_| Full::Stopping)?;
        let Place { id, inbox, evicted } = answer.await.map_err(|_| Full::Stopping)??;
        Ok(Seat { voice: Voice { id, room, rooms: self.clone() }, inbox, evicted })
    }
}

impl Voice {
    /// Says something to all others of the room.
    pub(super) async fn say(&self, message: Message) {
        // When the task has ended there is nobody left to hear it.
        let _ = self.rooms.0.send(Request::Say { room: self.room.clone(), from: self.id, message }).await;
    }

    /// Gives the place back. A room vanishes with its last one.
    pub(super) async fn leave(self) {
        // When the task has ended there is nothing to give back.
        let _ = self.rooms.0.send(Request::Leave { room: self.room, id: self.id }).await;
    }
}

impl Inbox {
    /// The next message; `None` when the place was taken away.
    pub(super) async fn next(&mut self) -> Option<Message> {
        let message = self.queue.recv().await?;
        self.bytes.fetch_sub(size(&message), Ordering::Relaxed);
        Some(message)
    }
}

/// The task's state.
struct Registry {
    limits: Limits,
    rooms: HashMap<RoomName, HashMap<SeatId, Outbox>>,
    seats: usize,
    next: u64,
}

/// The registry's end of an [`Inbox`].
struct Outbox {
    queue: mpsc::Sender<Message>,
    bytes: Arc<AtomicUsize>,
    evict: oneshot::Sender<TooSlow>,
}

impl Registry {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            match request {
                Request::Enter { room, reply } => {
                    let id = SeatId(self.next);
                    self.next += 1;
                    // A socket that does not wait for the answer any more says that it leaves, or never came.
                    if let Err(Ok(_)) = reply.send(self.enter(&room, id)) {
                        self.leave(&room, id);
                    }
                }
                Request::Say { room, from, message } => self.say(&room, from, &message),
                Request::Leave { room, id } => self.leave(&room, id),
            }
        }
    }

    fn enter(&mut self, room: &RoomName, id: SeatId) -> Result<Place, Full> {
        let Limits { sockets, rooms, sockets_per_room, queued_messages, .. } = self.limits;
        if self.seats >= sockets {
            return Err(Full::Sockets(sockets));
        }
        match self.rooms.get(room) {
            Some(seats) if seats.len() >= sockets_per_room => return Err(Full::Room(sockets_per_room)),
            None if self.rooms.len() >= rooms => return Err(Full::Rooms(rooms)),
            _ => {}
        }
        let (queue, inbox) = mpsc::channel(queued_messages.max(1));
        let (evict, evicted) = oneshot::channel();
        let bytes = Arc::new(AtomicUsize::new(0));
        let outbox = Outbox { queue, bytes: Arc::clone(&bytes), evict };
        self.rooms.entry(room.clone()).or_default().insert(id, outbox);
        self.seats += 1;
        Ok(Place { id, inbox: Inbox { queue: inbox, bytes }, evicted })
    }

    fn say(&mut self, room: &RoomName, from: SeatId, message: &Message) {
        let Some(seats) = self.rooms.get_mut(room) else { return };
        // One who was put out may still have messages on the way here.
        if !seats.contains_key(&from) {
            return;
        }
        let limit = self.limits.queued_bytes;
        let slow: Vec<SeatId> = seats
            .iter()
            .filter(|(id, outbox)| **id != from && !outbox.put(message, limit))
            .map(|(id, _)| *id)
            .collect();
        for id in slow {
            if let Some(outbox) = seats.remove(&id) {
                self.seats -= 1;
                outbox.evict();
            }
        }
    }

    fn leave(&mut self, room: &RoomName, id: SeatId) {
        let Some(seats) = self.rooms.get_mut(room) else { return };
        if seats.remove(&id).is_some() {
            self.seats -= 1;
        }
        if seats.is_empty() {
            self.rooms.remove(room);
        }
    }
}

impl Outbox {
    /// Whether there was room for the message.
    fn put(&self, message: &Message, limit: usize) -> bool {
        let size = size(message);
        if self.bytes.fetch_add(size, Ordering::Relaxed) + size > limit.max(size) {
            return false;
        }
        self.queue.try_send(message.clone()).is_ok()
    }

    fn evict(self) {
        let messages = self.queue.max_capacity() - self.queue.capacity();
        // The socket may be gone by itself.
        let _ = self.evict.send(TooSlow { messages, bytes: self.bytes.load(Ordering::Relaxed) });
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(limits: Limits) -> Registry {
        Registry { limits, rooms: HashMap::new(), seats: 0, next: 0 }
    }

    fn room(name: &str) -> RoomName {
        RoomName::new(name.to_owned()).unwrap()
    }

    #[test]
    fn names_are_short_and_plain() {
        for name in ["", "room", "A.b_c~d-9", &"x".repeat(64)] {
            assert!(RoomName::new(name.to_owned()).is_ok(), "{name}");
        }
        for name in ["a b", "a/b", "é", "a\n", &"x".repeat(65)] {
            assert!(RoomName::new(name.to_owned()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_room_vanishes_with_its_last_socket() {
        let mut registry = registry(Limits { rooms: 1, ..Limits::default() });
        let _first = registry.enter(&room("a"), SeatId(1)).unwrap();
        assert_eq!(registry.enter(&room("b"), SeatId(2)).unwrap_err(), Full::Rooms(1));
        registry.leave(&room("a"), SeatId(1));
        assert!(registry.enter(&room("b"), SeatId(3)).is_ok());
        assert_eq!((registry.seats, registry.rooms.len()), (1, 1));
    }

    #[test]
    fn a_place_is_given_back_once() {
        let mut registry = registry(Limits::default());
        let _seat = registry.enter(&room("a"), SeatId(1)).unwrap();
        registry.leave(&room("a"), SeatId(1));
        registry.leave(&room("a"), SeatId(1));
        assert_eq!(registry.seats, 0);
    }

    #[test]
    fn one_who_does_not_read_is_put_out_by_count_and_by_bytes() {
        for limits in
            [Limits { queued_messages: 2, ..Limits::default() }, Limits { queued_bytes: 11, ..Limits::default() }]
        {
            let mut registry = registry(limits);
            let _speaker = registry.enter(&room("a"), SeatId(1)).unwrap();
            let Place { inbox: _inbox, mut evicted, .. } = registry.enter(&room("a"), SeatId(2)).unwrap();
            for _ in 0..2 {
                registry.say(&room("a"), SeatId(1), &Message::text("hello"));
                assert!(evicted.try_recv().is_err());
            }
            registry.say(&room("a"), SeatId(1), &Message::text("hello"));
            assert!(evicted.try_recv().is_ok(), "{limits:?}");
            assert_eq!(registry.seats, 1);
        }
    }
}
