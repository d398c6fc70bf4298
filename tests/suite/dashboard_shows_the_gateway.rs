//! The dashboard shows what the API says, as it is now, and what happens as it happens.

use std::fs;

use serde_json::{Value, json};

use crate::common::{
    browser::{Browser, Options, PATIENCE},
    daemon::{Daemon, GATEWAY, is_connected},
    dashboard::{Dashboard, of_peer},
    disks::Disk,
    str0m_peer::{Options as ViewerOptions, Order, Viewer},
};

/// The API's words that are to be on the page as they are: the selector of where, and the words.
fn to_be_shown(state: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let peer = &state["members"][0]["peers"][0];
    let (source, encoder) = (&state["sources"][0], &state["encoders"][0]);
    vec![
        ("#members".to_owned(), text(&state["members"][0]["id"])),
        ("#members".to_owned(), text(&state["members"][0]["room"])),
        (of_peer("viewer", "name"), text(&peer["id"])),
        (of_peer("viewer", "verdict"), text(&peer["verdict"]["words"])),
        (of_peer("viewer", "grade"), text(&peer["verdict"]["grade"])),
        (of_peer("viewer", "state"), format!("ICE: {}", text(&peer["ice"]))),
        ("#sources".to_owned(), text(&source["name"])),
        ("#sources".to_owned(), text(&source["spec"])),
        ("#encoders".to_owned(), text(&encoder["element"])),
    ]
}

async fn shows_what_the_api_says(options: Options) {
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), ViewerOptions::new("viewer").meeting(GATEWAY)).await;
    viewer.video(30).await;
    let dashboard = Dashboard::open(Browser::start(options).await, &gateway.http("/dashboard")).await;
    let known = |state: &Value| state["members"][0]["peers"][0]["link"]["round_trip_ms"].is_number();
    let state = gateway.wait_for_state(PATIENCE, known).await;
    for (selector, words) in to_be_shown(&state) {
        dashboard.says(&selector, &words).await;
    }
    dashboard.says(&of_peer("viewer", "state"), "Connected since").await;
    dashboard.says(&of_peer("viewer", "way"), "own address here, own address there").await;
    dashboard.says(&of_peer("viewer", "sending"), "H.264, full picture, ").await;
    dashboard.says("#sources .card", "runs").await;
    dashboard.says("#encoders .card", "runs").await;

    // A curve of three seconds, and its figures in words for who does not see it.
    for (part, unit) in [("bitrate", "kbit/s"), ("loss", "%"), ("roundTrip", "ms")] {
        let drawn = "((svg) => svg.querySelector('.curve').getAttribute('d')?.split('L').length >= 3 &&\
                     svg.getAttribute('aria-label').endsWith(arguments[1]))\
                     (document.querySelector(arguments[0]).querySelector('svg'))";
        let selector = of_peer("viewer", part);
        dashboard.browser.until(&format!("the curve of {part}"), drawn, &[json!(selector), json!(unit)]).await;
    }

    viewer.order(Order::SendText(b"good morning".into()));
    dashboard.says("#events", "viewer says: good morning").await;
    dashboard.click(&of_peer("viewer", "close")).await;
    dashboard.says("#events", "viewer is gone: closed here: by the operator.").await;
    dashboard.says("[data-of=peers]", "Nobody is here.").await;
    // Back in the room's page, and here again.
    dashboard.click("a.elsewhere").await;
    dashboard.browser.until("the room's page", "!!document.querySelector('#relay[data-state=up]')", &[]).await;
    dashboard.click("a.elsewhere").await;
    dashboard.is_there().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium() {
    shows_what_the_api_says(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox() {
    shows_what_the_api_says(Options::firefox()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_tells_rooms_apart_where_ids_are_the_same() {
    let members = ["one", "two"].map(|room| format!("[[member]]\nid = 'door'\nroom = 'embedded:{room}'\n"));
    let settings = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs::write(settings.path(), members.concat()).unwrap();
    let silent = ["--stun", "none", "--video", "none", "--audio", "none"];
    let gateway = Daemon::run(&[&["--config", settings.path().to_str().unwrap()], silent.as_slice()].concat()).await;
    let rooms = ["one", "two"].map(|room| gateway.ws(&format!("/signal/{room}")));
    let mut viewers = Vec::new();
    for room in &rooms {
        viewers.push(Viewer::join(room, ViewerOptions::new("viewer")).await);
    }
    let connected = |state: &Value| (0..2).all(|member| is_connected(&state["members"][member]["peers"][0]));
    gateway.wait_for_state(PATIENCE, connected).await;
    let dashboard = Dashboard::open(Browser::start(Options::chromium()).await, &gateway.http("/dashboard")).await;
    let said = "(arguments[0].every((room) => document.querySelector('#members').innerText.includes(room)) &&\
                [...document.querySelectorAll('#peers [data-part=name]')].map((name) => name.innerText))";
    let names = rooms.each_ref().map(|room| format!("viewer (door, {room})"));
    assert_eq!(dashboard.browser.until("both are shown", said, &[json!(rooms)]).await, json!(names));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_words() {
    let disk = Disk::unmounted();
    let settings = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs::write(settings.path(), format!("[record]\nmount = '{}'\n", disk.path().display())).unwrap();
    let folder = disk.path().join("recordings");
    let gateway = Daemon::gateway(&[
        "--config",
        settings.path().to_str().unwrap(),
        "--video",
        "camera:usb-Nobody_Nothing",
        "--record",
        "local",
        "--record-dir",
        folder.to_str().unwrap(),
    ])
    .await;
    let _viewer = Viewer::join(&gateway.ws("/signal"), ViewerOptions::new("viewer").meeting(GATEWAY)).await;
    let failed = |state: &Value| {
        state["sources"][0]["condition"]["why"].is_string()
            && state["recordings"][0]["condition"]["why"].is_string()
            && state["disk"]["problem"].is_string()
    };
    let state = gateway.wait_for_state(PATIENCE, failed).await;
    let dashboard = Dashboard::open(Browser::start(Options::chromium()).await, &gateway.http("/dashboard")).await;
    dashboard.says("#sources [data-grade=bad]", "camera \"usb-Nobody_Nothing\" is not there").await;
    dashboard.says("#running .why", state["recordings"][0]["condition"]["why"].as_str().unwrap()).await;
    dashboard.says("#disk-problem", state["disk"]["problem"].as_str().unwrap()).await;
}
