//! What a file says before its first cluster.

use std::time::Duration;

use super::{
    Fault,
    inner::{Inner, Inners},
};
use crate::{
    codec::Codec,
    container::{Damage, ScannedTrack, Shape},
    matroska::{
        TICK,
        ending::{DURATION_LENGTH, SEEK_LENGTH},
        header::MILLENNIUM,
        id::Id,
        track::{codec_id, kind_of},
    },
};

/// How many tracks are looked at.
const MOST_TRACKS: usize = 127;

/// What SeekHead says of the Cues.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SeekHead {
    /// Where they are, counted from the segment's first element.
    pub(super) cues: Option<u64>,
    /// Where that is said, or could be, in an element of [`SEEK_LENGTH`].
    pub(super) place: Option<u64>,
}

impl SeekHead {
    /// Takes what is in the element.
    pub(super) fn read(elements: Inners<'_>) -> Result<Self, Damage<Fault>> {
        let mut told = None;
        let mut room = None;
        for inner in elements {
            let inner = inner?;
            let fits = (inner.length == SEEK_LENGTH).then_some(inner.at);
            match inner.id {
                Id::VOID => room = room.or(fits),
                // Who changes what a checksum is of would have to change that, too.
                Id::CRC_32 => return Ok(Self::default()),
                Id::SEEK => {
                    let (id, position) = (child(inner, Id::SEEK_ID)?, child(inner, Id::SEEK_POSITION)?);
                    if id.is_some_and(|id| id.content.iter().copied().eq(Id::CUES.bytes())) {
                        told = Some((position.map(|position| position.uint()), fits));
                    }
                }
                _ => {}
            }
        }
        Ok(match told {
            Some((cues, place)) => Self { cues, place },
            None => Self { cues: None, place: room },
        })
    }
}

/// What Info says.
#[derive(Debug, Clone)]
pub(super) struct Info {
    /// How long a tick is, in ns.
    pub(super) tick: u64,
    /// How long the file lasts, in ticks.
    pub(super) duration: Option<f64>,
    /// Where that is said, or could be, in an element of [`DURATION_LENGTH`].
    pub(super) duration_place: Option<u64>,
    /// When it begins, counted from Unix's epoch.
    pub(super) begun: Option<Duration>,
    /// What wrote it.
    pub(super) application: String,
}

impl Default for Info {
    fn default() -> Self {
        Self { tick: TICK, duration: None, duration_place: None, begun: None, application: String::new() }
    }
}

impl Info {
    /// Takes what is in the element.
    pub(super) fn read(elements: Inners<'_>) -> Result<Self, Damage<Fault>> {
        let mut info = Self::default();
        let (mut room, mut is_checked) = (None, false);
        for inner in elements {
            let inner = inner?;
            let fits = (inner.length == DURATION_LENGTH).then_some(inner.at);
            match inner.id {
                Id::VOID => room = room.or(fits),
                Id::CRC_32 => is_checked = true,
                // None lasts no time; what stands there is not a number that a player could use.
                Id::TIMESTAMP_SCALE => info.tick = inner.uint().max(1),
                Id::DURATION => {
                    info.duration = inner.float().filter(|ticks| *ticks > 0.0 && ticks.is_finite());
                    info.duration_place = fits;
                }
                Id::DATE_UTC => info.begun = date(inner.uint().cast_signed()),
                Id::WRITING_APP => info.application = inner.text(),
                _ => {}
            }
        }
        info.duration_place = info.duration_place.or(room).filter(|_| !is_checked);
        Ok(info)
    }

    /// Ticks as a time.
    pub(super) const fn time(&self, ticks: u64) -> Duration {
        Duration::from_nanos(ticks.saturating_mul(self.tick))
    }

    /// How long the file lasts.
    pub(super) fn lasts(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.duration? * self.tick as f64 / 1e9).ok()
    }
}

/// Takes the tracks that Tracks tells of.
pub(super) fn tracks(elements: Inners<'_>) -> Result<Vec<ScannedTrack>, Damage<Fault>> {
    let mut tracks: Vec<ScannedTrack> = Vec::new();
    for inner in elements {
        let inner = inner?;
        if inner.id == Id::TRACK_ENTRY && tracks.len() < MOST_TRACKS {
            let track = track(inner)?;
            if tracks.iter().all(|known| known.number != track.number) {
                tracks.push(track);
            }
        }
    }
    Ok(tracks)
}

fn track(entry: Inner<'_>) -> Result<ScannedTrack, Damage<Fault>> {
    let mut track = ScannedTrack::default();
    for inner in entry.elements() {
        let inner = inner?;
        match inner.id {
            Id::TRACK_NUMBER => track.number = inner.uint(),
            Id::TRACK_TYPE => track.kind = kind_of(inner.uint()),
            Id::NAME => track.name = Some(inner.text()),
            Id::CODEC_ID => track.codec_id = inner.text(),
            Id::CODEC_PRIVATE => track.private = inner.content.to_vec(),
            Id::VIDEO => {
                let side = |id| Ok(child(inner, id)?.map_or(0, |side| side.uint().try_into().unwrap_or(u32::MAX)));
                track.shape = Some(Shape::Video { width: side(Id::PIXEL_WIDTH)?, height: side(Id::PIXEL_HEIGHT)? });
            }
            Id::AUDIO => {
                // What is not said is 8 kHz and one channel (RFC 9559, section 5.1.4.1.29).
                let rate = child(inner, Id::SAMPLING_FREQUENCY)?.and_then(|rate| rate.float()).unwrap_or(8000.0);
                let channels = child(inner, Id::CHANNELS)?.map_or(1, |channels| channels.uint());
                let channels = channels.try_into().unwrap_or(u8::MAX);
                track.shape = Some(Shape::Audio { channels, sample_rate: rate as u32 });
            }
            _ => {}
        }
    }
    if track.number == 0 {
        return Err(Damage { offset: entry.at, fault: Fault::NoTrackNumber });
    }
    track.codec = Codec::ALL.into_iter().find(|codec| codec_id(*codec) == track.codec_id);
    Ok(track)
}

/// The first element with some id within another one.
fn child<'a>(within: Inner<'a>, id: Id) -> Result<Option<Inner<'a>>, Damage<Fault>> {
    for inner in within.elements() {
        let inner = inner?;
        if inner.id == id {
            return Ok(Some(inner));
        }
    }
    Ok(None)
}

/// What Matroska dates, counted from Unix's epoch; `None` for what is before that.
fn date(since: i64) -> Option<Duration> {
    let ago = Duration::from_nanos(since.unsigned_abs());
    if since < 0 { MILLENNIUM.checked_sub(ago) } else { MILLENNIUM.checked_add(ago) }
}
