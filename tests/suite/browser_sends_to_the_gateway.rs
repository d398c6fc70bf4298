//! The page's choices reach the gateway: camera and microphone, the screen, nothing.

use crate::common::{
    browser::{Options, PATIENCE},
    daemon::Daemon,
    front_door::front_door,
    page::{Choice, Page},
    peers_in_state::{peers, received},
};

async fn gateway_and_page(options: Options) -> (Daemon, Page) {
    let (daemon, page) = front_door(options).await;
    daemon.wait_for_state(PATIENCE, |state| peers(state).len() == 1 && received(state, "video") == 0).await;
    (daemon, page)
}

async fn camera_reaches_the_gateway(options: Options) {
    let (daemon, page) = gateway_and_page(options).await;
    page.choose(Choice::Camera).await;
    daemon.wait_for_state(PATIENCE, |state| received(state, "video") > 30).await;
    daemon.wait_for_state(PATIENCE, |state| received(state, "audio") > 100).await;
    page.picture().await;

    page.choose(Choice::Receive).await;
    daemon.wait_for_state(PATIENCE, |state| peers(state).len() == 1 && received(state, "video") == 0).await;
    page.picture().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromiums_camera_reaches_the_gateway() {
    camera_reaches_the_gateway(Options::chromium()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefoxes_camera_reaches_the_gateway() {
    camera_reaches_the_gateway(Options::firefox()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_reaches_the_gateway() {
    let (daemon, page) = gateway_and_page(Options::chromium()).await;
    page.choose(Choice::Screen).await;
    daemon.wait_for_state(PATIENCE, |state| received(state, "video") > 10).await;
    page.picture().await;
}
