//! What a new taker begins with: the frames since the last keyframe, while those are few. It need not wait
//! for the next keyframe then, and the encoder need not make one. Of received sound, the last packets: what was said first.

use std::time::Duration;

use super::tap::Frame;

/// How old the keyframe may be. Whoever begins with it decodes that much at once; longer ago, a new one is there sooner
/// than all that is decoded.
const REACH: Duration = Duration::from_millis(300);

/// How far apart frames may be for [`reaches`].
const NEXT: Duration = Duration::from_millis(100);

/// More than these are not kept, however fast they come.
const MOST: usize = 32;

/// How many packets of sound are kept: a third of a second of them.
const MOST_SOUND: usize = 16;

/// The frames since the last keyframe. Time comes in as an argument, from whatever moment its owner likes.
#[derive(Debug, Default)]
pub(super) struct Replay {
    frames: Vec<Frame>,
    keyframe_at: Duration,
}

impl Replay {
    /// Remembers a frame that has passed.
    pub(super) fn note(&mut self, frame: &Frame, now: Duration) {
        if !frame.delta {
            self.frames.clear();
            self.keyframe_at = now;
            self.frames.push(frame.clone());
        } else if self.frames.len() == MOST || !self.is_recent(now) {
            // With a hole in it, it is of no use up to the next keyframe.
            self.frames.clear();
        } else if !self.frames.is_empty() {
            self.frames.push(frame.clone());
        }
    }

    /// Remembers a packet of sound that has passed. Each can be begun with.
    pub(super) fn note_sound(&mut self, packet: &Frame, now: Duration) {
        if !self.is_recent(now) {
            self.frames.clear();
        } else if self.frames.len() == MOST_SOUND {
            self.frames.remove(0);
        }
        self.keyframe_at = now;
        self.frames.push(packet.clone());
    }

    /// What to begin with before the frame that comes `now`; empty where the keyframe is too old.
    pub(super) fn frames(&self, now: Duration) -> &[Frame] {
        if self.is_recent(now) { &self.frames } else { &[] }
    }

    fn is_recent(&self, now: Duration) -> bool {
        now.saturating_sub(self.keyframe_at) <= REACH
    }
}

/// Whether a keyframe of that age will be recent enough when the next frame comes.
pub(super) fn reaches(age: Duration) -> bool {
    age + NEXT <= REACH
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn frame(delta: bool) -> Frame {
        gst::init().unwrap();
        let mut buffer = gst::Buffer::new();
        if delta {
            buffer.get_mut().unwrap().set_flags(gst::BufferFlags::DELTA_UNIT);
        }
        Frame::on_running_time(buffer, gst::Caps::new_any())
    }

    #[test]
    fn it_begins_with_the_last_keyframe() {
        let mut replay = Replay::default();
        replay.note(&frame(true), ms(0));
        assert!(replay.frames(ms(1)).is_empty(), "there was no keyframe yet");
        replay.note(&frame(false), ms(33));
        replay.note(&frame(true), ms(66));
        assert_eq!(replay.frames(ms(99)).iter().map(|frame| frame.delta).collect::<Vec<_>>(), [false, true]);
        replay.note(&frame(false), ms(99));
        assert_eq!(replay.frames(ms(133)).len(), 1);
    }

    #[test]
    fn an_old_keyframe_is_nothing_to_begin_with() {
        let mut replay = Replay::default();
        replay.note(&frame(false), ms(0));
        assert_eq!(replay.frames(ms(300)).len(), 1);
        assert!(replay.frames(ms(301)).is_empty());
        replay.note(&frame(true), ms(301));
        assert!(replay.frames(ms(301)).is_empty());
    }

    #[test]
    fn of_sound_the_last_third_of_a_second_is_kept() {
        let mut replay = Replay::default();
        (0..20).for_each(|packet| replay.note_sound(&frame(false), ms(packet * 20)));
        assert_eq!(replay.frames(ms(400)).len(), MOST_SOUND);
        assert!(replay.frames(ms(1000)).is_empty(), "it is silent");
        replay.note_sound(&frame(false), ms(1000));
        assert_eq!(replay.frames(ms(1020)).len(), 1);
    }

    #[test]
    fn what_comes_too_fast_is_not_kept() {
        let mut replay = Replay::default();
        replay.note(&frame(false), ms(0));
        for _ in 0..MOST {
            replay.note(&frame(true), ms(1));
        }
        assert!(replay.frames(ms(1)).is_empty());
        replay.note(&frame(true), ms(1));
        assert!(replay.frames(ms(1)).is_empty(), "without its beginning it is of no use");
    }
}
