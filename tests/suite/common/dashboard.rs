//! The dashboard in a browser, used and looked at as a person does.

use serde_json::{Value, json};

use super::browser::Browser;

/// The control token of tests.
pub(crate) const TOKEN: &str = "a-long-enough-secret-token";

/// A browser that shows the dashboard.
#[derive(Debug)]
pub(crate) struct Dashboard {
    pub(crate) browser: Browser,
}

impl Dashboard {
    /// Opens it, and comes back when the gateway has answered.
    pub(crate) async fn open(browser: Browser, url: &str) -> Self {
        browser.open(url).await;
        let dashboard = Self { browser };
        dashboard.is_there().await;
        dashboard
    }

    /// Waits until the gateway answers.
    pub(crate) async fn is_there(&self) {
        let here = "document.body.dataset.gateway === 'here'";
        self.browser.until("the gateway answers", here, &[]).await;
    }

    /// Waits until a person can read `words` in the first element of a selector.
    pub(crate) async fn says(&self, selector: &str, words: &str) {
        let what = format!("{selector} says {words:?}");
        let says = "document.querySelector(arguments[0])?.innerText.includes(arguments[1])";
        self.browser.until(&what, says, &[json!(selector), json!(words)]).await;
    }

    /// Clicks on the first element of a selector, once it is there.
    pub(crate) async fn click(&self, selector: &str) {
        self.browser
            .until(&format!("there is {selector}"), "!!document.querySelector(arguments[0])", &[json!(selector)])
            .await;
        self.browser.click(selector).await;
    }

    /// Gives the token that it asks for.
    pub(crate) async fn give(&self, token: &str) {
        let asks = "!document.querySelector('#entry').hidden";
        self.browser.until("it asks for the token", asks, &[]).await;
        self.browser.type_into("#token", token).await;
        self.browser.click("#entry button").await;
    }
}

/// The selector of a part of a peer's card.
pub(crate) fn of_peer(id: &str, part: &str) -> String {
    let id = Value::from(id);
    format!("#peers [data-peer={id}] [data-part={part}]")
}
