//! Elements as they are written (RFC 8794): an id, a size, and so many bytes.

use super::{crc::Crc, id::Id};

/// A size that is not known yet, in eight bytes (RFC 8794, section 6.2).
pub(super) const UNKNOWN_SIZE: [u8; 8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

/// How long an element with a CRC-32 is.
pub(super) const CRC_LENGTH: u64 = 6;

/// A size in eight bytes, of which seven tell it.
pub(super) const fn wide_size(size: u64) -> [u8; 8] {
    (size & 0x00FF_FFFF_FFFF_FFFF | 1 << 56).to_be_bytes()
}

/// In how many bytes a size is written: as few as there may be. All ones would say that it is unknown.
pub(super) const fn size_width(size: u64) -> u64 {
    let mut width = 1;
    while width < 8 && size >= (1 << (7 * width)) - 1 {
        width += 1;
    }
    width
}

/// How many bytes an element takes in all.
pub(super) fn element_length(id: Id, size: u64) -> u64 {
    id.bytes().count() as u64 + size_width(size) + size
}

/// How many bytes an unsigned number takes in an element: as few as there may be, but one.
pub(super) const fn uint_width(value: u64) -> u64 {
    let width = (u64::BITS - value.leading_zeros()).div_ceil(8) as u64;
    if width == 0 { 1 } else { width }
}

/// An element of nothing (Void), so long in all, without the content: in what is voided, that may be anything. Takes two
/// bytes at least.
pub(super) fn void_head(length: u64) -> Vec<u8> {
    let mut head = Vec::new();
    if size_width(length.saturating_sub(2)) == 1 {
        head.head(Id::VOID, length.saturating_sub(2));
    } else {
        head.extend(Id::VOID.bytes());
        head.extend(wide_size(length.saturating_sub(9)));
    }
    head
}

/// Bytes that elements are appended to.
pub(super) trait WriteElements {
    /// An element's id and size; its bytes come next.
    fn head(&mut self, id: Id, size: u64);
    /// Any bytes, text also.
    fn binary(&mut self, id: Id, bytes: &[u8]);
    /// An unsigned number, as short as it can be.
    fn uint(&mut self, id: Id, value: u64);
    /// A number in eight bytes.
    fn float(&mut self, id: Id, value: f64);
    /// Nothing, in so many bytes in all; two at least.
    fn void(&mut self, length: u64);
    /// An element of elements.
    fn master(&mut self, id: Id, fill: impl FnOnce(&mut Vec<u8>));
    /// The same, with their checksum before them.
    fn checked_master(&mut self, id: Id, fill: impl FnOnce(&mut Vec<u8>));
    /// The checksum of what comes behind it in an element of elements.
    fn checksum(&mut self, crc: Crc);
}

impl WriteElements for Vec<u8> {
    fn head(&mut self, id: Id, size: u64) {
        self.extend(id.bytes());
        let width = size_width(size);
        let marked = size | 1 << (7 * width);
        self.extend(marked.to_be_bytes().into_iter().skip(8 - width as usize));
    }

    fn binary(&mut self, id: Id, bytes: &[u8]) {
        self.head(id, bytes.len() as u64);
        self.extend_from_slice(bytes);
    }

    fn uint(&mut self, id: Id, value: u64) {
        let width = uint_width(value);
        self.head(id, width);
        self.extend(value.to_be_bytes().into_iter().skip(8 - width as usize));
    }

    fn float(&mut self, id: Id, value: f64) {
        self.binary(id, &value.to_be_bytes());
    }

    fn void(&mut self, length: u64) {
        let end = self.len() + length as usize;
        self.extend(void_head(length));
        self.resize(end, 0);
    }

    fn master(&mut self, id: Id, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut content = Vec::new();
        fill(&mut content);
        self.binary(id, &content);
    }

    fn checked_master(&mut self, id: Id, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut content = Vec::new();
        fill(&mut content);
        self.head(id, CRC_LENGTH + content.len() as u64);
        self.checksum(Crc::of(&content));
        self.extend_from_slice(&content);
    }

    fn checksum(&mut self, crc: Crc) {
        self.binary(Id::CRC_32, &crc.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    }

    #[test]
    fn sizes_are_as_short_as_they_can_be_and_never_all_ones() {
        for (size, bytes) in [
            (0, &[0x80][..]),
            (126, &[0xFE]),
            (127, &[0x40, 0x7F]),
            (16_382, &[0x7F, 0xFE]),
            (16_383, &[0x20, 0x3F, 0xFF]),
            (1 << 50, &[0x01, 0x04, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(written(|out| out.head(Id::VOID, size))[1..], *bytes, "{size}");
            assert_eq!(size_width(size), bytes.len() as u64);
        }
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(written(|out| out.uint(Id::TRACK_NUMBER, 0)), [0xD7, 0x81, 0]);
        assert_eq!(written(|out| out.uint(Id::TRACK_NUMBER, 0xFF)), [0xD7, 0x81, 0xFF]);
        assert_eq!(written(|out| out.uint(Id::TRACK_NUMBER, 0x100)), [0xD7, 0x82, 1, 0]);
        assert_eq!(written(|out| out.uint(Id::TRACK_NUMBER, u64::MAX)).len(), 10);
    }

    #[test]
    fn what_is_void_takes_as_much_room_as_it_is_told_to() {
        for length in 2..=255 {
            assert_eq!(written(|out| out.void(length)).len() as u64, length);
        }
        assert_eq!(void_head(128), [0xEC, 0xFE]);
        assert_eq!(void_head(129), [0xEC, 0x01, 0, 0, 0, 0, 0, 0, 120]);
    }
}
