//! What a file begins with: its type, its tracks, and room for how long it will be.

use std::time::Duration;

use super::{
    boxes::WriteBoxes,
    ending::{MEHD_LENGTH, Places},
    four_cc::FourCc,
    fragment::Flags,
    sample_entry,
    scale::Scale,
};
use crate::{
    bitstream::opus::PRE_SKIP,
    codec::{Codec, MediaKind},
    container::{Shape, Track, TrackError},
};

/// How many tracks a file may have: as many as one of Matroska.
const MOST_TRACKS: usize = 126;

/// When this calendar begins, 1904-01-01T00:00:00 UTC, before Unix's epoch.
pub(super) const CALENDAR: Duration = Duration::from_secs(2_082_844_800);

/// What a picture is turned and scaled by: nothing, in 1/65536 and, the last of each three, in 1/2^30.
const UNITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// How many packets a player decodes before a place that it seeks, so that the decoder has converged: 80 ms (RFC 7845,
/// section 4.6) of 20 ms each.
const OPUS_ROLL: i16 = -4;

/// Whether a file may have such a track. The binding of VP8 has no place for pictures that are not shown, and neither FFmpeg
/// nor GStreamer writes VP8 to MP4, so players don't expect it there.
#[must_use]
pub const fn takes(codec: Codec) -> bool {
    !matches!(codec, Codec::Vp8)
}

/// What a file says before the first frame. It can't be changed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its tracks, 1 to 126. Their numbers (track_ID) are their places in here, from 1.
    pub tracks: Vec<Track>,
    /// When it begins, counted from Unix's epoch; `None` where no clock is to be trusted. It is written to the second.
    pub begun: Option<Duration>,
    /// What wrote it, such as `peergate 1.0.0`.
    pub application: String,
}

/// A header that makes no file. Whoever made it up is to blame; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// None or too many.
    #[error("expected 1 to {MOST_TRACKS} tracks, got {0}")]
    Tracks(usize),
    /// A codec that an MP4 file does not hold.
    #[error("track {number}: an MP4 file can't hold {codec}; a Matroska file can")]
    Codec {
        /// Whose, from 1.
        number: u32,
        /// How the track is encoded.
        codec: Codec,
    },
    /// A track that no player could play.
    #[error("track {number}: {source}")]
    Track {
        /// Whose, from 1.
        number: u32,
        /// What is wrong with it.
        source: TrackError,
    },
}

impl Header {
    /// Its bytes, and which of them an ending changes.
    pub(super) fn write(&self) -> Result<(Vec<u8>, Places), HeaderError> {
        self.check()?;
        let begun = self.begun.map_or(0, |begun| (begun + CALENDAR).as_secs());
        let mut bytes = Vec::new();
        self.write_type(&mut bytes);
        let mut mehd = 0;
        bytes.boxed(FourCc::MOOV, |moov| {
            self.write_movie(begun, moov);
            for (number, track) in (1..).zip(&self.tracks) {
                write_track(track, number, begun, moov);
            }
            moov.boxed(FourCc::MVEX, |mvex| {
                mehd = mvex.len() as u64;
                mvex.boxed(FourCc::FREE, |free| free.zeros(MEHD_LENGTH - 8));
                for (number, track) in (1..).zip(&self.tracks) {
                    write_defaults(number, track.codec.kind(), mvex);
                }
            });
            self.write_application(moov);
        });
        Ok((bytes, Places { mehd }))
    }

    /// ftyp: `iso6` has all that is written here (ISO/IEC 14496-12, annex E).
    fn write_type(&self, bytes: &mut Vec<u8>) {
        bytes.boxed(FourCc::FTYP, |ftyp| {
            ftyp.extend(b"iso6\0\0\0\0iso6iso5mp41");
            if self.tracks.iter().any(|track| track.codec == Codec::Av1) {
                ftyp.extend(FourCc::AV01.0);
            }
        });
    }

