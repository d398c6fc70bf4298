//! docs/openapi.json says what the API does: each route, what it is asked, each answer.

use std::{collections::BTreeSet, fs, time::Duration};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::common::{
    control::Control,
    daemon::Daemon,
    openapi::{self, is_described, keeps_to},
    recordings::Recordings,
    reports,
    str0m_peer::{Options, Viewer},
};

/// Each `.route("/x", get(a).post(b))` of the API's sources.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for file in fs::read_dir("src/api").unwrap() {
        let path = file.unwrap().path();
        // Those of the page are no part of it.
        if path.ends_with("page.rs") {
            continue;
        }
        let below = if path.ends_with("metrics.rs") { "" } else { "/api" };
        let source = fs::read_to_string(path).unwrap();
        for route in source.split(".route(\"").skip(1) {
            let (path, handlers) = route.split_once("\", ").unwrap();
            // Up to the bracket that closes the call.
            let mut depth = 1;
            let end = handlers.find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            for method in ["get", "post", "put", "delete"] {
                let handlers = &handlers[..end.unwrap()];
                if handlers.starts_with(&format!("{method}(")) || handlers.contains(&format!(".{method}(")) {
                    routes.insert(format!("{} {below}{path}", method.to_uppercase()));
                }
            }
        }
    }
    routes
}

/// The variants of an enum of src/report, as JSON has them.
fn variants(name: &str) -> BTreeSet<String> {
    let files = fs::read_dir("src/report").unwrap().map(|entry| entry.unwrap().path());
    let sources: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let body = sources.split_once(&format!("pub enum {name} {{\n")).unwrap().1.split_once("\n}\n").unwrap().0;
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants.map(|line| snake_case(line.trim_end_matches([',', '{', ' ']))).collect()
}

/// `PeerJoined`: `peer_joined`
fn snake_case(name: &str) -> String {
    let lower = |(at, c): (usize, char)| {
        let gap = (c.is_ascii_uppercase() && at > 0).then_some('_');
        gap.into_iter().chain([c.to_ascii_lowercase()])
    };
    name.char_indices().flat_map(lower).collect()
}

#[test]
fn each_route_is_described_and_nothing_else() {
    assert_eq!(openapi::requests(), routes());
}

#[test]
fn each_part_of_a_path_is_described() {
    for request in openapi::requests() {
        let parameters = openapi::operation(&request)["parameters"].as_array().cloned().unwrap_or_default();
        let of_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let described: Vec<_> = of_path.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        let parts = request.split('{').skip(1).map(|part| part.split_once('}').unwrap().0);
        assert_eq!(described, parts.collect::<Vec<_>>(), "{request}");
    }
}

#[test]
fn api_md_has_the_same_requests_with_the_same_answers() {
    let page = fs::read_to_string("docs/api.md").unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| request |")).skip(2);
    let mut requests = BTreeSet::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let request = cells[0].trim_matches('`');
        let words = cells[2].split(|c: char| !c.is_ascii_alphanumeric());
        let told: BTreeSet<_> = words.filter(|word| word.len() == 3 && word.parse::<u16>().is_ok()).collect();
        let described = openapi::operation(request)["responses"].as_object().unwrap();
        let described: BTreeSet<_> = described.keys().map(String::as_str).filter(|key| *key != "default").collect();
        assert_eq!(told, described, "{request}");
        requests.insert(request.to_owned());
    }
    assert_eq!(requests, openapi::requests());
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_as_all_else_is() {
    let control = Control::start().await;
    for request in openapi::requests().iter().filter(|request| request.contains('{')) {
        let (method, path) = request.split_once(' ').unwrap();
        let path: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "%FF" } else { part }).collect();
        let asked = control.request(method.parse().unwrap(), &path.join("/")).header("content-type", "application/json");
        let answer = asked.body("{}").send().await.unwrap();
        assert!(answer.text().await.unwrap().starts_with("{\"error\":"), "{request}");
    }
}

#[test]
fn each_kind_of_a_thing_is_described() {
    for (name, schema) in [("RelayState", "Relay"), ("Condition", "Condition"), ("RecordingCondition", "RecordingCondition")] {
        assert_eq!(openapi::words(schema, "state"), variants(name), "{name}");
    }
    let mut events = variants("Event");
    // Not the gateway's, but of the stream itself.
    events.insert("lost".to_owned());
    assert_eq!(openapi::words("Event", "event"), events);
    let connections = openapi::document()["components"]["schemas"]["Connection"]["enum"].clone();
    assert_eq!(serde_json::from_value::<BTreeSet<String>>(connections).unwrap(), variants("Connection"));
}

