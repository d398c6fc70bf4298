//! A daemon reads its configuration again: what has not changed is not disturbed, and a file that is wrong changes nothing.

use std::{
    fs,
    io::{BufRead, BufReader},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{
    daemon::{Daemon, command, run_to_end},
    openapi,
    plain_relay::PlainRelay,
    recordings::Recordings,
    str0m_peer::{Options, Order, State, View, Viewer},
    wait::wait_until,
};

const LIMIT: Duration = Duration::from_secs(20);

/// Small pictures, and no server outside.
const SMALL: &str = "
[video.picture]
size = '320x180'
[video.ball]
size = '320x180'
pattern = 'ball'
[encode]
bitrate = '500k'
[ice]
stun = 'none'
";

/// A member in a room of its name that shows the `picture`, unless it is told otherwise.
fn member(id: &str, more: &str) -> String {
    let shows = if more.contains("video") { "" } else { "video = 'picture'\n" };
    format!("[[member]]\nid = '{id}'\nroom = 'embedded:{id}'\n{shows}{more}\n")
}

/// A daemon with a configuration that can be changed.
struct Scene {
    daemon: Daemon,
    folder: TempDir,
}

impl Scene {
    async fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("box.toml");
        fs::write(&file, format!("{SMALL}{text}")).unwrap();
        let daemon = Daemon::run(&["--config", file.to_str().unwrap()]).await;
        Self { daemon, folder }
    }

    fn write(&self, text: &str) {
        fs::write(self.folder.path().join("box.toml"), format!("{SMALL}{text}")).unwrap();
    }

    /// What the daemon answers to a request that it read this.
    async fn reload(&self, text: &str) -> (StatusCode, Value) {
        self.write(text);
        self.ask().await
    }

    /// The same with all of it, which has to go well.
    async fn reloaded_whole(&self, text: &str) -> Value {
        fs::write(self.folder.path().join("box.toml"), text).unwrap();
        let (status, body) = self.ask().await;
        assert_eq!(status, StatusCode::OK, "{body:#}");
        body
    }

    async fn ask(&self) -> (StatusCode, Value) {
        let answer = reqwest::Client::new().post(self.daemon.http("/api/reload")).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        openapi::keeps_to(if status.is_success() { "Reloaded" } else { "Error" }, &body);
        (status, body)
    }

    /// The same, which has to go well.
    async fn reloaded(&self, text: &str) -> Value {
        self.reloaded_whole(&format!("{SMALL}{text}")).await
    }

    /// Has it read this by SIGHUP, and waits until its members are these.
    async fn hang_up(&self, text: &str, members: &[&str]) {
        self.write(text);
        self.daemon.signal("HUP");
        self.daemon.wait_for_state(LIMIT, |state| ids(&state["members"]) == members).await;
    }

    async fn viewer(&self, room: &str, id: &str) -> Viewer {
        let viewer = Viewer::join(&self.daemon.ws(&format!("/signal/{room}")), Options::new(id)).await;
        viewer.video(5).await;
        viewer
    }
}

/// The ids of members.
fn ids(members: &Value) -> Vec<&str> {
    members.as_array().unwrap().iter().map(|member| member["id"].as_str().unwrap()).collect()
}

/// It has seen one connection without a hole, and sees more.
async fn misses_nothing(viewer: &Viewer) {
    let frames = viewer.view().tracks().find(|track| track.is_video()).unwrap().frames;
    let track = viewer.video(frames + 30).await;
    assert_eq!(track.gaps, 0, "{track:?}");
    let view = viewer.view();
    assert_eq!(view.connections.len(), 1, "{}", *view);
    assert_eq!(view.connections[0].state, State::Connected);
}

