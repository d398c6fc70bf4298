//! The way through a file, from one box to the next.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
    ops::Range,
};

use super::{
    Fault, ScanError,
    element::{Element, find_fragment},
    fragment,
    header::{Header, Told},
    inner::Inners,
    repair::repair,
};
use crate::{
    container::{Count, Damage, Losses, NotOurs, Reader, Scan, Stop},
    mp4::{
        boxes::HEAD_LENGTH,
        ending::Places,
        four_cc::FourCc,
        index::{Index, Point},
        scale::Scale,
    },
};

/// How large a moov may be, in bytes. That of a file with 126 tracks and their names is a tenth of it; one that lists hours of
/// samples, as those of other muxers do, has 20 MB.
const LARGEST_MOOV: u64 = 64 << 20;

/// How large a moof or an mfra may be, in bytes. A moof of a second is a thousandth of it, an mfra half of it.
const LARGEST_MOOF: u64 = 4 << 20;

/// What there may be in a file besides its header and its fragments.
const OTHERS: [FourCc; 10] = [
    FourCc::SIDX,
    FourCc::SKIP,
    FourCc::STYP,
    FourCc::EMSG,
    FourCc::PRFT,
    FourCc::PDIN,
    FourCc::UUID,
    FourCc::WIDE,
    FourCc::META,
    FourCc::UDTA,
];

/// A file on the way through it.
#[derive(Debug)]
pub(super) struct Walk<R> {
    reader: Reader<R>,
    header: Option<Header>,
    /// Whether there is something else between moov and the fragments than what is written here.
    is_foreign: bool,
    /// What there is of each track.
    totals: BTreeMap<u32, Count>,
    /// Where the last index begins and ends.
    indexed: Option<Range<u64>>,
    /// How many fragments there are.
    fragments: u64,
    /// Where the last one ends, or the header.
    whole: u64,
    index: Index,
    losses: Losses<Fault>,
}

impl<R: Read + Seek> Walk<R> {
    /// Begins with the file's first bytes.
    pub(super) fn new(file: R) -> Result<Self, ScanError> {
        let mut reader = Reader::new(file)?;
        match Element::read(&mut reader) {
            Ok(Element { kind: FourCc::FTYP, end, .. }) => reader.seek(end)?,
            Err(Stop::Io(error)) => return Err(error.into()),
            _ => return Err(ScanError::NotMp4),
        }
        Ok(Self {
            header: None,
            is_foreign: false,
            totals: BTreeMap::new(),
            indexed: None,
            fragments: 0,
            whole: reader.at(),
            index: Index::new(0, Scale::MOVIE),
            losses: Losses::of(reader.length()),
            reader,
        })
    }

