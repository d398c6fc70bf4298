//! An X server without a screen, and clients that draw into it.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection,
    protocol::randr::{ConnectionExt, Rotation},
    rust_connection::RustConnection,
};

/// A running server with a picture of 640x480. Dropping it ends it.
pub(crate) struct Xvfb {
    server: Child,
    /// `:N`.
    pub(crate) display: String,
}

/// An X client. Dropping it ends it.
pub(crate) struct Client(Child);

impl Xvfb {
    /// Starts one on a display that nobody has.
    pub(crate) fn start() -> Self {
        Self::start_anywhere(&[])
    }

    /// Starts one for who shows a key of this file.
    pub(crate) fn start_with_key(key: &Path) -> Self {
        Self::start_anywhere(&["-auth".as_ref(), key.as_os_str()])
    }

    /// Starts one on this display, `:N`.
    pub(crate) fn start_on(display: &str) -> Self {
        Self::spawn(display, &[]).unwrap_or_else(|| panic!("an X server starts on {display}"))
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/.X11-unix/X{}", self.display.trim_start_matches(':')))
    }

    /// A display that nobody has now.
    pub(crate) fn free_display() -> String {
        free_displays().next().unwrap()
    }

    fn start_anywhere(more: &[&OsStr]) -> Self {
        let mut displays = free_displays();
        displays.find_map(|display| Self::spawn(&display, more)).expect("a display that is free")
    }

    fn spawn(display: &str, more: &[&OsStr]) -> Option<Self> {
        let mut server = Command::new("Xvfb")
            .args([display, "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("package xvfb is installed");
        let mut number = String::new();
        // Written once it takes clients.
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        if number.trim().is_empty() {
            let _ = server.wait();
            return None;
        }
        Some(Self { server, display: display.to_owned() })
    }

    /// Makes its picture another size, at most that which it began with, as `xrandr --fb` does.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        let (server, screen) = RustConnection::connect(Some(&self.display)).unwrap();
        let root = server.setup().roots[screen].root;
        let resources = server.randr_get_screen_resources(root).unwrap().reply().unwrap();
        // A picture is no smaller than what a monitor shows of it.
        for monitor in resources.crtcs {
            let off = server.randr_set_crtc_config(monitor, 0, 0, 0, 0, 0, Rotation::ROTATE0, &[]);
            off.unwrap().reply().unwrap();
        }
        let millimetres = |pixels: u16| u32::from(pixels) * 254 / 960;
        let sized = server.randr_set_screen_size(root, width, height, millimetres(width), millimetres(height));
        sized.unwrap().check().unwrap();
    }

    /// Sends it a signal, as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.server.id().to_string()]).status().unwrap();
        assert!(status.success(), "kill -s {name}");
    }

    /// Starts an X client.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Client {
        let child = Command::new(program)
            .args(arguments)
            .env("DISPLAY", &self.display)
            .stdin(Stdio::null())
            .spawn()
            .expect("package x11-apps is installed");
        Client(child)
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        // Politely first, so that it takes its socket and its lock along.
        let _ = Command::new("kill").arg(self.server.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if matches!(self.server.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Displays that no server has, in a range of this process's own: other tests start servers, too.
fn free_displays() -> impl Iterator<Item = String> {
    let first = 100 + std::process::id() % 3000 * 10;
    let taken = |number: &u32| Path::new(&format!("/tmp/.X{number}-lock")).exists();
    (first..first + 10).filter(move |number| !taken(number)).map(|number| format!(":{number}"))
}
