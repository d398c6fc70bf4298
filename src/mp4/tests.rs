//! What files of every kind have to stand, for this one.

use std::{io::Cursor, time::Duration};

use super::*;
use crate::container::{
    Block, BlockError, Ending, Scan, Track,
    tests::{Kind, trials},
};

trials!(Writer<Vec<u8>>);

impl Kind for Writer<Vec<u8>> {
    type Fault = Fault;
    const NOISE: &[u8] = b"moof\0\0\0\x10mfhd";
    /// ftyp.
    const BEGINNING: usize = 28;
    const HAS_CHECKSUMS: bool = false;

    fn begin(tracks: Vec<Track>) -> (Self, Vec<u8>) {
        let begun = Some(Duration::from_secs(1_800_000_000));
        Self::new(&Header { tracks, begun, application: "test".to_owned() }).unwrap()
    }

    fn push(&mut self, block: Block<Vec<u8>>) -> Result<Option<Vec<u8>>, BlockError> {
        self.push(block)
    }

    fn flush(&mut self) -> Option<Vec<u8>> {
        self.flush()
    }

    fn finish(self, end: Duration) -> Ending {
        self.finish(end)
    }

    fn scan(bytes: &[u8]) -> Result<Scan<Fault>, String> {
        scan(Cursor::new(bytes)).map_err(|error| error.to_string())
    }
}
