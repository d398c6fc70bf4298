//! One daemon in several rooms: each room sees the same source, which is captured and encoded once.

use std::time::Duration;

use super::common::{
    daemon::{Daemon, command},
    str0m_peer::{Options, Viewer},
};

#[tokio::test]
async fn with_room_given_twice() {
    let relay = Daemon::start(command(&["relay", "--listen", "127.0.0.1:0"])).await;
    let rooms = [relay.ws("/signal/yard"), relay.ws("/signal/street")];
    let daemon = Daemon::run(&["--stun", "none", "--id", "box", "--room", &rooms[0], "--room", &rooms[1]]).await;
    for room in &rooms {
        daemon.wait_for_log(&format!("entering room={room}"), Duration::from_secs(5)).await;
    }
    let viewers = [
        Viewer::join(&rooms[0], Options::new("ann")).await,
        Viewer::join(&rooms[1], Options::new("bob")).await,
    ];
    for viewer in &viewers {
        assert_eq!(viewer.connected().await, "box");
        viewer.video(30).await;
    }
    let state = daemon.state().await;
    let members = state["members"].as_array().unwrap();
    let seen: Vec<_> =
        members.iter().map(|member| (member["room"].as_str(), member["peers"][0]["id"].as_str())).collect();
    assert_eq!(seen, [(Some(rooms[0].as_str()), Some("ann")), (Some(rooms[1].as_str()), Some("bob"))]);
    let encoders = state["encoders"].as_array().unwrap();
    let taken: Vec<_> = encoders.iter().filter(|one| one["source"] == "picture" && one["takers"] != 0).collect();
    assert_eq!(taken.len(), 1, "{state:#}");
    assert_eq!(taken[0]["takers"], 2, "{state:#}");
}
