//! `peergate ctl top` on a terminal: drawn anew each second, ended by a key at any time, and the terminal given back.

use std::{
    io::{BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

use crate::common::daemon::{Daemon, command};

const LIMIT: Duration = Duration::from_secs(20);

/// `peergate ctl top` on a terminal of its own (script(1)). Dropping it ends it.
struct Top {
    child: Child,
    keys: ChildStdin,
    drawn: watch::Receiver<String>,
}

impl Top {
    fn of(daemon: &Daemon) -> Self {
        let asking = command(&["ctl", "top", "--url", &daemon.http("")]);
        let mut words = vec![asking.get_program().to_str().unwrap().to_owned()];
        words.extend(asking.get_args().map(|word| word.to_str().unwrap().to_owned()));
        let mut script = Command::new("script");
        let line = format!("stty rows 40 columns 200; exec {}", words.join(" "));
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (sender, drawn) = watch::channel(String::new());
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut part) {
                sender.send_modify(|drawn| drawn.push_str(&String::from_utf8_lossy(&part[..length])));
            }
        });
        Self { child, keys, drawn }
    }

    /// Waits until something is drawn so many times.
    async fn draws(&self, text: &str, times: usize) {
        let mut drawn = self.drawn.clone();
        let found = timeout(LIMIT, drawn.wait_for(|drawn| drawn.matches(text).count() >= times)).await;
        assert!(matches!(found, Ok(Ok(_))), "{text:?} not {times} times: {:?}", self.drawn.borrow());
    }
}

impl Drop for Top {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_the_daemon_until_q_is_pressed() {
    let daemon = Daemon::gateway(&[]).await;
    let mut top = Top::of(&daemon);
    // Another screen, without a cursor; drawn from the upper left corner.
    top.draws("\u{1b}[?1049h", 1).await;
    top.draws("\u{1b}[1;1H", 3).await;
    top.draws("FRAMES/S", 2).await;
    drop(daemon);
    top.draws("no connection to 127.0.0.1:", 1).await;
    top.keys.write_all(b"q").unwrap();
    top.draws("\u{1b}[?1049l", 1).await;
    top.draws("\u{1b}[?25h", 1).await;
    assert!(top.child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_also_while_a_daemon_that_stands_still_is_asked() {
    let daemon = Daemon::gateway(&[]).await;
    let mut top = Top::of(&daemon);
    top.draws("FRAMES/S", 2).await;
    daemon.signal("STOP");
    top.draws("the daemon does not answer", 3).await;
    top.draws("this is how it was ", 3).await;
    top.keys.write_all(b"q").unwrap();
    top.draws("\u{1b}[?1049l", 1).await;
    assert!(top.child.wait().unwrap().success());
    // That is said when a look is given up.
    assert!(!top.drawn.borrow().contains("did not answer within"), "the look was waited for");
}
