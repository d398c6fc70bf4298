//! A service manager such as systemd hears when the daemon is up, how it goes, and signs of life for as long as all of it
//! moves.

use std::time::{Duration, Instant};

use crate::common::{
    daemon::{self, Daemon},
    film,
    frozen::Frozen,
    service_manager::ServiceManager,
    str0m_peer::{Options, Viewer},
};

/// How long the manager waits for a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);

const FEED: &str = "WATCHDOG=1";

/// A daemon of `manager`, of a small test picture unless `more` arguments say otherwise, once it says that it is up.
async fn daemon(manager: &ServiceManager, patience: Option<Duration>, more: &[&str]) -> Daemon {
    let fixed = ["run", "--listen", "127.0.0.1:0", "--stun", "none", "--size", "320x180", "--bitrate", "500k"];
    let mut command = daemon::command(&[&fixed[..], more].concat());
    manager.watch(&mut command, patience);
    Daemon::start(command).await
}

/// Signs of life come for `time`, none later than the manager waits for it.
async fn lives_for(manager: &ServiceManager, time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        assert!(manager.word_within(PATIENCE, FEED).await.is_some(), "no sign of life for {PATIENCE:?}");
    }
}

/// None comes any more, for longer than the manager waits.
async fn dies(manager: &ServiceManager) {
    // The loop may have turned once since the last one.
    manager.word_within(PATIENCE * 3 / 4, FEED).await;
    assert_eq!(manager.word_within(2 * PATIENCE, FEED).await, None);
}

#[tokio::test]
async fn when_it_is_up_how_it_goes_and_that_it_ends() {
    let manager = ServiceManager::listen();
    let mut daemon = daemon(&manager, None, &[]).await;
    manager.word("READY=1").await;
    assert_eq!(daemon.state().await["members"].as_array().unwrap().len(), 1, "it answers");
    manager.word("STATUS=0 peers are connected").await;
    let _viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    manager.word("STATUS=1 peer is connected").await;
    daemon.signal("TERM");
    manager.word("STOPPING=1").await;
    assert_eq!(daemon.ended(Duration::from_secs(10)).await.code(), Some(0));
    assert_eq!(manager.word_within(Duration::ZERO, FEED).await, None, "nobody asked for signs of life");
}

#[tokio::test]
async fn that_it_reads_its_configuration_again_and_what_is_wrong_with_that() {
    let manager = ServiceManager::listen();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("box.toml");
    std::fs::write(&file, "").unwrap();
    let daemon = daemon(&manager, None, &["--config", file.to_str().unwrap()]).await;
    manager.word("READY=1").await;
    for (text, status) in [("[[member]", "STATUS=not reloaded: the configuration is wrong: "), ("", "STATUS=0 peers are connected")] {
        std::fs::write(&file, text).unwrap();
        daemon.signal("HUP");
        manager.word("RELOADING=1").await;
        manager.word(status).await;
    }
}

#[tokio::test]
async fn signs_of_life_twice_as_often_as_it_waits_for_them() {
    let manager = ServiceManager::listen();
    let _daemon = daemon(&manager, Some(PATIENCE), &[]).await;
    manager.word("READY=1").await;
    let begun = Instant::now();
    for _ in 0..4 {
        assert!(manager.word_within(PATIENCE, FEED).await.is_some());
    }
    assert!(begun.elapsed() > 3 * PATIENCE / 2, "{:?} for four", begun.elapsed());
}

#[tokio::test]
async fn none_while_the_main_loop_of_glib_stands_still() {
    let manager = ServiceManager::listen();
    let daemon = daemon(&manager, Some(PATIENCE), &[]).await;
    manager.word(FEED).await;
    let frozen = Frozen::threads(daemon.id(), "glib");
    dies(&manager).await;
    daemon.wait_for_log("GLib's main loop stands still; the service manager", PATIENCE).await;
    drop(frozen);
    manager.word(FEED).await;
    daemon.wait_for_log("all moves again", PATIENCE).await;
}

#[tokio::test]
async fn none_while_the_threads_of_the_runtime_stand_still() {
    let manager = ServiceManager::listen();
    let daemon = daemon(&manager, Some(PATIENCE), &[]).await;
    manager.word(FEED).await;
    let frozen = Frozen::threads(daemon.id(), "tokio");
    dies(&manager).await;
    drop(frozen);
    manager.word(FEED).await;
}

#[tokio::test]
async fn signs_of_life_though_a_source_stands_still_while_somebody_watches() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, _film) = film::that_hangs(folder.path());
    let manager = ServiceManager::listen();
    let daemon = daemon(&manager, Some(PATIENCE), &["--video", &format!("file:{}", pipe.display())]).await;
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    viewer.video(10).await;
    let failed = "gives nothing; viewers are told so";
    daemon.wait_for_log(failed, Duration::from_secs(20)).await;
    // Longer than frames may be missing.
    lives_for(&manager, 4 * PATIENCE).await;
}

#[tokio::test]
async fn signs_of_life_of_the_relay_alone() {
    let manager = ServiceManager::listen();
    let mut command = daemon::command(&["relay", "--listen", "127.0.0.1:0"]);
    manager.watch(&mut command, Some(PATIENCE));
    let mut relay = Daemon::start(command).await;
    manager.word("READY=1").await;
    lives_for(&manager, 2 * PATIENCE).await;
    relay.signal("TERM");
    manager.word("STOPPING=1").await;
    assert_eq!(relay.ended(Duration::from_secs(10)).await.code(), Some(0));
}
