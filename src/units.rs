//! Quantities with their units, as types.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// A rate of encoded data, in bit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bitrate(u32);

impl Bitrate {
    /// So many bits a second.
    #[must_use]
    pub const fn from_bits(bits_per_second: u32) -> Self {
        Self(bits_per_second)
    }
    /// That of so many bytes in such a time. Saturates where it does not fit.
    #[must_use]
    pub fn of(bytes: u64, time: Duration) -> Self {
        Self((bytes as f64 * 8.0 / time.as_secs_f64()) as u32)
    }
    /// In bit/s.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
    /// In kbit/s, rounded down.
    #[must_use]
    pub const fn kilobits(self) -> u32 {
        self.0 / 1000
    }
}

/// A picture's size, in pixels. Both sides are even, as 4:2:0 wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}
