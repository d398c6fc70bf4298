//! What a file says in its moov.

use std::time::Duration;

use super::{
    Fault,
    inner::{Inner, Inners},
};
use crate::{
    codec::{Codec, MediaKind},
    container::{Damage, ScannedTrack, Shape},
    mp4::{
        ending::MEHD_LENGTH,
        four_cc::FourCc,
        header::{CALENDAR, kind_of},
        scale::Scale,
    },
};

/// How many tracks are looked at.
const MOST_TRACKS: usize = 127;

/// How much of a text is read, in bytes.
const LONGEST_TEXT: usize = 256;

/// How many bytes a VisualSampleEntry has before its boxes, and an AudioSampleEntry (ISO/IEC 14496-12, section 12).
const VISUAL_ENTRY: usize = 78;
const AUDIO_ENTRY: usize = 28;

/// What is in moov.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    /// When the file begins, counted from Unix's epoch.
    pub(super) begun: Option<Duration>,
    /// How long it says that it lasts.
    pub(super) duration: Option<Duration>,
    /// Where that is said, or could be, in [`MEHD_LENGTH`] bytes.
    pub(super) mehd: Option<u64>,
    /// Whether there may be fragments.
    pub(super) is_fragmented: bool,
    /// Its tracks.
    pub(super) tracks: Vec<Told>,
}

/// What is told of a track.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Its number (track_ID).
    pub(super) number: u32,
    pub(super) track: ScannedTrack,
    pub(super) scale: Scale,
    pub(super) defaults: Defaults,
}

