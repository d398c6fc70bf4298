//! ICE as it is configured: which ports, which interfaces.

use crate::common::{
    daemon::Daemon,
    str0m_peer::{Options, Viewer},
};

/// The addresses and ports of the gateway's candidates, as the viewer was told.
fn offered(viewer: &Viewer) -> Vec<(String, u16)> {
    let view = viewer.view();
    let connection = view.connections.first().unwrap();
    let in_description = connection.remote_sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
    let trickled = connection.candidates.iter().filter_map(|line| line.strip_prefix("candidate:"));
    let words = trickled.chain(in_description).map(|line| line.split(' ').collect::<Vec<_>>());
    words.map(|words| (words[4].to_owned(), words[5].parse().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_are_those_of_the_range() {
    let gateway = Daemon::configured("[ice]\nports = \"41000-41019\"").await;
    for id in ["one", "two", "three"] {
        let viewer = Viewer::join(&gateway.ws("/signal"), Options::new(id)).await;
        viewer.video(5).await;
        let offered = offered(&viewer);
        assert!(!offered.is_empty());
        assert!(offered.iter().all(|(_, port)| (41_000..=41_019).contains(port)), "{offered:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interface_that_is_denied_is_not_offered() {
    let lab = another_interface("denied0", "10.77.9.1/24");
    let gateway = Daemon::configured("[ice]\ndeny = [\"denied*\"]").await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.video(5).await;
    let offered = offered(&viewer);
    assert!(offered.iter().all(|(address, _)| address != "10.77.9.1"), "{offered:?}");
    assert!(offered.iter().any(|(address, _)| address == "10.77.0.1"), "{offered:?}");
    drop(lab);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_interfaces_that_are_allowed_are_offered() {
    let lab = another_interface("other0", "10.77.8.1/24");
    let gateway = Daemon::configured("[ice]\nallow = [\"lab0\"]").await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.video(5).await;
    let offered = offered(&viewer);
    assert!(offered.iter().all(|(address, _)| address == "10.77.0.1"), "{offered:?}");
    drop(lab);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_that_others_can_reach_is_offered() {
    let lab = another_interface("more0", "10.77.7.1/24");
    let gateway = Daemon::gateway(&[]).await;
    let viewer = Viewer::join(&gateway.ws("/signal"), Options::new("viewer")).await;
    viewer.video(5).await;
    let offered = offered(&viewer);
    for address in ["10.77.0.1", "10.77.7.1"] {
        assert!(offered.iter().any(|(offered, _)| offered == address), "{address}: {offered:?}");
    }
    assert!(offered.iter().all(|(address, _)| address != "127.0.0.1" && !address.starts_with("fe80")), "{offered:?}");
    drop(lab);
}

/// An interface that lives as long as the test. The network is the tests' own.
struct Interface(&'static str);

fn another_interface(name: &'static str, address: &str) -> Interface {
    ip(&["link", "add", name, "type", "veth", "peer", "name", &format!("{name}x")]);
    let interface = Interface(name);
    ip(&["addr", "add", address, "dev", name]);
    ip(&["link", "set", name, "up"]);
    ip(&["link", "set", &format!("{name}x"), "up"]);
    interface
}

impl Drop for Interface {
    fn drop(&mut self) {
        ip(&["link", "del", self.0]);
    }
}

fn ip(arguments: &[&str]) {
    let status = std::process::Command::new("ip").args(arguments).status().unwrap();
    assert!(status.success(), "ip {arguments:?}");
}
