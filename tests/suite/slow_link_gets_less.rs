//! A viewer gets what its link bears, and costs the others nothing.

use std::{
    io::Write,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use peergate::codec::{Codec, MediaKind};
use serde_json::Value;

use crate::common::{
    daemon::Daemon,
    netns::{self, Host},
    plain_relay::PlainRelay,
    str0m_peer::{Options, Track, Viewer},
};

/// How long a viewer waits for a lost packet. A browser goes on with the next keyframe in any case, str0m does not.
const PATIENCE: Duration = Duration::from_millis(300);

const TOKEN: &str = "a-token-of-the-test";

/// A gateway on a host of its own, and viewers, one of them behind a link of its own.
struct Scene {
    host: Host,
    gateway: Daemon,
    relay: PlainRelay,
    slow_address: Ipv4Addr,
    _token: tempfile::NamedTempFile,
}

/// What a viewer has seen at one moment.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    frames: u64,
    gaps: u64,
    sound: u64,
    sound_gaps: u64,
}

impl Scene {
    async fn new(bitrate: &str, more: &[&str]) -> Self {
        let host = Host::new();
        let relay = PlainRelay::start_on(host.router).await;
        let mut token = tempfile::NamedTempFile::new().unwrap();
        token.write_all(TOKEN.as_bytes()).unwrap();
        let mut command = host.command(env!("CARGO_BIN_EXE_peergate"));
        command.args(["run", "--listen", &format!("{}:0", host.address), "--control-token-file"]).arg(token.path());
        command.args(["--stun", "none", "--size", "960x540", "--bitrate", bitrate, "--codec", "h264"]);
        command.args(["--room", relay.url()]).args(more);
        let gateway = Daemon::start(command).await;
        let scene = Self { host, gateway, relay, slow_address: netns::another_address(), _token: token };
        let is_in_room = |state: &Value| state["members"][0]["relay"]["state"] == "connected";
        scene.until("a gateway in the room", Duration::from_secs(10), is_in_room).await;
        scene
    }

    async fn viewer(&self, id: &str) -> Viewer {
        Viewer::join(self.relay.url(), Options::new(id).codecs(&[Codec::H264, Codec::Opus])).await
    }

    async fn slow_viewer(&self) -> Viewer {
        let options = Options::new("slow").codecs(&[Codec::H264, Codec::Opus]);
        Viewer::join(self.relay.url(), Options { address: self.slow_address.into(), patience: PATIENCE, ..options }).await
    }

