//! A file that is read element by element.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::{Damage, Fault};
use crate::matroska::{crc::Crc, id::Id};

/// How long an element's id and size are at most.
const LONGEST_HEAD: usize = 12;

/// How many bytes are read at once.
const BUFFER: usize = 64 << 10;

/// Why the reading does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file can't be read.
    Io(io::Error),
    /// What was read is broken.
    Damage(Damage),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// An element, of which the id and the size have been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) id: Id,
    /// Where it begins.
    pub(super) at: u64,
    /// Where its content begins.
    pub(super) content: u64,
    /// How long its content is; `None`: not known yet when it was written.
    pub(super) size: Option<u64>,
}

impl Element {
    /// Where it ends, if that is known.
    pub(super) fn end(&self) -> Option<u64> {
        self.size.map(|size| self.content.saturating_add(size))
    }

    /// What is wrong with it.
    pub(super) const fn damage(&self, fault: Fault) -> Damage {
        Damage { offset: self.at, fault }
    }
}

/// A file, as long as it is when the reading begins: what somebody still writes behind that is not looked at.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: BufReader<R>,
    at: u64,
    length: u64,
    /// That of all that is read, while somebody wants it.
    crc: Option<Crc>,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(mut file: R) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { reader: BufReader::with_capacity(BUFFER, file), at: 0, length, crc: None })
    }

    /// Where the next byte is read.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    /// Where the file ends.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Goes to another place.
    pub(super) fn seek(&mut self, to: u64) -> io::Result<()> {
        self.crc = None;
        let by = i128::from(to) - i128::from(self.at);
        match i64::try_from(by) {
            Ok(by) => self.reader.seek_relative(by)?,
            Err(_) => {
                self.reader.seek(SeekFrom::Start(to))?;
            }
        }
        self.at = to;
        Ok(())
    }

    /// An element's id and size, without going on behind them. They end before `limit`; the content may not.
    pub(super) fn peek_element(&mut self, limit: u64) -> Result<Element, Stop> {
        let at = self.at;
        let mut bytes = [0; LONGEST_HEAD];
        let bytes = self.peek(&mut bytes, limit)?;
        let head = Head::read(bytes).ok_or(Damage { offset: at, fault: Fault::NoElement })?;
        Ok(Element { id: head.id, at, content: at + head.length as u64, size: head.size })
    }

    /// Reads an element's id and size; the content may not end before `limit`.
    pub(super) fn element(&mut self, limit: u64) -> Result<Element, Stop> {
        let element = self.peek_element(limit)?;
        self.skip(element.content - element.at)?;
        Ok(element)
    }

    /// Reads the id and size of an element that ends before `limit`, and says where.
    pub(super) fn whole_element(&mut self, limit: u64) -> Result<(Element, u64), Stop> {
        let element = self.element(limit)?;
        let end = element.end().ok_or(element.damage(Fault::NoElement))?;
        match end.checked_sub(limit) {
            None | Some(0) => Ok((element, end)),
            Some(missing) => Err(element.damage(Fault::Torn { missing }).into()),
        }
    }

    /// The content of an element whose head has just been read. It has so many bytes at most.
    pub(super) fn content(&mut self, element: Element, most: u64) -> Result<Vec<u8>, Stop> {
        let size = element.size.ok_or(element.damage(Fault::NoElement))?;
        if size > most {
            return Err(element.damage(Fault::TooLarge { size, most }).into());
        }
        let mut content = vec![0; size as usize];
        self.read(&mut content)?;
        Ok(content)
    }

    /// The next bytes.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(bytes)?;
        self.at += bytes.len() as u64;
        if let Some(crc) = &mut self.crc {
            crc.update(bytes);
        }
        Ok(())
    }

    /// Goes on behind the next bytes, which are there.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        if self.crc.is_none() {
            return self.seek(self.at.saturating_add(count));
        }
        let mut left = count;
        while left > 0 {
            let buffer = self.reader.fill_buf()?;
            let taken = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let Some(bytes) = buffer.get(..taken).filter(|bytes| !bytes.is_empty()) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            if let Some(crc) = &mut self.crc {
                crc.update(bytes);
            }
            self.reader.consume(taken);
            self.at += taken as u64;
            left -= taken as u64;
        }
        Ok(())
    }

    /// Begins a checksum of what is read from here on.
    pub(super) const fn begin_checksum(&mut self) {
        self.crc = Some(Crc::new());
    }

    /// The checksum since it was begun, if it was.
    pub(super) fn end_checksum(&mut self) -> Option<[u8; 4]> {
        self.crc.take().map(Crc::bytes)
    }

    /// Looks for what looks like a cluster, from some place on, and goes there.
    pub(super) fn find_cluster(&mut self, from: u64) -> io::Result<Option<u64>> {
        self.seek(from)?;
        let mut last = 0_u32;
        while self.at < self.length {
            let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
            let buffer = self.reader.fill_buf()?;
            let buffer = buffer.get(..left).unwrap_or(buffer);
            if buffer.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let found = buffer.iter().position(|byte| {
                last = last << 8 | u32::from(*byte);
                last == Id::CLUSTER.0
            });
            let taken = found.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(taken);
            self.at += taken as u64;
            if found.is_some() {
                let at = self.at - 4;
                if self.is_cluster(at)? {
                    return Ok(Some(at));
                }
                self.seek(at + 4)?;
            }
        }
        Ok(None)
    }

    /// Whether a cluster may end there: the file does, or what comes next looks like what comes behind one. Goes there.
    pub(super) fn is_boundary(&mut self, at: u64) -> io::Result<bool> {
        if at == self.length || self.is_cluster(at)? {
            self.seek(at)?;
            return Ok(true);
        }
        let mut bytes = [0; LONGEST_HEAD];
        let head = Head::read(self.peek(&mut bytes, self.length)?);
        let next = head.filter(|head| [Id::CUES, Id::VOID].contains(&head.id));
        let end = next.and_then(|head| at.checked_add(head.length as u64)?.checked_add(head.size?));
        Ok(end.is_some_and(|end| end <= self.length))
    }

    /// Whether what lies there looks like a cluster as all write them: it ends within the file, and its Timestamp comes first,
    /// or a CRC-32, or what [`Scan::repair`](super::Scan::repair) makes of one. Goes there.
    fn is_cluster(&mut self, at: u64) -> io::Result<bool> {
        self.seek(at)?;
        let mut bytes = [0; LONGEST_HEAD + 2];
        let bytes = self.peek(&mut bytes, self.length)?;
        let Some(head) = Head::read(bytes).filter(|head| head.id == Id::CLUSTER) else { return Ok(false) };
        let end = at.saturating_add(head.length as u64).saturating_add(head.size.unwrap_or(0));
        let begins = matches!(bytes.get(head.length..), Some([0xBF | 0xEC, 0x84, ..] | [0xE7, 0x81..=0x88, ..]));
        Ok(begins && end <= self.length)
    }

    /// The next bytes as far as there are any before the limit, without going on behind them.
    pub(super) fn peek<'a>(&mut self, bytes: &'a mut [u8], limit: u64) -> io::Result<&'a [u8]> {
        let left = limit.min(self.length).saturating_sub(self.at);
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        self.reader.read_exact(bytes)?;
        self.reader.seek_relative(-(count as i64))?;
        Ok(bytes)
    }
}

/// An element's id and size (RFC 8794, sections 4 and 6).
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) id: Id,
    pub(super) size: Option<u64>,
    /// How long both are together.
    pub(super) length: usize,
}

impl Head {
    /// What bytes begin with, if it is one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_at_checked(width(bytes)?)?;
        let (size, behind) = marked_number(rest)?;
        let id = u32::try_from(number(id)).ok().map(Id)?;
        // All ones say that it is not known (RFC 8794, section 6.2).
        let size_width = rest.len() - behind.len();
        let size = (size != (1 << (7 * size_width)) - 1).then_some(size);
        Some(Self { id, size, length: bytes.len() - behind.len() })
    }
}

/// A number that tells by a marker bit how long it is, and what comes behind it (RFC 8794, section 4).
pub(super) fn marked_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (marked, rest) = bytes.split_at_checked(width(bytes)?)?;
    Some((number(marked) & !(1 << (7 * marked.len())), rest))
}

/// In how many bytes such a number is written: 1 to 8.
fn width(bytes: &[u8]) -> Option<usize> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    (width <= 8).then_some(width)
}

/// Bytes as a number; the last eight count.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
