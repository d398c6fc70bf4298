//! What a file begins with: its type, what it is, and its tracks.

use std::{fmt, time::Duration};

use super::{
    TICK,
    element::{UNKNOWN_SIZE, WriteElements, element_length},
    ending::{DURATION_LENGTH, Places, SEEK_LENGTH, write_seek},
    id::Id,
    track,
};
use crate::{
    codec::Codec,
    container::{Track, TrackError},
};

/// How many tracks a file may have: as many as have numbers of one byte (RFC 9559, section 10.1).
const MOST_TRACKS: usize = 126;

/// When Matroska's calendar begins, 2001-01-01T00:00:00 UTC, counted from Unix's epoch (RFC 8794, section 7.6).
pub(super) const MILLENNIUM: Duration = Duration::from_secs(978_307_200);

/// What kind of file it is (DocType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocType {
    /// Any codec: `.mkv`.
    Matroska,
    /// What browsers play: VP8, VP9, AV1 and Opus: `.webm`.
    WebM,
}

impl DocType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Matroska, Self::WebM];

    /// Whether a file of this type may have such a track (WebM container guidelines).
    #[must_use]
    pub const fn takes(self, codec: Codec) -> bool {
        match self {
            Self::Matroska => true,
            Self::WebM => !matches!(codec, Codec::H264),
        }
    }

    /// What its files' names end with, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Matroska => "mkv",
            Self::WebM => "webm",
        }
    }

    /// As the file says it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Matroska => "matroska",
            Self::WebM => "webm",
        }
    }
}

impl fmt::Display for DocType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matroska => "Matroska",
            Self::WebM => "WebM",
        })
    }
}

/// What a file says before the first frame. It can't be changed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What kind of file it is.
    pub doc_type: DocType,
    /// Its tracks, 1 to 126. Their numbers are their places in here, from 1.
    pub tracks: Vec<Track>,
    /// When it begins (DateUTC), counted from Unix's epoch; `None` where no clock is to be trusted.
    pub begun: Option<Duration>,
    /// What wrote it (MuxingApp and WritingApp), such as `peergate 1.0.0`.
    pub application: String,
}

/// A header that makes no file. Whoever made it up is to blame; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// None or too many.
    #[error("expected 1 to {MOST_TRACKS} tracks, got {0}")]
    Tracks(usize),
    /// A codec that this type of file can't hold.
    #[error("track {number}: a {doc_type} file can't hold {codec}; a Matroska file can")]
    Codec {
        /// Whose, from 1.
        number: u64,
        /// What kind of file it was to be.
        doc_type: DocType,
        /// How the track is encoded.
        codec: Codec,
    },
    /// A track that no player could play.
    #[error("track {number}: {source}")]
    Track {
        /// Whose, from 1.
        number: u64,
        /// What is wrong with it.
        source: TrackError,
    },
}

impl Header {
    /// Its bytes, and which of them an ending changes.
    pub(super) fn write(&self) -> Result<(Vec<u8>, Places), HeaderError> {
        self.check()?;
        let info = self.info();
        let mut bytes = self.ebml();
        bytes.extend(Id::SEGMENT.bytes());
        let segment_size = bytes.len() as u64;
        bytes.extend(UNKNOWN_SIZE);

        // All positions are counted from the segment's first element.
        let segment = bytes.len() as u64;
        let seeks_length = 3 * SEEK_LENGTH;
        let info_position = element_length(Id::SEEK_HEAD, seeks_length);
        let tracks_position = info_position + element_length(Id::INFO, info.len() as u64);
        bytes.head(Id::SEEK_HEAD, seeks_length);
        write_seek(Id::INFO, info_position, &mut bytes);
        write_seek(Id::TRACKS, tracks_position, &mut bytes);
        let cues_seek = bytes.len() as u64;
        bytes.void(SEEK_LENGTH);

        bytes.head(Id::INFO, info.len() as u64);
        let duration = bytes.len() as u64;
        bytes.extend(info);

        bytes.checked_master(Id::TRACKS, |entries| {
            for (number, entry) in (1..).zip(&self.tracks) {
                track::write(entry, number, entries);
            }
        });
        Ok((bytes, Places { segment_size, segment, cues_seek, duration, tick: TICK }))
    }

    fn ebml(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.master(Id::EBML, |ebml| {
            ebml.uint(Id::EBML_VERSION, 1);
            ebml.uint(Id::EBML_READ_VERSION, 1);
            ebml.uint(Id::EBML_MAX_ID_LENGTH, 4);
            ebml.uint(Id::EBML_MAX_SIZE_LENGTH, 8);
            ebml.binary(Id::DOC_TYPE, self.doc_type.name().as_bytes());
            // CodecDelay and SeekPreRoll came with version 4; who knows SimpleBlock, of version 2, can play it.
            ebml.uint(Id::DOC_TYPE_VERSION, 4);
            ebml.uint(Id::DOC_TYPE_READ_VERSION, 2);
        });
        bytes
    }

    /// What is in Info: first the room for the duration, which is not known yet.
    fn info(&self) -> Vec<u8> {
        let mut info = Vec::new();
        info.void(DURATION_LENGTH);
        info.uint(Id::TIMESTAMP_SCALE, TICK);
        if let Some(begun) = self.begun {
            info.binary(Id::DATE_UTC, &date(begun).to_be_bytes());
        }
        info.binary(Id::MUXING_APP, self.application.as_bytes());
        info.binary(Id::WRITING_APP, self.application.as_bytes());
        info
    }

    fn check(&self) -> Result<(), HeaderError> {
        if !(1..=MOST_TRACKS).contains(&self.tracks.len()) {
            return Err(HeaderError::Tracks(self.tracks.len()));
        }
        let doc_type = self.doc_type;
        for (number, track) in (1..).zip(&self.tracks) {
            let codec = track.codec;
            if !doc_type.takes(codec) {
                return Err(HeaderError::Codec { number, doc_type, codec });
            }
            track.check().map_err(|source| HeaderError::Track { number, source })?;
        }
        Ok(())
    }
}

/// A time since Unix's epoch as Matroska dates: ns since the millennium, to 2262 at most.
fn date(time: Duration) -> i64 {
    let since = time.as_nanos() as i128 - MILLENNIUM.as_nanos() as i128;
    since.try_into().unwrap_or(i64::MAX)
}