    async fn state(&self) -> Value {
        let request = reqwest::Client::new().get(self.gateway.http("/api/state")).bearer_auth(TOKEN);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    async fn until(&self, what: &str, limit: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let state = self.state().await;
            if is_so(&state) {
                return state;
            }
            assert!(begun.elapsed() < limit, "wanted {what} within {limit:?}; the state is {state:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn peer<'a>(state: &'a Value, id: &str) -> &'a Value {
    state["members"][0]["peers"].as_array().unwrap().iter().find(|peer| peer["id"] == id).unwrap_or(&Value::Null)
}

/// The rung of the pictures that a peer is sent.
fn rung(state: &Value, id: &str) -> Option<u64> {
    let sending = peer(state, id)["sending"].as_array()?;
    sending.iter().find(|track| track["kind"] == "video")?["rung"].as_u64()
}

fn encoder(state: &Value, rung: u64) -> &Value {
    let mut encoders = state["encoders"].as_array().unwrap().iter();
    encoders.find(|encoder| encoder["codec"] == "h264" && encoder["rung"] == rung).unwrap()
}

fn seen(viewer: &Viewer) -> Seen {
    let view = viewer.view();
    let of = |kind: MediaKind| view.tracks().find(|track| track.codec.kind() == kind);
    let count = |kind, what: fn(&Track) -> u64| of(kind).map_or(0, what);
    Seen {
        at: Instant::now(),
        frames: count(MediaKind::Video, |track| track.frames),
        gaps: count(MediaKind::Video, |track| track.gaps),
        sound: count(MediaKind::Audio, |track| track.frames),
        sound_gaps: count(MediaKind::Audio, |track| track.gaps),
    }
}

/// What all see, ten times a second, for so long.
async fn watch<const COUNT: usize>(viewers: [&Viewer; COUNT], time: Duration) -> [Vec<Seen>; COUNT] {
    let mut all = [const { Vec::new() }; COUNT];
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    let begun = Instant::now();
    while begun.elapsed() < time {
        turns.tick().await;
        for (viewer, seen_by) in viewers.iter().zip(&mut all) {
            seen_by.push(seen(viewer));
        }
    }
    all
}

/// The fewest frames of any second. A busy machine may make a second longer.
fn slowest(seen: &[Seen]) -> u64 {
    let second = |from: &Seen| {
        let to = seen.iter().find(|to| to.at - from.at >= Duration::from_secs(1))?;
        Some(((to.frames - from.frames) as f64 / (to.at - from.at).as_secs_f64()).round() as u64)
    };
    seen.iter().filter_map(second).min().unwrap()
}

/// The frames of a second, on the whole.
fn each_second(seen: &[Seen]) -> f64 {
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    (last.frames - first.frames) as f64 / (last.at - first.at).as_secs_f64()
}

fn after(seen: &[Seen], begun: Instant, time: Duration) -> &[Seen] {
    let index = seen.iter().position(|seen| seen.at >= begun + time).unwrap();
    &seen[index..]
}

fn gaps(seen: &[Seen]) -> u64 {
    seen[seen.len() - 1].gaps - seen[0].gaps
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_is_cut_to_a_tenth_plays_on_and_the_others_notice_nothing() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let (slow, one, two) = tokio::join!(scene.slow_viewer(), scene.viewer("one"), scene.viewer("two"));
    tokio::join!(slow.video(90), one.video(90), two.video(90));
    let state = scene.state().await;
    assert_eq!((rung(&state, "slow"), rung(&state, "one")), (Some(0), Some(0)), "{state:#}");
    let keyframes = encoder(&state, 0)["keyframes"].as_u64().unwrap();

    let before = [seen(&one), seen(&two)];
    scene.host.set_link(500);
    let begun = Instant::now();
    let [by_slow, by_one, by_two] = watch([&slow, &one, &two], Duration::from_secs(12)).await;
    let state = scene.state().await;
    let two_seconds_later = after(&by_slow, begun, Duration::from_secs(2));
    assert!(slowest(two_seconds_later) >= 18, "it plays on within 2 s: {by_slow:?}\n{state:#}");
    assert_eq!(gaps(two_seconds_later), 0, "{by_slow:?}\n{state:#}");
    let (first, last) = (two_seconds_later[0], two_seconds_later[two_seconds_later.len() - 1]);
    assert_eq!(last.sound_gaps, first.sound_gaps, "sound has its share: {by_slow:?}");
    assert!(last.sound - first.sound > 450, "{by_slow:?}");

    for (by_other, before) in [by_one, by_two].iter().zip(before) {
        assert!(each_second(by_other) > 28.0, "{by_other:?}");
        assert_eq!(by_other[by_other.len() - 1].gaps, before.gaps);
    }
    assert_eq!((rung(&state, "slow"), rung(&state, "one"), rung(&state, "two")), (Some(1), Some(0), Some(0)));
    assert_eq!(encoder(&state, 0)["bitrate"], 2_000_000, "{state:#}");
    assert!(encoder(&state, 0)["keyframes"].as_u64().unwrap() <= keyframes + 1, "{state:#}");
    assert!(peer(&state, "slow")["link"]["estimate"].as_u64().unwrap() < 700_000, "{state:#}");

    scene.host.set_link(5000);
    let up = scene.until("the full picture again", Duration::from_secs(80), |state| rung(state, "slow") == Some(0)).await;
    assert_eq!(encoder(&up, 0)["bitrate"], 2_000_000, "{up:#}");
    let [by_slow] = watch([&slow], Duration::from_secs(5)).await;
    assert!(slowest(&by_slow) >= 18 && gaps(&by_slow) == 0, "{by_slow:?}");
    assert_eq!(rung(&scene.state().await, "slow"), Some(0), "it stays there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_viewers_encoder_follows_its_link() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let slow = scene.slow_viewer().await;
    slow.video(90).await;
    scene.host.set_link(1500);
    let follows = |state: &Value| (900_000..1_500_000).contains(&encoder(state, 0)["bitrate"].as_u64().unwrap());
    scene.until("an encoder that follows", Duration::from_secs(5), follows).await;
    let [by_slow] = watch([&slow], Duration::from_secs(10)).await;
    let state = scene.state().await;
    assert!(slowest(after(&by_slow, by_slow[0].at, Duration::from_secs(2))) >= 18, "{by_slow:?}\n{state:#}");
    assert_eq!(rung(&state, "slow"), Some(0), "{state:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_packet_in_ten_lost_is_sent_again_and_no_reason_to_send_less() {
    let scene = Scene::new("2000k", &[]).await;
    let (slow, other) = tokio::join!(scene.slow_viewer(), scene.viewer("other"));
    tokio::join!(slow.video(60), other.video(60));
    scene.host.lose_to(scene.slow_address, 0.1);
    let [by_slow, by_other] = watch([&slow, &other], Duration::from_secs(12)).await;
    let state = scene.state().await;
    assert!(each_second(&by_slow) > 24.0, "{by_slow:?}\n{state:#}");
    assert!(gaps(&by_other) == 0, "{by_other:?}\n{state:#}");
    assert_eq!((rung(&state, "slow"), rung(&state, "other")), (Some(0), Some(0)), "{state:#}");
    assert!(scene.host.lost() > 100, "{} packets were lost", scene.host.lost());
    assert!(peer(&state, "slow")["link"]["lost"].as_f64().unwrap() > 0.03, "{state:#}");
}

/// Takes the extension by which arrivals are told out of an answer.
fn without_arrivals(sdp: &str) -> String {
    let lines = sdp.split_inclusive("\r\n");
    lines.filter(|line| !(line.starts_with("a=extmap:") && line.contains("transport-wide-cc"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_tell_of_arrivals_is_judged_by_its_reports() {
    let scene = Scene::new("2000k", &[]).await;
    scene.host.link_to(&format!("{}/32", scene.slow_address), 5000);
    let options = Options::new("slow").codecs(&[Codec::H264, Codec::Opus]);
    let options =
        Options { address: scene.slow_address.into(), patience: PATIENCE, rewrite: Some(without_arrivals), ..options };
    let slow = Viewer::join(scene.relay.url(), options).await;
    let other = scene.viewer("other").await;
    tokio::join!(slow.video(60), other.video(60));
    let judged = |state: &Value| peer(state, "slow")["link"]["estimate"].is_u64();
    let state = scene.until("a first report", Duration::from_secs(10), judged).await;
    assert_eq!(peer(&state, "slow")["link"]["by_arrival"], false, "{state:#}");
    scene.host.set_link(500);
    scene.until("a smaller picture", Duration::from_secs(10), |state| rung(state, "slow") == Some(1)).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let [by_slow] = watch([&slow], Duration::from_secs(5)).await;
    assert!(slowest(&by_slow) >= 18, "{by_slow:?}\n{:#}", scene.state().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_leave_the_box_is_shared_out() {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(b"[encode]\nuplink = '1500k'\n").unwrap();
    let scene = Scene::new("1000k", &["--config", file.path().to_str().unwrap()]).await;
    let one = scene.viewer("one").await;
    one.video(30).await;
    let alone = scene.state().await;
    assert_eq!(encoder(&alone, 0)["bitrate"], 1_000_000, "there is enough for one: {alone:#}");
    let two = scene.viewer("two").await;
    two.video(30).await;
    // 174 kbit/s are for their sound, the half of the rest for each one's pictures.
    let shared = |state: &Value| (600_000..640_000).contains(&encoder(state, 0)["bitrate"].as_u64().unwrap());
    scene.until("half of it for each", Duration::from_secs(5), shared).await;
    let state = scene.state().await;
    assert_eq!((rung(&state, "one"), rung(&state, "two")), (Some(0), Some(0)), "{state:#}");
}
