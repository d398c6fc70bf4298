//! The last seconds before a recording starts, in memory.

use std::{collections::VecDeque, time::Duration};

use super::frame::{Frame, TrackNumber};

/// The most bytes that it keeps, whatever the time: 10 s at 12 Mbit/s, and a stranger chooses the bitrate.
const MOST_BYTES: usize = 16 << 20;

/// The most frames: 60 s at 240/s, and sound. A stranger chooses how many there are, too.
const MOST_FRAMES: usize = 20_000;

/// Frames of the last `span` or a little more: it begins with a keyframe where there is video.
#[derive(Debug)]
pub struct Ring {
    span: Duration,
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Ring {
    /// One that keeps the last `span`.
    #[must_use]
    pub const fn new(span: Duration) -> Self {
        Self { span, frames: VecDeque::new(), bytes: 0 }
    }

    /// Keeps a frame, and forgets those that are too old. `is_video` says of which tracks a beginning needs a keyframe.
    pub fn push(&mut self, frame: Frame, is_video: impl Fn(TrackNumber) -> bool) {
        self.bytes += frame.bytes.len();
        self.frames.push_back(frame);
        self.forget_old(&is_video);
        while (self.bytes > MOST_BYTES || self.frames.len() > MOST_FRAMES) && !self.frames.is_empty() {
            self.forget(self.next_beginning(&is_video).unwrap_or(self.frames.len()));
        }
    }

    /// What is kept of the last `before`: from a keyframe on where there is video. It is empty then.
    pub fn take(&mut self, before: Duration, is_video: impl Fn(TrackNumber) -> bool) -> Vec<Frame> {
        self.span = self.span.min(before);
        self.forget_old(&is_video);
        self.bytes = 0;
        self.frames.drain(..).collect()
    }

    fn forget_old(&mut self, is_video: &impl Fn(TrackNumber) -> bool) {
        let newest = self.frames.iter().map(|frame| frame.time).max().unwrap_or_default();
        let wanted_from = newest.saturating_sub(self.span);
        // The last place to begin at that still covers what is wanted.
        while let Some(next) = self.next_beginning(is_video) {
            if self.frames.get(next).is_none_or(|frame| frame.time > wanted_from) {
                break;
            }
            self.forget(next);
        }
    }

    /// Where it could begin later than it does: at the next keyframe, or without video at the next frame.
    fn next_beginning(&self, is_video: &impl Fn(TrackNumber) -> bool) -> Option<usize> {
        let has_video = self.frames.iter().any(|frame| is_video(frame.track));
        let begins = |frame: &Frame| !has_video || (frame.keyframe && is_video(frame.track));
        self.frames.iter().enumerate().skip(1).find(|(_, frame)| begins(frame)).map(|(index, _)| index)
    }

    fn forget(&mut self, count: usize) {
        for frame in self.frames.drain(..count) {
            self.bytes = self.bytes.saturating_sub(frame.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VIDEO: TrackNumber = TrackNumber(1);
    const AUDIO: TrackNumber = TrackNumber(2);

    fn frame(track: TrackNumber, ms: u64, keyframe: bool, size: usize) -> Frame {
        Frame { track, time: Duration::from_millis(ms), keyframe, after_loss: false, bytes: vec![0; size].into() }
    }

    fn is_video(track: TrackNumber) -> bool {
        track == VIDEO
    }

    #[test]
    fn it_holds_what_is_wanted_back_to_a_keyframe() {
        let mut ring = Ring::new(Duration::from_secs(3));
        for at in 0..100 {
            ring.push(frame(VIDEO, at * 100, at % 20 == 0, 10), is_video);
            ring.push(frame(AUDIO, at * 100 + 5, true, 1), is_video);
        }
        let kept = ring.take(Duration::from_secs(3), is_video);
        assert!(kept[0].keyframe && kept[0].track == VIDEO);
        assert_eq!(kept[0].time, Duration::from_secs(6), "9.9 s less three, back to a keyframe");
        assert_eq!(kept.len(), 80);
        assert!(ring.frames.is_empty());
    }

    #[test]
    fn less_can_be_taken_than_is_held() {
        let mut ring = Ring::new(Duration::from_secs(60));
        (0..60).for_each(|at| ring.push(frame(AUDIO, at * 1000, true, 1), is_video));
        let kept = ring.take(Duration::from_secs(10), is_video);
        assert_eq!(kept[0].time, Duration::from_secs(49));
    }

    proptest! {
        #[test]
        fn it_never_holds_more_bytes_than_it_may(frames in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..6_000_000_usize), 0..40)) {
            let mut ring = Ring::new(Duration::from_secs(3600));
            for (at, (video, keyframe, size)) in frames.into_iter().enumerate() {
                ring.push(frame(if video { VIDEO } else { AUDIO }, at as u64, keyframe, size), is_video);
                prop_assert!(ring.bytes <= MOST_BYTES);
                prop_assert_eq!(ring.bytes, ring.frames.iter().map(|frame| frame.bytes.len()).sum::<usize>());
            }
        }
    }
}
