//! A clean Debian with systemd in charge (`lab/clean-root`), in which packages are installed.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use super::service_manager::ServiceManager;

/// A Debian that is up. Dropping it takes it down.
pub(crate) struct CleanRoot {
    machine: Child,
    /// Where systemd says that it is up. Its folder is the machine's `/srv`.
    manager: ServiceManager,
    /// The first process of the machine.
    init: String,
    _stdout: BufReader<ChildStdout>,
}

impl CleanRoot {
    /// One that is up, with what `prepare` puts into its `/srv`.
    pub(crate) async fn boot(prepare: impl FnOnce(&Path)) -> Self {
        let manager = ServiceManager::listen();
        prepare(manager.folder());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/clean-root");
        let mut command = Command::new(script);
        command.arg(manager.folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut machine = command.spawn().unwrap();
        let mut stdout = BufReader::new(machine.stdout.take().unwrap());
        let mut init = String::new();
        stdout.read_line(&mut init).unwrap();
        manager.word("READY=1").await;
        Self { machine, manager, init: init.trim().to_owned(), _stdout: stdout }
    }

    /// The folder that it has at `/srv`.
    pub(crate) fn folder(&self) -> &Path {
        self.manager.folder()
    }

    /// A program of this machine's, to be run under that one's host name.
    pub(crate) fn named_as_it_is(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init, "--uts", program]);
        command
    }

    /// What a line for a shell prints, run there by root; panics with it where it fails.
    pub(crate) fn run(&self, line: &str) -> String {
        let (output, succeeded) = self.try_to(line);
        assert!(succeeded, "{line}\n{output}");
        output
    }

    /// What a line for a shell prints, and whether it succeeds.
    pub(crate) fn try_to(&self, line: &str) -> (String, bool) {
        let output = Command::new("nsenter")
            .args(["--target", &self.init, "--all", "env", "--ignore-environment", "LC_ALL=C.UTF-8"])
            .args(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "sh", "-c"])
            .arg(format!("exec 2>&1; {line}"))
            .output()
            .unwrap();
        (String::from_utf8_lossy(&output.stdout).trim_end().to_owned(), output.status.success())
    }

    /// The id that a process of this name, begun by systemd, has outside of the machine; `None`: there is none.
    pub(crate) fn process(&self, name: &str) -> Option<u32> {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.init)).unwrap();
        let is_it = |id: &&str| fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|comm| comm.trim() == name);
        children.split_whitespace().find(is_it).map(|id| id.parse().unwrap())
    }

    /// What is on its disk, but for what is logged, cached or at work.
    pub(crate) fn files(&self) -> Vec<String> {
        let elsewhere = ["/proc", "/sys", "/dev", "/run", "/srv", "/tmp", "/var/log", "/var/tmp", "/var/lib/dpkg"];
        let pruned: Vec<_> = elsewhere.iter().map(|folder| format!("-path {folder} -prune -o")).collect();
        let found = self.run(&format!("find / {} -print | sort", pruned.join(" ")));
        found.lines().map(str::to_owned).collect()
    }
}

impl Drop for CleanRoot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (log, _) = self.try_to("journalctl --no-pager --lines 100; systemctl --no-pager --failed");
            eprintln!("log of the machine:\n{log}");
        }
        drop(self.machine.stdin.take());
        let _ = self.machine.wait();
    }
}
