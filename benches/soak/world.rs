//! The daemon and all that it lives with: its relay, a screen, a sound server, and a peer that sends.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use peergate::codec::Codec;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    SEATS,
    daemon::{self, Daemon},
    fault::Fault,
    flash_and_beep::FlashAndBeep,
    intruder::intrude,
    loss::Loss,
    peers_in_state::peers,
    pulse::{Home, Playing, Pulse},
    recordings::Recordings,
    relay::{self, Relay},
    str0m_peer::{Options, Viewer},
    visit::{Manner, visit},
    xvfb::{Client, Xvfb},
};

/// The peer that sends.
const SENDER: &str = "sender";
/// How long a screen or a sound server is gone.
const GONE: Duration = Duration::from_secs(3);
/// How long packets are lost.
const LOSSY: Duration = Duration::from_secs(5);
/// How often its state is asked for while something is waited for.
const LOOK: Duration = Duration::from_millis(20);
/// Longer than anything that is waited for takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    daemon: Daemon,
    relay: Option<Relay>,
    display: String,
    screen: Option<Screen>,
    home: Home,
    sound: Option<Sound>,
    /// How many have come who are no viewers.
    strangers: usize,
    _sender: Viewer,
    _sent: FlashAndBeep,
}

/// With something that moves on it.
struct Screen {
    _clock: Client,
    _server: Xvfb,
}

/// With something that is played.
struct Sound {
    _tone: Playing,
    _server: Pulse,
}

impl World {
    /// Starts all of it, and has both recordings run.
    pub(crate) async fn begin(recordings: &str) -> Self {
        let (home, display) = (Home::new(), Xvfb::free_display());
        let (screen, sound) = tokio::join!(Screen::start(&display), Sound::start(&home));
        let relay = Relay::start().await;
        let video = format!("screen:{display}");
        let sources =
            ["--video", &video, "--audio", "monitor", "--size", "640x480", "--fps", "30", "--bitrate", "800k"];
        let recorded = ["--record", "all", "--record-dir", recordings];
        let daemon = Daemon::start(relay::ROOM, &[&sources[..], &recorded].concat()).await;
        let sent = FlashAndBeep::start(Codec::H264).await;
        let options = Options::new(SENDER).meeting(daemon::ID).codecs(&[Codec::H264, Codec::Opus]);
        let options = Options { encoder: Some(sent.encoder.clone()), ..options };
        let sender = Viewer::join(relay::ROOM, options.sending(&sent.picture).sending(&sent.sound)).await;
        let world = Self {
            daemon,
            relay: Some(relay),
            display,
            screen: Some(screen),
            home,
            sound: Some(sound),
            strangers: 0,
            _sender: sender,
            _sent: sent,
        };
        world.until("both recordings run", |state| running(state).len() == 2).await;
        world
    }

    /// The daemon's id.
    pub(crate) fn process(&self) -> u32 {
        self.daemon.process()
    }

    /// Has something go wrong, and mends it; how long the daemon took to make use of what came back.
    pub(crate) async fn strike(&mut self, fault: Fault, viewer: Ipv4Addr) -> Option<Duration> {
        match fault {
            Fault::RelayGone(time) => return Some(self.lose_relay(time).await),
            Fault::ScreenGone => return Some(self.lose_screen().await),
            Fault::SoundGone => return Some(self.lose_sound().await),
            Fault::Visitor => {
                let number = self.next_stranger();
                // Rude ones and polite ones, in all manners.
                visit(relay::ROOM, daemon::ID, number, Manner::of(number)).await;
            }
            Fault::Intruder => self.let_intrude().await,
            Fault::RecordingsEnded => {
                self.end_recordings().await;
                for what in [json!({ "what": "local" }), json!({ "peer": SENDER })] {
                    ask(Method::POST, "/api/recordings", Some(what)).await;
                }
            }
            Fault::Questions => self.ask_questions().await,
            Fault::Stopped => {
                self.signal(libc::SIGSTOP);
                tokio::time::sleep(Fault::STANDSTILL).await;
                self.signal(libc::SIGCONT);
            }
            Fault::Loss => {
                let _loss = Loss::to(viewer);
                tokio::time::sleep(LOSSY).await;
            }
            Fault::ViewerKilled => unreachable!("the audience sees to it"),
        }
        None
    }

    /// What there is that does not belong here, or is not as it is to be; `None` where everything is at rest.
    pub(crate) async fn unrest(&self) -> Option<String> {
        unrest(&self.daemon.state().await)
    }

    /// Waits until everything is at rest.
    pub(crate) async fn comes_to_rest(&self) {
        self.until("everything is at rest", |state| unrest(state).is_none()).await;
    }

    /// Ends the recordings, waits until they are sealed in their `folder`, and ends all of it.
    pub(crate) async fn end(self, folder: &Recordings) {
        self.end_recordings().await;
        folder.settled(2).await;
    }

