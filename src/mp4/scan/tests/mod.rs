mod broken;
mod foreign;
mod header;

use super::*;
use crate::{
    container::tests::{self, Film},
    mp4::Writer,
};

fn film(seconds: u64) -> Film {
    Film::long::<Writer<Vec<u8>>>(seconds)
}

fn scanned(bytes: &[u8]) -> Scan<Fault> {
    tests::scanned::<Writer<Vec<u8>>>(bytes)
}
