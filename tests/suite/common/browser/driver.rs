//! A WebDriver server and the processes it starts.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::sync::{Mutex, oneshot};

use super::Kind;

/// chromedriver takes any free port of IPv4, and the same of IPv6: of two that start at once in one network, one may find it
/// taken, and end.
static ONE_STARTS_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// chromedriver or geckodriver on a free port.
#[derive(Debug)]
pub(super) struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    /// Starts one whose home and temporary files are in `folder`.
    pub(super) async fn start(kind: Kind, folder: &Path) -> Self {
        let (program, port) = match kind {
            Kind::Chromium => ("chromedriver", "--port=0"),
            Kind::Firefox => ("geckodriver", "--port=0"),
        };
        let _turn = ONE_STARTS_AT_A_TIME.lock().await;
        let mut process = Command::new(program)
            .arg(port)
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .env("XDG_RUNTIME_DIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} starts ('./dev test' installs it): {error}"));
        let output = process.stdout.take().unwrap();
        let (tell, told) = oneshot::channel();
        // Reads to the end, so that the driver never waits for a reader.
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let mut said = Vec::new();
            let port = lines.by_ref().inspect(|line| said.push(line.clone())).find_map(|line| port_in(&line));
            let _ = tell.send(port.ok_or(said));
            lines.for_each(drop);
        });
        let port = tokio::time::timeout(Duration::from_secs(20), told).await.expect("the driver is up in time");
        let port = port.unwrap().unwrap_or_else(|said| panic!("{program} says its port: {said:#?}"));
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends the driver and all it has started, at once.
    pub(super) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let all = descendants(self.process.id());
        let _ = Command::new("kill").arg("-KILL").args(all.iter().map(u32::to_string)).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

/// `ChromeDriver was started successfully on port 40181.`, `... Listening on 127.0.0.1:40181`
fn port_in(line: &str) -> Option<u16> {
    let is_the_line = line.contains("started successfully") || line.contains("Listening on");
    let digits = line.trim_end_matches('.').rsplit(|c: char| !c.is_ascii_digit()).next()?;
    if is_the_line { digits.parse().ok() } else { None }
}

/// A process and all that came from it.
fn descendants(root: u32) -> Vec<u32> {
    let parents: BTreeMap<u32, u32> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id| Some((id, parent_of(id)?)))
        .collect();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(&id) = found.get(at) {
        found.extend(parents.iter().filter(|&(_, &parent)| parent == id).map(|(&child, _)| child));
        at += 1;
    }
    found
}

/// `PID (NAME) STATE PARENT ...`; the name may hold spaces and brackets.
fn parent_of(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
