//! Peers may ask the box how it does, and have it record, where that is allowed.

use std::{borrow::Cow, io::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::common::{
    daemon::Daemon,
    decode::Picture,
    recordings::Recordings,
    str0m_peer::{Message, Options, Order, Viewer},
};

async fn viewer(daemon: &Daemon) -> Viewer {
    let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
    daemon.peer("ann", |peer| peer["channel"]["open"] == true).await;
    viewer
}

fn say(viewer: &Viewer, text: &'static str) {
    viewer.order(Order::SendText(Cow::Borrowed(text.as_bytes())));
}

/// The last of so many messages, which is JSON.
async fn answer(viewer: &Viewer, count: usize) -> Value {
    let messages = viewer.messages(count).await;
    let Some(Message::Text(text)) = messages.last() else { panic!("a text: {messages:?}") };
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_does() {
    let daemon = Daemon::configured("[messages]\nasks = [\"state\"]\n").await;
    let viewer = viewer(&daemon).await;
    viewer.video(5).await;
    say(&viewer, "talk of no /state");
    say(&viewer, "/record start");
    say(&viewer, "/state");
    let answer = answer(&viewer, 1).await;
    let state = &answer["state"];
    assert_eq!(state["member"], "gateway", "the first answer is that to the only question that is allowed: {answer:#}");
    assert_eq!(state["you"]["id"], "ann");
    assert_eq!(state["you"]["connection"], "connected");
    assert_eq!(state["recordings"], 0);
    let sources = state["sources"].as_array().unwrap();
    assert!(sources.iter().any(|source| source["kind"] == "video" && source["state"] == "running"), "{answer:#}");
    assert!(sources.iter().all(|source| source.get("spec").is_none()), "what is captured is not theirs to know");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_only_who_has_asked_hears_the_answer() {
    let members = ["one", "two"].map(|name| format!("[[member]]\nid = \"box\"\nroom = \"embedded:{name}\"\n"));
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(format!("[messages]\nasks = [\"state\", \"record\"]\n{}", members.concat()).as_bytes()).unwrap();
    let silent = ["--stun", "none", "--video", "none", "--audio", "none"];
    let daemon = Daemon::run(&[&["--config", file.path().to_str().unwrap()], silent.as_slice()].concat()).await;
    let join = async |room: &str| Viewer::join(&daemon.ws(&format!("/signal/{room}")), Options::new("ann")).await;
    let (one, two) = (join("one").await, join("two").await);
    for viewer in [&one, &two] {
        viewer.channel().await;
    }
    say(&one, "/state");
    assert_eq!(answer(&one, 1).await["state"]["member"], "box");
    say(&two, "/record stop");
    assert_eq!(answer(&two, 1).await["ended"], 0, "and not what her namesake was told, by ours in the other room");
}

#[tokio::test(flavor = "multi_thread")]
async fn not_to_end_what_the_configuration_has_recorded() {
    let recordings = Recordings::new();
    let daemon = Daemon::recording("remote", recordings.dir(), "[messages]\nasks = [\"record\"]\n").await;
    let viewer = viewer(&daemon).await;
    // Nothing has come of her yet, so nothing is written.
    say(&viewer, "/record start");
    assert_eq!(answer(&viewer, 1).await["recording"], 2);
    say(&viewer, "/record stop");
    assert_eq!(answer(&viewer, 2).await["ended"], 1, "that of ourselves");
    let hers = |state: &Value| state["recordings"].as_array().is_some_and(|all| all.iter().any(|one| one["peer"] == "ann"));
    daemon.wait_for_state(std::time::Duration::from_secs(20), hers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_record_what_everybody_sends() {
    let recordings = Recordings::new();
    let daemon = Daemon::recording("none", recordings.dir(), "[messages]\nasks = [\"record\"]\n").await;
    let viewer = viewer(&daemon).await;
    say(&viewer, "/record start");
    assert_eq!(answer(&viewer, 1).await["recording"], 2, "the viewer, who sends nothing, and ourselves");
    let is_written = |state: &Value| {
        let running = state["recordings"].as_array().unwrap();
        running.iter().any(|one| one["peer"].is_null() && one["bytes"].as_u64() > Some(20_000))
    };
    daemon.wait_for_state(std::time::Duration::from_secs(20), is_written).await;
    say(&viewer, "/record stop");
    assert_eq!(answer(&viewer, 2).await["ended"], 2);
    let segments = recordings.settled(1).await;
    segments[0].is_what_its_manifest_says();
    say(&viewer, "/record stop");
    assert_eq!(answer(&viewer, 3).await["ended"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn but_not_to_end_what_others_have_begun() {
    let recordings = Recordings::new();
    let daemon = Daemon::recording("local", recordings.dir(), "[messages]\nasks = [\"record\"]\n").await;
    let viewer = viewer(&daemon).await;
    let runs = |state: &Value| state["recordings"].as_array().is_some_and(|running| running.len() == 1);
    let own = daemon.wait_for_state(std::time::Duration::from_secs(20), runs).await;
    say(&viewer, "/record start");
    assert_eq!(answer(&viewer, 1).await["recording"], 2);
    say(&viewer, "/record stop");
    assert_eq!(answer(&viewer, 2).await["ended"], 1, "that of the viewer");
    let left = daemon.wait_for_state(std::time::Duration::from_secs(20), runs).await;
    assert_eq!(left["recordings"][0]["id"], own["recordings"][0]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_shows_in_no_more_than_a_message() {
    // Noise, of which no JPEG in full size has so few bytes.
    let text = "[messages]\nasks = [\"snapshot\"]\n[video.noise]\nsource = \"test\"\npattern = \"snow\"\nsize = \"1280x720\"\nfps = 10\n\
                [video.bars]\nsource = \"test\"\nsize = \"320x180\"\n[[member]]\nvideo = \"bars\"\n";
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let more = ["--config", file.path().to_str().unwrap(), "--stun", "none", "--id", "gateway"];
    let daemon = Daemon::run(&more).await;
    let viewer = viewer(&daemon).await;
    for (count, question, source) in [(1, "/snapshot bars", "bars"), (2, "/snapshot noise", "noise")] {
        say(&viewer, question);
        let answer = answer(&viewer, count).await;
        let shown = &answer["snapshot"];
        assert_eq!(shown["source"], source, "{answer:#}");
        let jpeg = STANDARD.decode(shown["jpeg"].as_str().unwrap()).unwrap();
        let picture = Picture::of_jpeg(&jpeg).await;
        assert_eq!((shown["width"].as_u64(), shown["height"].as_u64()), (Some(picture.width as u64), Some(picture.height as u64)));
        match source {
            "bars" => assert_eq!((picture.width, picture.height), (320, 180), "it fits as it is"),
            _ => assert!((160..1280).contains(&picture.width), "{}x{}", picture.width, picture.height),
        }
    }
    say(&viewer, "/snapshot nowhere");
    let told = answer(&viewer, 3).await["error"].take();
    assert!(told.as_str().unwrap().contains("no source is named nowhere"), "{told}");
}
