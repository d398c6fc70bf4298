//! What is wrong with a file, and where.

use std::{fmt, io};

/// A place at which a file is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage<F> {
    /// Where, in bytes from the file's start.
    pub offset: u64,
    /// What is wrong there.
    pub fault: F,
}

impl<F: fmt::Display> fmt::Display for Damage<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.fault)
    }
}

/// Why the reading of a file does not go on.
#[derive(Debug)]
pub(crate) enum Stop<F> {
    /// The file can't be read.
    Io(io::Error),
    /// What was read is broken.
    Damage(Damage<F>),
}

impl<F> From<io::Error> for Stop<F> {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<F> From<Damage<F>> for Stop<F> {
    fn from(damage: Damage<F>) -> Self {
        Self::Damage(damage)
    }
}
