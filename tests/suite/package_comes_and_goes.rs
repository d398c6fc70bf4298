//! The Debian package in a clean Debian: it is installed, runs as a service with few rights, is begun anew when it stands
//! still or was ended, and goes without a trace, but for what was recorded.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{interval, timeout};
use peergate::recorder;

use crate::common::{
    clean_root::CleanRoot,
    frozen::Frozen,
    package,
    session::{self, Session},
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
    is_let_at_a_session(&machine).await;
    comes_back_when_it_is_ended(&machine).await;

    let log = machine.run("journalctl --no-pager --unit peergate");
    machine.run("dpkg --remove peergate");
    assert!(reqwest::get("http://127.0.0.1:8080/").await.is_err(), "it still listens");
    machine.run("test -e /etc/peergate/peergate.toml");
    mount_disks(&machine);
    let said = machine.run("dpkg --purge peergate");
    let left = machine.run("cd /var/lib/peergate && umount --lazy spare && ls -d spare disk/lost+found && umount disk");
    assert_eq!(left, "disk/lost+found\nspare", "{said}");
    assert_eq!(machine.run("ls /var/lib/peergate"), "disk\nrecordings\nspare", "its own empty folders go");
    assert!(said.contains("/var/lib/peergate is not empty and is left"), "{said}");
    machine.run("find /var/lib/peergate/recordings -name '*.mkv' -user peergate -size +10k | grep mkv");
    knew_the_clock(&machine, &log);

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

/// Below its folder: one disk with a folder that is empty, and one with nothing at all. Beside them an empty folder of its own.
fn mount_disks(machine: &CleanRoot) {
    machine.run("cd /var/lib/peergate && mkdir disk spare empty");
    machine.run("cd /var/lib/peergate && mount -t tmpfs tmpfs disk && mkdir disk/lost+found && mount -t tmpfs tmpfs spare");
}

/// Its sandbox lets it ask whether somebody keeps the clock right: it knows as much as we do.
fn knew_the_clock(machine: &CleanRoot, log: &str) {
    let known = machine.run(r#"grep --recursive --no-filename --only-matching '"clock": *"[a-z]*"' /var/lib/peergate/recordings"#);
    let ours = serde_json::to_string(&recorder::clock()).unwrap();
    assert!(known.lines().all(|line| line.ends_with(&ours)), "{ours}: {known}");
    assert!(log.contains("listening") && !log.contains("the system does not say"), "{log}");
}

/// As docs/install.md has it: a token lies beside the configuration, which is checked by the service's user.
fn is_used_by_hand(machine: &CleanRoot) {
    machine.run("echo a-token-of-sixteen-and-more >/etc/peergate/control-token");
    assert_eq!(machine.run("stat --format '%A %U %G' /etc/peergate"), "drwxr-x--- root peergate", "it has passwords");
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

/// As docs/install.md has it: the screen of a session, and the sound server of a user that is not its own.
async fn is_let_at_a_session(machine: &CleanRoot) {
    let _session = Session::begin(machine);
    machine.run("install --mode=640 --group=peergate /srv/key /etc/peergate/Xauthority");
    machine.run("install --mode=640 --group=peergate /srv/cookie /etc/peergate/pulse-cookie");
    let [screen, sound] = ["show a screen", "capture sound, where it is another user's"].map(documented);
    let sound = sound.replace("/N/", &format!("/{}/", session::USER));
    let drop_in = format!("{screen}\n{sound}\nEnvironment=PEERGATE_VIDEO=screen PEERGATE_AUDIO=monitor\n");
    std::fs::write(machine.folder().join("session.conf"), &drop_in).unwrap();
    machine.run("install --target-directory=/run/systemd/system/peergate.service.d /srv/session.conf");
    machine.run("systemctl daemon-reload; systemctl restart peergate");
    let _viewer = Viewer::join("ws://127.0.0.1:8080/signal", Options::new("ann")).await;
    let mut state = Value::Null;
    let captured = timeout(LIMIT, async {
        let mut turns = interval(Duration::from_millis(100));
        while !delivers(&state["sources"], "screen") || !delivers(&state["sources"], "monitor") {
            turns.tick().await;
            state = reqwest::get("http://127.0.0.1:8080/api/state").await.unwrap().json().await.unwrap();
        }
    });
    assert!(captured.await.is_ok(), "with {drop_in} it captures: {:#}", state["sources"]);
    machine.run("rm /etc/peergate/Xauthority /etc/peergate/pulse-cookie");
}

/// What docs/install.md lets the service have for this, as systemd takes it.
fn documented(what: &str) -> String {
    let docs = std::fs::read_to_string("docs/install.md").unwrap();
    let row = docs.lines().find_map(|line| line.strip_prefix(&format!("| {what} |")));
    row.expect("a row of that").split('`').skip(1).step_by(2).collect::<Vec<_>>().join("\n")
}

fn delivers(sources: &Value, what: &str) -> bool {
    let is_it = |source: &&Value| source["spec"].as_str().is_some_and(|spec| spec.starts_with(what));
    let source = sources.as_array().into_iter().flatten().find(is_it);
    source.is_some_and(|source| source["condition"]["state"] == "running" && source["frames"].as_u64() > Some(10))
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
    another_runs(machine, first).await;
    assert_eq!(machine.run("systemctl show --property NRestarts --value peergate"), "1");
    shows_pictures().await;
}

/// So it does when it ends as it was asked to, by somebody else than systemd.
async fn comes_back_when_it_is_ended(machine: &CleanRoot) {
    let first = machine.process("peergate").expect("it runs");
    machine.run("kill -TERM $(systemctl show --property MainPID --value peergate)");
    another_runs(machine, first).await;
}

async fn another_runs(machine: &CleanRoot, first: u32) {
    wait_until("another runs", LIMIT, || {
        machine.process("peergate").is_some_and(|another| another != first)
            && machine.try_to("systemctl is-active --quiet peergate").1
    })
    .await;
}
