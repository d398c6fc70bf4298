//! The camera guest (`lab/camera-guest`): a test that needs a real camera runs itself again in there.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::wait::wait_until;

/// Set in the guest.
const INSIDE: &str = "PEERGATE_CAMERA_GUEST";

/// For the whole of a guest, in seconds: less than the test runner's own limit, so that its output is seen.
const GUEST_LIMIT: &str = "240";

/// How long the guest may take to notice that a camera has come or gone.
const NAMING_LIMIT: Duration = Duration::from_secs(60);

/// Which camera the guest has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Camera {
    /// The kernel's own test camera: raw formats, a picture with a counter.
    Vivid,
    /// What [`UsbCamera::plug`] plugs in.
    Usb,
}

/// Runs `test` in a guest with `camera`: boots it, runs this very test of this very binary there, and
/// fails where that fails. To be called once, by the test itself.
pub(crate) fn with_camera(camera: Camera, test: impl Future<Output = ()>) {
    if env::var_os(INSIDE).is_some() {
        return tokio::runtime::Runtime::new().unwrap().block_on(test);
    }
    let thread = std::thread::current();
    let name = thread.name().expect("libtest names the thread after the test");
    let camera = match camera {
        Camera::Vivid => "vivid",
        Camera::Usb => "usb",
    };
    let output = Command::new(lab("camera-guest"))
        .args(["--limit", GUEST_LIMIT, "--camera", camera])
        .arg(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(INSIDE, "yes")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (inside, outside) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "in the guest ({}):\n{inside}\n{outside}", output.status);
    assert!(inside.contains("1 passed"), "the guest has run another number of tests than one:\n{inside}");
}

/// A USB camera with MJPEG and YUYV at 640x360 and 15 frames/s. Dropping it pulls the plug.
#[derive(Debug)]
pub(crate) struct UsbCamera {
    process: Child,
    serial: String,
    _pictures: tempfile::TempDir,
}

impl UsbCamera {
    /// Plugs one in, and waits until udev has named it.
    pub(crate) async fn plug(serial: &str) -> Self {
        let pictures = pictures();
        let frames = (0..10).map(|number| pictures.path().join(format!("{number}.jpg")));
        let process = Command::new(lab("usb-camera.py"))
            .args(["--serial", serial])
            .args(frames)
            .spawn()
            .expect("the guest has python3");
        wait_until("udev has named the camera", NAMING_LIMIT, || by_id(serial).exists()).await;
        Self { process, serial: serial.to_owned(), _pictures: pictures }
    }

    /// Pulls the plug, and waits until its name is gone.
    pub(crate) async fn unplug(mut self) {
        self.process.kill().unwrap();
        wait_until("the camera is gone", NAMING_LIMIT, || !by_id(&self.serial).exists()).await;
    }
}

impl Drop for UsbCamera {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The name that udev gives to the pictures of the camera with `serial`.
pub(crate) fn by_id(serial: &str) -> PathBuf {
    Path::new("/dev/v4l/by-id").join(format!("usb-Peergate_Lab_Lab_Camera_{serial}-video-index0"))
}

/// Sets a control of the test camera, as in `percentage_of_dropped_buffers=100`.
pub(crate) fn set_control(setting: &str) {
    let status = Command::new("v4l2-ctl").args(["--device", "/dev/video0", "--set-ctrl", setting]).status().unwrap();
    assert!(status.success(), "v4l2-ctl --set-ctrl {setting}");
}

/// `0.jpg` to `9.jpg`: a ball that moves.
fn pictures() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut location = OsString::from("location=");
    location.push(folder.path().join("%d.jpg"));
    let status = Command::new("gst-launch-1.0")
        .args("-q videotestsrc num-buffers=10 pattern=ball ! video/x-raw,width=640,height=360".split(' '))
        .args("! jpegenc ! multifilesink".split(' '))
        .arg(location)
        .status()
        .unwrap();
    assert!(status.success(), "gst-launch-1.0 makes the camera's pictures");
    folder
}

fn lab(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lab").join(program)
}
