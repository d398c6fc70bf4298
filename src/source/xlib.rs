//! Keeps Xlib from ending the process.
//!
//! Xlib calls `exit` when a connection to its server breaks, and when a request fails. A screen that is resized, or a
//! user who logs out, must not end the daemon. What is left then is a capture that hangs: it is told of, left behind, and
//! another is started. Capturing in a child process would leave nothing behind.

use std::{
    collections::BTreeMap,
    ffi::{CStr, c_char, c_int, c_void},
    sync::{LazyLock, OnceLock},
};

use tokio::sync::watch;

type Handler = extern "C" fn(*mut c_void, *mut c_void) -> c_int;
type IoHandler = extern "C" fn(*mut c_void) -> c_int;

type DisplayString = unsafe extern "C" fn(*mut c_void) -> *const c_char;

/// How many connections to each display have broken so far. There are as many as are configured.
static LOST: LazyLock<watch::Sender<BTreeMap<String, u64>>> = LazyLock::new(watch::Sender::default);

/// Tells a display's name.
static DISPLAY_STRING: OnceLock<DisplayString> = OnceLock::new();

/// The connections to a display.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    display: String,
    lost: watch::Receiver<BTreeMap<String, u64>>,
    lost_before: u64,
}

impl Connections {
    /// Those that are made from now on.
    pub(super) fn to(display: &str) -> Self {
        let lost = LOST.subscribe();
        let lost_before = count(&lost.borrow(), display);
        Self { display: display.to_owned(), lost, lost_before }
    }

    /// Waits until one of them breaks.
    pub(super) async fn lost(mut self) {
        let (display, lost_before) = (self.display.clone(), self.lost_before);
        let is_lost = |lost: &BTreeMap<String, u64>| count(lost, &display) > lost_before;
        if self.lost.wait_for(is_lost).await.is_err() {
            // Nobody tells any more.
            std::future::pending().await
        }
    }
}

/// How many of the connections to a display have broken. Xlib names its screen, too: `:0.0`.
fn count(lost: &BTreeMap<String, u64>, display: &str) -> u64 {
    let with_screen = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
    let is_it = |name: &str| name == display || with_screen(name, display) || with_screen(display, name);
    lost.iter().filter(|(name, _)| is_it(name)).map(|(_, count)| count).sum()
}

/// Puts handlers of our own in place of Xlib's. As often as one likes.
pub(super) fn survive_lost_servers() {
    // SAFETY: libX11 is loaded for as long as the process lives. Both functions have had these signatures in every
    // version 6 of it, and may be called before any other; a handler is a plain function that may be called on any thread.
    unsafe {
        let Ok(library) = libloading::Library::new("libX11.so.6") else { return };
        if let Ok(set) = library.get::<unsafe extern "C" fn(Handler) -> *mut c_void>(b"XSetErrorHandler\0") {
            set(ignore_error);
        }
        if let Ok(set) = library.get::<unsafe extern "C" fn(IoHandler) -> *mut c_void>(b"XSetIOErrorHandler\0") {
            set(stay_here);
        }
        if let Ok(display_string) = library.get::<DisplayString>(b"XDisplayString\0") {
            // Another thread may have been faster; the function is the same.
            let _ = DISPLAY_STRING.set(*display_string);
        }
        std::mem::forget(library);
    }
}

/// A request failed: there is no picture this time.
extern "C" fn ignore_error(_display: *mut c_void, _event: *mut c_void) -> c_int {
    tracing::debug!("an X request failed");
    0
}

/// The server is gone. Xlib ends the process when this returns, so it does not.
extern "C" fn stay_here(display: *mut c_void) -> c_int {
    // SAFETY: Xlib calls this with a display that is open, whose name is a string that lives as long as it does.
    let name = DISPLAY_STRING.get().map(|string| unsafe { CStr::from_ptr(string(display)) });
    let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    tracing::warn!(display = name, "an X server is gone; the thread that captured from it is left behind");
    LOST.send_modify(|lost| *lost.entry(name).or_default() += 1);
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_the_same_with_its_screen() {
        let lost = [(":1", 1), (":1.0", 10), (":10.0", 100), ("host:1.1", 1000)];
        let lost = lost.map(|(name, count)| (name.to_owned(), count)).into();
        assert_eq!([":1", ":1.0", ":10", "host:1", ":2"].map(|display| count(&lost, display)), [11, 11, 100, 1000, 0]);
    }
}
