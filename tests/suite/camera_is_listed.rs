//! `peergate devices` lists a camera with its formats, and what it prints for `--video` stays the same when the camera comes
//! back as another node.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::common::{
    daemon::{Daemon, command, run_to_end},
    guest::{self, BACK, Camera, FRONT, UsbCamera},
};

/// How long a picture may take in the guest, whose processor is interpreted.
const LIMIT: Duration = Duration::from_secs(60);

fn listed() -> Value {
    let ended = run_to_end(command(&["devices", "--json"]));
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn with_its_formats_and_a_flag_that_works() {
    guest::with_camera(Camera::Usb, async {
        let front = UsbCamera::plug(FRONT).await;
        let _back = UsbCamera::plug(BACK).await;
        let list = listed();
        let cameras = list["cameras"].as_array().unwrap();
        let names: Vec<_> = cameras.iter().map(|camera| &camera["name"]).collect();
        assert_eq!(names, [FRONT.name, BACK.name]);
        let back = &cameras[1];
        assert_eq!(back["selector"], BACK.by_id());
        assert_eq!(
            back["formats"],
            json!([
                { "encoding": "raw", "size": { "width": 320, "height": 180 }, "fps": [15.0, 7.5] },
                { "encoding": "jpeg", "size": { "width": 640, "height": 360 }, "fps": [15.0, 7.5] },
            ])
        );

        // With the other one gone it may be another node; by its selector it is itself.
        front.unplug().await;
        let spec = back["spec"].as_str().unwrap();
        let recordings = tempfile::tempdir().unwrap();
        let folder = recordings.path().to_str().unwrap();
        let flags = ["--video", spec, "--audio", "none", "--record", "local", "--record-dir", folder, "--stun", "none"];
        let gateway = Daemon::run(&[&flags[..], &["--size", "320x180", "--fps", "15"]].concat()).await;
        gateway
            .wait_for_state(LIMIT, |state| state["sources"][0]["frames"].as_u64().is_some_and(|frames| frames > 0))
            .await;
        let node = fs::canonicalize(format!("/dev/v4l/by-id/{}", BACK.by_id())).unwrap();
        let open = fs::read_dir(format!("/proc/{}/fd", gateway.id())).unwrap();
        let open: Vec<_> = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok()).collect();
        assert!(open.contains(&node), "{node:?} is open, of: {open:?}");
    });
}
