//! A track as a file's header tells it (TrackEntry).

use super::{element::WriteElements, id::Id, opus};
use crate::{
    codec::{Codec, MediaKind},
    container::{Shape, Track},
};

/// Appends the TrackEntry of a track.
pub(super) fn write(track: &Track, number: u64, out: &mut Vec<u8>) {
    out.master(Id::TRACK_ENTRY, |entry| {
        entry.uint(Id::TRACK_NUMBER, number);
        // One that is unique where files are joined is for who joins them to make.
        entry.uint(Id::TRACK_UID, number);
        entry.uint(Id::TRACK_TYPE, type_of(track.codec.kind()));
        entry.uint(Id::FLAG_LACING, 0);
        entry.binary(Id::LANGUAGE, b"und");
        if let Some(name) = &track.name {
            entry.binary(Id::NAME, name.as_bytes());
        }
        entry.binary(Id::CODEC_ID, codec_id(track.codec).as_bytes());
        if !track.private.is_empty() {
            entry.binary(Id::CODEC_PRIVATE, &track.private);
        }
        match track.shape {
            Shape::Video { width, height } => entry.master(Id::VIDEO, |video| {
                video.uint(Id::PIXEL_WIDTH, width.into());
                video.uint(Id::PIXEL_HEIGHT, height.into());
            }),
            Shape::Audio { channels, sample_rate } => {
                entry.binary(Id::CODEC_PRIVATE, &opus::head(channels, sample_rate));
                entry.uint(Id::CODEC_DELAY, opus::DELAY.as_nanos() as u64);
                entry.uint(Id::SEEK_PRE_ROLL, opus::SEEK_PRE_ROLL.as_nanos() as u64);
                entry.master(Id::AUDIO, |audio| {
                    audio.float(Id::SAMPLING_FREQUENCY, 48_000.0);
                    audio.uint(Id::CHANNELS, channels.into());
                });
            }
        }
    });
}

/// A codec's name (CodecID).
pub(super) const fn codec_id(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "V_MPEG4/ISO/AVC",
        Codec::Vp8 => "V_VP8",
        Codec::Vp9 => "V_VP9",
        Codec::Av1 => "V_AV1",
        Codec::Opus => "A_OPUS",
    }
}

/// What a track holds (TrackType).
const fn type_of(kind: MediaKind) -> u64 {
    match kind {
        MediaKind::Video => 1,
        MediaKind::Audio => 2,
    }
}

/// The same, of a file that somebody else may have made: `None` for subtitles and what else there is.
pub(super) const fn kind_of(track_type: u64) -> Option<MediaKind> {
    match track_type {
        1 => Some(MediaKind::Video),
        2 => Some(MediaKind::Audio),
        _ => None,
    }
}
