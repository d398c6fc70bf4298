//! Threads of another process that stand still, as if what they do never came back.

use nix::{
    sys::{
        ptrace,
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

/// Threads that stand still until this is dropped, on the thread that it was made on: the system asks for that.
pub(crate) struct Frozen(Vec<Pid>);

impl Frozen {
    /// Those threads of the process `id` whose names begin with `prefix`; at least one.
    pub(crate) fn threads(id: u32, prefix: &str) -> Self {
        let mut frozen = Self(Vec::new());
        for task in std::fs::read_dir(format!("/proc/{id}/task")).unwrap() {
            let task = task.unwrap();
            // A thread may end between the listing and the look.
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            if name.starts_with(prefix) {
                let thread = Pid::from_raw(task.file_name().to_str().unwrap().parse().unwrap());
                ptrace::seize(thread, ptrace::Options::empty()).unwrap();
                ptrace::interrupt(thread).unwrap();
                waitpid(thread, Some(WaitPidFlag::__WALL)).unwrap();
                frozen.0.push(thread);
            }
        }
        assert!(!frozen.0.is_empty(), "process {id} has no thread {prefix}...");
        frozen
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for thread in &self.0 {
            if ptrace::detach(*thread, None).is_err() {
                // It was killed, and its process is not gone before we have taken note of that.
                let _ = waitpid(*thread, Some(WaitPidFlag::__WALL));
            }
        }
    }
}
