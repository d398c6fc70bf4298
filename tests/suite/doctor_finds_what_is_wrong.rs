//! `peergate doctor` tells each thing that is wrong with the machine from the others, and what mends it. Servers:
//! `doctor_asks_the_servers.rs`; devices and the clock: `camera_doctor.rs`.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path, process::Command, sync::Arc};

use gst::prelude::*;
use tempfile::NamedTempFile;

use crate::common::{
    daemon::{command, run_to_end},
    disks::Disk,
    doctor::{Doctor, MODEST},
    pulse::{Home, Pulse},
    xvfb::Xvfb,
};

/// What is examined where nothing more is asked for, as docs/troubleshooting.md has it.
fn examinations() -> BTreeSet<String> {
    let page = fs::read_to_string("docs/troubleshooting.md").unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let names: BTreeSet<_> = rows.map(|(name, _)| name.to_owned()).collect();
    assert!(names.contains("rooms") && names.len() > 10, "the table is found: {names:?}");
    // Of the rooms only if asked, of TURN only where there is a server.
    names.into_iter().filter(|name| !["rooms", "turn"].contains(&name.as_str())).collect()
}

#[test]
fn where_all_is_well_it_says_so() {
    let screen = Xvfb::start();
    let home = Home::of(Arc::new(tempfile::tempdir().unwrap()));
    let _server = Pulse::start(&home);
    let disk = Disk::in_memory(2000);
    let configuration = format!(
        "[video.screen]\nsource = 'screen'\ndisplay = '{}'\nsize = '320x240'\n[audio.room]\nsource = 'monitor'\n\
         device = 'room'\n[encode]\nrungs = 1\n[ice]\nstun = 'none'\n[[member]]\nrecord = 'local'\n\
         [http]\ncertificate = 'self-signed'\n[record]\ndir = '{1}/recordings'\nmount = '{1}'\n",
        screen.display,
        disk.path().display()
    );
    let mut doctor = Doctor::with(&configuration);
    home.give_to(&mut doctor.command);
    let examined = doctor.examine();
    assert_eq!(examined.subjects(), examinations());
    // Whether the clock of the machine that tests is kept right is not for a test to say.
    for about in examined.subjects().iter().filter(|about| *about != "clock") {
        examined.is_well(about, "");
    }
    examined.is_well("elements", "GStreamer 1.");
    examined.is_well("sources", "[video.screen]");
    examined.is_well("sources", "[audio.room] monitor:room gives sound");
    examined.is_well("sound", "microphones 0, outputs 1");
    examined.is_well("encoders", "(h264, ");
    examined.is_well("network", "lab0");
    examined.is_well("recordings", "GB are free");
    assert!(!disk.path().join("recordings").exists(), "it makes nothing");
    assert_eq!(examined.status, Some(0), "{}", examined.text);
}

#[test]
fn for_people_it_is_a_line_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("box.toml");
    fs::write(&file, format!("{MODEST}allow = ['wlan9']\n")).unwrap();
    let mut command = command(&["doctor", "--config", file.to_str().unwrap()]);
    command.env("XDG_CACHE_HOME", folder.path()).current_dir(folder.path());
    let ended = run_to_end(command);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stdout);
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert!(lines.iter().all(|line| ["ok ", "warning ", "failure "].iter().any(|word| line.starts_with(word))), "{lines:?}");
    assert!(lines[0].starts_with("ok       elements: GStreamer 1."), "{lines:?}");
    let failures: Vec<_> = lines.iter().filter(|line| line.starts_with("failure")).collect();
    let [failure] = failures[..] else { panic!("one failure of: {lines:?}") };
    assert!(failure.starts_with("failure  network: [ice] allow and deny leave no interface with an address, of "), "{failure}");
    assert!(failure.ends_with("  ->  name one of them in [ice] allow, or leave both lists empty"), "{failure}");
}

#[test]
fn a_sound_server_that_does_not_answer() {
    let examined = Doctor::with(&format!("{MODEST}[audio.mic]\nsource = 'microphone'\n")).examine();
    examined.fails("sound", "the sound server can't be reached: it does not answer", "pulse");
    examined.fails("sources", "[audio.mic] microphone: the sound server can't be reached", "");
    let examined = Doctor::with(MODEST).examine();
    examined.is_well("sound", "nothing in the configuration needs one");
}

#[test]
fn a_source_that_gives_nothing() {
    let examined = Doctor::with(&MODEST.replace("'test'", "'camera'\ndevice = 'C920 that nobody has'")).examine();
    examined.fails("sources", "camera \"C920 that nobody has\" is not there", "peergate devices");
}

