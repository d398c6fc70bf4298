//! Messages that wait for the program: so many of each who sends some, and all of these in turn. Pure.

use std::collections::VecDeque;

use super::Received;
use crate::report::Message;

/// Messages of one peer: what a program that talks to ours may say in a moment. They hold up nobody else.
const MESSAGES: usize = 64;

/// Bytes of one peer's messages from which on no further one waits: those of the longest message.
const BYTES: usize = Message::MAX_BYTES;

/// Peers, those that are gone by now among them: four full rooms. What waits of all takes 32 MiB at most.
const PEERS: usize = 256;

/// What waits, by who sent it; whose turn is next comes first. None is empty.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<VecDeque<Received>>);

impl Waiting {
    /// Takes a message, unless too much waits already. Whether it did.
    pub(super) fn push(&mut self, received: Received) -> bool {
        let is_theirs = |queue: &&mut VecDeque<Received>| {
            queue.front().is_some_and(|first| first.key == received.key && first.peer == received.peer)
        };
        if let Some(queue) = self.0.iter_mut().find(is_theirs) {
            let bytes: usize = queue.iter().map(|one| one.message.as_bytes().len()).sum();
            let has_room = queue.len() < MESSAGES && bytes < BYTES;
            if has_room {
                queue.push_back(received);
            }
            return has_room;
        }
        let has_room = self.0.len() < PEERS;
        if has_room {
            self.0.push_back(VecDeque::from([received]));
        }
        has_room
    }

    /// The oldest message of the peer whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Received> {
        let mut queue = self.0.pop_front()?;
        let next = queue.pop_front();
        if !queue.is_empty() {
            self.0.push_back(queue);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{MemberKey, PeerId};

    const DOOR: MemberKey = MemberKey(1);
    const GATE: MemberKey = MemberKey(2);

    fn said(key: MemberKey, peer: &str, text: impl Into<String>) -> Received {
        let [member, peer] = ["door", peer].map(|id| PeerId::new(id).unwrap());
        Received { key, member, peer, message: Message::Text { text: text.into() } }
    }

    /// What waits, in the order in which it is served.
    fn served(mut waiting: Waiting) -> Vec<String> {
        let all = std::iter::from_fn(|| waiting.pop());
        all.map(|one| String::from_utf8(one.message.as_bytes().to_vec()).unwrap()).collect()
    }

    #[test]
    fn who_says_much_does_not_hold_up_the_others() {
        let mut waiting = Waiting::default();
        for text in ["a1", "a2", "a3"] {
            assert!(waiting.push(said(DOOR, "ann", text)));
        }
        assert!(waiting.push(said(DOOR, "bob", "b1")));
        assert!(waiting.push(said(GATE, "ann", "c1")), "her namesake in another room");
        assert!(waiting.push(said(DOOR, "bob", "b2")));
        assert_eq!(served(waiting), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn of_each_so_many_wait() {
        let mut waiting = Waiting::default();
        let taken = (0..100).filter(|number| waiting.push(said(DOOR, "ann", number.to_string()))).count();
        assert_eq!(taken, MESSAGES);
        assert!(waiting.push(said(DOOR, "bob", "b1")));
        assert_eq!(waiting.pop().unwrap().message, Message::Text { text: "0".to_owned() }, "the newest are left out");
        assert!(waiting.push(said(DOOR, "ann", "again")));
    }

    #[test]
    fn of_each_so_many_bytes_wait() {
        let mut waiting = Waiting::default();
        assert!(waiting.push(said(DOOR, "ann", "x".repeat(BYTES - 1))));
        assert!(waiting.push(said(DOOR, "ann", "x".repeat(BYTES))));
        assert!(!waiting.push(said(DOOR, "ann", "x")));
    }

    #[test]
    fn so_many_peers_are_waited_for() {
        let mut waiting = Waiting::default();
        let taken = (0..1000).filter(|number| waiting.push(said(DOOR, &number.to_string(), "x"))).count();
        assert_eq!(taken, PEERS);
    }
}