    async fn lose_relay(&mut self, time: Duration) -> Duration {
        drop(self.relay.take());
        tokio::time::sleep(time).await;
        self.relay = Some(Relay::start().await);
        self.back(|state| state["members"][0]["relay"]["state"] == "connected").await
    }

    async fn lose_screen(&mut self) -> Duration {
        let screen = self.screen.take();
        // It says goodbye to its clients.
        tokio::task::spawn_blocking(|| drop(screen)).await.unwrap();
        tokio::time::sleep(GONE).await;
        self.screen = Some(Screen::start(&self.display).await);
        self.captured("video").await
    }

    async fn lose_sound(&mut self) -> Duration {
        drop(self.sound.take());
        tokio::time::sleep(GONE).await;
        self.sound = Some(Sound::start(&self.home).await);
        self.captured("audio").await
    }

    /// How long it takes until more of this kind is captured.
    async fn captured(&self, kind: &str) -> Duration {
        let source = |state: &Value| {
            let mut sources = state["sources"].as_array().into_iter().flatten();
            sources.find(|source| source["kind"] == kind).cloned().unwrap_or_default()
        };
        let before = source(&self.daemon.state().await)["frames"].as_u64();
        self.back(|state| source(state)["frames"].as_u64() > before).await
    }

    async fn let_intrude(&mut self) {
        let before = self.penalties().await;
        let id = format!("intruder-{}", self.next_stranger());
        let _room = intrude(&id).await;
        self.until("who means no good is ignored", |state| state["members"][0]["penalties"].as_u64() > before).await;
    }

    async fn penalties(&self) -> Option<u64> {
        self.daemon.state().await["members"][0]["penalties"].as_u64()
    }

    async fn end_recordings(&self) {
        for id in running(&self.daemon.state().await) {
            ask(Method::DELETE, &format!("/api/recordings/{id}"), None).await;
        }
        self.until("no recording runs", |state| running(state).is_empty()).await;
    }

    async fn ask_questions(&self) {
        ask(Method::GET, "/api/sources/picture/snapshot.jpg", None).await;
        for filter in ["info", "warn"] {
            ask(Method::PUT, "/api/log", Some(json!({ "filter": filter }))).await;
        }
    }

    fn next_stranger(&mut self) -> usize {
        self.strangers += 1;
        self.strangers
    }

    fn signal(&self, signal: i32) {
        let process = self.daemon.process().try_into().unwrap();
        // SAFETY: it sends a signal to a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(process, signal) }, 0);
    }

    /// How long it takes until it is so.
    async fn back(&self, is_so: impl Fn(&Value) -> bool) -> Duration {
        let begun = Instant::now();
        self.until("what came back is made use of", is_so).await;
        begun.elapsed()
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        let so = async {
            while !is_so(&self.daemon.state().await) {
                tokio::time::sleep(LOOK).await;
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, so).await;
        assert!(outcome.is_ok(), "not within {PATIENCE:?}: {what}");
    }
}

impl Screen {
    async fn start(display: &str) -> Self {
        let display = display.to_owned();
        tokio::task::spawn_blocking(move || {
            let server = Xvfb::start_on(&display);
            let clock = server.run("xclock", &["-analog", "-update", "1", "-geometry", "400x400+100+40"]);
            Self { _clock: clock, _server: server }
        })
        .await
        .unwrap()
    }
}

impl Sound {
    async fn start(home: &Home) -> Self {
        let home = home.clone();
        tokio::task::spawn_blocking(move || {
            let server = Pulse::start(&home);
            Self { _tone: server.play(440), _server: server }
        })
        .await
        .unwrap()
    }
}

fn unrest(state: &Value) -> Option<String> {
    let peers = peers(state);
    let named = |one: &Value, name: &str, how: &Value| format!("{} is {}", one[name], how);
    let unconnected = peers.iter().find(|peer| peer["connection"] != "connected");
    let sources = state["sources"].as_array().into_iter().flatten();
    let mut unready = sources.filter(|source| source["condition"]["state"] != "running");
    // Those who look on, and the one who sends.
    let many = (peers.len() != SEATS + 1).then(|| format!("{} peers", peers.len()));
    let recorded = (running(state).len() != 2).then(|| format!("{} recordings", running(state).len()));
    unconnected
        .map(|peer| named(peer, "id", &peer["connection"]))
        .or(many)
        .or_else(|| unready.next().map(|source| named(source, "name", &source["condition"]["state"])))
        .or(recorded)
}

/// The ids of recordings that run.
fn running(state: &Value) -> Vec<String> {
    let recordings = state["recordings"].as_array().into_iter().flatten();
    recordings.filter_map(|one| one["id"].as_str()).map(str::to_owned).collect()
}

/// Asks for something over the API, and gets it.
async fn ask(method: Method, path: &str, body: Option<Value>) {
    let request = reqwest::Client::new().request(method, daemon::url(path));
    let request = body.iter().fold(request, |request, body| request.json(body));
    request.send().await.unwrap().error_for_status().unwrap();
}
