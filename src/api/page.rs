//! The page and the dashboard: the files of `web/`, held in the binary. They need no build, and nothing from anywhere else.
//! One file is written here, with what was configured: `/ice.js`.

use axum::{
    Router,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    routing::get,
};
use serde_json::json;
use tokio::sync::watch;

use crate::ice::HostPort;

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// A path, what kind of text it is, and the text.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("../../web/index.html")),
    ("/dashboard", HTML, include_str!("../../web/dashboard.html")),
    ("/style.css", STYLE, include_str!("../../web/style.css")),
    ("/icon.svg", IMAGE, include_str!("../../web/icon.svg")),
    ("/ids.js", SCRIPT, include_str!("../../web/ids.js")),
    ("/key_form.js", SCRIPT, include_str!("../../web/key_form.js")),
    ("/keys.js", SCRIPT, include_str!("../../web/keys.js")),
    ("/main.js", SCRIPT, include_str!("../../web/main.js")),
    ("/media.js", SCRIPT, include_str!("../../web/media.js")),
    ("/messages.js", SCRIPT, include_str!("../../web/messages.js")),
    ("/notices.js", SCRIPT, include_str!("../../web/notices.js")),
    ("/pace.js", SCRIPT, include_str!("../../web/pace.js")),
    ("/peer.js", SCRIPT, include_str!("../../web/peer.js")),
    ("/relay.js", SCRIPT, include_str!("../../web/relay.js")),
    ("/relay_status.js", SCRIPT, include_str!("../../web/relay_status.js")),
    ("/room.js", SCRIPT, include_str!("../../web/room.js")),
    ("/sending.js", SCRIPT, include_str!("../../web/sending.js")),
    ("/statistics.js", SCRIPT, include_str!("../../web/statistics.js")),
    ("/tile.js", SCRIPT, include_str!("../../web/tile.js")),
    ("/tiles.js", SCRIPT, include_str!("../../web/tiles.js")),
    ("/trust.js", SCRIPT, include_str!("../../web/trust.js")),
    ("/words.js", SCRIPT, include_str!("../../web/words.js")),
    ("/dashboard/api.js", SCRIPT, include_str!("../../web/dashboard/api.js")),
    ("/dashboard/chart.js", SCRIPT, include_str!("../../web/dashboard/chart.js")),
    ("/dashboard/entry.js", SCRIPT, include_str!("../../web/dashboard/entry.js")),
    ("/dashboard/events.js", SCRIPT, include_str!("../../web/dashboard/events.js")),
    ("/dashboard/gateway.js", SCRIPT, include_str!("../../web/dashboard/gateway.js")),
    ("/dashboard/kept.js", SCRIPT, include_str!("../../web/dashboard/kept.js")),
    ("/dashboard/list.js", SCRIPT, include_str!("../../web/dashboard/list.js")),
    ("/dashboard/main.js", SCRIPT, include_str!("../../web/dashboard/main.js")),
    ("/dashboard/media.js", SCRIPT, include_str!("../../web/dashboard/media.js")),
    ("/dashboard/peers.js", SCRIPT, include_str!("../../web/dashboard/peers.js")),
    ("/dashboard/player.js", SCRIPT, include_str!("../../web/dashboard/player.js")),
    ("/dashboard/running.js", SCRIPT, include_str!("../../web/dashboard/running.js")),
    ("/dashboard/words.js", SCRIPT, include_str!("../../web/dashboard/words.js")),
    ("/dashboard/style.css", STYLE, include_str!("../../web/dashboard/style.css")),
];

/// The module that is written here.
const ICE: &str = "/ice.js";

/// The page loads what is its own and nothing else, no one frames it, and no script is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Camera, microphone and screen are for the page itself.
const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self)";

/// The page at `/`, the dashboard at `/dashboard`, and their files beside them. The page asks the STUN server that the gateway
/// asks.
pub fn router<S: Clone + Send + Sync + 'static>(stun: watch::Receiver<Option<HostPort>>) -> Router<S> {
    let router = Router::new().route(ICE, get(move || async move { (headers(SCRIPT), ice(stun.borrow().as_ref())) }));
    FILES.iter().fold(router, |router, &(path, kind, text)| {
        router.route(path, get(move || async move { (headers(kind), text) }))
    })
}

/// `RTCConfiguration.iceServers` as a module. No TURN server: its password would be everyone's, and the gateway's own
/// relayed candidates reach whoever needs one.
fn ice(stun: Option<&HostPort>) -> String {
    let servers: Vec<_> = stun.iter().map(|server| json!({ "urls": format!("stun:{server}") })).collect();
    format!("// The servers that the gateway asks, too.\nexport const ICE_SERVERS = {};\n", json!(servers))
}

fn headers(kind: &'static str) -> [(HeaderName, HeaderValue); 7] {
    [
        (CONTENT_TYPE, kind),
        // A new version of the program has a new page; nobody shall see the old one.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use url::Url;

    use super::*;

    fn served() -> BTreeSet<String> {
        FILES.iter().map(|(path, ..)| (*path).to_owned()).collect()
    }

    /// The files below a folder, as they are asked for.
    fn files(folder: &Path, path: &str) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let below = entries.flat_map(|entry| {
            let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() { files(&entry.path(), &path) } else { vec![path] }
        });
        below.collect()
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let there = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("web"), "");
        let page =
            |path: String| path.strip_suffix("index.html").or(path.strip_suffix(".html")).unwrap_or(&path).to_owned();
        let there: BTreeSet<String> = there.into_iter().map(page).collect();
        assert_eq!(there, served());
        assert!(!there.contains(ICE), "it would hide the one that is written");
    }

    #[test]
    fn every_file_that_the_page_names_is_served() {
        for (path, _, text) in FILES {
            let here = Url::parse("http://gateway").unwrap().join(path).unwrap();
            let imports = text.match_indices("from '");
            for (at, _) in imports.chain(text.match_indices("href=\"")).chain(text.match_indices("src=\"")) {
                let rest = text[at..].split_once(['\'', '"']).unwrap().1;
                let name = rest.split(['\'', '"']).next().unwrap();
                let named = here.join(name).unwrap();
                assert!(named.path() == ICE || served().contains(named.path()), "{path} names {name}");
            }
        }
    }

    #[test]
    fn the_page_asks_the_stun_server_of_the_gateway_or_none() {
        let server = HostPort::parse_stun("stun:[2001:db8::1]:3479").unwrap();
        assert!(ice(Some(&server)).ends_with("export const ICE_SERVERS = [{\"urls\":\"stun:[2001:db8::1]:3479\"}];\n"));
        assert!(ice(None).ends_with("export const ICE_SERVERS = [];\n"));
    }

    #[test]
    fn nothing_of_the_page_needs_an_inline_permission() {
        for (path, _, text) in FILES {
            for inline in ["<style", " style=", " onclick=", " onload=", "javascript:", "eval("] {
                assert!(!text.contains(inline), "{path} has {inline}");
            }
        }
    }
}
