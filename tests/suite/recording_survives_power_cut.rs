//! A machine whose power is cut, at whatever moment, loses the last second of a recording at most: what was written is brought to
//! the disk in time, and so are the folders it is in. What is left is mended by the next start, plays to its end, and is what
//! its manifest says.
//!
//! Twenty times, by hand, with what was lost each time:
//! `CUTS=20 ./dev in-lab cargo test --test suite recording_survives_power_cut -- --nocapture`

use std::{fs, time::Duration};

use peergate::codec::Codec;

use crate::common::{
    camera::Camera,
    cut_off,
    daemon::{Daemon, command, run_to_end},
    flash_and_beep::FlashAndBeep,
    power::PoweredDisk,
    recordings::Recordings,
};

/// How many times it is cut, unless the environment says another number.
const CUTS: usize = 3;

/// How long it is left to record, at most. The moment is by chance.
const LONGEST: Duration = Duration::from_secs(4);

/// What may be lost: a second of what the gateway had, which is what is left unsynced and what waits to be written; and what
/// was sent, but still on its way, or among what the gateway had received and not put in order.
const LIMIT: Duration = Duration::from_millis(1000 + 250);

/// The disk is smaller than what is to stay free.
const SETTINGS: &str = "[record.keep]\nfree = 'none'\n";

/// How large the disk is, in MB.
const SIZE: u32 = 32;

#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment() {
    let disk = PoweredDisk::new(SIZE);
    let recordings = Recordings::at(&disk.path().join("recordings"));
    let media = FlashAndBeep::start(Codec::Vp8).await;
    let mut losses = Vec::new();
    for cut in 1..=cut_off::times("CUTS", CUTS) {
        let before = recordings.segments().len();
        let gateway = Daemon::recording("remote", recordings.dir(), SETTINGS).await;
        let _camera = Camera::join(&gateway, "camera", &media).await;
        let begun = media.now();
        // Not to wait for anything: this is the moment by chance.
        tokio::time::sleep(LONGEST.mul_f64(rand::random())).await;
        let end = disk.cut(|| media.now());
        drop(gateway);
        disk.come_back();

        let next = Daemon::recording("none", recordings.dir(), SETTINGS).await;
        let segments = recordings.settled(before).await;
        drop(next);
        let kept = segments.get(before).and_then(|segment| cut_off::end_of(segment, &media));
        let loss = end.saturating_sub(kept.unwrap_or(begun));
        eprintln!("cut {cut}: {:?} after the beginning, {loss:?} lost", end - begun);
        assert!(loss <= LIMIT, "{loss:?} lost of {:?}: {:?}", end - begun, segments.get(before));
        losses.push(loss);
    }
    let verified = run_to_end(command(&["recordings", "--record-dir", recordings.dir(), "verify"]));
    assert!(verified.status.success(), "{}", verified.stdout);
    cut_off::tell(losses);
}

#[tokio::test]
async fn what_nobody_brought_to_the_disk_is_gone() {
    let disk = PoweredDisk::new(SIZE);
    let [brought, left] = ["brought", "left"].map(|name| disk.path().join(name));
    fs::write(&brought, "one").unwrap();
    fs::File::open(&brought).unwrap().sync_all().unwrap();
    fs::write(&left, "two").unwrap();
    disk.cut(|| ());
    disk.come_back();
    assert_eq!(fs::read(brought).unwrap(), b"one");
    // The system may have noted by itself that there is a file, but not yet what is in it.
    assert!(fs::read(left).unwrap_or_default().is_empty());
}
