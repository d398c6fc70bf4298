//! The camera guest (`lab/camera-guest`): a test that needs a real camera runs itself again in there.

use std::{
    env,
    ffi::OsString,
    fs,
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
    /// None, but a device that encodes: the kernel's own test codec, whose element is `v4l2fwhtenc`.
    Codec,
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
        Camera::Codec => "codec",
    };
    let output = Command::new(lab("camera-guest"))
        .args(["--limit", GUEST_LIMIT, "--camera", camera])
        .arg(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(INSIDE, "yes")
        // As the program does for itself: here there are threads before the test begins.
        .envs(peergate::media::elements::ENVIRONMENT)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (inside, outside) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "in the guest ({}):\n{inside}\n{outside}", output.status);
    assert!(inside.contains("1 passed"), "the guest has run another number of tests than one:\n{inside}");
}

/// What a USB camera is: MJPEG at 640x360, YUYV at 320x180, 15 frames/s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    /// The port of the guest that it is plugged into.
    pub(crate) port: u8,
    /// Its name, which becomes the card's.
    pub(crate) name: &'static str,
    /// Its serial number.
    pub(crate) serial: &'static str,
    /// What its MJPEG pictures show: a pattern of `videotestsrc`.
    pub(crate) shows: &'static str,
}

/// One that shows a ball that moves.
pub(crate) const FRONT: Model = Model { port: 0, name: "Front Camera", serial: "LAB0001", shows: "ball" };

/// One that shows nothing but white.
pub(crate) const BACK: Model = Model { port: 1, name: "Back Camera", serial: "LAB0002", shows: "white" };

impl Model {
    /// The name that udev gives it in `/dev/v4l/by-id`.
    pub(crate) fn by_id(self) -> String {
        format!("usb-Peergate_Lab_{}_{}-video-index0", self.name.replace(' ', "_"), self.serial)
    }

    /// Its node while it is plugged in, as `/dev/video0`.
    pub(crate) fn node(self) -> PathBuf {
        fs::canonicalize(self.link()).unwrap()
    }

    fn link(self) -> PathBuf {
        Path::new("/dev/v4l/by-id").join(self.by_id())
    }

    fn is_there(self) -> bool {
        self.link().exists()
    }
}

/// A USB camera that is plugged in. Dropping it pulls the plug.
#[derive(Debug)]
pub(crate) struct UsbCamera {
    process: Child,
    model: Model,
    _pictures: tempfile::TempDir,
}

impl UsbCamera {
    /// Plugs one in, and waits until udev has named it.
    pub(crate) async fn plug(model: Model) -> Self {
        Self::plug_with_h264(model, &[]).await
    }

    /// The same; these access units are its own H.264, from the first on at each start.
    pub(crate) async fn plug_with_h264(model: Model, units: &[Vec<u8>]) -> Self {
        let pictures = pictures(model.shows);
        let in_folder = |name: String| pictures.path().join(name);
        let mut command = Command::new(lab("usb-camera.py"));
        command.args(["--port", &model.port.to_string(), "--name", model.name, "--serial", model.serial]);
        command.args((0..10).map(|number| in_folder(format!("{number}.jpg"))));
        if !units.is_empty() {
            command.arg("--h264");
        }
        for (number, unit) in units.iter().enumerate() {
            let file = in_folder(format!("{number}.h264"));
            fs::write(&file, unit).unwrap();
            command.arg(file);
        }
        let process = command.spawn().expect("the guest has python3");
        wait_until("udev has named the camera", NAMING_LIMIT, || model.is_there()).await;
        Self { process, model, _pictures: pictures }
    }

    /// Has it give nothing any more, without an error, until its port is reset.
    pub(crate) fn stall_until_reset(&self) {
        let status = Command::new("kill").args(["-s", "USR2", &self.process.id().to_string()]).status().unwrap();
        assert!(status.success(), "the camera runs");
    }

    /// Pulls the plug, and waits until its name is gone.
    pub(crate) async fn unplug(mut self) {
        self.process.kill().unwrap();
        wait_until("the camera is gone", NAMING_LIMIT, || !self.model.is_there()).await;
    }
}

impl Drop for UsbCamera {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sets a control of the test camera, as in `percentage_of_dropped_buffers=100`.
pub(crate) fn set_control(setting: &str) {
    let status = Command::new("v4l2-ctl").args(["--device", "/dev/video0", "--set-ctrl", setting]).status().unwrap();
    assert!(status.success(), "v4l2-ctl --set-ctrl {setting}");
}

/// `0.jpg` to `9.jpg`, of a pattern.
fn pictures(pattern: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut location = OsString::from("location=");
    location.push(folder.path().join("%d.jpg"));
    let status = Command::new("gst-launch-1.0")
        .args(["-q", "videotestsrc", "num-buffers=10", &format!("pattern={pattern}")])
        .args("! video/x-raw,width=640,height=360 ! jpegenc ! multifilesink".split(' '))
        .arg(location)
        .status()
        .unwrap();
    assert!(status.success(), "gst-launch-1.0 makes the camera's pictures");
    folder
}

fn lab(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lab").join(program)
}
