//! The way through a file, from one element of its segment to the next.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
    ops::Range,
};

use super::{
    Fault, Scan, ScanError,
    cluster::{Cluster, LEVEL_ONE},
    header::{self, Info, SeekHead},
    inner::Inners,
    source::{Element, Source},
};
use crate::{
    container::{Count, Damage, ScannedTrack, Stop},
    matroska::{ending::Places, header::DocType, id::Id, index::Index},
};

/// How large an element of the header may be, in bytes. That of a file with 126 tracks and their names is a tenth of it.
const LARGEST_HEADER: u64 = 1 << 20;

/// How much of what is wrong with a file is told; who wants to know more looks for what breaks files.
const MOST_DAMAGE: usize = 64;

/// How many gaps are remembered. What has more is not worth repairing.
const MOST_GAPS: usize = 1024;

/// How many clusters with something broken in them are looked behind, each of which moves the disk's head. Where more are
/// broken, they are taken for lost.
const MOST_LOOKS: u32 = 1024;

/// A file on the way through it.
#[derive(Debug)]
pub(super) struct Walk<R> {
    source: Source<R>,
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
    /// The last gap between clusters.
    lost: Option<Range<u64>>,
    /// How far the last element was read.
    reached: u64,
    /// How many bytes may be read again: as many as the file has.
    again: u64,
    scan: Scan,
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
        let scan = Scan {
            doc_type,
            application: String::new(),
            begun: None,
            duration: None,
            tracks: Vec::new(),
            clusters: 0,
            whole: segment.content,
            length,
            is_finished: false,
            damage: Vec::new(),
            places: None,
            index: Index::default(),
            gaps: Vec::new(),
        };
        Ok(Self {
            source,
            segment,
            header: segment.content,
            seek_head: None,
            info: None,
            tracks: None,
            totals: BTreeMap::new(),
            cues: None,
            looks: 0,
            lost: None,
            reached: 0,
            again: length,
            scan,
        })
    }

    /// Goes through all of it.
    pub(super) fn finish(mut self) -> Result<Scan, ScanError> {
        while self.source.at() < self.scan.length {
            let start = self.source.at();
            self.reached = start;
            let damage = match self.step() {
                Ok(()) => continue,
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Damage(damage)) if self.tracks.is_none() => return Err(ScanError::Header(damage)),
                Err(Stop::Damage(damage)) => damage,
            };
            self.note(damage);
            let from = self.search_from(start);
            let Some(next) = self.source.find_cluster(from)? else { break };
            // What begins right behind a gap and is broken, too, belongs to it.
            let begin = self.lost.take().filter(|lost| lost.end == start).map_or(start, |lost| lost.start);
            self.scan.gaps.pop_if(|gap| gap.start == begin && gap.end == start);
            self.note_gap(begin..next);
            self.lost = Some(begin..next);
        }
        self.into_scan()
    }

    /// Where to look for the next cluster when there is something broken. Its size may be what is wrong with it, so the next
    /// one may lie within. But what is made so that there is always one within is not read again and again.
    fn search_from(&mut self, start: u64) -> u64 {
        match self.again.checked_sub(self.reached.saturating_sub(start)) {
            Some(left) => {
                self.again = left;
                start + 1
            }
            None => self.reached.max(start + 1),
        }
    }

    /// Goes behind the next element.
    fn step(&mut self) -> Result<(), Stop<Fault>> {
        let length = self.scan.length;
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
                Some(damage) => self.note(damage),
                None => self.cues = Some(element.at),
            },
            id if LEVEL_ONE.contains(&id) || [Id::VOID, Id::CRC_32].contains(&id) => {}
            _ => return Err(element.damage(Fault::NoElement).into()),
        }
        self.source.seek(end)?;
        if self.scan.clusters == 0 && self.scan.gaps.is_empty() && element.id != Id::CUES {
            self.header = end;
            self.scan.whole = end;
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
            self.note(damage);
        }
        Ok(read(elements)?)
    }

    /// Goes on without a part of the header if it is broken.
    fn or_damage<T>(&mut self, read: Result<T, Stop<Fault>>) -> io::Result<Option<T>> {
        match read {
            Ok(part) => Ok(Some(part)),
            Err(Stop::Io(error)) => Err(error),
            Err(Stop::Damage(damage)) => {
                self.note(damage);
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
        let element = self.source.element(self.scan.length)?;
        let tracks = self.tracks.as_deref().ok_or(element.damage(Fault::NoTracks))?;
        if let Some(end) = element.end()
            && end > self.scan.length
        {
            return Err(element.damage(Fault::Torn { missing: end - self.scan.length }).into());
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
            self.note(damage);
            if let Some(from) = broken_at {
                self.note_gap(from..end);
                // What is void is not what the checksum is of.
                checksum.into_iter().for_each(|checksum| self.note_gap(checksum));
            }
        }
        self.scan.clusters += 1;
        self.scan.whole = self.source.at();
        tally.point_out(element.at - self.segment.content, &mut self.scan.index);
        for (number, tally) in tally.tracks() {
            self.totals.entry(number).or_default().add(tally.count);
        }
        Ok(())
    }

    fn note_gap(&mut self, gap: Range<u64>) {
        if self.scan.gaps.len() < MOST_GAPS {
            self.scan.gaps.push(gap);
        }
    }

    /// What was found on the way.
    fn into_scan(self) -> Result<Scan, ScanError> {
        let Self { segment, header, seek_head, info, tracks: Some(tracks), totals, cues, mut scan, .. } = self else {
            return Err(ScanError::Header(Damage { offset: self.scan.length, fault: Fault::NoTracks }));
        };
        let (info, seek_head) = (info.unwrap_or_default(), seek_head.unwrap_or_default());
        let total = |track: ScannedTrack| {
            let count = totals.get(&track.number).copied().unwrap_or_default();
            track.counted(count, |ticks| info.time(ticks))
        };
        scan.tracks = tracks.into_iter().map(total).collect();

        // What lies behind a cluster or a gap may be cut off, or become void.
        let is_kept = |place: &u64| *place < header;
        scan.places = places(segment, seek_head.place.filter(is_kept), info.duration_place.filter(is_kept), info.tick);
        let whole = scan.whole;
        scan.gaps.retain(|gap| gap.end <= whole);

        let position = cues.map(|cues| cues - segment.content);
        let has_cues = match (position, seek_head.cues) {
            (found, Some(told)) => found == Some(told),
            (found, None) => found.is_some() || scan.index.is_empty(),
        };
        scan.duration = info.lasts();
        scan.is_finished = scan.duration.is_some() && segment.end() == Some(scan.length) && has_cues;
        scan.begun = info.begun;
        scan.application = info.application;
        Ok(scan)
    }

    fn note(&mut self, damage: Damage<Fault>) {
        if self.scan.damage.len() < MOST_DAMAGE {
            self.scan.damage.push(damage);
        }
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