/// What is true of samples of which nothing else is said (trex).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Defaults {
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl Header {
    /// Takes what is in the box.
    pub(super) fn read(boxes: Inners<'_>) -> Result<Self, Damage<Fault>> {
        let mut header = Self::default();
        let mut movie = None;
        let mut extends = Vec::new();
        for inner in boxes {
            let inner = inner?;
            match inner.kind {
                FourCc::MVHD => {
                    let (begun, scale) = times(inner)?;
                    header.begun = begun;
                    movie = scale;
                }
                FourCc::TRAK if header.tracks.len() < MOST_TRACKS => header.tracks.extend(track(inner)?),
                FourCc::MVEX => extends.push(inner),
                _ => {}
            }
        }
        for inner in extends {
            header.read_extends(inner, movie.unwrap_or(Scale::MOVIE))?;
        }
        Ok(header)
    }

    /// mvex.
    fn read_extends(&mut self, mvex: Inner<'_>, movie: Scale) -> Result<(), Damage<Fault>> {
        self.is_fragmented = true;
        for inner in mvex.boxes() {
            let inner = inner?;
            let fits = (inner.length == MEHD_LENGTH as u64).then_some(inner.at);
            match inner.kind {
                FourCc::FREE => self.mehd = self.mehd.or(fits),
                FourCc::MEHD => {
                    let mut fields = inner.fields();
                    let (version, _) = fields.version_and_flags()?;
                    let ticks = fields.versioned(version)?;
                    self.duration = (ticks > 0).then(|| movie.time(ticks));
                    self.mehd = fits;
                }
                FourCc::TREX => {
                    let mut fields = inner.fields();
                    fields.version_and_flags()?;
                    let (number, _) = (fields.u32()?, fields.u32()?);
                    let defaults = Defaults { duration: fields.u32()?, size: fields.u32()?, flags: fields.u32()? };
                    if let Some(told) = self.tracks.iter_mut().find(|told| told.number == number) {
                        told.defaults = defaults;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What mvhd and mdhd begin with: when it begins, and what its times are told in.
fn times(inner: Inner<'_>) -> Result<(Option<Duration>, Option<Scale>), Damage<Fault>> {
    let mut fields = inner.fields();
    let (version, _) = fields.version_and_flags()?;
    let begun = fields.versioned(version)?;
    fields.versioned(version)?;
    // 0: nobody said when.
    let begun = Duration::from_secs(begun).checked_sub(CALENDAR).filter(|_| begun > 0);
    Ok((begun, Scale::new(fields.u32()?)))
}

/// trak; `None` for one without a number or a scale of its own, whose samples can't be told.
fn track(trak: Inner<'_>) -> Result<Option<Told>, Damage<Fault>> {
    let mut track = ScannedTrack::default();
    let (mut number, mut scale) = (0, None);
    for inner in trak.boxes() {
        let inner = inner?;
        match inner.kind {
            FourCc::TKHD => {
                let mut fields = inner.fields();
                let (version, _) = fields.version_and_flags()?;
                fields.versioned(version)?;
                fields.versioned(version)?;
                number = fields.u32()?;
            }
            FourCc::MDIA => scale = media(inner, &mut track)?,
            _ => {}
        }
    }
    track.number = number.into();
    let told = |scale| Told { number, track, scale, defaults: Defaults::default() };
    Ok(scale.map(told).filter(|told| told.number > 0))
}

/// mdia; gives its scale.
fn media(mdia: Inner<'_>, track: &mut ScannedTrack) -> Result<Option<Scale>, Damage<Fault>> {
    let mut scale = None;
    if let Some(mdhd) = mdia.child(FourCc::MDHD)? {
        (_, scale) = times(mdhd)?;
    }
    if let Some(hdlr) = mdia.child(FourCc::HDLR)? {
        let mut fields = hdlr.fields();
        fields.bytes::<8>()?;
        track.kind = kind_of(FourCc(fields.bytes()?));
        fields.bytes::<12>()?;
        track.name = Some(text(fields.rest())).filter(|name| !name.is_empty());
    }
    let stbl = mdia.child(FourCc::MINF)?.map(|minf| minf.child(FourCc::STBL)).transpose()?.flatten();
    if let Some(stsd) = stbl.map(|stbl| stbl.child(FourCc::STSD)).transpose()?.flatten()
        && let Some(entry) = stsd.boxes_behind(8).next()
    {
        sample_entry(entry?, track)?;
    }
    Ok(scale)
}

fn sample_entry(entry: Inner<'_>, track: &mut ScannedTrack) -> Result<(), Damage<Fault>> {
    track.codec_id = entry.kind.0.iter().map(|letter| char::from(*letter)).collect();
    track.codec = codec(entry.kind);
    let mut fields = entry.fields();
    let behind = match track.kind {
        Some(MediaKind::Video) => {
            fields.bytes::<24>()?;
            track.shape = Some(Shape::Video { width: fields.u16()?.into(), height: fields.u16()?.into() });
            VISUAL_ENTRY
        }
        Some(MediaKind::Audio) => {
            fields.bytes::<16>()?;
            let channels = fields.u16()?.try_into().unwrap_or(u8::MAX);
            fields.bytes::<6>()?;
            track.shape = Some(Shape::Audio { channels, sample_rate: fields.u32()? >> 16 });
            AUDIO_ENTRY
        }
        None => return Ok(()),
    };
    // QuickTime's entries may be longer, and have other things there.
    for inner in entry.boxes_behind(behind).map_while(Result::ok) {
        if [FourCc::AVCC, FourCc::AV1C, FourCc::VPCC, FourCc::DOPS].contains(&inner.kind) {
            track.private = inner.content.to_vec();
        }
    }
    Ok(())
}

/// Which codec of the house has such an entry. `avc1` is H.264 whose parameter sets are in the entry alone.
const fn codec(entry: FourCc) -> Option<Codec> {
    match entry {
        FourCc::AVC1 | FourCc::AVC3 => Some(Codec::H264),
        FourCc::VP08 => Some(Codec::Vp8),
        FourCc::VP09 => Some(Codec::Vp9),
        FourCc::AV01 => Some(Codec::Av1),
        FourCc::OPUS => Some(Codec::Opus),
        _ => None,
    }
}

/// Text up to the first 0, as far as it is worth reading.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text.get(..LONGEST_TEXT).unwrap_or(text)).into_owned()
}