#[test]
fn a_state_with_all_there_can_be_is_as_described_and_less_is_not() {
    let state = serde_json::to_value(reports::full()).unwrap();
    keeps_to("State", &state);
    for path in ["/members/0/relay/since", "/members/0/peers/0/link/lost", "/disk/free", "/encoders/0/takers"] {
        let mut less = state.clone();
        let (parent, field) = path.rsplit_once('/').unwrap();
        less.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
        assert!(!openapi::errors("State", &less).is_empty(), "without {path}");
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let control = Control::start().await;
    let answer = control.request(Method::GET, "/api/openapi.json").send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), *openapi::document());
    assert_eq!(openapi::document()["info"]["version"], env!("CARGO_PKG_VERSION"));
}

/// A daemon that records itself, with a viewer in its room.
struct Scene {
    daemon: Daemon,
    _viewer: Viewer,
    _recordings: Recordings,
    recording: String,
    seen: BTreeSet<String>,
}

impl Scene {
    async fn new() -> Self {
        let recordings = Recordings::new();
        let daemon = Daemon::recording("local", recordings.dir(), "").await;
        let viewer = Viewer::join(&daemon.ws("/signal"), Options::new("ann")).await;
        daemon.peer("ann", |peer| peer["channel"]["open"] == true).await;
        let limit = Duration::from_secs(20);
        let state = daemon.wait_for_state(limit, |state| state["recordings"][0]["bytes"].as_u64() > Some(10_000)).await;
        let recording = state["recordings"][0]["id"].as_str().unwrap().to_owned();
        Self { daemon, _viewer: viewer, _recordings: recordings, recording, seen: BTreeSet::new() }
    }

    /// Asks for `request` with its parts filled in, and sees that the answer, with this status, is described.
    async fn asks(&mut self, request: &str, parts: &[(&str, &str)], body: Option<Value>, status: u16) {
        let (method, path) = request.split_once(' ').unwrap();
        let path = parts.iter().fold(path.to_owned(), |path, (part, with)| path.replace(part, with));
        if let Some(body) = &body
            && status < 400
        {
            let schema = &openapi::operation(request)["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            keeps_to(schema.as_str().unwrap().rsplit('/').next().unwrap(), body);
        }
        let asked = Client::new().request(method.parse().unwrap(), self.daemon.http(&path));
        let asked = body.iter().fold(asked, |asked, body| asked.json(body));
        let answer = asked.send().await.unwrap();
        assert_eq!(is_described(request, answer).await, status, "{request}: {path}");
        if status < 400 {
            self.seen.insert(request.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_is_as_described() {
    let mut scene = Scene::new().await;
    let hello = Some(json!({ "text": "hello" }));
    let recording = scene.recording.clone();
    let (ann, nobody) = ([("{id}", "ann")], [("{id}", "nobody")]);
    for plain in ["/api/state", "/api/log", "/api/openapi.json", "/api/events", "/metrics"] {
        scene.asks(&format!("GET {plain}"), &[], None, 200).await;
    }
    scene.asks("POST /api/messages", &[], hello.clone(), 200).await;
    scene.asks("POST /api/messages", &[], Some(json!({ "text": 1 })), 400).await;
    scene.asks("POST /api/peers/{id}/messages", &ann, Some(json!({ "base64": "AP8=" })), 200).await;
    scene.asks("POST /api/peers/{id}/messages", &nobody, hello, 404).await;
    scene.asks("PUT /api/log", &[], Some(json!({ "filter": "info" })), 204).await;
    scene.asks("PUT /api/log", &[], Some(json!({ "filter": "peergate=loud" })), 400).await;
    scene.asks("POST /api/reload", &[], None, 200).await;
    let snapshot = "GET /api/sources/{name}/snapshot.jpg";
    for (source, status) in [("picture", 200), ("sound", 422), ("nothing", 404)] {
        scene.asks(snapshot, &[("{name}", source)], None, status).await;
    }

    let one = [("{id}", recording.as_str()), ("{sequence}", "0")];
    let none = [("{id}", "0123456789ab"), ("{sequence}", "0")];
    scene.asks("GET /api/recordings", &[], None, 200).await;
    for request in ["GET /api/recordings/{id}/{sequence}", "GET /api/recordings/{id}/{sequence}/manifest"] {
        scene.asks(request, &one, None, 200).await;
        scene.asks(request, &none, None, 404).await;
    }
    scene.asks("POST /api/recordings/{id}/{sequence}/link", &one, None, 201).await;
    scene.asks("POST /api/recordings/{id}/{sequence}/link", &none, None, 404).await;
    for request in ["PUT /api/recordings/{id}/pinned", "DELETE /api/recordings/{id}/pinned", "DELETE /api/recordings/{id}"] {
        scene.asks(request, &none, None, 404).await;
        scene.asks(request, &one, None, 204).await;
    }
    scene.asks("POST /api/recordings", &[], Some(json!({ "what": "local" })), 201).await;
    scene.asks("POST /api/recordings", &[], Some(json!({ "peer": "nobody" })), 404).await;
    scene.asks("DELETE /api/peers/{id}", &ann, None, 204).await;
    scene.asks("DELETE /api/peers/{id}", &nobody, None, 404).await;
    assert_eq!(scene.seen, openapi::requests(), "each was answered once at least");
}
