//! A file that is read box by box.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::{Damage, Fault};
use crate::mp4::four_cc::FourCc;

/// How long a box's head is at most: its size, its type, and its size in eight bytes.
const LONGEST_HEAD: usize = 16;

/// How many bytes are read at once.
const BUFFER: usize = 64 << 10;

/// What each moof begins with, behind its head: the head of an mfhd.
const MFHD_HEAD: [u8; 8] = *b"\0\0\0\x10mfhd";

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

/// A box whose head has been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) kind: FourCc,
    /// Where it begins.
    pub(super) at: u64,
    /// Where its content begins.
    pub(super) content: u64,
    /// Where it ends.
    pub(super) end: u64,
}

impl Element {
    /// What is wrong with it.
    pub(super) const fn damage(&self, fault: Fault) -> Damage {
        Damage { offset: self.at, fault }
    }
}

/// A file that does not grow while it is read, or whose growth is not looked at.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: BufReader<R>,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(mut file: R) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { reader: BufReader::with_capacity(BUFFER, file), at: 0, length })
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

    /// Reads the head of a box that ends within the file.
    pub(super) fn element(&mut self) -> Result<Element, Stop> {
        let at = self.at;
        let mut bytes = [0; LONGEST_HEAD];
        let bytes = self.peek(&mut bytes)?;
        let head = Head::read(bytes).ok_or(Damage { offset: at, fault: Fault::NoBox })?;
        let end = head.size.map_or(self.length, |size| at.saturating_add(size));
        let element = Element { kind: head.kind, at, content: at + head.length, end };
        match end.checked_sub(self.length) {
            None | Some(0) => {
                self.seek(element.content)?;
                Ok(element)
            }
            Some(missing) => Err(element.damage(Fault::Torn { missing }).into()),
        }
    }

    /// The content of a box whose head has just been read. It has so many bytes at most.
    pub(super) fn content(&mut self, element: Element, most: u64) -> Result<Vec<u8>, Stop> {
        let size = element.end - element.content;
        if size > most {
            return Err(element.damage(Fault::TooLarge { size, most }).into());
        }
        Ok(self.bytes(size)?)
    }

    /// The next bytes, so many, which are there and few.
    pub(super) fn bytes(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count as usize];
        self.reader.read_exact(&mut bytes)?;
        self.at += count;
        Ok(bytes)
    }

    /// Looks for what looks like the beginning of a fragment, from some place on, and goes there.
    pub(super) fn find_fragment(&mut self, from: u64) -> io::Result<Option<u64>> {
        if from >= self.length {
            return Ok(None);
        }
        self.seek(from)?;
        let mut last = 0_u32;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let found = buffer.iter().position(|byte| {
                last = last << 8 | u32::from(*byte);
                last.to_be_bytes() == FourCc::MOOF.0
            });
            let taken = found.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(taken);
            self.at += taken as u64;
            if found.is_some() {
                let behind = self.at;
                let start = behind.checked_sub(8).filter(|start| *start >= from);
                if let Some(start) = start
                    && self.is_fragment(start)?
                {
                    return Ok(Some(start));
                }
                self.seek(behind)?;
            }
        }
    }

    /// Whether a moof lies there that ends within the file. Goes there.
    pub(super) fn is_fragment(&mut self, at: u64) -> io::Result<bool> {
        self.seek(at)?;
        let mut bytes = [0; LONGEST_HEAD];
        let bytes = self.peek(&mut bytes)?;
        let Some(Head { kind: FourCc::MOOF, size: Some(size), length: 8 }) = Head::read(bytes) else {
            return Ok(false);
        };
        Ok(bytes.ends_with(&MFHD_HEAD) && at.saturating_add(size) <= self.length)
    }

    /// The next bytes as far as there are any, without going on behind them.
    fn peek<'a>(&mut self, bytes: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let left = self.length.saturating_sub(self.at);
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        self.reader.read_exact(bytes)?;
        self.reader.seek_relative(-(count as i64))?;
        Ok(bytes)
    }
}

/// What a box begins with (ISO/IEC 14496-12, section 4.2.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) kind: FourCc,
    /// How long the box is with this head; `None`: to the file's end.
    pub(super) size: Option<u64>,
    /// How long the head is.
    pub(super) length: u64,
}

impl Head {
    /// What bytes begin with, if it is one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        let (size, length) = match u32::from_be_bytes(*size) {
            0 => (None, 8),
            1 => (Some(u64::from_be_bytes(*rest.first_chunk()?)), 16),
            size => (Some(size.into()), 8),
        };
        size.is_none_or(|size| size >= length).then_some(Self { kind: FourCc(*kind), size, length })
    }
}
