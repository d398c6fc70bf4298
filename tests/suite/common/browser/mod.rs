//! Debian's browsers, driven over WebDriver: Chromium by chromedriver, Firefox ESR by geckodriver. Each has a
//! profile of its own, and all its processes are gone when it is dropped.

mod capabilities;
mod driver;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use self::capabilities::{Camera, Kind, Options, Window};
use self::driver::Driver;
use super::pulse::{Home, Pulse};

/// How long a condition on a page is waited for. Browsers that share two cores with the rest take their time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What the scripts of tests may use: `looking.frames(video)` and the like.
const LOOKING: &str = include_str!("looking.js");

/// A browser with one window.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    driver: Driver,
    _loudspeaker: Option<Pulse>,
    profile: Arc<TempDir>,
}

impl Browser {
    /// Starts one.
    pub(crate) async fn start(options: Options) -> Self {
        let profile = Arc::new(tempfile::Builder::new().prefix("browser-").tempdir().unwrap());
        let loudspeaker = options.loudspeaker.then(|| Pulse::start(&Home::of(Arc::clone(&profile))));
        let driver = Driver::start(options.kind, profile.path()).await;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(options.capabilities(profile.path()))
            .connect(driver.url())
            .await
            .unwrap_or_else(|error| panic!("{:?} starts: {error}", options.kind));
        if options.kind == Kind::Firefox {
            let (width, height) = options.window.size();
            client.set_window_size(width, height).await.unwrap();
        }
        Self { client, driver, _loudspeaker: loudspeaker, profile }
    }

    /// Goes to a page, and comes back when it is loaded.
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The value of a JavaScript expression; a promise is waited for. `args` are the expression's `arguments`.
    pub(crate) async fn value(&self, expression: &str, args: &[Value]) -> Value {
        let script = format!("const looking = (() => {{{LOOKING}}})();\nreturn ({expression});");
        match self.client.execute(&script, args.to_vec()).await {
            Ok(value) => value,
            Err(error) => panic!("{expression}: {error}"),
        }
    }

    /// Waits until an expression is true, and gives its value. `what` says in words what is waited for.
    pub(crate) async fn until(&self, what: &str, expression: &str, args: &[Value]) -> Value {
        self.within(PATIENCE, what, expression, args).await
    }

    /// As [`until`](Self::until), with a limit of its own.
    pub(crate) async fn within(&self, limit: Duration, what: &str, expression: &str, args: &[Value]) -> Value {
        let end = Instant::now() + limit;
        loop {
            let value = self.value(expression, args).await;
            if is_true(&value) {
                return value;
            }
            if Instant::now() > end {
                let says = self.value("document.body.innerText", &[]).await;
                let picture = self.screenshot().await;
                panic!("not within {limit:?}: {what}; it is {value}, and the page, in {picture:?}, says {says}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Clicks on the first element of a CSS selector, as a person does.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.client.find(fantoccini::Locator::Css(selector)).await;
        element.unwrap_or_else(|error| panic!("{selector}: {error}")).click().await.unwrap();
    }

    /// Types into the first element of a CSS selector.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let element = self.client.find(fantoccini::Locator::Css(selector)).await;
        element.unwrap_or_else(|error| panic!("{selector}: {error}")).send_keys(text).await.unwrap();
    }

    /// Where what is downloaded goes.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.profile.path().join("Downloads")
    }

    /// Ends the browser at once, as a crash or a lost network does: nothing is said to anybody.
    pub(crate) fn kill(self) {
        self.driver.kill();
    }

    /// Closes the page's window, as a person does; the page has time to say goodbye. Another stays open.
    pub(crate) async fn close_page(&self) {
        let page = self.client.window().await.unwrap();
        self.client.new_window(false).await.unwrap();
        self.client.switch_to_window(page).await.unwrap();
        self.client.close_window().await.unwrap();
    }

    /// Loads the page again, as a person does.
    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Writes what the window shows to a PNG file below `target/tmp`, for whoever looks into a failure.
    async fn screenshot(&self) -> PathBuf {
        let name = self.profile.path().file_name().unwrap();
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("png");
        fs::write(&file, self.client.screenshot().await.unwrap()).unwrap();
        file
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
