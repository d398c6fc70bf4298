//! Any bytes as a manifest: no panic, what is written is read as the same, and errors are fit for a log line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peergate::recording::manifest::{Manifest, digest};

fuzz_target!(|json: &[u8]| {
    match Manifest::read(json) {
        Ok(manifest) => {
            let written = manifest.to_json();
            let pinned = Manifest { pinned: !manifest.pinned, ..manifest.clone() };
            assert_eq!(digest(&written), digest(&pinned.to_json()));
            assert_eq!(Manifest::read(&written), Ok(manifest));
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 2048 && !told.contains(char::is_control), "{told}");
        }
    }
});
