//! Recordings over the API: started for one and for all, with the seconds before; ended, listed, downloaded and pinned.

use std::time::Duration;

use peergate::{
    codec::{Codec, MediaKind},
    recording::manifest::State,
};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::common::{camera::Camera, daemon::Daemon, flash_and_beep::FlashAndBeep, recordings::Recordings};

/// How long a file may take to be whole once its recording has ended.
const WHOLE_LIMIT: Duration = Duration::from_secs(2);

/// What is kept of the time before.
const SETTINGS: &str = "[record]\nbefore = '3s'\n";

struct Scene {
    recordings: Recordings,
    gateway: Daemon,
    media: FlashAndBeep,
    cameras: Vec<Camera>,
}

impl Scene {
    /// A gateway that records nobody yet, and cameras of these ids.
    async fn new(ids: &[&str]) -> Self {
        let recordings = Recordings::new();
        let gateway = Daemon::recording("none", recordings.dir(), SETTINGS).await;
        let media = FlashAndBeep::start(Codec::Vp8).await;
        let mut cameras = Vec::new();
        for id in ids {
            cameras.push(Camera::join(&gateway, id, &media).await);
        }
        Self { recordings, gateway, media, cameras }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = Client::new().request(method, self.gateway.http(&format!("/api/recordings{path}")));
        let request = body.iter().fold(request, |request, body| request.json(body));
        request.send().await.unwrap()
    }

    /// Starts what `body` says; the ids of the recordings.
    async fn start(&self, body: Value) -> Vec<String> {
        let response = self.ask(Method::POST, "", Some(body)).await;
        assert_eq!(response.status(), 201);
        let started: Value = response.json().await.unwrap();
        serde_json::from_value(started["recordings"].clone()).unwrap()
    }

    async fn end(&self, id: &str) {
        assert_eq!(self.ask(Method::DELETE, &format!("/{id}"), None).await.status(), 204);
    }

