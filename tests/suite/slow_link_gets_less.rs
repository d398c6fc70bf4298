//! A viewer gets what its link bears, and costs the others nothing.

use std::time::{Duration, Instant};

use peergate::codec::Codec;
use serde_json::Value;

use crate::common::{
    link_scene::{PATIENCE, Scene, after, each_second, encoder, gaps, is_paused, peer, rung, seen, slowest, watch},
    str0m_peer::{Options, Viewer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_is_cut_to_a_tenth_plays_on_and_the_others_notice_nothing() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let (slow, one, two) = tokio::join!(scene.slow_viewer(), scene.viewer("one"), scene.viewer("two"));
    tokio::join!(slow.video(90), one.video(90), two.video(90));
    let state = scene.state().await;
    assert_eq!((rung(&state, "slow"), rung(&state, "one")), (Some(0), Some(0)), "{state:#}");
    let keyframes = encoder(&state, 0)["keyframes"].as_u64().unwrap();

    let before = [seen(&one), seen(&two)];
    scene.host.set_link(500);
    let begun = Instant::now();
    let [by_slow, by_one, by_two] = watch([&slow, &one, &two], Duration::from_secs(12)).await;
    let state = scene.state().await;
    let two_seconds_later = after(&by_slow, begun, Duration::from_secs(2));
    assert!(slowest(two_seconds_later) >= 18, "it plays on within 2 s: {by_slow:?}\n{state:#}");
    assert_eq!(gaps(two_seconds_later), 0, "{by_slow:?}\n{state:#}");
    let (first, last) = (two_seconds_later[0], two_seconds_later[two_seconds_later.len() - 1]);
    assert_eq!(last.sound_gaps, first.sound_gaps, "sound has its share: {by_slow:?}");
    assert!(last.sound - first.sound > 450, "{by_slow:?}");

    for (by_other, before) in [by_one, by_two].iter().zip(before) {
        assert!(each_second(by_other) > 28.0, "{by_other:?}");
        assert_eq!(by_other[by_other.len() - 1].gaps, before.gaps);
    }
    assert_eq!((rung(&state, "slow"), rung(&state, "one"), rung(&state, "two")), (Some(1), Some(0), Some(0)));
    assert_eq!(encoder(&state, 0)["bitrate"], 2_000_000, "{state:#}");
    assert!(encoder(&state, 0)["keyframes"].as_u64().unwrap() <= keyframes + 1, "{state:#}");
    assert!(peer(&state, "slow")["link"]["estimate"].as_u64().unwrap() < 700_000, "{state:#}");

    scene.host.set_link(5000);
    let up = scene.until("the full picture again", Duration::from_secs(80), |state| rung(state, "slow") == Some(0)).await;
    assert_eq!(encoder(&up, 0)["bitrate"], 2_000_000, "{up:#}");
    let [by_slow] = watch([&slow], Duration::from_secs(5)).await;
    assert!(slowest(&by_slow) >= 18 && gaps(&by_slow) == 0, "{by_slow:?}");
    assert_eq!(rung(&scene.state().await, "slow"), Some(0), "it stays there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_viewers_encoder_follows_its_link() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let slow = scene.slow_viewer().await;
    slow.video(90).await;
    scene.host.set_link(1500);
    let follows = |state: &Value| (900_000..1_500_000).contains(&encoder(state, 0)["bitrate"].as_u64().unwrap());
    scene.until("an encoder that follows", Duration::from_secs(5), follows).await;
    let [by_slow] = watch([&slow], Duration::from_secs(10)).await;
    let state = scene.state().await;
    assert!(slowest(after(&by_slow, by_slow[0].at, Duration::from_secs(2))) >= 18, "{by_slow:?}\n{state:#}");
    assert_eq!(rung(&state, "slow"), Some(0), "{state:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_packet_in_ten_lost_is_sent_again_and_no_reason_to_send_less() {
    let scene = Scene::new("2000k", &[]).await;
    let (slow, other) = tokio::join!(scene.slow_viewer(), scene.viewer("other"));
    tokio::join!(slow.video(60), other.video(60));
    scene.host.lose_to(scene.slow_address, 0.1);
    let [by_slow, by_other] = watch([&slow, &other], Duration::from_secs(12)).await;
    let state = scene.state().await;
    assert!(each_second(&by_slow) > 24.0, "{by_slow:?}\n{state:#}");
    assert!(gaps(&by_other) == 0, "{by_other:?}\n{state:#}");
    assert_eq!((rung(&state, "slow"), rung(&state, "other")), (Some(0), Some(0)), "{state:#}");
    assert!(scene.host.lost() > 100, "{} packets were lost", scene.host.lost());
    assert!(peer(&state, "slow")["link"]["lost"].as_f64().unwrap() > 0.03, "{state:#}");
}

/// Takes the extension by which arrivals are told out of an answer.
fn without_arrivals(sdp: &str) -> String {
    let lines = sdp.split_inclusive("\r\n");
    lines.filter(|line| !(line.starts_with("a=extmap:") && line.contains("transport-wide-cc"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_tell_of_arrivals_is_judged_by_its_reports() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let options = Options::new("slow").codecs(&[Codec::H264, Codec::Opus]);
    let options =
        Options { address: scene.slow_address.into(), patience: PATIENCE, rewrite: Some(without_arrivals), ..options };
    let slow = Viewer::join(scene.relay.url(), options).await;
    let other = scene.viewer("other").await;
    tokio::join!(slow.video(60), other.video(60));
    let judged = |state: &Value| peer(state, "slow")["link"]["estimate"].is_u64();
    let state = scene.until("a first report", Duration::from_secs(10), judged).await;
    assert_eq!(peer(&state, "slow")["link"]["by_arrival"], false, "{state:#}");
    scene.host.set_link(500);
    scene.until("a smaller picture", Duration::from_secs(10), |state| rung(state, "slow") == Some(1)).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let [by_slow] = watch([&slow], Duration::from_secs(5)).await;
    let state = scene.state().await;
    assert!(slowest(&by_slow) >= 18, "{by_slow:?}\n{state:#}");
    let estimate = peer(&state, "slow")["link"]["estimate"].as_u64().unwrap();
    assert!((150_000..500_000).contains(&estimate), "what is sent again does not fill the link: {state:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_bears_no_pictures_carries_the_sound() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let (slow, other) = tokio::join!(scene.slow_viewer(), scene.viewer("other"));
    tokio::join!(slow.video(60), other.video(60));
    // Sound takes 94 of them with all that it is wrapped in, and the least of pictures would take 131.
    scene.host.set_link(150);
    let no_pictures = |state: &Value| is_paused(state, "slow") && encoder(state, 1)["takers"] == 0;
    let state = scene.until("no pictures", Duration::from_secs(20), no_pictures).await;
    assert_eq!(rung(&state, "other"), Some(0), "{state:#}");
    let [by_slow, by_other] = watch([&slow, &other], Duration::from_secs(7)).await;
    let state = scene.state().await;
    // The queue of such a link holds 24 kB, which take 3.5 s beside the sound. After 10 s pictures are tried again.
    let later = after(&by_slow, by_slow[0].at, Duration::from_secs(4));
    let (first, last) = (later[0], later[later.len() - 1]);
    assert_eq!(last.sound_gaps, first.sound_gaps, "the sound is whole: {by_slow:?}\n{state:#}");
    let packets = (last.sound - first.sound) as f64 / (last.at - first.at).as_secs_f64();
    assert!((48.0..52.0).contains(&packets), "{packets} packets of sound each second: {by_slow:?}");
    assert_eq!(last.frames, first.frames, "{state:#}");
    assert!(each_second(&by_other) > 28.0 && gaps(&by_other) == 0, "{by_other:?}");

    scene.host.set_link(5000);
    scene.until("the full picture again", Duration::from_secs(80), |state| rung(state, "slow") == Some(0)).await;
    let [by_slow] = watch([&slow], Duration::from_secs(4)).await;
    assert!(slowest(&by_slow) >= 18, "{by_slow:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_over_a_slow_link_sees_it_play_within_seconds_and_the_others_notice_nothing() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 500);
    let other = scene.viewer("other").await;
    other.video(60).await;
    let before = seen(&other);
    let slow = scene.slow_viewer().await;
    slow.video(1).await;
    let begun = Instant::now();
    let [by_slow, by_other] = watch([&slow, &other], Duration::from_secs(8)).await;
    let state = scene.state().await;
    let later = after(&by_slow, begun, Duration::from_secs(2));
    assert!(slowest(later) >= 18, "it plays 2 s after its first picture: {by_slow:?}\n{state:#}");
    assert_eq!(gaps(later), 0, "{by_slow:?}\n{state:#}");
    assert_eq!((rung(&state, "slow"), rung(&state, "other")), (Some(1), Some(0)), "{state:#}");
    assert!(each_second(&by_other) > 28.0 && by_other[by_other.len() - 1].gaps == before.gaps, "{by_other:?}");
    assert_eq!(encoder(&state, 0)["bitrate"], 2_000_000, "{state:#}");
}
