//! Any bytes as a Matroska file.
#![no_main]

mod recording;

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use peergate::matroska::scan;

fuzz_target!(|bytes: &[u8]| recording::check(bytes, |bytes| Some(scan(Cursor::new(bytes)).ok()?.film)));
