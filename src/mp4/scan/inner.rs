//! Boxes within bytes that have been read.

use super::{Fault, element::Head};
use crate::{container::Damage, mp4::four_cc::FourCc};

/// A box within bytes that have been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner<'a> {
    pub(super) kind: FourCc,
    /// Where it begins, in bytes from the file's start.
    pub(super) at: u64,
    /// How long it is in all.
    pub(super) length: u64,
    pub(super) content: &'a [u8],
}

impl<'a> Inner<'a> {
    /// Those within it.
    pub(super) const fn boxes(&self) -> Inners<'a> {
        self.boxes_behind(0)
    }

    /// Those within it, behind so many bytes of its content. What is not there has no boxes.
    pub(super) const fn boxes_behind(&self, count: usize) -> Inners<'a> {
        let begin = self.at + self.length - self.content.len() as u64 + count as u64;
        let bytes = match self.content.split_at_checked(count) {
            Some((_, behind)) => behind,
            None => &[],
        };
        Inners::new(begin, bytes)
    }

    /// Its content, to be read number by number.
    pub(super) const fn fields(&self) -> Fields<'a> {
        Fields { at: self.at, rest: self.content }
    }

    /// The first box of some kind within it.
    pub(super) fn child(&self, kind: FourCc) -> Result<Option<Inner<'a>>, Damage<Fault>> {
        for inner in self.boxes() {
            let inner = inner?;
            if inner.kind == kind {
                return Ok(Some(inner));
            }
        }
        Ok(None)
    }
}

/// The boxes of bytes, one after the other, up to the first broken one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inners<'a> {
    at: u64,
    bytes: &'a [u8],
}

impl<'a> Inners<'a> {
    /// Those of bytes that begin at some place of the file.
    pub(super) const fn new(at: u64, bytes: &'a [u8]) -> Self {
        Self { at, bytes }
    }
}

impl<'a> Iterator for Inners<'a> {
    type Item = Result<Inner<'a>, Damage<Fault>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (at, bytes) = (self.at, std::mem::take(&mut self.bytes));
        if bytes.is_empty() {
            return None;
        }
        let broken = |fault| Some(Err(Damage { offset: at, fault }));
        let Some(Head { kind, size, length }) = Head::read(bytes) else { return broken(Fault::NoBox) };
        let size = size.unwrap_or(bytes.len() as u64);
        let whole = usize::try_from(size).ok().and_then(|size| bytes.split_at_checked(size));
        let Some((whole, rest)) = whole else { return broken(Fault::Torn { missing: size - bytes.len() as u64 }) };
        *self = Self { at: at + size, bytes: rest };
        let content = whole.get(length as usize..).unwrap_or_default();
        Some(Ok(Inner { kind, at, length: size, content }))
    }
}

/// Numbers, the highest byte of each first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    /// Where the box begins that they are of.
    at: u64,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The next bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Damage<Fault>> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Damage { offset: self.at, fault: Fault::TooShort })?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Damage<Fault>> {
        self.bytes().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damage<Fault>> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Damage<Fault>> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// A number of eight bytes in boxes of version 1, of four in others.
    pub(super) fn versioned(&mut self, version: u8) -> Result<u64, Damage<Fault>> {
        if version == 1 { self.u64() } else { self.u32().map(u64::from) }
    }

    /// A FullBox's version and flags.
    pub(super) fn version_and_flags(&mut self) -> Result<(u8, u32), Damage<Fault>> {
        let [version, flags @ ..] = self.bytes::<4>()?;
        let [high, middle, low] = flags;
        Ok((version, u32::from_be_bytes([0, high, middle, low])))
    }

    /// The rest.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
