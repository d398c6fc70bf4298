//! The frames of one track on their way into fragments: how long each lasts, and which one waits for the next.

use super::scale::Scale;
use crate::codec::MediaKind;

/// What a frame lasts that nothing is known of, in ms: what a picture takes at 30/s, and what browsers have in a packet.
const USUAL_MS: [u64; 2] = [33, 20];

/// What a frame lasts at most, in s: what is longer is silence, which is told by the next fragment's time alone. GStreamer
/// believes that time where it is off by more than one second, and goes on counting lengths where it is less.
const LONGEST_SECONDS: u64 = 2;

/// A frame that waits.
#[derive(Debug)]
pub(super) struct Waiting<F> {
    /// When it is seen or heard, in ticks.
    pub(super) time: u64,
    /// Whether decoding can begin with it.
    pub(super) keyframe: bool,
    /// What is encoded.
    pub(super) frame: F,
}

/// Frames of a track that are written together, in the order in which they are decoded.
#[derive(Debug)]
pub(super) struct Run<F> {
    /// The track's number, from 1.
    pub(super) track: u32,
    pub(super) kind: MediaKind,
    /// When the first one is decoded, in ticks.
    pub(super) begin: u64,
    /// Each with its place in time; never none.
    pub(super) samples: Vec<Sample<F>>,
}

/// A frame and its place in time.
#[derive(Debug)]
pub(super) struct Sample<F> {
    /// How long after it the next one is decoded, in ticks.
    pub(super) duration: u32,
    /// How long after it is decoded it is seen or heard, in ticks.
    pub(super) offset: i32,
    pub(super) keyframe: bool,
    pub(super) frame: F,
}

/// What comes behind the frames that are taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    /// A frame of this time.
    At(u64),
    /// Nobody knows yet.
    Unknown,
    /// Nothing more.
    Nothing,
}

/// The frames of a track that are in no fragment yet.
///
/// Frames are decoded in the order in which they came, at the times at which they are seen or heard, but not before the one
/// before: only where pictures come in another order than they are seen in, the two differ.
#[derive(Debug)]
pub(super) struct Lane<F> {
    track: u32,
    kind: MediaKind,
    scale: Scale,
    waiting: Vec<Waiting<F>>,
    /// Whether the first one has been left behind once.
    was_left: bool,
    /// When what was taken last has been decoded and has lasted, in ticks.
    reached: Option<u64>,
    /// The last frame's time.
    last: Option<u64>,
    /// What a frame lasts, as far as the last ones tell, in ticks.
    usual: u64,
}

impl<F: AsRef<[u8]>> Lane<F> {
    /// That of a track without frames.
    pub(super) fn new(track: u32, kind: MediaKind) -> Self {
        let scale = Scale::of(kind);
        let [video, audio] = USUAL_MS;
        let usual = if kind == MediaKind::Video { video } else { audio };
        let usual = usual * u64::from(scale.per_second()) / 1000;
        Self { track, kind, scale, waiting: Vec::new(), was_left: false, reached: None, last: None, usual }
    }

    /// In what its times are told.
    pub(super) const fn scale(&self) -> Scale {
        self.scale
    }

    /// Whether no frame waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The time of the first frame that was not left behind before.
    pub(super) fn first(&self) -> Option<u64> {
        self.waiting.get(usize::from(self.was_left)).map(|waiting| waiting.time)
    }

    /// How many bytes wait.
    pub(super) fn bytes(&self) -> u64 {
        self.waiting.iter().map(|waiting| waiting.frame.as_ref().len() as u64).sum()
    }

    /// When what was taken last has lasted, in ticks.
    pub(super) const fn reached(&self) -> Option<u64> {
        self.reached
    }

    /// Takes a frame in.
    pub(super) fn push(&mut self, next: Waiting<F>) {
        let since_last = self.last.and_then(|last| next.time.checked_sub(last));
        if let Some(length) = since_last.filter(|length| (1..=u64::from(self.scale.per_second())).contains(length)) {
            self.usual = length;
        }
        self.last = Some(next.time);
        self.waiting.push(next);
    }

