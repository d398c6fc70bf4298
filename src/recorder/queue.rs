//! The way from the taps to the writer's thread: bounded in frames and in bytes, as a stranger chooses how large frames are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use super::intake::Word;

/// Frames that may wait for the disk: some 6 s of video at 30/s and sound. What is more is left out.
const MOST_FRAMES: usize = 512;

/// Their bytes: 6 s at 40 Mbit/s.
const MOST_BYTES: usize = 32 << 20;

/// Where words go in. Clones are the same queue.
#[derive(Debug, Clone)]
pub(super) struct Words {
    sender: SyncSender<Word>,
    waiting: Arc<AtomicUsize>,
}

/// Where they come out.
#[derive(Debug)]
pub(super) struct Heard {
    receiver: Receiver<Word>,
    waiting: Arc<AtomicUsize>,
}

/// A queue, by its two ends.
pub(super) fn queue() -> (Words, Heard) {
    let (sender, receiver) = sync_channel(MOST_FRAMES);
    let waiting = Arc::default();
    (Words { sender, waiting: Arc::clone(&waiting) }, Heard { receiver, waiting })
}

impl Words {
    /// Puts a word in, if there is room for it. Never waits.
    pub(super) fn offer(&self, word: Word) -> bool {
        let size = size(&word);
        if self.waiting.fetch_add(size, Relaxed) + size <= MOST_BYTES && self.sender.try_send(word).is_ok() {
            return true;
        }
        self.waiting.fetch_sub(size, Relaxed);
        false
    }
}

impl Heard {
    /// The next word, within `limit`.
    pub(super) fn wait(&self, limit: Duration) -> Result<Word, RecvTimeoutError> {
        self.receiver.recv_timeout(limit).inspect(|word| self.taken(word))
    }

    /// The next word, if there is one.
    pub(super) fn next(&self) -> Option<Word> {
        self.receiver.try_recv().ok().inspect(|word| self.taken(word))
    }

    fn taken(&self, word: &Word) {
        self.waiting.fetch_sub(size(word), Relaxed);
    }
}

fn size(word: &Word) -> usize {
    if let Word::Frame(frame) = word { frame.bytes.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::frame::{Frame, TrackNumber};

    fn frame(bytes: usize) -> Word {
        let bytes = vec![0; bytes].into();
        Word::Frame(Frame { track: TrackNumber(1), time: Duration::ZERO, keyframe: true, after_loss: false, bytes })
    }

    #[test]
    fn large_frames_fill_it_and_room_comes_back() {
        let (words, heard) = queue();
        assert!((0..4).all(|_| words.offer(frame(8 << 20))));
        assert!(!words.offer(frame(1)));
        assert!(words.offer(Word::TrackEnd(TrackNumber(1))), "what is no frame has room");
        assert!(matches!(heard.wait(Duration::ZERO), Ok(Word::Frame(_))));
        assert!(words.offer(frame(8 << 20)));
        assert_eq!(std::iter::from_fn(|| heard.next()).count(), 5);
        assert_eq!(heard.waiting.load(Relaxed), 0);
    }

    #[test]
    fn many_small_ones_fill_it_too() {
        let (words, _heard) = queue();
        assert_eq!((0..1000).filter(|_| words.offer(frame(1))).count(), MOST_FRAMES);
    }
}
