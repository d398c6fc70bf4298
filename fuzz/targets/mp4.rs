//! Any bytes as an MP4 file.
#![no_main]

mod recording;

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use peergate::mp4::scan;

fuzz_target!(|bytes: &[u8]| recording::check(bytes, |bytes| scan(Cursor::new(bytes)).ok()));
