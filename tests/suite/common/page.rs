//! The project's own page in a browser, used and looked at as a person does.

use std::time::Duration;

use serde_json::{Value, json};

use super::browser::{Browser, Options, PATIENCE};

/// A browser that shows the page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) browser: Browser,
}

/// What can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Camera,
    Screen,
    Receive,
}

impl Page {
    /// Opens it in a browser of its own, as [`open`](Self::open) does.
    pub(crate) async fn start(options: Options, url: &str) -> Self {
        Self::open(Browser::start(options).await, url).await
    }

    /// Opens it, and comes back when it says that it is in the room.
    pub(crate) async fn open(browser: Browser, url: &str) -> Self {
        browser.open(url).await;
        browser.until("it is in the room", "document.querySelector('#relay').dataset.state === 'up'", &[]).await;
        Self { browser }
    }

    /// Chooses what to send, and waits until the page sends it.
    pub(crate) async fn choose(&self, choice: Choice) {
        let name = match choice {
            Choice::Camera => "camera",
            Choice::Screen => "screen",
            Choice::Receive => "receive",
        };
        self.browser.click(&format!("[data-choice={name}]")).await;
        self.browser.until("the choice is made", "document.body.dataset.sends === arguments[0]", &[json!(name)]).await;
    }

    /// Waits until exactly one peer is there and connected, and gives its id.
    pub(crate) async fn one_peer(&self) -> String {
        let one = "(([tile, more]) => tile?.dataset.state === 'connected' && !more && tile.dataset.peer)\
                   (document.querySelectorAll('.tile'))";
        text(&self.browser.until("one connected peer", one, &[]).await)
    }

    /// Waits until nobody else is there.
    pub(crate) async fn nobody(&self, limit: Duration) {
        self.browser.within(limit, "nobody is there", "!document.querySelector('.tile')", &[]).await;
    }

    /// Waits until the one peer's picture plays.
    pub(crate) async fn picture(&self) {
        self.browser.until("its picture plays", "looking.plays(document.querySelector('.tile video'))", &[]).await;
    }

    /// Gives the room's key, once it is asked for.
    pub(crate) async fn give_key(&self, key: &str) {
        self.browser.until("it asks for the room's key", "!document.querySelector('#key').hidden", &[]).await;
        self.browser.type_into("#key-text", key).await;
        self.browser.click("#key [type=submit]").await;
    }

    /// Writes a message to all, once there is somebody to write to.
    pub(crate) async fn say(&self, words: &str) {
        self.browser.until("there is somebody to talk to", "!document.querySelector('#text').disabled", &[]).await;
        self.browser.type_into("#text", words).await;
        self.browser.click("#write button").await;
    }

    /// Waits for somebody's message, and gives who the page says it is from.
    pub(crate) async fn heard(&self, words: &str) -> String {
        let message = "[...document.querySelectorAll('#log [data-kind=theirs]')]\
                       .find((item) => item.querySelector('p').textContent === arguments[0])\
                       ?.querySelector('b').textContent";
        text(&self.browser.until("the message is shown", message, &[json!(words)]).await)
    }

    /// Waits until a person can read `words` on the page.
    pub(crate) async fn says(&self, words: &str) {
        self.says_within(PATIENCE, words).await;
    }

    /// As [`says`](Self::says), with a limit of its own.
    pub(crate) async fn says_within(&self, limit: Duration, words: &str) {
        let what = format!("the page says {words:?}");
        self.browser.within(limit, &what, "document.body.innerText.includes(arguments[0])", &[json!(words)]).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}