/// Waits until it has had so many connections, and the last one is as it should be.
async fn connection(viewer: &Viewer, count: usize, state: State) {
    let is_so = |one: &State| *one == state;
    let what = format!("connection {count} to be {state:?}");
    let last = |view: &View| view.connections.iter().skip(count - 1).last().map(|one| one.state);
    viewer.until(&what, LIMIT, |view| last(view).filter(is_so).map(drop)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_change_and_go_and_who_watches_another_misses_nothing() {
    let (steady, fleeting) = (member("steady", ""), member("fleeting", ""));
    let scene = Scene::new(&format!("{steady}{fleeting}")).await;
    let (watcher, guest) = (scene.viewer("steady", "ann").await, scene.viewer("fleeting", "bob").await);

    scene.hang_up(&format!("{steady}{fleeting}{}", member("late", "")), &["steady", "fleeting", "late"]).await;
    let late = scene.viewer("late", "cid").await;
    assert_eq!(late.connected().await, "late");

    scene.hang_up(&format!("{steady}{}{}", member("late", ""), member("fleeting", "peers = 3")), &["steady", "late", "fleeting"]).await;
    connection(&guest, 2, State::Connected).await;

    scene.hang_up(&steady, &["steady"]).await;
    connection(&guest, 2, State::Closed).await;
    connection(&late, 1, State::Closed).await;
    let metrics = reqwest::get(scene.daemon.http("/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("member=\"steady\"") && !metrics.contains("member=\"fleeting\""), "{metrics}");
    misses_nothing(&watcher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_come_into_a_room_of_ours_are_no_peers_there() {
    let one = member("one", "");
    let scene = Scene::new(&one).await;
    let viewer = scene.viewer("one", "ann").await;
    let two = "[[member]]\nid = 'two'\nroom = 'embedded:one'\nvideo = 'ball'\n";
    let reloaded = scene.reloaded(&format!("{one}{two}")).await;
    assert_eq!((ids(&reloaded["members"]["added"]), ids(&reloaded["members"]["kept"])), (vec!["two"], vec!["one"]));
    viewer.until("both of ours", LIMIT, |view| (view.connections.iter().filter(|one| one.state == State::Connected).count() == 2).then_some(())).await;
    let state = scene.daemon.state().await;
    for member in state["members"].as_array().unwrap() {
        assert_eq!(ids(&member["peers"]), ["ann"], "{state:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wrong_changes_nothing_and_the_next_good_one_is_taken() {
    let steady = member("steady", "");
    let scene = Scene::new(&steady).await;
    let watcher = scene.viewer("steady", "ann").await;
    for (text, why) in [
        (member("steady", "peers = 0"), "member.peers"),
        (member("steady", "") + &member("steady", ""), "twice"),
        (member("steady", "video = 'nothing'"), "[video.nothing] is not there"),
        (steady.clone() + "[log]\nfilter = 'peergate=loud'", "log.filter"),
        ("[[member]\n".to_owned(), "box.toml:"),
    ] {
        let (status, body) = scene.reload(&text).await;
        assert_eq!(status, StatusCode::CONFLICT, "{text}");
        let said = body["error"].as_str().unwrap();
        assert!(said.starts_with("the configuration is wrong: ") && said.contains(why), "{said}");
    }
    let asks_for = |element: &str| SMALL.replace("[encode]", &format!("[encode]\nencoder = '{element}'")) + &steady;
    fs::write(scene.folder.path().join("box.toml"), asks_for("nosuchenc")).unwrap();
    let (status, body) = scene.ask().await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body["error"].as_str().unwrap().contains("nosuchenc"), "{body}");
    fs::remove_file(scene.folder.path().join("box.toml")).unwrap();
    scene.daemon.signal("HUP");
    scene.daemon.wait_for_log("box.toml can't be read", LIMIT).await;

    let reloaded = scene.reloaded(&format!("{steady}{}", member("late", ""))).await;
    assert_eq!(ids(&reloaded["members"]["added"]), ["late"]);
    assert_eq!(ids(&reloaded["members"]["kept"]), ["steady"]);
    misses_nothing(&watcher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_another_process_is_named_and_the_rest_is_in_force() {
    let steady = member("steady", "");
    let scene = Scene::new(&steady).await;
    let unchanged = scene.reloaded(&steady).await;
    assert_eq!(ids(&unchanged["members"]["kept"]), ["steady"]);
    assert_eq!(unchanged["sources"]["kept"], json!(["ball", "picture", "sound"]));
    assert_eq!((&unchanged["applied"], &unchanged["needs_restart"]), (&json!([]), &json!([])));
    assert_eq!(unchanged["warnings"], json!(["no member takes [video.ball]"]));

    let more = format!("{steady}[http]\nhosts = ['box.example']\n[log]\nfilter = 'warn'\nformat = 'json'\n");
    for applied in [json!(["log.filter"]), json!([])] {
        let reloaded = scene.reloaded(&more).await;
        assert_eq!((&reloaded["applied"], &reloaded["needs_restart"]), (&applied, &json!(["http.hosts", "log.format"])));
    }
    let log: Value = reqwest::get(scene.daemon.http("/api/log")).await.unwrap().json().await.unwrap();
    assert_eq!(log["filter"], "warn");
    scene.daemon.wait_for_log("key=\"http.hosts\"", LIMIT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_of_its_own_takes_a_port_and_that_a_start() {
    let (relay, folder) = (PlainRelay::start().await, tempfile::tempdir().unwrap());
    let (file, socket) = (folder.path().join("box.toml"), folder.path().join("socket"));
    let write = |listen: &str, room: &str| {
        let text = format!("[http]\n{listen}[ice]\nstun = 'none'\n[[member]]\nroom = '{room}'\n");
        fs::write(&file, text).unwrap();
    };
    write("listen = 'none'\n", relay.url());
    let socket = ["--socket", socket.to_str().unwrap()];
    let daemon = Daemon::spawn(command(&[&["run", "--config", file.to_str().unwrap()][..], &socket].concat()));
    daemon.wait_for_log("entering", LIMIT).await;
    write("", "embedded");
    let ended = run_to_end(command(&[&["ctl", "reload"][..], &socket].concat()));
    assert_eq!(ended.status.code(), Some(1));
    for said in ["(http.listen) is opened only when peergate is started anew", "systemctl restart peergate"] {
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("check"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_after_the_other() {
    let steady = member("steady", "");
    let scene = Scene::new(&steady).await;
    scene.write(&format!("{steady}{}", member("late", "")));
    let answers = join_all((0..3).map(|_| scene.ask())).await;
    let added: Vec<_> = answers.iter().map(|(_, body)| body["members"]["added"].as_array().unwrap().len()).collect();
    assert_eq!(added.iter().sum::<usize>(), 1, "the first finds it new, the others do not: {answers:?}");
    assert_eq!(ids(&scene.daemon.state().await["members"]), ["steady", "late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_of_a_member_that_goes_are_whole_and_others_go_on() {
    let recordings = Recordings::new();
    let record = format!("[record]\ndir = '{}'\n", recordings.dir());
    let (steady, fleeting) = (member("steady", "record = 'local'"), member("fleeting", "record = 'local'"));
    let scene = Scene::new(&format!("{steady}{fleeting}{record}")).await;
    let are_written = |state: &Value| {
        let running = state["recordings"].as_array().unwrap();
        running.len() == 2 && running.iter().all(|one| one["bytes"].as_u64() > Some(20_000))
    };
    let before = scene.daemon.wait_for_state(LIMIT, are_written).await;
    let of = |state: &Value, member: &str| {
        let running = state["recordings"].as_array().unwrap();
        running.iter().find(|one| one["member"] == member).map(|one| one["id"].clone())
    };
    scene.reloaded(&format!("{steady}{record}")).await;
    let after = scene.daemon.wait_for_state(LIMIT, |state| of(state, "fleeting").is_none()).await;
    assert_eq!(of(&after, "steady"), of(&before, "steady"));
    let goes = Recordings::at(&recordings.path().join("fleeting"));
    assert!(goes.path().is_dir());
    wait_until("it is sealed", LIMIT, || {
        recordings.segments().iter().any(|one| one.path.starts_with(goes.path()) && one.is_sealed())
    })
    .await;
    let whole = recordings.segments().into_iter().find(|one| one.path.starts_with(goes.path())).unwrap();
    whole.is_what_its_manifest_says();
}

#[tokio::test(flavor = "multi_thread")]
async fn so_much_is_kept_of_recordings_from_now_on() {
    let recordings = Recordings::new();
    let recorded = format!("{}[record]\ndir = '{}'\n", member("steady", "record = 'local'"), recordings.dir());
    let scene = Scene::new(&recorded).await;
    let id = |state: &Value| state["recordings"][0]["id"].clone();
    let is_well = |state: &Value| state["recordings"][0]["bytes"].as_u64() > Some(10_000) && state["disk"]["problem"].is_null();
    let before = scene.daemon.wait_for_state(LIMIT, is_well).await;
    let reloaded = scene.reloaded(&format!("{recorded}[record.keep]\nfree = '900000GB'\n")).await;
    assert_eq!(reloaded["applied"], json!(["record.keep"]));
    let after = scene.daemon.wait_for_state(LIMIT, |state| state["disk"]["problem"].is_string()).await;
    assert_eq!(id(&before), id(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_come_change_and_go_and_who_watches_another_misses_nothing() {
    let (steady, other) = (member("steady", ""), member("other", "video = 'ball'"));
    let scene = Scene::new(&format!("{steady}{other}")).await;
    let (watcher, guest) = (scene.viewer("steady", "ann").await, scene.viewer("other", "bob").await);
    let small = SMALL.replace("'320x180'\npattern", "'640x360'\npattern") + "[video.yard]\nsize = '320x180'\n";
    let reloaded = scene.reloaded_whole(&format!("{small}{steady}{other}{}", member("yard", "video = 'yard'"))).await;
    let sources = &reloaded["sources"];
    assert_eq!((&sources["restarted"], &sources["added"]), (&json!(["ball"]), &json!(["yard"])), "{reloaded:#}");
    assert_eq!((ids(&reloaded["members"]["restarted"]), ids(&reloaded["members"]["kept"])), (vec!["other"], vec!["steady"]));
    connection(&guest, 2, State::Connected).await;
    scene.viewer("yard", "cid").await;
    scene.daemon.wait_for_state(LIMIT, |state| runs(state, "yard") && runs(state, "ball")).await;

    let reloaded = scene.reloaded(&steady).await;
    assert_eq!(reloaded["sources"]["removed"], json!(["yard"]));
    let state = scene.daemon.state().await;
    assert!(state["encoders"].as_array().unwrap().iter().all(|one| one["source"] != "yard"), "{state:#}");
    misses_nothing(&watcher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_a_source_that_captures_something_else_stays_and_sees_it() {
    let steady = member("steady", "video = 'ball'");
    let scene = Scene::new(&steady).await;
    let viewer = scene.viewer("steady", "ann").await;
    let snapshot = async || {
        let jpeg = reqwest::get(scene.daemon.http("/api/sources/ball/snapshot.jpg")).await.unwrap();
        jpeg.bytes().await.unwrap().len()
    };
    let ball = snapshot().await;
    let reloaded = scene.reloaded_whole(&format!("{}{steady}", SMALL.replace("'ball'\n[", "'snow'\n["))).await;
    assert_eq!(reloaded["sources"]["restarted"], json!(["ball"]));
    assert_eq!(ids(&reloaded["members"]["kept"]), ["steady"]);
    let shows = |state: &Value| state["sources"][0]["spec"] == "test:snow" && runs(state, "ball");
    scene.daemon.wait_for_state(LIMIT, shows).await;
    misses_nothing(&viewer).await;
    let snow = snapshot().await;
    assert!(snow > 2 * ball, "noise takes much more than a ball: {snow} and {ball} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_member_begins_anew_for_is_in_force_at_once() {
    let steady = member("steady", "");
    let scene = Scene::new(&steady).await;
    let viewer = scene.viewer("steady", "ann").await;
    scene.daemon.peer("ann", |peer| peer["channel"]["open"] == true).await;
    let socket = scene.folder.path().join("messages");
    let asks = "[messages]\nsocket = 'messages'\nasks = ['state']\n";
    let reloaded = scene.reloaded(&format!("{steady}{asks}")).await;
    assert_eq!(reloaded["applied"], json!(["messages"]));
    viewer.order(Order::SendText("/state".as_bytes().into()));
    assert_eq!(viewer.messages(1).await.len(), 1);
    let program = std::os::unix::net::UnixStream::connect(&socket).unwrap();

    scene.reloaded(&format!("{steady}{}", asks.replace("'state'", ""))).await;
    viewer.order(Order::SendText("/state".as_bytes().into()));
    let mut lines = BufReader::new(program).lines();
    assert!(lines.next().unwrap().unwrap().contains("/state"), "who was connected still is");
    scene.reloaded(&steady).await;
    assert!(lines.next().is_none(), "until there is no socket any more");
    assert!(!socket.exists());
    assert_eq!(viewer.messages(1).await.len(), 1, "the second question was none");
    misses_nothing(&viewer).await;
}

fn runs(state: &Value, source: &str) -> bool {
    let mut sources = state["sources"].as_array().unwrap().iter();
    sources.any(|one| one["name"] == source && one["condition"]["state"] == "running")
}

#[tokio::test(flavor = "multi_thread")]
async fn ctl_says_what_changed() {
    let steady = member("steady", "");
    let scene = Scene::new(&steady).await;
    let ctl = async || {
        let command = command(&["ctl", "--url", &scene.daemon.http(""), "reload"]);
        tokio::task::spawn_blocking(|| run_to_end(command)).await.unwrap()
    };
    let odd = "no member takes [video.ball]\n";
    assert_eq!(ctl().await.stdout, format!("nothing has changed\n{odd}"));
    scene.write(&format!("{steady}{}[relay]\nrooms = 3\n", member("late", "")));
    let room = scene.daemon.ws("/signal/late");
    let told = ctl().await.stdout;
    assert_eq!(told, format!("member late in {room}: added\nrelay.rooms: in force when peergate is started anew\n{odd}"));
    scene.write("[[member]");
    let refused = ctl().await;
    assert_eq!((refused.status.code(), refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("the configuration is wrong: "), "{}", refused.stderr);
}
