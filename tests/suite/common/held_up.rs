//! A thread of this process that is held up, as if it did not get the processor. Nobody may trace his own process (ptrace(2)), so
//! it is held in the handler of a signal.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

/// For how long whoever takes the signal is held up, in ms.
static HELD_UP_MS: AtomicU64 = AtomicU64::new(0);

/// Holds up the thread with this name for so long, from now on; returns at once.
pub(crate) fn hold_up(name: &str, time: Duration) {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    // A thread may end between the listing and the look.
    let named = |path: &std::path::PathBuf| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let task = tasks.into_iter().find(named).unwrap_or_else(|| panic!("no thread {name}"));
    let thread: libc::pid_t = task.file_name().unwrap().to_str().unwrap().parse().unwrap();
    HELD_UP_MS.store(time.as_millis() as u64, SeqCst);
    let handler: extern "C" fn(libc::c_int) = stand;
    // SAFETY: all zeros is a sigaction without flags and mask, and what the handler calls may be called in one.
    let sent = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(libc::SIGUSR2, &raw const action, std::ptr::null_mut()), 0);
        libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, libc::SIGUSR2)
    };
    assert_eq!(sent, 0, "{name} is there");
}

extern "C" fn stand(_: libc::c_int) {
    let ms = HELD_UP_MS.load(SeqCst);
    let time = libc::timespec { tv_sec: (ms / 1000) as _, tv_nsec: (ms % 1000 * 1_000_000) as _ };
    // SAFETY: nanosleep(2) is safe in a handler (signal-safety(7)), and reads what is given it alone.
    unsafe { libc::nanosleep(&raw const time, std::ptr::null_mut()) };
}
