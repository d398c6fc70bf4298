//! Keeps Xlib from ending the process.
//!
//! Xlib calls `exit` when a connection to its server breaks, and when a request fails. A screen that is resized, or a
//! user who logs out, must not end the daemon. What is left then is a capture that hangs: it is told of, left behind, and
//! another is started. Capturing in a child process would leave nothing behind.

use std::{
    ffi::{c_int, c_void},
    sync::LazyLock,
};

use tokio::sync::watch;

type Handler = extern "C" fn(*mut c_void, *mut c_void) -> c_int;
type IoHandler = extern "C" fn(*mut c_void) -> c_int;

/// How many connections have broken so far.
static LOST: LazyLock<watch::Sender<u64>> = LazyLock::new(watch::Sender::default);

/// Changes whenever the connection to a server breaks, whichever that is.
pub(super) fn losses() -> watch::Receiver<u64> {
    LOST.subscribe()
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
        std::mem::forget(library);
    }
}

/// A request failed: there is no picture this time.
extern "C" fn ignore_error(_display: *mut c_void, _event: *mut c_void) -> c_int {
    tracing::debug!("an X request failed");
    0
}

/// The server is gone. Xlib ends the process when this returns, so it does not.
extern "C" fn stay_here(_display: *mut c_void) -> c_int {
    tracing::warn!("an X server is gone; the thread that captured from it is left behind");
    LOST.send_modify(|lost| *lost += 1);
    loop {
        std::thread::park();
    }
}
