//! Ids and messages come from strangers: on the dashboard they are text, whatever they say.

use peergate::codec::Codec;

use crate::common::{
    browser::{Browser, Options},
    daemon::{Daemon, GATEWAY},
    dashboard::Dashboard,
    encoded_media::EncodedMedia,
    str0m_peer::{Options as ViewerOptions, Order, Viewer},
};

const NAME: &str = "<img src=x onerror=\"document.title='harmed'\">\"]'";
const MESSAGE: &str = "</span><script>document.title='harmed'</script><b>bold</b>";

#[tokio::test(flavor = "multi_thread")]
async fn and_not_as_markup() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = folder.path().join("<b>bold</b>");
    let gateway = Daemon::gateway(&["--record", "remote", "--record-dir", recordings.to_str().unwrap()]).await;
    let picture = EncodedMedia::start(Codec::Vp8).await;
    let options = ViewerOptions::new(NAME).meeting(GATEWAY).codecs(&[Codec::Vp8, Codec::Opus]).sending(picture.frames());
    let viewer = Viewer::join(&gateway.ws("/signal"), options).await;
    viewer.channel().await;
    let dashboard = Dashboard::open(Browser::start(Options::chromium()).await, &gateway.http("/dashboard")).await;
    viewer.order(Order::SendText(MESSAGE.as_bytes().into()));
    dashboard.says("#peers [data-part=name]", NAME).await;
    dashboard.says("#events", &format!("{NAME} says: {MESSAGE}")).await;
    // Somebody may be called `ourselves`.
    dashboard.says("#running [data-part=who]", &format!("“{NAME}”")).await;
    let harm = "[document.querySelectorAll('main img, main script, main b:not([data-part])').length, document.title]";
    assert_eq!(dashboard.browser.value(harm, &[]).await, serde_json::json!([0, format!("{GATEWAY} · peergate")]));
    let label = "document.querySelector('#peers [data-part=close]').getAttribute('aria-label')";
    assert_eq!(dashboard.browser.value(label, &[]).await, format!("Disconnect {NAME}"));
    dashboard.click("#peers [data-part=close]").await;
    dashboard.says("#events", &format!("{NAME} is gone: closed here: by the operator.")).await;
}
