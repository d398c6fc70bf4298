//! A program is run for each message: what a peer says is on its standard input, and what it prints goes back.

use std::{
    borrow::Cow,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::common::{
    daemon::{Daemon, GATEWAY},
    str0m_peer::{Message, Options, Order, Viewer},
    wait::wait_until,
};

const LIMIT: Duration = Duration::from_secs(20);

/// A daemon that runs a shell script, and a viewer whose channel is open.
struct Scene {
    daemon: Daemon,
    viewer: Viewer,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn with(script: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("on-message");
        fs::write(&program, format!("#!/bin/sh\ncd {}\n{script}\n", folder.path().display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let text = format!("[messages]\nprogram = [{program:?}, \"an argument\"]\n{more}\n");
        let daemon = Daemon::configured(&text).await;
        let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
        daemon.peer("ann", |peer| peer["channel"]["open"] == true).await;
        Self { daemon, viewer, folder }
    }

    fn say(&self, text: &str) {
        self.viewer.order(Order::SendText(Cow::Owned(text.as_bytes().to_vec())));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// What the script has written there, once it has.
async fn written(path: &Path) -> String {
    let written = || fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'));
    wait_until(&format!("{} is written", path.display()), LIMIT, || written().is_some()).await;
    written().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_message_on_its_standard_input_and_nowhere_else() {
    let script = r#"{ echo "$0" "$@"; echo "$PEERGATE_MEMBER $PEERGATE_PEER $PEERGATE_MESSAGE"; od -An -tx1; } >part
mv part seen"#;
    let scene = Scene::with(script, "").await;
    let program = scene.file("on-message").display().to_string();
    scene.say("$(touch harm); `touch harm`");
    let seen = written(&scene.file("seen")).await;
    let mut lines = seen.lines();
    assert_eq!(lines.next(), Some(format!("{program} an argument").as_str()));
    assert_eq!(lines.next(), Some("gateway ann text"));
    assert_eq!(lines.next().map(str::trim), Some("24 28 74 6f 75 63 68 20 68 61 72 6d 29 3b 20 60"), "byte by byte");
    fs::remove_file(scene.file("seen")).unwrap();
    scene.viewer.order(Order::SendBinary(vec![0, 255]));
    let seen = written(&scene.file("seen")).await;
    assert!(seen.contains("gateway ann binary\n 00 ff\n"), "{seen}");
    assert!(!scene.file("harm").exists());
    assert!(scene.viewer.view().connection("gateway").unwrap().messages.is_empty(), "it is not asked to answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_what_it_prints_is_the_answer() {
    let script = r#"read -r word; case $word in bytes) printf '\377\0';; nothing) ;; *) echo "you said: $word";; esac"#;
    let scene = Scene::with(script, "answers = true").await;
    for word in ["nothing", "one", "bytes", "two"] {
        scene.say(&format!("{word}\n"));
    }
    let expected =
        [Message::Text("you said: one".into()), Message::Binary(vec![255, 0]), Message::Text("you said: two".into())];
    assert_eq!(scene.viewer.messages(3).await, expected, "in their order");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_after_the_other_however_many_come() {
    let script = "mkdir lock || echo two at once >>wrong\ncat >/dev/null\nrmdir lock\necho done >>done";
    let scene = Scene::with(script, "").await;
    for _ in 0..50 {
        scene.say("go");
    }
    let count = || fs::read_to_string(scene.file("done")).map_or(0, |text| text.lines().count());
    wait_until("all fifty were run", LIMIT, || count() == 50).await;
    assert!(!scene.file("wrong").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_who_says_much_holds_up_himself() {
    let script = "read -r word\nuntil [ -e gate ]; do sleep 0.05; done\necho \"$PEERGATE_PEER $word\" >>done";
    let scene = Scene::with(script, "limit = \"1min\"").await;
    let bob = Viewer::join(&scene.daemon.ws("/signal"), Options::new("bob").meeting(GATEWAY)).await;
    scene.daemon.peer("bob", |peer| peer["channel"]["open"] == true).await;
    for number in 0..100 {
        scene.say(&format!("{number}\n"));
    }
    scene.daemon.peer("ann", |peer| peer["channel"]["received"] == 100).await;
    bob.order(Order::SendText(Cow::Borrowed(b"open\n")));
    scene.daemon.peer("bob", |peer| peer["channel"]["received"] == 1).await;
    let line = scene.daemon.wait_for_log("is not run for a message", LIMIT).await;
    assert!(line.contains("WARN") && line.contains("peer=ann") && line.contains("so much of what it says waits"), "{line}");
    fs::write(scene.file("gate"), "").unwrap();
    let done = || fs::read_to_string(scene.file("done")).unwrap_or_default();
    wait_until("all that waited was done", LIMIT, || done().lines().count() == 66).await;
    let done = done();
    let place = done.lines().position(|line| line == "bob open").unwrap();
    // Hers that was at work, and one that came before.
    assert!(place <= 2, "{done}");
    assert!(done.lines().filter(|line| *line != "bob open").eq((0..65).map(|number| format!("ann {number}"))), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn which_is_killed_with_all_that_it_has_started_where_it_does_not_end() {
    let script = "read -r word; [ \"$word\" = hang ] || { echo after; exit; }\nsleep 1000 &\necho $! $$ >pids\nwait";
    let scene = Scene::with(script, "answers = true\nlimit = \"500ms\"").await;
    let begun = Instant::now();
    scene.say("hang\n");
    scene.say("on\n");
    assert_eq!(scene.viewer.messages(1).await, [Message::Text("after".into())], "the next one is run");
    assert!(begun.elapsed() >= Duration::from_millis(500));
    let line = scene.daemon.wait_for_log("did not end within 0.5 s, and was killed", LIMIT).await;
    assert!(line.contains("WARN") && line.contains("peer=ann"), "{line}");
    let pids = written(&scene.file("pids")).await;
    for pid in pids.split_whitespace() {
        let there = Path::new("/proc").join(pid);
        wait_until(&format!("{pid} is gone"), LIMIT, || !there.exists()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn but_what_it_leaves_in_the_background_is_its_own_affair() {
    let script = "sleep 1000 &\necho $! >part\nmv part pids\necho \"It is on.\"";
    // Nothing here takes as long as that.
    let scene = Scene::with(script, "answers = true\nlimit = \"1h\"").await;
    scene.say("on");
    let left = Left(written(&scene.file("pids")).await.trim().to_owned());
    assert_eq!(scene.viewer.messages(1).await, [Message::Text("It is on.".into())]);
    assert!(Path::new("/proc").join(&left.0).exists(), "it goes on");
}

/// A process that is to be ended by its id.
struct Left(String);

impl Drop for Left {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn and_one_that_fails_is_told_of() {
    let scene = Scene::with("echo no gate here >&2; exit 3", "").await;
    scene.say("open");
    let line = scene.daemon.wait_for_log("exit status: 3", LIMIT).await;
    assert!(line.contains("no gate here") && line.contains("on-message"), "{line}");
    fs::remove_file(scene.file("on-message")).unwrap();
    scene.say("open");
    let line = scene.daemon.wait_for_log("it can't be started", LIMIT).await;
    assert!(line.contains("No such file") && line.contains("[messages] program names it"), "{line}");
    assert_eq!(scene.daemon.state().await["members"][0]["peers"][0]["connection"], "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_is_an_answer_that_can_not_be_sent() {
    let scene = Scene::with("printf 'one\\000two'", "answers = true").await;
    scene.say("speak");
    let line = scene.daemon.wait_for_log("its answer is not sent", LIMIT).await;
    assert!(line.contains("WARN") && line.contains("peer=ann"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_nothing_of_it_outlives_the_daemon() {
    let mut scene = Scene::with("sleep 1000 &\necho $! $$ >pids\nwait", "").await;
    scene.say("hang");
    let pids = written(&scene.file("pids")).await;
    scene.daemon.signal("TERM");
    assert!(scene.daemon.ended(LIMIT).await.success());
    for pid in pids.split_whitespace() {
        let there = Path::new("/proc").join(pid);
        wait_until(&format!("{pid} is gone"), LIMIT, || !there.exists()).await;
    }
}
