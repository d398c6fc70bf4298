//! Links that let one file be read without the token, for a while: a browser sends no header of a page's choice for what
//! the page plays or saves.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use http::{Method, Uri};
use sha2::Sha256;

/// How long a link can be used: a player asks for more of a file as long as somebody watches it.
const LIFE: Duration = Duration::from_secs(6 * 60 * 60);

/// Makes links and knows them again. They end with the process: its key is a new one then.
#[derive(Clone)]
pub struct Links(Arc<[u8; 32]>);

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is nobody's business.
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

impl Links {
    /// With a key of its own.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "no two are the same")]
    pub fn new() -> Self {
        Self(Arc::new(rand::random()))
    }

    /// `path` as it is asked for, with what lets it be read from `now` on.
    pub(super) fn link(&self, path: &str, now: SystemTime) -> String {
        let until = seconds(now + LIFE);
        let proof = URL_SAFE_NO_PAD.encode(self.mac(path, until).finalize().into_bytes());
        format!("{path}?until={until}&proof={proof}")
    }

    /// Whether a request is for what a link of ours lets be read, and comes in time.
    pub(super) fn allow(&self, method: &Method, uri: &Uri, now: SystemTime) -> bool {
        let query = uri.query().unwrap_or_default();
        let Some((until, proof)) = query.strip_prefix("until=").and_then(|rest| rest.split_once("&proof=")) else {
            return false;
        };
        let (Ok(until), Ok(proof)) = (until.parse(), URL_SAFE_NO_PAD.decode(proof)) else { return false };
        let is_read = *method == Method::GET || *method == Method::HEAD;
        // In constant time.
        is_read && seconds(now) < until && self.mac(uri.path(), until).verify_slice(&proof).is_ok()
    }

    fn mac(&self, path: &str, until: u64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes keys of every length (RFC 2104)");
        mac.update(&until.to_be_bytes());
        mac.update(path.as_bytes());
        mac
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/recordings/389128a099d7/0";

    fn allows(links: &Links, method: Method, link: &str, after: Duration) -> bool {
        links.allow(&method, &link.parse().unwrap(), now() + after)
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
    }

    #[test]
    fn a_link_lets_its_file_be_read_for_a_while() {
        let links = Links::new();
        let link = links.link(PATH, now());
        assert!(link.starts_with("/recordings/389128a099d7/0?until="), "{link}");
        assert!(allows(&links, Method::GET, &link, Duration::ZERO));
        assert!(allows(&links, Method::HEAD, &link, LIFE - Duration::from_secs(1)));
        assert!(!allows(&links, Method::GET, &link, LIFE));
    }

    #[test]
    fn it_lets_nothing_else_be_done() {
        let links = Links::new();
        let link = links.link(PATH, now());
        let (_, query) = link.split_once('?').unwrap();
        let until = query.split_once('&').unwrap().0;
        let later = link.replace(until, &format!("{until}0"));
        let short = &link[..link.len() - 2];
        for other in [
            &format!("/recordings/389128a099d7/1?{query}"),
            &format!("/state?{query}"),
            PATH,
            &format!("{PATH}?{until}"),
            &format!("{PATH}?{until}&proof="),
            &format!("{PATH}?{until}&proof=%C3%BCx"),
            &later,
            short,
        ] {
            assert!(!allows(&links, Method::GET, other, Duration::ZERO), "{other}");
        }
        for method in [Method::POST, Method::DELETE, Method::PUT] {
            assert!(!allows(&links, method, &link, Duration::ZERO));
        }
        assert!(!allows(&Links::new(), Method::GET, &link, Duration::ZERO), "of another process");
    }
}
