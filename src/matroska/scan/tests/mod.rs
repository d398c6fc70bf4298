mod broken;
mod foreign;
mod header;

use super::*;
use crate::{
    container::tests::{self, Film},
    matroska::Writer,
};

fn film(seconds: u64) -> Film {
    Film::long::<Writer<Vec<u8>>>(seconds)
}

fn scanned(bytes: &[u8]) -> container::Scan<Fault> {
    tests::scanned::<Writer<Vec<u8>>>(bytes)
}

fn repaired(bytes: &[u8]) -> Vec<u8> {
    tests::repaired::<Writer<Vec<u8>>>(bytes)
}
