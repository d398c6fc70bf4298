//! The Debian package in a clean Debian: it is installed, runs as a service with few rights, is begun anew when it stands
//! still, and goes without a trace, but for what was recorded.

use std::time::Duration;

use crate::common::{
    clean_root::CleanRoot,
    frozen::Frozen,
    package,
    str0m_peer::{Options, Viewer},
    wait::wait_until,
};

/// Longer than anything here takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What this machine has of its own: no network beyond it, recordings of ours, and a short patience.
const DROP_IN: &str = "[Service]\nEnvironment=PEERGATE_STUN=none PEERGATE_RECORD=local PEERGATE_SIZE=320x180\n\
                       WatchdogSec=4s\n";

#[tokio::test]
async fn it_is_installed_runs_and_is_removed() {
    let machine = CleanRoot::boot(|folder| {
        package::make(&folder.join("peergate.deb"));
        std::fs::write(folder.join("test.conf"), DROP_IN).unwrap();
    })
    .await;
    let before = machine.files();

    machine.run("install -D --target-directory=/run/systemd/system/peergate.service.d /srv/test.conf");
    machine.run("dpkg --install /srv/peergate.deb");
    assert_eq!(machine.run("systemctl is-active peergate; systemctl is-enabled peergate"), "active\nenabled");
    machine.run("systemd-analyze verify --man=no peergate.service");
    machine.run("gzip --test /usr/share/man/man1/peergate-run.1.gz");
    has_few_rights(&machine);
    shows_pictures().await;
    reads_its_configuration_again(&machine);
    comes_back_when_it_stands_still(&machine).await;

    machine.run("dpkg --remove peergate");
    assert!(reqwest::get("http://127.0.0.1:8080/").await.is_err(), "it still listens");
    machine.run("test -e /etc/peergate/peergate.toml");
    let said = machine.run("dpkg --purge peergate");
    assert!(said.contains("/var/lib/peergate is not empty and is left"), "{said}");
    machine.run("find /var/lib/peergate/recordings -name '*.mkv' -user peergate -size +10k | grep mkv");

    machine.run("rm --recursive /var/lib/peergate /run/systemd/system/peergate.service.d");
    machine.run("dpkg --install /srv/peergate.deb");
    is_used_by_hand(&machine);
    machine.run("dpkg --purge peergate");
    let left: Vec<_> = machine.files().into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(machine.run("getent passwd peergate || echo nobody"), "nobody");
}

/// Its user is nobody else's, has the groups of devices and no capability, and can't gain any.
fn has_few_rights(machine: &CleanRoot) {
    let status = machine.run("cat /proc/$(systemctl show --property MainPID --value peergate)/status");
    let value = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {key} in {status}")).split_whitespace().collect::<Vec<_>>()
    };
    let id = |what: &str| machine.run(&format!("getent {what} | cut -d: -f3"));
    assert_eq!(value("Uid"), vec![id("passwd peergate"); 4]);
    for group in ["video", "audio", "render"] {
        assert!(value("Groups").contains(&id(&format!("group {group}")).as_str()), "{group}: {:?}", value("Groups"));
    }
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(value(set), ["0000000000000000"], "{set}");
    }
    assert_eq!((value("NoNewPrivs"), value("Seccomp")), (vec!["1"], vec!["2"]));
}

/// As docs/install.md has it: a token lies beside the configuration, which is checked by the service's user.
fn is_used_by_hand(machine: &CleanRoot) {
    machine.run("echo a-token-of-sixteen-and-more >/etc/peergate/control-token");
    // That is what sudo does, which is not there.
    machine.run("runuser --user peergate -- env HOME=/var/lib/peergate peergate check /etc/peergate/peergate.toml");
    machine.run("test -d /var/lib/peergate/.cache");
}

/// As docs/install.md has it: a configuration that is wrong is refused, and a good one is taken, by the process that runs.
fn reads_its_configuration_again(machine: &CleanRoot) {
    let runs = machine.process("peergate");
    let file = "/etc/peergate/peergate.toml";
    machine.run(&format!("echo '[[member]' >>{file}"));
    let (said, is_taken) = machine.try_to("systemctl reload peergate");
    assert!(!is_taken, "{said}");
    let status = machine.run("systemctl show --property StatusText --value peergate");
    assert!(status.starts_with("not reloaded: the configuration is wrong: "), "{status}");
    machine.run(&format!("sed --in-place '$d' {file} && systemctl reload peergate && systemctl is-active peergate"));
    let status = machine.run("systemctl show --property StatusText --value peergate");
    assert!(status.contains("connected"), "{status}");
    assert_eq!(machine.process("peergate"), runs, "it is the same process");
}

/// The page is there, and a viewer sees and hears what is captured.
async fn shows_pictures() {
    let page = reqwest::get("http://127.0.0.1:8080/").await.unwrap().error_for_status().unwrap();
    assert!(page.text().await.unwrap().contains("<title>"));
    let viewer = Viewer::join("ws://127.0.0.1:8080/signal", Options::new("ann")).await;
    viewer.video(30).await;
}

/// systemd ends it when one of its loops stands still, and begins another.
async fn comes_back_when_it_stands_still(machine: &CleanRoot) {
    let first = machine.process("peergate").expect("it runs");
    let frozen = Frozen::threads(first, "glib");
    wait_until("systemd has noticed", LIMIT, || {
        machine.run("systemctl show --property SubState --value peergate") != "running"
    })
    .await;
    drop(frozen);
    wait_until("another runs", LIMIT, || {
        machine.process("peergate").is_some_and(|another| another != first)
            && machine.try_to("systemctl is-active --quiet peergate").1
    })
    .await;
    assert_eq!(machine.run("systemctl show --property NRestarts --value peergate"), "1");
    shows_pictures().await;
}
