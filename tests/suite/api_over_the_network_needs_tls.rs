//! Over the network the API is not spoken in plain: what is asked and the token are not for who reads along.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};

use crate::common::{
    daemon::{Daemon, command},
    dashboard::TOKEN,
    distant::DistantGateway,
    https::{curl, got},
    netns::{self, Host},
};

const LIMIT: Duration = Duration::from_secs(20);
const NO_MEDIA: [&str; 4] = ["--video", "none", "--audio", "none"];

async fn asked(daemon: &Daemon, path: &str) -> Response {
    Client::new().get(daemon.http(path)).bearer_auth(TOKEN).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn others_get_the_page_and_not_the_api() {
    let host = Host::new();
    let gateway = DistantGateway::start(&host, &NO_MEDIA).await;
    assert_eq!(asked(&gateway.daemon, "/").await.status(), StatusCode::OK);
    for path in ["/api/state", "/api/openapi.json", "/metrics"] {
        let refused = asked(&gateway.daemon, path).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        let said = refused.text().await.unwrap();
        assert!(said.contains("over TLS alone") && said.contains("[http]"), "{said}");
    }
    gateway.daemon.wait_for_log("they get page and relay alone", LIMIT).await;
    assert!(gateway.state().await["members"].is_array(), "over its socket it is asked as ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_the_machine_itself_get_it_by_every_address() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), TOKEN).unwrap();
    let mut run = command(&["run", "--listen", &format!("{}:0", netns::another_address()), "--stun", "none"]);
    run.args(NO_MEDIA).arg("--control-token-file").arg(token.path());
    let daemon = Daemon::start(run).await;
    assert_eq!(asked(&daemon, "/api/state").await.status(), StatusCode::OK);
    let unknown = Client::new().get(daemon.http("/api/state")).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED, "the token is asked for all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_others_get_it_with_the_token() {
    let host = Host::new();
    let more = ["--certificate", "self-signed"];
    let gateway = DistantGateway::start(&host, &[NO_MEDIA.as_slice(), &more].concat()).await;
    let url = format!("https://{}/api/state", gateway.daemon.address());
    let token = format!("Authorization: Bearer {TOKEN}");
    let state = got(&url, &gateway.certificate(), &["--header", &token]).await;
    assert!(state.contains("\"members\""), "{state}");
    let without = curl(&["--insecure", "--write-out", "%{http_code}", &url]).await;
    assert!(String::from_utf8_lossy(&without.stdout).ends_with("401"), "{without:?}");
}
