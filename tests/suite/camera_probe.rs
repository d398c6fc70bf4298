//! temporary
use crate::common::{guest::{self, Camera, UsbCamera, by_id}, netns::Host, turn::{self, TurnServer}};

#[test]
fn camera_vivid() {
    guest::with_camera(Camera::Vivid, async {
        guest::set_control("percentage_of_dropped_buffers=0");
        assert!(std::path::Path::new("/dev/video0").exists());
    });
}
#[test]
fn camera_usb() {
    guest::with_camera(Camera::Usb, async {
        let camera = UsbCamera::plug("LAB0001").await;
        assert!(by_id("LAB0001").exists());
        camera.unplug().await;
        let _camera = UsbCamera::plug("LAB0002").await;
    });
}
#[tokio::test]
async fn turn_works() {
    let server = TurnServer::start().await;
    let host = Host::new();
    host.send_only("-p udp --dport 3478");
    host.lose(0.01);
    host.receive_at("2mbit");
    let address = server.address().ip().to_string();
    let output = host.command("turnutils_uclient").args(["-y", "-u", turn::USER, "-w", turn::PASSWORD, "-n", "3", &address]).output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{output:?} {}", server.log());
    host.set_plugged(false);
    println!("{} {:?} {:?}", server.tls_address(), server.certificate(), host.router);
}
