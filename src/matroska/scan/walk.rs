//! The way through a file, from one element of its segment to the next.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use super::{
    Fault, Scan, ScanError,
    cluster::{Cluster, LEVEL_ONE},
    header::{self, Info, SeekHead},
    inner::Inners,
    repair::repair,
    source::{Element, Source},
};
use crate::{
    container::{self, Count, Damage, Losses, NotOurs, ScannedTrack, Stop},
    matroska::{ending::Places, header::DocType, id::Id, index::Index},
};

/// How large an element of the header may be, in bytes. That of a file with 126 tracks and their names is a tenth of it.
const LARGEST_HEADER: u64 = 1 << 20;

/// How many clusters with something broken in them are looked behind, each of which moves the disk's head. Where more are
/// broken, they are taken for lost.
const MOST_LOOKS: u32 = 1024;

/// A file on the way through it.
#[derive(Debug)]
pub(super) struct Walk<R> {
    source: Source<R>,
    doc_type: DocType,
    segment: Element,
    /// Where the header ends, before the first cluster or gap.
    header: u64,
    seek_head: Option<SeekHead>,
    info: Option<Info>,
    tracks: Option<Vec<ScannedTrack>>,
    /// What there is of each track.
    totals: BTreeMap<u64, Count>,
    /// Where the Cues are, if all of them are there.
    cues: Option<u64>,
    /// How many broken clusters have been looked behind.
    looks: u32,
    /// How many clusters there are.
    clusters: u64,
    /// Where the last one ends, or the header.
    whole: u64,
    index: Index,
    losses: Losses<Fault>,
    /// How far the last element was read.
    reached: u64,
}

impl<R: Read + Seek> Walk<R> {
    /// Begins with the file's first bytes.
    pub(super) fn new(file: R) -> Result<Self, ScanError> {
        let mut source = Source::new(file)?;
        let doc_type = doc_type(&mut source)?;
        let length = source.length();
        let segment = or_header(source.element(length))?;
        if segment.id != Id::SEGMENT {
            return Err(ScanError::Header(segment.damage(Fault::NoElement)));
        }
        Ok(Self {
            source,
            doc_type,
            segment,
            header: segment.content,
            seek_head: None,
            info: None,
            tracks: None,
            totals: BTreeMap::new(),
            cues: None,
            looks: 0,
            clusters: 0,
            whole: segment.content,
            index: Index::default(),
            losses: Losses::of(length),
            reached: 0,
        })
    }

