//! GLib's default main loop. GStreamer before 1.24 resolves names for ICE on it; without one that runs, an agent
//! that waits for a name leaks, or crashes when it is taken down.

use tokio::sync::oneshot;

/// The default main loop on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct MainLoop(glib::MainLoop);

impl MainLoop {
    /// Starts it. Once in a process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let inner = glib::MainLoop::new(None, false);
        let runner = inner.clone();
        std::thread::Builder::new().name("glib".to_owned()).spawn(move || runner.run())?;
        Ok(Self(inner))
    }
}

/// Answers when the default main loop turns; not before one runs.
#[must_use]
pub fn turn() -> oneshot::Receiver<()> {
    let (turned, turn) = oneshot::channel();
    glib::idle_add_once(move || {
        // An error: whoever asked does not wait for it any more.
        let _ = turned.send(());
    });
    turn
}

impl Drop for MainLoop {
    fn drop(&mut self) {
        // From within the loop, so that one that has not begun to run ends too. Not waited for: it may be in a
        // callback that hangs, and the process is to end.
        let inner = self.0.clone();
        glib::idle_add_once(move || inner.quit());
    }
}
