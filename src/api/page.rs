//! The page: the files of `web/`, held in the binary. It needs no build, and nothing from anywhere else. One file is
//! written here, with what was configured: `/ice.js`.

use axum::{
    Router,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    routing::get,
};
use serde_json::json;

use crate::ice::HostPort;

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// A path, what kind of text it is, and the text.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("../../web/index.html")),
    ("/style.css", STYLE, include_str!("../../web/style.css")),
    ("/icon.svg", IMAGE, include_str!("../../web/icon.svg")),
    ("/ids.js", SCRIPT, include_str!("../../web/ids.js")),
    ("/main.js", SCRIPT, include_str!("../../web/main.js")),
    ("/media.js", SCRIPT, include_str!("../../web/media.js")),
    ("/messages.js", SCRIPT, include_str!("../../web/messages.js")),
    ("/notices.js", SCRIPT, include_str!("../../web/notices.js")),
    ("/peer.js", SCRIPT, include_str!("../../web/peer.js")),
    ("/relay.js", SCRIPT, include_str!("../../web/relay.js")),
    ("/relay_status.js", SCRIPT, include_str!("../../web/relay_status.js")),
    ("/room.js", SCRIPT, include_str!("../../web/room.js")),
    ("/sending.js", SCRIPT, include_str!("../../web/sending.js")),
    ("/statistics.js", SCRIPT, include_str!("../../web/statistics.js")),
    ("/tile.js", SCRIPT, include_str!("../../web/tile.js")),
    ("/tiles.js", SCRIPT, include_str!("../../web/tiles.js")),
    ("/words.js", SCRIPT, include_str!("../../web/words.js")),
];

/// The module that is written here.
const ICE: &str = "/ice.js";

/// The page loads what is its own and nothing else, no one frames it, and no script is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Camera, microphone and screen are for the page itself.
const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self)";

/// The page at `/`, and its files beside it. It asks the STUN server that the gateway asks.
pub fn router<S: Clone + Send + Sync + 'static>(stun: Option<&HostPort>) -> Router<S> {
    let ice = ice(stun);
    let router = Router::new().route(ICE, get(move || async move { (headers(SCRIPT), ice) }));
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

    use super::*;

    fn served() -> BTreeSet<String> {
        let name = |path: &str| if path == "/" { "index.html".to_owned() } else { path[1..].to_owned() };
        FILES.iter().map(|(path, ..)| name(path)).collect()
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let there: BTreeSet<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(there, served());
        assert!(!there.contains(&ICE[1..]), "it would hide the one that is written");
    }

    #[test]
    fn every_file_that_the_page_names_is_served() {
        for (path, _, text) in FILES {
            for (at, _) in
                text.match_indices("from './").chain(text.match_indices("href=\"")).chain(text.match_indices("src=\""))
            {
                let rest = text[at..].split_once(['\'', '"']).unwrap().1;
                let name = rest.split(['\'', '"']).next().unwrap().trim_start_matches("./");
                let written = name == &ICE[1..];
                assert!(name.starts_with('#') || written || served().contains(name), "{path} names {name}");
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
