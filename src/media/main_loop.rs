//! GLib's default main loop. GStreamer before 1.24 resolves names for ICE on it; without one that runs, an agent
//! that waits for a name leaks, or crashes when it is taken down.

use std::thread::JoinHandle;

/// The default main loop on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct MainLoop {
    inner: glib::MainLoop,
    thread: Option<JoinHandle<()>>,
}

impl MainLoop {
    /// Starts it. Once in a process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let inner = glib::MainLoop::new(None, false);
        let runner = inner.clone();
        let thread = std::thread::Builder::new().name("glib".to_owned()).spawn(move || runner.run())?;
        Ok(Self { inner, thread: Some(thread) })
    }
}

impl Drop for MainLoop {
    fn drop(&mut self) {
        // From within the loop, so that a loop that has not begun to run yet ends too.
        let inner = self.inner.clone();
        glib::idle_add_once(move || inner.quit());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
