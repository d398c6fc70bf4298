//! Many viewers cost one encode, and disturb neither it nor each other.

use std::time::Duration;

use futures_util::future::join_all;

use crate::common::{
    daemon::{Daemon, GATEWAY},
    str0m_peer::{Options, Order, Viewer},
};

async fn five(gateway: &Daemon) -> Vec<Viewer> {
    let relay = gateway.ws("/signal");
    join_all((1..=5).map(|number| Viewer::join(&relay, Options::new(&format!("viewer-{number}")).meeting(GATEWAY)))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn share_one_encoder_without_a_gap() {
    let gateway = Daemon::gateway(&[]).await;
    let viewers = five(&gateway).await;
    let tracks = join_all(viewers.iter().map(|viewer| viewer.video(90))).await;
    for track in tracks {
        assert!(track.began_with_keyframe, "{track:?}");
        assert_eq!(track.gaps, 0, "{track:?}");
    }
    gateway.encoder("h264", |encoder| encoder["takers"] == 5).await;
    gateway.encoder("opus", |encoder| encoder["takers"] == 5).await;
    let state = gateway.state().await;
    let at_work = state["encoders"].as_array().unwrap().iter().filter(|one| one["condition"]["state"] == "running");
    assert_eq!(at_work.count(), 2, "one of each: {:#}", state["encoders"]);
    assert_eq!(state["sources"].as_array().unwrap().len(), 2, "{:#}", state["sources"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_ask_for_keyframes_all_the_time_get_few() {
    let gateway = Daemon::gateway(&[]).await;
    let viewers = five(&gateway).await;
    join_all(viewers.iter().map(|viewer| viewer.video(30))).await;
    let keyframes = |encoder: &serde_json::Value| encoder["keyframes"].as_u64().unwrap();
    let before = keyframes(&gateway.encoder("h264", |_| true).await);
    let storm = Duration::from_secs(3);
    let mut turns = tokio::time::interval(Duration::from_millis(20));
    let asked = tokio::time::timeout(storm, async {
        loop {
            turns.tick().await;
            viewers.iter().for_each(|viewer| viewer.order(Order::RequestKeyframe));
        }
    });
    assert!(asked.await.is_err(), "it asks without end");
    let made = keyframes(&gateway.encoder("h264", |_| true).await) - before;
    assert!(made >= 1, "a request is heard");
    assert!(made <= 8, "750 requests in {storm:?} made {made} keyframes");
    let tracks = join_all(viewers.iter().map(|viewer| viewer.video(120))).await;
    assert!(tracks.iter().all(|track| track.gaps == 0), "{tracks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_leave_disturb_nobody_who_stays() {
    let gateway = Daemon::gateway(&[]).await;
    let mut viewers = five(&gateway).await;
    join_all(viewers.iter().map(|viewer| viewer.video(15))).await;
    let stays = viewers.remove(0);
    viewers[0].order(Order::Close);
    viewers[1].order(Order::GoSilent);
    drop(viewers.remove(2));
    gateway.gone("viewer-2", Duration::from_secs(5)).await;
    gateway.gone("viewer-3", Duration::from_secs(20)).await;
    gateway.gone("viewer-4", Duration::from_secs(20)).await;
    let frames = stays.video(1).await.frames;
    assert_eq!(stays.video(frames + 30).await.gaps, 0);
    gateway.encoder("h264", |encoder| encoder["takers"] == 2).await;
}
