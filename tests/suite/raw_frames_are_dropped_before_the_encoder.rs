//! Where an encoder is slower than its source, raw frames are dropped before it, and none of those that it has made: what
//! a taker gets is whole, and no older than the encoder's own slowness makes it.

use std::time::Duration;

use peergate::{
    codec::Codec,
    encoder::{ElementChoice, Settings},
    media::{clockwork::Clockwork, elements},
    source::VideoKind,
    studio::Studio,
};

use crate::common::{
    decode::{Picture, Pictures},
    logs,
    stand_in::{self, Behaviour},
    studio::{Taker, lease, settings, video},
};

/// What each frame takes the device. The source makes three in that time.
const SLOWNESS: Duration = Duration::from_millis(100);

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(5);

/// How old a picture may be: what waits before the device, and is in it, takes two turns of it; twice that where the
/// machine is busy. In all the time that it is watched, frames that waited for their turn would be 3 s old.
const OLDEST: Duration = Duration::from_millis(400);

struct Seen {
    picture: Picture,
    age: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taker_gets_whole_pictures_that_are_not_old() {
    logs::show();
    elements::start().unwrap();
    stand_in::register(&[("vah264enc", Behaviour::Takes(SLOWNESS))]);
    let clockwork = Clockwork::start();
    // One that is asked for by its name needs no trial, in which it would have turned out to be slow.
    let settings = Settings { element: ElementChoice::Named("vah264enc".to_owned()), rungs: 1, ..settings() };
    let source = video("picture", VideoKind::Test { pattern: "smpte".to_owned() });
    let studio = Studio::start(vec![source], settings, clockwork.clone()).unwrap();
    let lease = lease(&studio, "picture", Codec::H264).await;
    let taker = Taker::new(&lease.feed, || {});
    let pictures = Pictures::of(&lease.feed).await;
    let first = pictures.next().await.time;
    let made_before = lease.feed.counts().frames;

    let mut seen: Vec<Seen> = Vec::new();
    while seen.last().is_none_or(|last| last.picture.time < first + WATCHED) {
        let picture = pictures.next().await;
        let age = Duration::from(clockwork.running_time()).saturating_sub(picture.time);
        seen.push(Seen { picture, age });
    }
    let made = lease.feed.counts().frames - made_before;

    let per_second = seen.len() as f64 / WATCHED.as_secs_f64();
    assert!((7.0..=10.5).contains(&per_second), "{per_second} pictures/s");
    let numbers: Vec<_> = seen.iter().map(|seen| seen.picture.number().expect("a picture without damage")).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    let skipped = (numbers.last().unwrap() - numbers[0] + 1) as usize - numbers.len();
    assert!(skipped > numbers.len(), "most raw ones were dropped: {skipped} besides {}", numbers.len());
    // What the device has made is all there: handed over by the feed, and taken.
    assert!(made.abs_diff(seen.len() as u64) <= 5, "{made} were made, {} pictures seen", seen.len());
    assert_eq!(taker.tap.counts().dropped, 0);
    let ages: Vec<_> = seen.iter().map(|seen| seen.age).collect();
    // Nor does that grow.
    let old = ages.iter().filter(|age| **age > OLDEST).count();
    assert!(old * 20 <= ages.len(), "{ages:?}");
    let latency = lease.feed.latency();
    assert!(latency.quantile(0.5).unwrap() < OLDEST, "{latency:?}");
    studio.stop().await;
}
