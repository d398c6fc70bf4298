//! What takes frames from a feed for a recording: a tap whose other end is a bounded queue to the writer's thread.
//!
//! The feed's thread never waits for the disk. What finds no place in the queue is left out and counted; the writer, which is
//! told so before the next frame, asks for a keyframe to go on with.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use gst::prelude::*;

use super::queue::Words;
use crate::{
    codec::Codec,
    media::{
        feed::Feed,
        pad,
        tap::{Drops, LinkError, Tap},
    },
    recording::frame::{Frame, TrackNumber},
};

/// What the writer's thread is told.
pub(super) enum Word {
    /// There is a track.
    Track(TrackNumber, Codec),
    /// A frame of it.
    Frame(Frame),
    /// So many frames of it found no place.
    Dropped(TrackNumber, u64),
    /// No more comes of it.
    TrackEnd(TrackNumber),
    /// Write what is held, and all that comes.
    Begin {
        /// So much of what was before.
        before: Duration,
    },
}

/// A track that is recorded. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Intake {
    // First: nothing may be pushed into what goes.
    tap: Tap,
    entry: Arc<Entry>,
    pad: gst::Pad,
}

/// What the pad's functions share.
#[derive(Debug)]
struct Entry {
    number: TrackNumber,
    words: Words,
    segment: Mutex<Option<gst::FormattedSegment<gst::ClockTime>>>,
    codec: Codec,
    /// Whether the writer knows of the track.
    is_known: AtomicBool,
    /// Frames that found no place, and that the writer has not been told of.
    dropped: AtomicU64,
    /// What the tap has dropped, and how much of that is counted above.
    drops: Drops,
    drops_counted: AtomicU64,
    /// All that found none, of all tracks of the recording.
    all_dropped: Arc<AtomicU64>,
}

impl Intake {
    /// Records `feed` as the track `number`, beginning with a keyframe. What finds no place is counted in `dropped`, too.
    ///
    /// # Errors
    /// When the feed can't be taken from.
    pub(super) fn link(
        number: TrackNumber,
        codec: Codec,
        feed: &Feed,
        words: Words,
        dropped: &Arc<AtomicU64>,
    ) -> Result<Self, LinkError> {
        let tap = feed.tap(format!("record-{number}"));
        let entry = Arc::new(Entry {
            number,
            codec,
            words,
            segment: Mutex::default(),
            is_known: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            drops: tap.drops(),
            drops_counted: AtomicU64::new(0),
            all_dropped: Arc::clone(dropped),
        });
        // Before its first frame, so that it is waited for.
        entry.tell();
        let (taking, hearing) = (Arc::downgrade(&entry), Arc::downgrade(&entry));
        let sink = pad::sink("record")
            .chain_function(move |_, _, buffer| upgraded(&taking)?.take(buffer))
            .event_function(move |_, _, event| {
                if let Some(entry) = hearing.upgrade() {
                    entry.hear(&event);
                }
                true
            })
            .build();
        let sink = pad::opened(sink);
        tap.link_at_once(&sink)?;
        Ok(Self { tap, entry, pad: sink })
    }

    /// Which track it is.
    pub(super) fn number(&self) -> TrackNumber {
        self.entry.number
    }

    /// Has the feed make a keyframe.
    pub(super) fn ask_for_keyframe(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        // Refused: the feed is gone.
        let _ = self.pad.push_event(event);
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.tap.unlink();
        // A full queue: the writer hears of the end by the last sender that goes.
        let _ = self.entry.words.offer(Word::TrackEnd(self.entry.number));
    }
}

impl Entry {
    fn take(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let dropped = self.drops.count();
        self.leave_out(dropped.saturating_sub(self.drops_counted.swap(dropped, Relaxed)));
        let Some(time) = self.running_time(&buffer) else { return Ok(gst::FlowSuccess::Ok) };
        let keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let after_loss = buffer.flags().contains(gst::BufferFlags::DISCONT);
        // A copy: a driver has few buffers, and a disk may take seconds.
        let Ok(bytes) = buffer.map_readable().map(|bytes| bytes.as_slice().into()) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let frame = Frame { track: self.number, time, keyframe, after_loss, bytes };
        let is_taken = self.tell() && self.words.offer(Word::Frame(frame));
        self.leave_out(u64::from(!is_taken));
        Ok(gst::FlowSuccess::Ok)
    }

    /// So many more frames found no place.
    fn leave_out(&self, frames: u64) {
        self.dropped.fetch_add(frames, Relaxed);
        self.all_dropped.fetch_add(frames, Relaxed);
    }

    /// Says what has to be said before a frame; whether there was room for it.
    fn tell(&self) -> bool {
        if !self.is_known.load(Relaxed) {
            if !self.words.offer(Word::Track(self.number, self.codec)) {
                return false;
            }
            self.is_known.store(true, Relaxed);
        }
        let dropped = self.dropped.load(Relaxed);
        if dropped > 0 {
            if !self.words.offer(Word::Dropped(self.number, dropped)) {
                return false;
            }
            self.dropped.fetch_sub(dropped, Relaxed);
        }
        true
    }

    fn running_time(&self, buffer: &gst::Buffer) -> Option<Duration> {
        let segment = self.segment.lock().unwrap_or_else(PoisonError::into_inner);
        segment.as_ref()?.to_running_time(buffer.pts()?).map(Into::into)
    }

    fn hear(&self, event: &gst::Event) {
        if let gst::EventView::Segment(segment) = event.view() {
            let segment = segment.segment().downcast_ref::<gst::ClockTime>().cloned();
            *self.segment.lock().unwrap_or_else(PoisonError::into_inner) = segment;
        }
    }
}

fn upgraded(entry: &Weak<Entry>) -> Result<Arc<Entry>, gst::FlowError> {
    entry.upgrade().ok_or(gst::FlowError::Flushing)
}
