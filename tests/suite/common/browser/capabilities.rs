//! How the browsers are started: what the tests need of them, and nothing that calls home.

use std::path::Path;

use fantoccini::wd::Capabilities;
use serde_json::{Value, json};

/// Which browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Chromium,
    Firefox,
}

/// What a page gets when it asks for a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Camera {
    /// The browser's own moving picture and beeps, without a question.
    Fake,
    /// No.
    Denied,
}

/// What a page is looked at with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Desktop,
    /// A telephone held upright. Chromium only: Firefox has no windows that narrow.
    Telephone,
}

/// How to start a browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) kind: Kind,
    pub(crate) camera: Camera,
    pub(crate) window: Window,
    /// Whether there is a loudspeaker. A Firefox without one has no time for a page's own sound: it stays suspended.
    pub(crate) loudspeaker: bool,
}

impl Options {
    /// A desktop browser with a fake camera.
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, camera: Camera::Fake, window: Window::Desktop, loudspeaker: false }
    }

    pub(crate) fn chromium() -> Self {
        Self::new(Kind::Chromium)
    }

    pub(crate) fn firefox() -> Self {
        Self::new(Kind::Firefox)
    }

    pub(super) fn capabilities(&self, profile: &Path) -> Capabilities {
        let mut capabilities = Capabilities::new();
        // As somebody who has been asked once, and trusts the gateway's own certificate.
        capabilities.insert("acceptInsecureCerts".to_owned(), Value::Bool(true));
        match self.kind {
            Kind::Chromium => capabilities.insert("goog:chromeOptions".to_owned(), self.chromium_options(profile)),
            Kind::Firefox => capabilities.insert("moz:firefoxOptions".to_owned(), self.firefox_options()),
        };
        capabilities
    }

    fn chromium_options(&self, profile: &Path) -> Value {
        let (width, height) = self.window.size();
        let mut options = json!({
            "binary": "/usr/bin/chromium",
            "args": [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--use-fake-device-for-media-stream",
                "--autoplay-policy=no-user-gesture-required",
                format!("--user-data-dir={}", profile.join("profile").display()),
                format!("--window-size={width},{height}"),
            ],
        });
        match self.camera {
            Camera::Fake => push(&mut options, "--use-fake-ui-for-media-stream"),
            Camera::Denied => push(&mut options, "--deny-permission-prompts"),
        }
        if self.window == Window::Telephone {
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2, "touch": true } });
        }
        options
    }

    fn firefox_options(&self) -> Value {
        json!({
            "binary": "/usr/bin/firefox-esr",
            "args": ["-headless"],
            "prefs": {
                "media.navigator.streams.fake": true,
                "media.navigator.permission.disabled": self.camera == Camera::Fake,
                "permissions.default.camera": if self.camera == Camera::Fake { 1 } else { 2 },
                "permissions.default.microphone": if self.camera == Camera::Fake { 1 } else { 2 },
                "media.autoplay.default": 0,
                "media.autoplay.blocking_policy": 0,
                "media.peerconnection.ice.loopback": true,
                // A namespace without a way out is not offline.
                "network.manage-offline-status": false,
                "network.captive-portal-service.enabled": false,
                "network.connectivity-service.enabled": false,
                "app.normandy.enabled": false,
                "app.update.enabled": false,
                "browser.safebrowsing.malware.enabled": false,
                "browser.safebrowsing.phishing.enabled": false,
                "datareporting.policy.dataSubmissionEnabled": false,
                "extensions.getAddons.cache.enabled": false,
                "toolkit.telemetry.enabled": false,
                // The plug-in that brings H.264 to WebRTC comes from the net. None is asked for, and none is used.
                "media.gmp-manager.updateEnabled": false,
                "media.gmp-gmpopenh264.enabled": false,
            },
        })
    }
}

impl Window {
    /// Width and height in CSS pixels.
    pub(super) fn size(self) -> (u32, u32) {
        match self {
            Window::Desktop => (1280, 800),
            Window::Telephone => (360, 740),
        }
    }
}

fn push(options: &mut Value, arg: &str) {
    if let Some(args) = options["args"].as_array_mut() {
        args.push(arg.into());
    }
}
