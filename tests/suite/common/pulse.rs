//! A PulseAudio server of the test's own, with a null sink `room` that the test plays into.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Pulse {
    home: Home,
    daemon: Child,
}

/// Where a server keeps its socket. It lives on when the server ends, for the next one.
#[derive(Debug, Clone)]
pub(crate) struct Home(Arc<TempDir>);

/// A tone that is played. Dropping it ends it.
pub(crate) struct Playing(Child);

impl Home {
    /// A new one. This process's sound goes to its server from here on: each test has a process of its own.
    #[expect(clippy::disallowed_methods, reason = "libpulse finds its server through the environment")]
    pub(crate) fn new() -> Self {
        let home = Self(Arc::new(tempfile::tempdir().unwrap()));
        for (name, value) in home.environment() {
            // SAFETY: first thing in the test, and glib's and libpulse's own reading comes later.
            unsafe { std::env::set_var(name, value) };
        }
        // SAFETY: as above.
        unsafe { std::env::remove_var("PULSE_SERVER") };
        home
    }

    /// This folder, which is both the home and the place of sockets of those whose sound goes to its server.
    pub(crate) const fn of(folder: Arc<TempDir>) -> Self {
        Self(folder)
    }

    /// Where its server listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.0.path().join("pulse/native")
    }

    /// What lets other users in.
    pub(crate) fn cookie(&self) -> PathBuf {
        self.0.path().join(".config/pulse/cookie")
    }

    fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("XDG_RUNTIME_DIR", self.0.path().to_owned()), ("HOME", self.0.path().to_owned())]
    }

    /// The sound of `command` goes to its server.
    pub(crate) fn give_to(&self, command: &mut Command) {
        command.envs(self.environment()).env_remove("PULSE_SERVER");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.give_to(&mut command);
        command.stdin(Stdio::null());
        command
    }
}

impl Pulse {
    /// Starts a server and waits until it answers.
    pub(crate) fn start(home: &Home) -> Self {
        let daemon = home
            .command("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no"])
            .args(["-L", "module-native-protocol-unix"])
            .args(["-L", "module-null-sink sink_name=room sink_properties=device.description=Room"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("package pulseaudio is installed");
        let pulse = Self { home: home.clone(), daemon };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !pulse.home.command("pactl").arg("info").output().expect("pactl is installed").status.success() {
            assert!(Instant::now() < deadline, "the sound server answers within 20 s");
            std::thread::park_timeout(Duration::from_millis(50));
        }
        pulse
    }

    /// Takes what it is asked, and answers nothing any more.
    pub(crate) fn stand_still(&self) {
        let status = Command::new("kill").args(["-STOP", &self.daemon.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Plays a tone of so many hertz at half of full scale into `room`.
    pub(crate) fn play(&self, hertz: u32) -> Playing {
        let wave = format!("0.5*sin(2*PI*{hertz}*t)");
        let tone = format!("aevalsrc=exprs={wave}|{wave}:sample_rate=48000");
        Playing(
            self.home
                .command("ffmpeg")
                .args(["-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", &tone])
                .args(["-f", "pulse", "-device", "room", "tone"])
                .spawn()
                .expect("package ffmpeg is installed"),
        )
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