    /// Goes through all of it.
    pub(super) fn finish(mut self) -> Result<Scan<Fault>, ScanError> {
        while self.reader.at() < self.reader.length() {
            let start = self.reader.at();
            let damage = match self.step() {
                Ok(()) => continue,
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Damage(damage)) if self.header.is_none() => return Err(ScanError::Header(damage)),
                Err(Stop::Damage(damage)) => damage,
            };
            self.losses.note(damage);
            let least = start.saturating_add(HEAD_LENGTH);
            let from = self.losses.search_from(start, self.reader.at(), least);
            let Some(next) = find_fragment(&mut self.reader, from)? else { break };
            self.losses.lose(start, next);
        }
        self.into_scan()
    }

    /// Goes behind the next box, or behind both of a fragment.
    fn step(&mut self) -> Result<(), Stop<Fault>> {
        let element = Element::read(&mut self.reader)?;
        match element.kind {
            FourCc::MOOF => return self.fragment(element),
            FourCc::MOOV if self.header.is_none() => {
                let content = element.read_content(&mut self.reader, LARGEST_MOOV)?;
                let header = Header::read(Inners::new(element.content, &content))?;
                if header.tracks.is_empty() {
                    return Err(element.damage(Fault::NoTracks).into());
                }
                let tracks = header.tracks.iter().map(|told| (told.number, told.track.kind, told.scale));
                self.index = Index::of(tracks);
                self.header = Some(header);
                self.whole = element.end;
            }
            FourCc::MFRA => {
                let content = element.read_content(&mut self.reader, LARGEST_MOOF)?;
                if !is_whole(element, &content) {
                    return Err(element.damage(Fault::TooShort).into());
                }
                self.indexed = Some(element.at..element.end);
            }
            // What is free may have been a fragment.
            FourCc::FREE => {}
            // Files without fragments have their samples there.
            FourCc::MDAT if self.header.as_ref().is_none_or(|header| !header.is_fragmented) => self.is_foreign = true,
            FourCc::MDAT => return Err(element.damage(Fault::NoFragment).into()),
            kind if OTHERS.contains(&kind) => self.is_foreign = true,
            _ => return Err(element.damage(Fault::NoBox).into()),
        }
        self.note_end_of(element);
        Ok(self.reader.seek(element.end)?)
    }

    fn fragment(&mut self, moof: Element) -> Result<(), Stop<Fault>> {
        let Some(header) = &self.header else { return Err(moof.damage(Fault::NoTracks).into()) };
        let content = moof.read_content(&mut self.reader, LARGEST_MOOF)?;
        let mdat = match Element::read(&mut self.reader) {
            Ok(mdat) if mdat.kind == FourCc::MDAT => mdat,
            Err(Stop::Damage(damage)) if self.reader.at() < self.reader.length() => return Err(damage.into()),
            Err(Stop::Io(error)) => return Err(error.into()),
            _ => return Err(moof.damage(Fault::NoFragment).into()),
        };
        let data = mdat.content..mdat.end;
        let (tally, damage) = fragment::read(moof, &content, data, &header.tracks, &self.totals)?;
        damage.into_iter().for_each(|damage| self.losses.note(damage));
        self.reader.seek(mdat.end)?;
        if let Some((time, traf)) = tally.get(&self.index.track()).and_then(|tally| tally.start) {
            self.index.add(Point { time, offset: moof.at, traf });
        }
        for (number, tally) in tally {
            self.totals.entry(number).or_default().add(tally.count);
        }
        self.note_end_of(mdat);
        self.fragments += 1;
        self.whole = mdat.end;
        Ok(())
    }

    /// What goes on to the file's end, wherever that is, leaves no room for an ending behind it.
    const fn note_end_of(&mut self, element: Element) {
        self.is_foreign |= !element.is_sized;
    }

    /// What was found on the way.
    fn into_scan(self) -> Result<Scan<Fault>, ScanError> {
        let length = self.reader.length();
        let Self { header: Some(header), is_foreign, whole, index, .. } = self else {
            return Err(ScanError::Header(Damage { offset: length, fault: Fault::NoTracks }));
        };
        let total = |Told { number, track, scale, .. }: Told| {
            let count = self.totals.get(&number).copied().unwrap_or_default();
            track.counted(count, |ticks| scale.time(ticks))
        };
        let (damage, gaps) = self.losses.tell(whole);
        let mut scan = Scan {
            begun: header.begun,
            duration: header.duration,
            tracks: header.tracks.into_iter().map(total).collect(),
            parts: self.fragments,
            whole,
            length,
            is_finished: header.duration.is_some() && self.indexed == Some(whole..length),
            damage,
            repair: Err(NotOurs),
        };
        if let Some(mehd) = header.mehd.filter(|_| !is_foreign) {
            scan.repair = Ok(repair(Places { mehd }, &index, scan.end(), whole, &gaps));
        }
        Ok(scan)
    }
}

/// Whether an index says at its end how long it is (mfro): then all of it was written.
fn is_whole(mfra: Element, content: &[u8]) -> bool {
    let size = content.last_chunk().map(|size| u32::from_be_bytes(*size));
    size.is_some_and(|size| u64::from(size) == mfra.end - mfra.at)
}
