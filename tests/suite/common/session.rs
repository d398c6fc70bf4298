//! What somebody's session has on a machine with systemd: a screen that wants its key shown, and the sound server of a user
//! that wants its cookie shown. Both servers are this machine's; their sockets are where that one's programs look for them.

use std::{fs, path::Path, sync::Arc};

use super::{
    clean_root::CleanRoot,
    pulse::{Home, Pulse},
    xvfb::Xvfb,
};

/// Whose sound server it is, on the machine.
pub(crate) const USER: &str = "4321";

/// A session that goes on until it is dropped. In the machine's `/srv`, `key` lets see the display `:0`, and `cookie` hear
/// what is played.
pub(crate) struct Session {
    _screen: Xvfb,
    _sound: Pulse,
}

impl Session {
    /// Begins one on this machine.
    pub(crate) fn begin(machine: &CleanRoot) -> Self {
        Self { _screen: screen(machine), _sound: sound(machine) }
    }
}

fn screen(machine: &CleanRoot) -> Xvfb {
    let key = machine.folder().join("key");
    // A key is for a display of a host, by the host's name.
    let mut xauth = machine.named_as_it_is("xauth");
    let added = xauth.arg("-f").arg(&key).args(["add", ":0", ".", "0123456789abcdef0123456789abcdef"]).status();
    assert!(added.expect("package xauth is installed").success());
    let screen = Xvfb::start_with_key(&key);
    let sockets = machine.folder().join("x11");
    fs::create_dir(&sockets).unwrap();
    fs::hard_link(screen.socket(), sockets.join("X0")).unwrap();
    machine.run("mkdir --parents /tmp/.X11-unix && mount --bind /srv/x11 /tmp/.X11-unix");
    screen
}

fn sound(machine: &CleanRoot) -> Pulse {
    let home = Home::of(Arc::new(tempfile::tempdir().unwrap()));
    let sound = Pulse::start(&home);
    let give = |from: &Path, name: &str| fs::hard_link(from, machine.folder().join(name)).unwrap();
    give(&home.socket(), "native");
    give(&home.cookie(), "cookie");
    machine.run(&format!(
        "mkdir --parents /run/user && install --directory --mode=700 --owner={USER} /run/user/{USER} /run/user/{USER}/pulse && \
         cd /run/user/{USER}/pulse && touch native && mount --bind /srv/native native"
    ));
    sound
}
