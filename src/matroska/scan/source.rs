//! A file that is read element by element.

use std::io::{self, Read, Seek};

use super::Fault;
use crate::{
    container::{Damage, Reader, Stop},
    matroska::{crc::Crc, id::Id},
};

/// How long an element's id and size are at most.
const LONGEST_HEAD: usize = 12;

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
    pub(super) const fn damage(&self, fault: Fault) -> Damage<Fault> {
        Damage { offset: self.at, fault }
    }
}

/// A file, and a checksum of what is read of it.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: Reader<R>,
    /// That of all that is read, while somebody wants it.
    crc: Option<Crc>,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(file: R) -> io::Result<Self> {
        Ok(Self { reader: Reader::new(file)?, crc: None })
    }

    /// Where the next byte is read.
    pub(super) const fn at(&self) -> u64 {
        self.reader.at()
    }

    /// Where the file ends.
    pub(super) const fn length(&self) -> u64 {
        self.reader.length()
    }

    /// Goes to another place, without a checksum.
    pub(super) fn seek(&mut self, to: u64) -> io::Result<()> {
        self.crc = None;
        self.reader.seek(to)
    }

    /// The next bytes as far as there are any before the limit, without going on behind them.
    pub(super) fn peek<'a>(&mut self, bytes: &'a mut [u8], limit: u64) -> io::Result<&'a [u8]> {
        self.reader.peek(bytes, limit)
    }

    /// An element's id and size, without going on behind them. They end before `limit`; the content may not.
    pub(super) fn peek_element(&mut self, limit: u64) -> Result<Element, Stop<Fault>> {
        let at = self.at();
        let mut bytes = [0; LONGEST_HEAD];
        let bytes = self.peek(&mut bytes, limit)?;
        let head = Head::read(bytes).ok_or(Damage { offset: at, fault: Fault::NoElement })?;
        Ok(Element { id: head.id, at, content: at + head.length as u64, size: head.size })
    }

    /// Reads an element's id and size; the content may not end before `limit`.
    pub(super) fn element(&mut self, limit: u64) -> Result<Element, Stop<Fault>> {
        let element = self.peek_element(limit)?;
        self.skip(element.content - element.at)?;
        Ok(element)
    }

    /// Reads the id and size of an element that ends before `limit`, and says where.
    pub(super) fn whole_element(&mut self, limit: u64) -> Result<(Element, u64), Stop<Fault>> {
        let element = self.element(limit)?;
        let end = element.end().ok_or(element.damage(Fault::NoElement))?;
        match end.checked_sub(limit) {
            None | Some(0) => Ok((element, end)),
            Some(missing) => Err(element.damage(Fault::Torn { missing }).into()),
        }
    }

    /// The content of an element whose head has just been read. It has so many bytes at most.
    pub(super) fn content(&mut self, element: Element, most: u64) -> Result<Vec<u8>, Stop<Fault>> {
        let size = element.size.ok_or(element.damage(Fault::NoElement))?;
        if size > most {
            return Err(element.damage(Fault::TooLarge { size, most }).into());
        }
        let content = self.reader.bytes(size)?;
        if let Some(crc) = &mut self.crc {
            crc.update(&content);
        }
        Ok(content)
    }

    /// Goes on behind the next bytes, which are there.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        match &mut self.crc {
            Some(crc) => self.reader.pass(count, |bytes| crc.update(bytes)),
            None => self.reader.seek(self.at().saturating_add(count)),
        }
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
        while let Some(at) = self.reader.find(Id::CLUSTER.0.to_be_bytes())? {
            if self.is_cluster(at)? {
                return Ok(Some(at));
            }
            self.seek(at + 4)?;
        }
        Ok(None)
    }

    /// Whether a cluster may end there: the file does, or what comes next looks like what comes behind one. Goes there.
    pub(super) fn is_boundary(&mut self, at: u64) -> io::Result<bool> {
        if at == self.length() || self.is_cluster(at)? {
            self.seek(at)?;
            return Ok(true);
        }
        let mut bytes = [0; LONGEST_HEAD];
        let head = Head::read(self.peek(&mut bytes, self.length())?);
        let next = head.filter(|head| [Id::CUES, Id::VOID].contains(&head.id));
        let end = next.and_then(|head| at.checked_add(head.length as u64)?.checked_add(head.size?));
        Ok(end.is_some_and(|end| end <= self.length()))
    }

    /// Whether what lies there looks like a cluster as all write them: it ends within the file, and its Timestamp comes first,
    /// or a CRC-32, or what [`Scan::repair`](crate::container::Scan::repair) makes of one. Goes there.
    fn is_cluster(&mut self, at: u64) -> io::Result<bool> {
        self.seek(at)?;
        let mut bytes = [0; LONGEST_HEAD + 2];
        let bytes = self.peek(&mut bytes, self.length())?;
        let Some(head) = Head::read(bytes).filter(|head| head.id == Id::CLUSTER) else { return Ok(false) };
        let end = at.saturating_add(head.length as u64).saturating_add(head.size.unwrap_or(0));
        let first = match bytes.get(head.length..) {
            Some([0xBF | 0xEC, length @ 0x84, ..] | [0xE7, length @ 0x81..=0x88, ..]) => 2 + u64::from(length & 0x0F),
            _ => return Ok(false),
        };
        Ok(head.size.is_none_or(|size| size >= first) && end <= self.length())
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