#[test]
fn a_disk_that_can_not_be_written_to() {
    let disk = Disk::in_memory(2000);
    let configuration = |mount: &Path| {
        let (dir, mount) = (mount.join("recordings"), mount.display());
        format!("{MODEST}[[member]]\nrecord = 'local'\n[record]\ndir = '{}'\nmount = '{mount}'\n", dir.display())
    };
    disk.make_read_only();
    let remount = format!("sudo mount --options remount,rw {}", disk.path().display());
    let examined = Doctor::with(&configuration(&disk.path())).examine();
    examined.fails("recordings", "Read-only file system", &remount);

    let small = Disk::in_memory(10);
    let examined = Doctor::with(&configuration(&small.path())).examine();
    examined.fails("recordings", "bytes are missing that were to stay free", "df --human-readable ");

    let unplugged = Disk::unmounted();
    let examined = Doctor::with(&configuration(&unplugged.path())).examine();
    let mount = format!("sudo mount {}", unplugged.path().display());
    examined.fails("recordings", "expected a disk that is mounted there", &mount);
}

#[test]
fn too_few_descriptors() {
    let examined = Doctor::called_through(&["prlimit", "--nofile=300:300"], MODEST).examine();
    examined.fails("limits", "the system gives 300 file descriptors, and one viewer takes up to ", "LimitNOFILE=");
}

#[test]
fn no_plug_ins_at_all() {
    let empty = tempfile::tempdir().unwrap();
    let mut doctor = Doctor::with(MODEST);
    see_plug_ins_of(&mut doctor.command, empty.path());
    let examined = doctor.examine();
    examined.fails("elements", "webrtcbin", "sudo apt install gstreamer1.0-nice gstreamer1.0-plugins-bad");
    assert!(examined.about("sources").is_empty(), "nothing can be tried: {}", examined.text);
    examined.is_well("network", "lab0");
}

#[test]
fn a_plug_in_that_only_some_need() {
    gst::init().unwrap();
    let plug_in = gst::ElementFactory::find("v4l2src").unwrap().plugin().unwrap().filename().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(plug_in.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name() != plug_in.file_name() && path.extension().is_some_and(|extension| extension == "so") {
            symlink(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let mut doctor = Doctor::with(MODEST);
    see_plug_ins_of(&mut doctor.command, folder.path());
    let examined = doctor.examine();
    let warning = "warning: GStreamer lacks v4l2src, for cameras -> sudo apt install gstreamer1.0-plugins-good";
    assert!(examined.about("elements").contains(&warning.to_owned()), "{}", examined.text);
    assert_eq!(examined.status, Some(0), "{}", examined.text);
}

/// GStreamer is to find plug-ins in this folder alone.
fn see_plug_ins_of(command: &mut Command, folder: &Path) {
    for name in ["GST_PLUGIN_PATH", "GST_PLUGIN_PATH_1_0"] {
        command.env_remove(name);
    }
    for name in ["GST_PLUGIN_SYSTEM_PATH", "GST_PLUGIN_SYSTEM_PATH_1_0"] {
        command.env(name, folder);
    }
    command.env("GST_REGISTRY", folder.join("registry"));
}

#[test]
fn names_that_end_in_local() {
    let configuration = format!("{MODEST}[[member]]\nroom = 'ws://nas.local:9000/room'\n");
    let (services, hosts) = (Laid::over("/etc/nsswitch.conf"), Laid::over("/etc/hosts"));
    services.says("hosts: files dns\n");
    let examined = Doctor::with(&configuration).examine();
    examined.fails("names", "nas.local is not found: names that end in .local are not looked for", "libnss-mdns");
    // `/run` is the test's own: there is no avahi.
    services.says("hosts: files mdns4_minimal [NOTFOUND=return] dns\n");
    let examined = Doctor::with(&configuration).examine();
    examined.fails("names", "avahi's to find, which does not run", "sudo systemctl enable --now avahi-daemon");
    hosts.says("10.77.0.1 nas.local\n");
    Doctor::with(&configuration).examine().is_well("names", "nas.local is found");
}

/// A file that lies over one of the machine, for this test alone: `lab/namespace` gives each its own mounts.
struct Laid(NamedTempFile);

impl Laid {
    fn over(file: &str) -> Self {
        let own = NamedTempFile::new().unwrap();
        let status = Command::new("mount").arg("--bind").arg(own.path()).arg(file).status().unwrap();
        assert!(status.success(), "mount --bind {file}");
        Self(own)
    }

    fn says(&self, text: &str) {
        fs::write(self.0.path(), text).unwrap();
    }
}