    /// mvhd. It lasts no time: all frames are in fragments.
    fn write_movie(&self, begun: u64, moov: &mut Vec<u8>) {
        moov.full_box(FourCc::MVHD, 1, 0, |mvhd| {
            mvhd.u64(begun);
            mvhd.u64(begun);
            mvhd.u32(Scale::MOVIE.per_second());
            mvhd.u64(0);
            // At its usual rate and full volume, in 1/65536 and 1/256.
            mvhd.u32(0x1_0000);
            mvhd.u16(0x100);
            mvhd.zeros(10);
            UNITY.into_iter().for_each(|value| mvhd.u32(value));
            mvhd.zeros(24);
            // next_track_ID
            mvhd.u32(self.tracks.len() as u32 + 1);
        });
    }

    /// What wrote it, where FFmpeg and Apple's programs write that, too.
    fn write_application(&self, moov: &mut Vec<u8>) {
        /// The kind of data: UTF-8.
        const TEXT: u32 = 1;
        moov.boxed(FourCc::UDTA, |udta| {
            udta.full_box(FourCc::META, 0, 0, |meta| {
                meta.full_box(FourCc::HDLR, 0, 0, |hdlr| {
                    hdlr.zeros(4);
                    hdlr.extend(b"mdirappl");
                    hdlr.zeros(9);
                });
                meta.boxed(FourCc::ILST, |ilst| {
                    ilst.boxed(FourCc::TOO, |too| {
                        too.boxed(FourCc::DATA, |data| {
                            data.u32(TEXT);
                            data.zeros(4);
                            data.extend_from_slice(self.application.as_bytes());
                        });
                    });
                });
            });
        });
    }

    fn check(&self) -> Result<(), HeaderError> {
        if !(1..=MOST_TRACKS).contains(&self.tracks.len()) {
            return Err(HeaderError::Tracks(self.tracks.len()));
        }
        for (number, track) in (1..).zip(&self.tracks) {
            let codec = track.codec;
            if !takes(codec) {
                return Err(HeaderError::Codec { number, codec });
            }
            track.check().map_err(|source| HeaderError::Track { number, source })?;
        }
        Ok(())
    }
}

/// trak.
fn write_track(track: &Track, number: u32, begun: u64, moov: &mut Vec<u8>) {
    moov.boxed(FourCc::TRAK, |trak| {
        write_track_header(track, number, begun, trak);
        if track.codec == Codec::Opus {
            write_edit(trak);
        }
        trak.boxed(FourCc::MDIA, |mdia| write_media(track, begun, mdia));
    });
}

/// tkhd.
fn write_track_header(track: &Track, number: u32, begun: u64, trak: &mut Vec<u8>) {
    /// It is to be played, as a part of the film.
    const ENABLED_IN_MOVIE: u32 = 3;
    trak.full_box(FourCc::TKHD, 1, ENABLED_IN_MOVIE, |tkhd| {
        tkhd.u64(begun);
        tkhd.u64(begun);
        tkhd.u32(number);
        tkhd.zeros(4);
        // How long it lasts: all frames are in fragments.
        tkhd.u64(0);
        tkhd.zeros(12);
        let (volume, sides) = match track.shape {
            Shape::Video { width, height } => (0, [width, height]),
            Shape::Audio { .. } => (0x100, [0, 0]),
        };
        tkhd.u16(volume);
        tkhd.zeros(2);
        UNITY.into_iter().for_each(|value| tkhd.u32(value));
        // In 1/65536 of a pixel.
        sides.into_iter().for_each(|side| tkhd.u32(side.min(0xFFFF) << 16));
    });
}

