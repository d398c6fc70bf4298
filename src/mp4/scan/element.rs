//! The boxes of a file, one by one.

use std::io::{self, Read, Seek};

use super::Fault;
use crate::{
    container::{Damage, Reader, Stop},
    mp4::four_cc::FourCc,
};

/// How long a box's head is at most: its size, its type, and its size in eight bytes.
const LONGEST_HEAD: usize = 16;

/// What each moof begins with, behind its head: the head of an mfhd.
const MFHD_HEAD: [u8; 8] = *b"\0\0\0\x10mfhd";

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
    /// Whether it says how long it is, and does not go on to the file's end whatever is written there.
    pub(super) is_sized: bool,
}

impl Element {
    /// Reads the head of one that ends within the file.
    pub(super) fn read<R: Read + Seek>(reader: &mut Reader<R>) -> Result<Self, Stop<Fault>> {
        let at = reader.at();
        let mut bytes = [0; LONGEST_HEAD];
        let bytes = reader.peek(&mut bytes, reader.length())?;
        let head = Head::read(bytes).ok_or(Damage { offset: at, fault: Fault::NoBox })?;
        let end = head.size.map_or(reader.length(), |size| at.saturating_add(size));
        let element = Self { kind: head.kind, at, content: at + head.length, end, is_sized: head.size.is_some() };
        match end.checked_sub(reader.length()) {
            None | Some(0) => {
                reader.seek(element.content)?;
                Ok(element)
            }
            Some(missing) => Err(element.damage(Fault::Torn { missing }).into()),
        }
    }

    /// Reads its content, behind its head. It has so many bytes at most.
    pub(super) fn read_content<R: Read + Seek>(
        &self,
        reader: &mut Reader<R>,
        most: u64,
    ) -> Result<Vec<u8>, Stop<Fault>> {
        let size = self.end - self.content;
        if size > most {
            return Err(self.damage(Fault::TooLarge { size, most }).into());
        }
        Ok(reader.bytes(size)?)
    }

    /// What is wrong with it.
    pub(super) const fn damage(&self, fault: Fault) -> Damage<Fault> {
        Damage { offset: self.at, fault }
    }
}

/// Looks for what looks like the beginning of a fragment, from some place on, and goes there.
pub(super) fn find_fragment<R: Read + Seek>(reader: &mut Reader<R>, from: u64) -> io::Result<Option<u64>> {
    reader.seek(from)?;
    while let Some(kind) = reader.find(FourCc::MOOF.0)? {
        // Its size comes first.
        let start = kind.checked_sub(4).filter(|start| *start >= from);
        if let Some(start) = start
            && is_fragment(reader, start)?
        {
            return Ok(Some(start));
        }
        reader.seek(kind + 4)?;
    }
    Ok(None)
}

/// Whether a moof lies there that ends within the file. Goes there.
fn is_fragment<R: Read + Seek>(reader: &mut Reader<R>, at: u64) -> io::Result<bool> {
    reader.seek(at)?;
    let mut bytes = [0; LONGEST_HEAD];
    let bytes = reader.peek(&mut bytes, reader.length())?;
    let Some(Head { kind: FourCc::MOOF, size: Some(size), length: 8 }) = Head::read(bytes) else {
        return Ok(false);
    };
    Ok(bytes.ends_with(&MFHD_HEAD) && at.saturating_add(size) <= reader.length())
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
