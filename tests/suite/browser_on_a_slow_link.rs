//! A browser whose link is cut plays on with a smaller picture, and gets the full one again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::common::{
    browser::{Options, PATIENCE},
    distant::{DistantGateway, first_peer},
    netns::Host,
    page::Page,
};

const VIDEO: &str = "document.querySelector('.tile video')";

/// A browser draws without a graphics card, on two cores that the encoders need, too.
const SHOWN: f64 = 15.0;

/// How soon after the link is cut it plays on, in s.
const PLAYS_ON: f64 = 2.0;

/// What a person sees as a standstill, in s.
const STANDS_STILL: f64 = 0.4;

async fn plays_on(options: Options) {
    let host = Host::new();
    host.link_to("10.0.0.0/8", 5000);
    let gateway = DistantGateway::start(&host, &["--size", "960x540", "--bitrate", "1500k"]).await;
    let page = Page::start(options, &gateway.daemon.http("/")).await;
    page.picture().await;
    let full = page.browser.value(&format!("{VIDEO}.videoWidth"), &[]).await;
    assert_eq!(full, json!(960));

    let watching = format!("looking.shown({VIDEO}, 8000)");
    let (moments, (cut, peer_then)) = tokio::join!(page.browser.value(&watching, &[]), async {
        // What is shown before is watched, too.
        tokio::time::sleep(Duration::from_millis(500)).await;
        host.set_link(500);
        let cut = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        tokio::time::sleep(Duration::from_secs(4)).await;
        (cut, first_peer(&gateway.state().await).clone())
    });
    let shown: Vec<_> = moments.as_array().unwrap().iter().map(|at| at.as_f64().unwrap() / 1000.0 - cut).collect();
    let at_once = shown.iter().filter(|at| (-0.4..0.0).contains(*at)).count();
    assert!(at_once >= 6, "it played before: {shown:?}");
    let later: Vec<_> = shown.iter().copied().filter(|at| (PLAYS_ON..7.0).contains(at)).collect();
    let longest = later.windows(2).map(|pair| pair[1] - pair[0]).fold(later[0] - PLAYS_ON, f64::max);
    assert!(longest < STANDS_STILL, "for {longest} s it stands still: {shown:?}\n{peer_then:#}");
    let each_second = later.len() as f64 / (7.0 - PLAYS_ON);
    assert!(each_second >= SHOWN, "{each_second} frames are shown each second: {shown:?}\n{peer_then:#}");
    let size = page.browser.value(&format!("{VIDEO}.videoWidth"), &[]).await;
    assert_eq!(size, json!(480), "{peer_then:#}");
    let estimate = peer_then["link"]["estimate"].as_u64().unwrap();
    assert!(estimate < 700_000, "{peer_then:#}");
    assert!(peer_then["link"]["round_trip_ms"].as_f64().is_some(), "{peer_then:#}");

    host.set_link(5000);
    page.browser.within(2 * PATIENCE, "the full picture", &format!("{VIDEO}.videoWidth == 960"), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_on() {
    plays_on(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_on() {
    plays_on(Options::firefox()).await;
}
