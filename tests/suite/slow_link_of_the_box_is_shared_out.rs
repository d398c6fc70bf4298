//! What may leave the box is shared out over its viewers, sound first.

use std::{io::Write, time::{Duration, Instant}};

use serde_json::Value;

use crate::common::{
    link_scene::{Scene, each_second, encoder, is_paused, rung, seen, watch},
    str0m_peer::Order,
};

fn with_uplink(bits: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    writeln!(file, "[encode]\nuplink = '{bits}'").unwrap();
    file
}

/// What leaves the gateway in ten seconds, in kbit/s.
async fn leaves(scene: &Scene) -> f64 {
    let (begun, before) = (Instant::now(), scene.host.sent());
    tokio::time::sleep(Duration::from_secs(10)).await;
    (scene.host.sent() - before) as f64 * 8.0 / 1000.0 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_leave_the_box_is_shared_out() {
    let file = with_uplink("1500k");
    let scene = Scene::new("1000k", &["--config", file.path().to_str().unwrap()]).await;
    let one = scene.viewer("one").await;
    one.video(30).await;
    let alone = scene.state().await;
    assert_eq!(encoder(&alone, 0)["bitrate"], 1_000_000, "there is enough for one: {alone:#}");
    let two = scene.viewer("two").await;
    two.video(30).await;
    // 174 kbit/s are for their sound, the half of the rest for each one's pictures.
    let shared = |state: &Value| (580_000..600_000).contains(&encoder(state, 0)["bitrate"].as_u64().unwrap());
    scene.until("half of it for each", Duration::from_secs(5), shared).await;
    let state = scene.state().await;
    assert_eq!((rung(&state, "one"), rung(&state, "two")), (Some(0), Some(0)), "{state:#}");
    let kilobits = leaves(&scene).await;
    assert!((1000.0..1500.0).contains(&kilobits), "{kilobits} kbit/s: {state:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_not_enough_for_all_who_came_last_gets_sound() {
    let file = with_uplink("280k");
    let scene = Scene::new("1000k", &["--config", file.path().to_str().unwrap()]).await;
    let one = scene.viewer("one").await;
    one.video(30).await;
    let two = scene.viewer("two").await;
    two.audio(50).await;
    let only_one = |state: &Value| is_paused(state, "two") && rung(state, "one") == Some(1);
    scene.until("pictures for one", Duration::from_secs(10), only_one).await;
    let ([by_one, by_two], kilobits) = tokio::join!(watch([&one, &two], Duration::from_secs(5)), leaves(&scene));
    assert!(each_second(&by_one) > 28.0, "{by_one:?}");
    assert!(by_two[by_two.len() - 1].sound - by_two[0].sound > 240, "{by_two:?}");
    let state = scene.state().await;
    assert!((200.0..280.0).contains(&kilobits), "{kilobits} kbit/s: {state:#}");
    one.order(Order::Close);
    scene.until("pictures for the other", Duration::from_secs(60), |state| rung(state, "two") == Some(1)).await;
    // Nobody had any for longer than a source goes on for nobody: it was begun anew.
    two.video(seen(&two).frames + 30).await;
}
