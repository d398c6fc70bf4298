//! Whether there is an interface to connect over.

use super::Finding;
use crate::{
    config::Settings,
    peer::{self, NetworkError},
};

const ABOUT: &str = "network";

/// Lists the interfaces that the configuration leaves.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let lists = !settings.ice.allow.is_empty() || !settings.ice.deny.is_empty();
    vec![match peer::offered(&settings.ice) {
        Ok(offered) => {
            let mut names: Vec<_> = offered.into_iter().map(|(name, _)| name).collect();
            names.dedup();
            Finding::ok(ABOUT, format!("connections are offered over {}", names.join(", ")))
        }
        Err(NetworkError::NoInterface(names)) if lists => {
            let what = format!("[ice] allow and deny leave no interface with an address, of {}", names.join(", "));
            Finding::failure(ABOUT, what).mended_by("name one of them in [ice] allow, or leave both lists empty")
        }
        Err(NetworkError::NoInterface(_)) => {
            Finding::failure(ABOUT, "no interface but loopback has an address").mended_by("ip address (what is there)")
        }
        Err(error) => Finding::failure(ABOUT, error.to_string()),
    }]
}