/// edts: its sound is so much earlier as the encoder's output lags.
fn write_edit(trak: &mut Vec<u8>) {
    trak.boxed(FourCc::EDTS, |edts| {
        edts.full_box(FourCc::ELST, 0, 0, |elst| {
            elst.u32(1);
            // To the end, which is not known (ISO/IEC 14496-12, section 8.6.6.1); from there; at the usual rate.
            elst.u32(0);
            elst.u32(PRE_SKIP.into());
            elst.u32(0x1_0000);
        });
    });
}

/// What is in mdia.
fn write_media(track: &Track, begun: u64, mdia: &mut Vec<u8>) {
    /// `und`, as three letters of 5 bits: nobody knows which language it is.
    const UNDETERMINED: u16 = 0x55C4;
    let kind = track.codec.kind();
    mdia.full_box(FourCc::MDHD, 1, 0, |mdhd| {
        mdhd.u64(begun);
        mdhd.u64(begun);
        mdhd.u32(Scale::of(kind).per_second());
        mdhd.u64(0);
        mdhd.u16(UNDETERMINED);
        mdhd.zeros(2);
    });
    mdia.full_box(FourCc::HDLR, 0, 0, |hdlr| {
        hdlr.zeros(4);
        hdlr.extend(handler(kind).0);
        hdlr.zeros(12);
        // A name ends with the first 0.
        let name = track.name.iter().flat_map(|name| name.bytes()).take_while(|byte| *byte != 0);
        hdlr.extend(name);
        hdlr.push(0);
    });
    mdia.boxed(FourCc::MINF, |minf| {
        match kind {
            MediaKind::Video => minf.full_box(FourCc::VMHD, 0, 1, |vmhd| vmhd.zeros(8)),
            MediaKind::Audio => minf.full_box(FourCc::SMHD, 0, 0, |smhd| smhd.zeros(4)),
        }
        minf.boxed(FourCc::DINF, |dinf| {
            dinf.full_box(FourCc::DREF, 0, 0, |dref| {
                dref.u32(1);
                // The media is in this file.
                dref.full_box(FourCc::URL, 0, 1, |_| {});
            });
        });
        minf.boxed(FourCc::STBL, |stbl| write_samples(track, stbl));
    });
}

/// What is in stbl: how samples are encoded, and that there are none here.
fn write_samples(track: &Track, stbl: &mut Vec<u8>) {
    stbl.full_box(FourCc::STSD, 0, 0, |stsd| {
        stsd.u32(1);
        sample_entry::write(track, stsd);
    });
    for (kind, length) in [(FourCc::STTS, 4), (FourCc::STSC, 4), (FourCc::STSZ, 8), (FourCc::STCO, 4)] {
        stbl.full_box(kind, 0, 0, |table| table.zeros(length));
    }
    if track.codec == Codec::Opus {
        stbl.full_box(FourCc::SGPD, 1, 0, |sgpd| {
            sgpd.extend(FourCc::ROLL.0);
            // One description, of two bytes.
            sgpd.u32(2);
            sgpd.u32(1);
            sgpd.extend(OPUS_ROLL.to_be_bytes());
        });
    }
}

/// trex: what is true of samples of which nothing else is said.
fn write_defaults(number: u32, kind: MediaKind, mvex: &mut Vec<u8>) {
    mvex.full_box(FourCc::TREX, 0, 0, |trex| {
        trex.u32(number);
        // The first SampleEntry.
        trex.u32(1);
        trex.zeros(8);
        trex.u32(Flags::of(kind == MediaKind::Audio).0);
    });
}

/// What a track holds (hdlr).
const fn handler(kind: MediaKind) -> FourCc {
    match kind {
        MediaKind::Video => FourCc::VIDE,
        MediaKind::Audio => FourCc::SOUN,
    }
}

/// The same, of a file that somebody else may have made: `None` for subtitles and what else there is.
pub(super) const fn kind_of(handler: FourCc) -> Option<MediaKind> {
    match handler {
        FourCc::VIDE => Some(MediaKind::Video),
        FourCc::SOUN => Some(MediaKind::Audio),
        _ => None,
    }
}
