//! Elements within bytes that have been read.

use super::{
    Fault,
    source::{Head, number},
};
use crate::{
    container::Damage,
    matroska::{crc::Crc, id::Id},
};

/// How much of a text is read, in bytes.
const LONGEST_TEXT: usize = 256;

/// An element within bytes that have been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner<'a> {
    pub(super) id: Id,
    /// Where it begins, in bytes from the file's start.
    pub(super) at: u64,
    /// How long it is in all.
    pub(super) length: u64,
    /// Where its content begins, in bytes from the file's start.
    pub(super) content_at: u64,
    pub(super) content: &'a [u8],
}

impl<'a> Inner<'a> {
    /// Those within it.
    pub(super) const fn elements(&self) -> Inners<'a> {
        Inners::new(self.content_at, self.content)
    }

    /// As an unsigned number (RFC 8794, section 7.2).
    pub(super) fn uint(&self) -> u64 {
        number(self.content)
    }

    /// As a number (RFC 8794, section 7.3).
    pub(super) fn float(&self) -> Option<f64> {
        match *self.content {
            [a, b, c, d] => Some(f32::from_be_bytes([a, b, c, d]).into()),
            [a, b, c, d, e, f, g, h] => Some(f64::from_be_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        }
    }

    /// As text, as far as it is worth reading; zeros may end it (RFC 8794, section 7.4).
    pub(super) fn text(&self) -> String {
        let bytes = self.content.get(..LONGEST_TEXT).unwrap_or(self.content);
        String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
    }
}

/// The elements of bytes, one after the other, up to the first broken one.
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

    /// What is wrong with them if they begin with a CRC-32 that is not theirs.
    pub(super) fn check(mut self) -> Option<Damage<Fault>> {
        let at = self.at;
        let Some(Ok(Inner { id: Id::CRC_32, content, .. })) = self.next() else { return None };
        (Crc::of(self.bytes).bytes() != content).then_some(Damage { offset: at, fault: Fault::Checksum })
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
        let Some(Head { id, size: Some(size), length: head }) = Head::read(bytes) else {
            return broken(Fault::NoElement);
        };
        let rest = bytes.get(head..).unwrap_or_default();
        let Some((content, rest)) = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size)) else {
            return broken(Fault::Torn { missing: size - rest.len() as u64 });
        };
        let length = head as u64 + size;
        *self = Self { at: at + length, bytes: rest };
        Some(Ok(Inner { id, at, length, content_at: at + head as u64, content }))
    }
}