    /// Gives those that can be written. Where it is not known what comes next, the last one stays, but not twice: the next one
    /// may be long in coming.
    pub(super) fn take(&mut self, next: Next) -> Option<Run<F>> {
        let (count, next, length) = match next {
            Next::At(time) => (self.waiting.len(), Some(time), self.usual),
            Next::Nothing => (self.waiting.len(), None, self.usual),
            // So short that the next one hardly ever comes before it is over. That one is then shown later than decoded.
            Next::Unknown if self.was_left && self.waiting.len() == 1 => (1, None, self.usual / 2),
            Next::Unknown => (self.waiting.len().saturating_sub(1), self.last, self.usual),
        };
        self.was_left = count < self.waiting.len();
        let taken: Vec<Waiting<F>> = self.waiting.drain(..count).collect();
        let mut times: Vec<u64> = taken.iter().map(|waiting| waiting.time).collect();
        times.sort_unstable();
        let begin = self.begin(*times.first()?);
        let mut at = begin;
        let following = times.into_iter().skip(1).map(Some).chain([next]);
        let samples = taken.into_iter().zip(following).map(|(Waiting { time, keyframe, frame }, next)| {
            let lasts = next.map(|next| next.saturating_sub(at)).filter(|lasts| *lasts <= self.longest());
            let duration = lasts.unwrap_or(length).clamp(1, self.longest()) as u32;
            let offset = i128::from(time) - i128::from(at);
            at += u64::from(duration);
            let offset = offset.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
            Sample { duration, offset, keyframe, frame }
        });
        let samples = samples.collect();
        self.reached = Some(at);
        Some(Run { track: self.track, kind: self.kind, begin, samples })
    }

    /// When a run is decoded whose earliest frame has this time: right after the one before, or after silence.
    fn begin(&self, time: u64) -> u64 {
        self.reached.filter(|reached| time.saturating_sub(*reached) <= self.longest()).unwrap_or(time)
    }

    fn longest(&self) -> u64 {
        LONGEST_SECONDS * u64::from(self.scale.per_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> Lane<[u8; 1]> {
        Lane::new(1, MediaKind::Video)
    }

    fn push(lane: &mut Lane<[u8; 1]>, times: impl IntoIterator<Item = u64>) {
        times.into_iter().for_each(|time| lane.push(Waiting { time, keyframe: false, frame: [0] }));
    }

    /// When it begins, and the lengths and offsets.
    fn taken(lane: &mut Lane<[u8; 1]>, next: Next) -> Option<(u64, Vec<(u32, i32)>)> {
        let run = lane.take(next)?;
        Some((run.begin, run.samples.iter().map(|sample| (sample.duration, sample.offset)).collect()))
    }

    #[test]
    fn a_frame_lasts_until_the_next_one() {
        let mut lane = lane();
        push(&mut lane, [100, 3100, 6050]);
        assert_eq!(taken(&mut lane, Next::Unknown), Some((100, vec![(3000, 0), (2950, 0)])));
        push(&mut lane, [9100]);
        assert_eq!(taken(&mut lane, Next::At(12_000)), Some((6050, vec![(3050, 0), (2900, 0)])));
        push(&mut lane, [12_000]);
        assert_eq!(taken(&mut lane, Next::Nothing), Some((12_000, vec![(2900, 0)])));
    }

    #[test]
    fn one_that_comes_alone_waits_once() {
        let mut lane = lane();
        push(&mut lane, [0]);
        assert_eq!(taken(&mut lane, Next::Unknown), None);
        assert_eq!(taken(&mut lane, Next::Unknown), Some((0, vec![(1485, 0)])));
        // What was told of its length is made up for by the next one.
        push(&mut lane, [90_000, 93_000]);
        assert_eq!(taken(&mut lane, Next::Nothing), Some((1485, vec![(91_515, 88_515), (3000, 0)])));
    }

    #[test]
    fn silence_is_no_length() {
        let mut lane = lane();
        push(&mut lane, [0, 3000]);
        assert_eq!(taken(&mut lane, Next::At(900_000)), Some((0, vec![(3000, 0), (3000, 0)])));
        push(&mut lane, [900_000]);
        assert_eq!(taken(&mut lane, Next::Nothing), Some((900_000, vec![(3000, 0)])));
    }

    #[test]
    fn pictures_may_be_seen_in_another_order_than_decoded() {
        let mut lane = lane();
        push(&mut lane, [0, 9000, 3000, 6000]);
        let samples = vec![(3000, 0), (3000, 6000), (3000, -3000), (3000, -3000)];
        assert_eq!(taken(&mut lane, Next::At(12_000)), Some((0, samples)));
    }

    #[test]
    fn frames_of_one_moment_are_a_tick_apart() {
        let mut lane = lane();
        push(&mut lane, [0, 0, 0, 3000]);
        assert_eq!(taken(&mut lane, Next::Unknown), Some((0, vec![(1, 0), (1, -1), (2998, -2)])));
    }
}
