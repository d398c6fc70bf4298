//! The `peergate` program.

fn main() {}