    async fn list(&self) -> Value {
        self.ask(Method::GET, "", None).await.json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_recorded_with_the_seconds_before_until_that_is_ended() {
    let scene = Scene::new(&["front", "back"]).await;
    let front = &scene.cameras[0];
    front.goes_on(&scene.gateway, MediaKind::Video, 120).await;
    let asked = scene.media.now();
    let ids = scene.start(json!({ "peer": "front", "before_ms": 2000 })).await;
    let [id] = ids.as_slice() else { panic!("one recording: {ids:?}") };
    front.goes_on(&scene.gateway, MediaKind::Video, 60).await;
    let running = scene.list().await["running"].clone();
    assert_eq!((running.as_array().unwrap().len(), &running[0]["peer"]), (1, &json!("front")), "{running:#}");
    scene.end(id).await;
    let segments = scene.recordings.settled_within(WHOLE_LIMIT, 1).await;
    let [segment] = segments.as_slice() else { panic!("one file: {segments:#?}") };
    assert_eq!(segment.manifest.state, State::Finished);
    segment.is_what_its_manifest_says();
    let (first, last) = (segment.numbers()[0].1, segment.numbers().last().unwrap().1);
    let before = asked.as_secs_f64() - f64::from(first) / 30.0;
    // Back to the keyframe before the two seconds; there is one each second.
    assert!((1.8..3.2).contains(&before), "{before} s of the time before");
    assert!(f64::from(last) / 30.0 > asked.as_secs_f64() + 1.5, "and what came since");
    assert_eq!(scene.list().await["running"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_recorded_and_we_ourselves() {
    let scene = Scene::new(&["front", "back"]).await;
    let ids = scene.start(json!({ "what": "all" })).await;
    assert_eq!(ids.len(), 3, "{ids:?}");
    let again = scene.start(json!({ "what": "remote" })).await;
    assert!(again.len() == 2 && again.iter().all(|id| ids.contains(id)), "those that run: {again:?}");
    for camera in &scene.cameras {
        camera.goes_on(&scene.gateway, MediaKind::Video, 60).await;
    }
    for id in &ids {
        scene.end(id).await;
    }
    let segments = scene.recordings.settled_within(WHOLE_LIMIT, 3).await;
    assert_eq!(segments.len(), 3);
    for segment in &segments {
        segment.is_what_its_manifest_says();
    }
    let list = scene.list().await["segments"].clone();
    let mut listed: Vec<_> = list.as_array().unwrap().iter().map(|one| one["recording"].as_str().unwrap()).collect();
    let mut started: Vec<_> = ids.iter().map(String::as_str).collect();
    listed.sort_unstable();
    started.sort_unstable();
    assert_eq!(listed, started);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_downloaded_whole_and_in_part_and_pinned() {
    let scene = Scene::new(&["front"]).await;
    let ids = scene.start(json!({ "peer": "front" })).await;
    scene.cameras[0].goes_on(&scene.gateway, MediaKind::Video, 60).await;
    scene.end(&ids[0]).await;
    let segments = scene.recordings.settled_within(WHOLE_LIMIT, 1).await;
    let file = std::fs::read(&segments[0].path).unwrap();
    let path = format!("/{}/0", ids[0]);
    // The keeper reads it a moment after it is sealed.
    let is_listed = |list: &Value| list["segments"][0]["state"] == "finished";
    while !is_listed(&scene.list().await) {}

    let whole = scene.ask(Method::GET, &path, None).await;
    assert_eq!((whole.status().as_u16(), whole.headers()["content-type"].to_str().unwrap()), (200, "video/x-matroska"));
    assert_eq!(whole.bytes().await.unwrap(), file);
    let part = Client::new().get(scene.gateway.http(&format!("/api/recordings{path}")));
    let part = part.header("range", "bytes=100-299").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 100-299/{}", file.len()));
    assert_eq!(part.bytes().await.unwrap(), file[100..300]);
    let manifest: Value = scene.ask(Method::GET, &format!("{path}/manifest"), None).await.json().await.unwrap();
    assert_eq!((&manifest["pinned"], &manifest["recording"]), (&json!(false), &json!(ids[0])));

    for (method, pinned) in [(Method::PUT, true), (Method::DELETE, false)] {
        let response = scene.ask(method, &format!("/{}/pinned", ids[0]), None).await;
        assert_eq!(response.status(), 204);
        assert_eq!(scene.recordings.segments()[0].manifest.pinned, pinned);
        assert_eq!(scene.list().await["segments"][0]["pinned"], pinned);
        scene.recordings.are_chained();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_listed_by_what_is_asked_for_a_page_at_a_time() {
    let scene = Scene::new(&["front", "back"]).await;
    for _ in 0..2 {
        let ids = scene.start(json!({})).await;
        for camera in &scene.cameras {
            camera.goes_on(&scene.gateway, MediaKind::Video, 30).await;
        }
        for id in &ids {
            scene.end(id).await;
        }
    }
    scene.recordings.settled_within(WHOLE_LIMIT, 4).await;
    let list = async |query: &str| -> Value { scene.ask(Method::GET, query, None).await.json().await.unwrap() };
    let files = |list: &Value| -> Vec<String> {
        list["segments"].as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap().to_owned()).collect()
    };
    let all = list("").await;
    assert_eq!((files(&all).len(), &all["next"]), (4, &Value::Null));
    let mut pages = Vec::new();
    let mut next = String::new();
    loop {
        let page = list(&format!("?limit=3{next}")).await;
        pages.extend(files(&page));
        let Some(after) = page["next"].as_str() else { break };
        next = format!("&after={after}");
    }
    assert_eq!(pages, files(&all));
    let front = list("?peer=front&member=gateway").await;
    assert!(files(&front).len() == 2 && files(&front).iter().all(|file| file.contains("/front/")), "{front:#}");
    let one = &front["segments"][1];
    let (id, begun) = (one["recording"].as_str().unwrap(), one["begun"].as_str().unwrap());
    assert_eq!(files(&list(&format!("?recording={id}")).await), [one["file"].as_str().unwrap()]);
    assert_eq!(files(&list(&format!("?peer=front&to={begun}")).await), [files(&front)[0].clone()]);
    let ended = one["ended"].as_str().unwrap();
    assert_eq!(files(&list(&format!("?peer=front&from={ended}")).await), [files(&front)[1].clone()]);

    for (query, words) in [
        ("?limit=0", "expected limit from 1 to 1000, got 0"),
        ("?limit=1001", "got 1001"),
        ("?after=x", "expected what was given as"),
        ("?from=yesterday", "2026-11-30T14:02:11.123Z"),
        ("?who=front", "unknown field"),
    ] {
        let response = scene.ask(Method::GET, query, None).await;
        assert_eq!(response.status(), 400, "{query}");
        let text = response.text().await.unwrap();
        assert!(text.contains(words), "{query}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_runs_is_pinned_with_all_that_comes_of_it() {
    let scene = Scene::new(&["front"]).await;
    let ids = scene.start(json!({ "peer": "front" })).await;
    let pinned = format!("/{}/pinned", ids[0]);
    assert_eq!(scene.ask(Method::PUT, &pinned, None).await.status(), 204);
    scene.cameras[0].goes_on(&scene.gateway, MediaKind::Video, 30).await;
    assert_eq!(scene.list().await["segments"][0]["pinned"], true);
    scene.end(&ids[0]).await;
    let segments = scene.recordings.settled_within(WHOLE_LIMIT, 1).await;
    assert!(segments[0].manifest.pinned);
    segments[0].is_what_its_manifest_says();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_in_words() {
    let scene = Scene::new(&[]).await;
    for (method, path, body, words) in [
        (Method::POST, "", Some(json!({ "peer": "nobody" })), "nobody is there"),
        (Method::DELETE, "/0123456789ab", None, "no recording 0123456789ab"),
        (Method::PUT, "/0123456789ab/pinned", None, "no recording 0123456789ab"),
        (Method::GET, "/0123456789ab/0", None, "no segment 0"),
        (Method::GET, "/0123456789ab/0/manifest", None, "no segment 0"),
        (Method::GET, "/..%2F..%2Fetc/passwd", None, "no segment passwd"),
    ] {
        let response = scene.ask(method.clone(), path, body).await;
        assert_eq!(response.status(), 404, "{method} {path}");
        let text = response.text().await.unwrap();
        assert!(text.contains(words), "{method} {path}: {text}");
    }
    let too_long = scene.ask(Method::POST, "", Some(json!({ "before_ms": 60_001 }))).await;
    assert_eq!(too_long.status(), 400);
}
