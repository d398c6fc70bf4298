//! Sources and encoders run while somebody takes them and a little longer, or always where the configuration says so.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{
    daemon::{Daemon, GATEWAY},
    str0m_peer::{Options, Order, Viewer},
};

const LIMIT: Duration = Duration::from_secs(20);

/// All sources and encoders that are not idle, as `picture` and `h264`.
fn busy(state: &Value) -> Vec<&str> {
    let named = |list: &'static str, key: &'static str| {
        let entries = state[list].as_array().into_iter().flatten();
        let busy = entries.filter(|one| one["condition"]["state"] != "idle");
        busy.map(move |one| one[key].as_str().unwrap())
    };
    let mut busy: Vec<_> = named("sources", "name").chain(named("encoders", "codec")).collect();
    busy.sort_unstable();
    busy
}

fn frames(state: &Value) -> Vec<u64> {
    let entries = ["sources", "encoders"].into_iter().flat_map(|list| state[list].as_array().unwrap());
    entries.map(|one| one["frames"].as_u64().unwrap()).collect()
}

fn viewer() -> Options {
    Options::new("viewer").meeting(GATEWAY)
}

#[tokio::test(flavor = "multi_thread")]
async fn they_begin_with_the_first_taker_and_end_5_s_after_the_last() {
    let gateway = Daemon::gateway(&[]).await;
    let state = gateway.state().await;
    assert_eq!((busy(&state), frames(&state).iter().sum::<u64>()), (vec![], 0), "nobody is there");
    let viewer = Viewer::join(&gateway.ws("/signal"), viewer()).await;
    tokio::join!(viewer.video(10), viewer.audio(10));
    assert_eq!(busy(&gateway.state().await), ["h264", "opus", "picture", "sound"]);
    viewer.order(Order::Close);
    gateway.gone("viewer", LIMIT).await;
    let left = Instant::now();
    let state = gateway.wait_for_state(LIMIT, |state| busy(state).is_empty()).await;
    let lingered = left.elapsed();
    assert!((4.0..8.0).contains(&lingered.as_secs_f64()), "they went on for {lingered:?}");
    assert_eq!(frames(&gateway.state().await), frames(&state), "nothing is captured or encoded any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_runs_from_the_start_in_the_preferred_codec() {
    let gateway = Daemon::configured("[video.picture]\nkeep = true\n").await;
    let kept = ["h264", "picture"];
    let state = gateway.wait_for_state(LIMIT, |state| busy(state) == kept && frames(state)[0] > 30).await;
    let h264 = gateway.encoder("h264", |encoder| encoder["frames"].as_u64() > Some(30)).await;
    assert_eq!(h264["takers"], 0, "{state:#}");
    let viewer = Viewer::join(&gateway.ws("/signal"), viewer()).await;
    tokio::join!(viewer.video(10), viewer.audio(10));
    viewer.order(Order::Close);
    gateway.wait_for_state(LIMIT, |state| busy(state) == ["h264", "opus", "picture", "sound"]).await;
    let state = gateway.wait_for_state(LIMIT, |state| busy(state) == kept).await;
    gateway.wait_for_state(LIMIT, |later| frames(later)[0] > frames(&state)[0] + 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capture_begins_when_a_peer_is_offered_something() {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options { answers: false, ..viewer() }).await;
    let state = gateway.wait_for_state(LIMIT, |state| frames(state)[0] > 0).await;
    assert_eq!(busy(&state), ["picture", "sound"], "nobody has said what it is to be encoded to");
    assert!(viewer.view().tracks().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_room_for_sound_alone_no_pictures_are_captured() {
    // Sound takes 94 kbit/s with all that it is wrapped in, the least of pictures 33.
    let gateway = Daemon::configured("[encode]\nuplink = '110k'\n").await;
    let viewer = Viewer::join(&gateway.ws("/signal"), viewer()).await;
    viewer.audio(10).await;
    let state = gateway.wait_for_state(LIMIT, |state| busy(state) == ["opus", "sound"]).await;
    assert!(frames(&state)[0] > 0, "they were, for the peer was offered them: {state:#}");
    viewer.audio(viewer.audio(1).await.frames + 50).await;
    assert_eq!(busy(&gateway.state().await), ["opus", "sound"]);
}
