//! The checksum of a CRC-32 element (RFC 8794, section 11.3.1): that of ISO 3309 and ITU-T V.42, written little-endian.

/// The checksum of what came so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crc(u32);

impl Crc {
    /// That of nothing.
    pub(super) const fn new() -> Self {
        Self(u32::MAX)
    }

    /// That of such bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut crc = Self::new();
        crc.update(bytes);
        crc
    }

    /// Takes what comes next.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            let [a, b, c, d, e, f, g, h] = *eight;
            let [s, t, u, v] = self.0.to_le_bytes();
            self.0 = entry(7, a ^ s)
                ^ entry(6, b ^ t)
                ^ entry(5, c ^ u)
                ^ entry(4, d ^ v)
                ^ entry(3, e)
                ^ entry(2, f)
                ^ entry(1, g)
                ^ entry(0, h);
        }
        for byte in rest {
            let [low, ..] = self.0.to_le_bytes();
            self.0 = entry(0, low ^ byte) ^ (self.0 >> 8);
        }
    }

    /// As the element holds it.
    pub(super) const fn bytes(self) -> [u8; 4] {
        (!self.0).to_le_bytes()
    }
}

/// What a byte does to the checksum when so many bytes come behind it: with eight at a time, a recording of hours is read
/// at the disk's pace.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    /// Its polynomial, the lowest power in the highest bit.
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut behind = 1;
    while behind < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[behind - 1][byte];
            tables[behind][byte] = tables[0][(before & 0xFF) as usize] ^ (before >> 8);
            byte += 1;
        }
        behind += 1;
    }
    tables
}

fn entry(behind: usize, byte: u8) -> u32 {
    TABLES[behind][usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> u32 {
        u32::from_le_bytes(Crc::of(bytes).bytes())
    }

    #[test]
    fn is_that_of_iso_3309() {
        assert_eq!(of(b""), 0);
        // The check value that catalogues of checksums give.
        assert_eq!(of(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn comes_out_the_same_in_whatever_pieces_the_bytes_come() {
        let bytes: Vec<u8> = (0..100_u8).map(|at| at.wrapping_mul(37)).collect();
        for cut in 0..bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            let mut crc = Crc::new();
            crc.update(head);
            crc.update(tail);
            assert_eq!(u32::from_le_bytes(crc.bytes()), of(&bytes));
        }
    }
}