    /// Goes through all of it.
    pub(super) fn finish(mut self) -> Result<Scan, ScanError> {
        while self.source.at() < self.source.length() {
            let start = self.source.at();
            self.reached = start;
            let damage = match self.step() {
                Ok(()) => continue,
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Damage(damage)) if self.tracks.is_none() => return Err(ScanError::Header(damage)),
                Err(Stop::Damage(damage)) => damage,
            };
            self.losses.note(damage);
            let from = self.losses.search_from(start, self.reached, start + 1);
            let Some(next) = self.source.find_cluster(from)? else { break };
            self.losses.lose(start, next);
        }
        self.into_scan()
    }

    /// Goes behind the next element.
    fn step(&mut self) -> Result<(), Stop<Fault>> {
        let length = self.source.length();
        if self.source.peek_element(length)?.id == Id::CLUSTER {
            return self.cluster();
        }
        let (element, end) = self.source.whole_element(length)?;
        match element.id {
            Id::SEEK_HEAD if self.seek_head.is_none() => {
                let read = self.part(element, SeekHead::read);
                self.seek_head = self.or_damage(read)?;
            }
            Id::INFO if self.info.is_none() => {
                let read = self.part(element, Info::read);
                self.info = self.or_damage(read)?;
            }
            Id::TRACKS if self.tracks.is_none() => self.tracks = Some(self.part(element, header::tracks)?),
            Id::CUES => match self.checked(element, end)? {
                Some(damage) => self.losses.note(damage),
                None => self.cues = Some(element.at),
            },
            id if LEVEL_ONE.contains(&id) || [Id::VOID, Id::CRC_32].contains(&id) => {}
            _ => return Err(element.damage(Fault::NoElement).into()),
        }
        self.source.seek(end)?;
        if self.clusters == 0 && self.losses.has_no_gap() && element.id != Id::CUES {
            self.header = end;
            self.whole = end;
        }
        Ok(())
    }

    /// Reads a part of the header.
    fn part<T>(
        &mut self,
        element: Element,
        read: impl FnOnce(Inners<'_>) -> Result<T, Damage<Fault>>,
    ) -> Result<T, Stop<Fault>> {
        let content = self.source.content(element, LARGEST_HEADER)?;
        let elements = Inners::new(element.content, &content);
        if let Some(damage) = elements.check() {
            self.losses.note(damage);
        }
        Ok(read(elements)?)
    }

    /// Goes on without a part of the header if it is broken.
    fn or_damage<T>(&mut self, read: Result<T, Stop<Fault>>) -> io::Result<Option<T>> {
        match read {
            Ok(part) => Ok(Some(part)),
            Err(Stop::Io(error)) => Err(error),
            Err(Stop::Damage(damage)) => {
                self.losses.note(damage);
                Ok(None)
            }
        }
    }

    /// Reads an element whose head has been read, and gives what is wrong with it if it begins with a CRC-32 that is not its.
    fn checked(&mut self, element: Element, end: u64) -> Result<Option<Damage<Fault>>, Stop<Fault>> {
        if self.source.peek_element(end)?.id != Id::CRC_32 {
            return Ok(None);
        }
        let (checksum, _) = self.source.whole_element(end)?;
        let told = self.source.content(checksum, 4)?;
        self.source.begin_checksum();
        self.source.skip(end - self.source.at())?;
        let is_right = self.source.end_checksum().is_some_and(|found| told == found);
        Ok((!is_right).then_some(element.damage(Fault::Checksum)))
    }

    fn cluster(&mut self) -> Result<(), Stop<Fault>> {
        let element = self.source.element(self.source.length())?;
        let tracks = self.tracks.as_deref().ok_or(element.damage(Fault::NoTracks))?;
        if let Some(end) = element.end()
            && end > self.source.length()
        {
            return Err(element.damage(Fault::Torn { missing: end - self.source.length() }).into());
        }
        let Cluster { tally, damage, broken_at, checksum } = Cluster::read(&mut self.source, element, tracks)?;
        self.reached = self.source.at();
        if let Some(damage) = damage {
            // It is as large as it says if something else begins where it ends. Then what is broken in it is all that is.
            self.looks += 1;
            let end = element.end().filter(|_| self.looks <= MOST_LOOKS);
            let Some(end) = end else { return Err(damage.into()) };
            if !self.source.is_boundary(end)? {
                return Err(damage.into());
            }
            self.losses.note(damage);
            if let Some(from) = broken_at {
                self.losses.note_gap(from..end);
                // What is void is not what the checksum is of.
                checksum.into_iter().for_each(|checksum| self.losses.note_gap(checksum));
            }
        }
        self.clusters += 1;
        self.whole = self.source.at();
        tally.point_out(element.at - self.segment.content, &mut self.index);
        for (number, tally) in tally.tracks() {
            self.totals.entry(number).or_default().add(tally.count);
        }
        Ok(())
    }

    /// What was found on the way.
    fn into_scan(self) -> Result<Scan, ScanError> {
        let length = self.source.length();
        let Self { segment, header, seek_head, info, tracks: Some(tracks), cues, whole, index, .. } = self else {
            return Err(ScanError::Header(Damage { offset: length, fault: Fault::NoTracks }));
        };
        let (info, seek_head) = (info.unwrap_or_default(), seek_head.unwrap_or_default());
        let total = |track: ScannedTrack| {
            let count = self.totals.get(&track.number).copied().unwrap_or_default();
            track.counted(count, |ticks| info.time(ticks))
        };
        let position = cues.map(|cues| cues - segment.content);
        let has_cues = match (position, seek_head.cues) {
            (found, Some(told)) => found == Some(told),
            (found, None) => found.is_some() || index.is_empty(),
        };
        let duration = info.lasts();
        let (damage, gaps) = self.losses.tell(whole);
        let mut film = container::Scan {
            begun: info.begun,
            duration,
            tracks: tracks.into_iter().map(total).collect(),
            parts: self.clusters,
            whole,
            length,
            is_finished: duration.is_some() && segment.end() == Some(length) && has_cues,
            damage,
            repair: Err(NotOurs),
        };
        // What lies behind a cluster or a gap may be cut off, or become void.
        let is_kept = |place: &u64| *place < header;
        let (cues_seek, duration) = (seek_head.place.filter(is_kept), info.duration_place.filter(is_kept));
        if let Some(places) = places(segment, cues_seek, duration, info.tick) {
            film.repair = Ok(repair(places, &index, film.end(), whole, &gaps));
        }
        Ok(Scan { doc_type: self.doc_type, application: info.application, film })
    }
}

/// Reads what kind of file it is.
fn doc_type<R: Read + Seek>(source: &mut Source<R>) -> Result<DocType, ScanError> {
    let head = match source.whole_element(source.length()) {
        Ok((head, _)) if head.id == Id::EBML => head,
        Err(Stop::Io(error)) => return Err(error.into()),
        _ => return Err(ScanError::NotEbml),
    };
    let content = or_header(source.content(head, LARGEST_HEADER))?;
    let mut name = String::new();
    for inner in Inners::new(head.content, &content) {
        let inner = inner.map_err(ScanError::Header)?;
        if inner.id == Id::DOC_TYPE {
            name = inner.text();
        }
    }
    DocType::ALL.into_iter().find(|known| known.name() == name).ok_or(ScanError::DocType(name))
}

/// What an ending would change, if there is room for all of it.
fn places(segment: Element, cues_seek: Option<u64>, duration: Option<u64>, tick: u64) -> Option<Places> {
    let segment_size = segment.content.checked_sub(8).filter(|at| *at == segment.at + 4)?;
    Some(Places { segment_size, segment: segment.content, cues_seek: cues_seek?, duration: duration?, tick })
}

fn or_header<T>(read: Result<T, Stop<Fault>>) -> Result<T, ScanError> {
    read.map_err(|stop| match stop {
        Stop::Io(error) => error.into(),
        Stop::Damage(damage) => ScanError::Header(damage),
    })
}
