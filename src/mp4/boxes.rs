//! Boxes as they are written (ISO/IEC 14496-12, section 4.2): a size, a type, and the rest of so many bytes.

use super::four_cc::FourCc;

/// How long a box's size and type are.
pub(super) const HEAD_LENGTH: u64 = 8;

/// The beginning of a box of nothing (free) that is so long in all, without its content, which may be anything. Takes 8 bytes
/// at least.
pub(super) fn free_head(length: u64) -> Vec<u8> {
    let mut head = Vec::new();
    match u32::try_from(length) {
        Ok(size) => {
            head.u32(size);
            head.extend(FourCc::FREE.0);
        }
        // A size of 1 says that it follows in eight bytes.
        Err(_) => {
            head.u32(1);
            head.extend(FourCc::FREE.0);
            head.u64(length);
        }
    }
    head
}

/// Bytes that boxes are appended to. All numbers have their highest byte first.
pub(super) trait WriteBoxes {
    fn u16(&mut self, value: u16);
    fn u32(&mut self, value: u32);
    fn u64(&mut self, value: u64);
    /// So many bytes of 0.
    fn zeros(&mut self, count: usize);
    /// A box, of what `fill` writes.
    fn boxed(&mut self, kind: FourCc, fill: impl FnOnce(&mut Vec<u8>));
    /// A box that begins with a version and 24 bits of flags (FullBox).
    fn full_box(&mut self, kind: FourCc, version: u8, flags: u32, fill: impl FnOnce(&mut Vec<u8>));
}

impl WriteBoxes for Vec<u8> {
    fn u16(&mut self, value: u16) {
        self.extend(value.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.extend(value.to_be_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.extend(value.to_be_bytes());
    }

    fn zeros(&mut self, count: usize) {
        self.resize(self.len() + count, 0);
    }

    fn boxed(&mut self, kind: FourCc, fill: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.len();
        self.zeros(4);
        self.extend(kind.0);
        fill(self);
        let size = (self.len() - begin) as u32;
        if let Some(place) = self.get_mut(begin..begin + 4) {
            place.copy_from_slice(&size.to_be_bytes());
        }
    }

    fn full_box(&mut self, kind: FourCc, version: u8, flags: u32, fill: impl FnOnce(&mut Vec<u8>)) {
        self.boxed(kind, |content| {
            content.u32(u32::from(version) << 24 | flags);
            fill(content);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_say_how_long_they_are() {
        let mut bytes = Vec::new();
        bytes.boxed(FourCc::MOOF, |moof| moof.full_box(FourCc::MFHD, 1, 2, |mfhd| mfhd.u16(7)));
        assert_eq!(bytes, b"\0\0\0\x16moof\0\0\0\x0Emfhd\x01\0\0\x02\0\x07");
    }

    #[test]
    fn what_is_free_may_be_longer_than_four_bytes_tell() {
        assert_eq!(free_head(8), b"\0\0\0\x08free");
        assert_eq!(free_head(1 << 32), b"\0\0\0\x01free\0\0\0\x01\0\0\0\0");
    }
}
