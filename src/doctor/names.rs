//! Whether names of the local network, `CAMERA.local`, are found (RFC 6762). Browsers' candidates with such names are not
//! looked up; addresses in the configuration are.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Finding;
use crate::config::{Room, Settings};

const ABOUT: &str = "names";

/// How long a look-up may take. Multicast DNS gives up after 5 s by itself.
const LOOK_UP_LIMIT: Duration = Duration::from_secs(6);

/// Looks up each name of the configuration that ends in `.local`.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let names = local_names(settings);
    if names.is_empty() {
        let way = Way::of(Path::new("/"));
        return vec![Finding::ok(ABOUT, format!("{}; the configuration has no such name", way.words()))];
    }
    // At once: each that is not there takes its time.
    join_all(names.iter().map(|name| told(name, tokio::net::lookup_host((name.as_str(), 0))))).await
}

async fn told<T>(name: &str, look_up: impl Future<Output = io::Result<T>>) -> Finding {
    match timeout(LOOK_UP_LIMIT, look_up).await {
        Ok(Ok(_)) => Finding::ok(ABOUT, format!("{name} is found")),
        Ok(Err(_)) | Err(_) => {
            let way = Way::of(Path::new("/"));
            Finding::failure(ABOUT, format!("{name} is not found: {}", way.words())).mended_by(way.remedy(name))
        }
    }
}

fn local_names(settings: &Settings) -> BTreeSet<String> {
    let rooms = settings.members.iter().filter_map(|member| match &member.room {
        Room::Relay(url) => Some(url.host()),
        Room::Embedded(_) => None,
    });
    let servers = settings.ice.stun.iter().chain(settings.ice.turn.iter().map(|turn| &turn.server));
    let hosts = rooms.chain(servers.map(|server| server.host.as_str()));
    let is_local = |host: &&str| host.trim_end_matches('.').to_ascii_lowercase().ends_with(".local");
    hosts.filter(is_local).map(ToOwned::to_owned).collect()
}

/// How this machine finds such names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// systemd-resolved is asked.
    Resolved,
    /// avahi is asked, and runs.
    Avahi,
    /// avahi is asked, and is not there.
    NoAvahi,
    /// Nobody is.
    None,
}

impl Way {
    /// Of the machine whose files are below `root`.
    fn of(root: &Path) -> Self {
        let at = |path: &str| -> PathBuf { root.join(path) };
        let text = fs::read_to_string(at("etc/nsswitch.conf")).unwrap_or_default();
        let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let services = lines.find_map(|line| line.trim().strip_prefix("hosts:")).unwrap_or_default();
        let asks = |service: &str| services.split_whitespace().any(|word| word.starts_with(service));
        // nss-mdns(8): mdns, mdns4, mdns4_minimal and others, all of which ask avahi.
        if asks("mdns") {
            if at("run/avahi-daemon/socket").exists() { Self::Avahi } else { Self::NoAvahi }
        } else if asks("resolve") {
            Self::Resolved
        } else {
            Self::None
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Resolved => "names that end in .local are systemd-resolved's to find",
            Self::Avahi => "names that end in .local are avahi's to find",
            Self::NoAvahi => "names that end in .local are avahi's to find, which does not run",
            Self::None => "names that end in .local are not looked for here",
        }
    }

    fn remedy(self, name: &str) -> String {
        match self {
            Self::Resolved => "sudo resolvectl mdns INTERFACE yes".to_owned(),
            Self::Avahi => format!("avahi-resolve --name {name} (is it on, and in this network?)"),
            Self::NoAvahi => "sudo systemctl enable --now avahi-daemon".to_owned(),
            Self::None => "sudo apt install libnss-mdns avahi-daemon".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn the_way_is_read_from_the_machine_s_files() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Way::of(root.path()), Way::None);
        fs::create_dir_all(root.path().join("etc")).unwrap();
        let hosts = |line: &str| {
            fs::write(root.path().join("etc/nsswitch.conf"), format!("passwd: files\n{line}\n")).unwrap();
            Way::of(root.path())
        };
        assert_eq!(hosts("hosts: files dns # mdns4"), Way::None);
        assert_eq!(hosts("hosts: mymachines resolve [!UNAVAIL=return] files dns"), Way::Resolved);
        assert_eq!(hosts("hosts:   files mdns4_minimal [NOTFOUND=return] dns"), Way::NoAvahi);
        fs::create_dir_all(root.path().join("run/avahi-daemon")).unwrap();
        fs::write(root.path().join("run/avahi-daemon/socket"), "").unwrap();
        assert_eq!(hosts("hosts:   files mdns4_minimal [NOTFOUND=return] dns"), Way::Avahi);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_nobody_answers_for_is_given_up() {
        let finding = told::<()>("nas.local", std::future::pending()).await;
        assert!(finding.what.starts_with("nas.local is not found: "), "{finding}");
    }

    #[test]
    fn names_come_from_rooms_and_servers() {
        let text = "[ice]\nstun = 'stun:nas.local'\nturn = ['turn:a:b@192.0.2.1', 'turn:a:b@TURN.Local.']\n\
                    [[member]]\nroom = 'ws://relay.local:9000/room'\n[[member]]\nroom = 'ws://relay.example/'\n";
        let names = local_names(&config::parse(text).unwrap());
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["TURN.Local.", "nas.local", "relay.local"]);
    }
}
