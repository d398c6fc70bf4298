//! Whether the sound server can be reached, which runs for one user, and seldom for a service.

use std::{env, path::Path};

use nix::unistd::Uid;

use super::{Finding, account};
use crate::{
    config::Settings,
    source::{Spec, survey},
};

const ABOUT: &str = "sound";
/// Its unit hides `/run/user`.
const OF_THE_PACKAGE: &str = "for the packaged service: docs/install.md";

/// Asks it what it has.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let is_needed = settings.sources.iter().any(Spec::is_of_sound_server);
    vec![match survey::sounds().await {
        Ok((sources, sinks)) => {
            let (sources, sinks) = (sources.len(), sinks.len());
            Finding::ok(ABOUT, format!("the sound server answers: microphones {sources}, outputs {sinks}"))
        }
        Err(_) if !is_needed => Finding::ok(ABOUT, "no sound server answers; nothing in the configuration needs one"),
        Err(error) => Finding::failure(ABOUT, error.to_string()).mended_by(remedy(&Found::here())),
    }]
}

/// What there is of a sound server.
#[derive(Debug, Clone)]
struct Found {
    user: String,
    /// `XDG_RUNTIME_DIR` is set.
    is_told: bool,
    /// The user's own folder of sockets, where systemd makes it.
    folder: String,
    has_folder: bool,
    /// A server listens in it.
    has_server: bool,
    /// PipeWire's is installed.
    has_pipewire: bool,
}

impl Found {
    fn here() -> Self {
        let folder = format!("/run/user/{}", Uid::effective());
        Self {
            user: account::user(),
            is_told: env::var_os("XDG_RUNTIME_DIR").is_some() || env::var_os("PULSE_SERVER").is_some(),
            has_folder: Path::new(&folder).is_dir(),
            has_server: Path::new(&folder).join("pulse/native").exists(),
            has_pipewire: Path::new("/usr/bin/pipewire-pulse").exists(),
            folder,
        }
    }
}

fn remedy(found: &Found) -> String {
    let Found { user, folder, .. } = found;
    if found.has_server && !found.is_told {
        return format!(
            "export XDG_RUNTIME_DIR={folder} (in your unit: Environment=XDG_RUNTIME_DIR={folder}; {OF_THE_PACKAGE})"
        );
    }
    if !found.has_folder && !found.is_told {
        return format!(
            "sudo loginctl enable-linger {user} (its sound server runs without a login then; {OF_THE_PACKAGE})"
        );
    }
    if found.has_pipewire {
        return "systemctl --user enable --now pipewire-pulse".to_owned();
    }
    "sudo apt install pulseaudio && pulseaudio --start".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_follows_from_what_there_is() {
        let nothing = Found {
            user: "ann".to_owned(),
            is_told: false,
            folder: "/run/user/1000".to_owned(),
            has_folder: false,
            has_server: false,
            has_pipewire: false,
        };
        assert!(remedy(&nothing).starts_with("sudo loginctl enable-linger ann"));
        let untold = Found { has_folder: true, has_server: true, ..nothing.clone() };
        assert!(remedy(&untold).starts_with("export XDG_RUNTIME_DIR=/run/user/1000 "));
        assert!(remedy(&untold).ends_with("docs/install.md)"));
        let silent = Found { has_folder: true, is_told: true, ..nothing };
        assert_eq!(remedy(&silent), "sudo apt install pulseaudio && pulseaudio --start");
        let pipewire = Found { has_pipewire: true, ..silent };
        assert_eq!(remedy(&pipewire), "systemctl --user enable --now pipewire-pulse");
    }
}
