//! The command line: what `peergate` can be asked for. Every flag of `run` has a twin in the environment.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, parser::ValueSource};

use crate::{
    config::{Overrides, Place, Target},
    ctl::CtlArgs,
};

/// Which file is read; it says nothing about what is in it.
const CONFIG: &str = "PEERGATE_CONFIG";

/// What each flag, and its twin in the environment, says about the configuration.
const FLAGS: [(&str, &str, &str, Target); 20] = [
    ("room", "--room", "PEERGATE_ROOM", Target::Rooms),
    ("id", "--id", "PEERGATE_ID", Target::EveryMember("id")),
    ("video", "--video", "PEERGATE_VIDEO", Target::Video),
    ("audio", "--audio", "PEERGATE_AUDIO", Target::Audio),
    ("size", "--size", "PEERGATE_SIZE", Target::EveryVideo("size")),
    ("fps", "--fps", "PEERGATE_FPS", Target::EveryVideo("fps")),
    ("bitrate", "--bitrate", "PEERGATE_BITRATE", Target::Key("encode", "bitrate")),
    ("codec", "--codec", "PEERGATE_CODEC", Target::Key("encode", "codec")),
    ("encoder", "--encoder", "PEERGATE_ENCODER", Target::Key("encode", "encoder")),
    ("record", "--record", "PEERGATE_RECORD", Target::EveryMember("record")),
    ("record_dir", "--record-dir", "PEERGATE_RECORD_DIR", Target::Key("record", "dir")),
    ("stun", "--stun", "PEERGATE_STUN", Target::List("ice", "stun")),
    ("turn", "--turn", "PEERGATE_TURN", Target::List("ice", "turn")),
    ("listen", "--listen", "PEERGATE_LISTEN", Target::Key("http", "listen")),
    ("certificate", "--certificate", "PEERGATE_CERTIFICATE", Target::Key("http", "certificate")),
    ("key", "--key", "PEERGATE_KEY", Target::Key("http", "key")),
    ("socket", "--socket", "PEERGATE_SOCKET", Target::Key("http", "socket")),
    (
        "control_token_file",
        "--control-token-file",
        "PEERGATE_CONTROL_TOKEN_FILE",
        Target::Key("http", "control_token_file"),
    ),
    ("filter", "--log", "PEERGATE_LOG", Target::Key("log", "filter")),
    ("format", "--log-format", "PEERGATE_LOG_FORMAT", Target::Key("log", "format")),
];

/// Joins browser rooms as a WebRTC peer: a camera, a screen or a microphone for everyone in the room.
#[derive(Debug, Parser)]
#[command(name = "peergate", version, about, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 asked to stop, 1 could not start or could not go on, \
                        64 bad arguments or configuration.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Join rooms; without flags: a test picture and tone, with a relay and a page of its own
    Run(Box<RunArgs>),
    /// Read a configuration, and try to build every pipeline it names
    Check(CheckArgs),
    /// List cameras, microphones and screens, with the flag that takes each
    Devices(DevicesArgs),
    /// Say what works on this machine, what does not, and what helps
    Doctor(DoctorArgs),
    /// Run the signalling relay alone
    Relay(RelayArgs),
    /// Ask a running daemon: what it does, and to do something else
    Ctl(Box<CtlArgs>),
    /// List what was recorded, verify that it is all there, or repair what was cut off
    Recordings(RecordingsArgs),
}

/// What was asked for.
pub struct Asked {
    /// The command, with its flags as they were written.
    pub command: Command,
    /// What the flags say about the configuration.
    pub overrides: Overrides,
}

impl Asked {
    /// Reads the command line `arguments`, the program's name first, and the variables of the environment.
    ///
    /// # Errors
    /// clap's own; a wish for help or the version is one too.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Cli::command().try_get_matches_from(arguments)?;
        let overrides = matches.subcommand().map(|(_, matches)| overrides(matches)).unwrap_or_default();
        Ok(Self { command: Cli::from_arg_matches(&matches)?.command, overrides })
    }
}

/// The variables of the environment that mean something.
#[must_use]
pub fn variables() -> Vec<&'static str> {
    FLAGS.iter().map(|(_, _, variable, _)| *variable).chain([CONFIG]).collect()
}

fn overrides(matches: &ArgMatches) -> Overrides {
    let mut overrides = Overrides::default();
    for (id, flag, variable, target) in FLAGS {
        // Not every command has every flag.
        let Ok(Some(values)) = matches.try_get_many::<String>(id) else { continue };
        let values: Vec<_> = values.cloned().collect();
        if matches.value_source(id) == Some(ValueSource::EnvVariable) {
            overrides.set(target, Place::Variable(variable), from_variable(target, &values));
        } else {
            overrides.set(target, Place::Flag(flag), values);
        }
    }
    overrides
}

/// A variable that is empty says nothing; several values stand in one with spaces between.
fn from_variable(target: Target, values: &[String]) -> Vec<String> {
    let texts = values.iter().filter(|text| !text.is_empty());
    match target {
        Target::Rooms | Target::List(..) => {
            texts.flat_map(|text| text.split_whitespace()).map(ToOwned::to_owned).collect()
        }
        _ => texts.cloned().collect(),
    }
}

/// The flags of `run`. Texts are checked together with the file's, in [`crate::config`].
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Precedence: file, then environment, then flags. A flag that may be repeated takes several \
                        values in the environment too, with spaces between them.\n\n\
                        Exit codes: 0 asked to stop, 1 could not start or could not go on, \
                        64 bad arguments or configuration.")]
pub struct RunArgs {
    /// Configuration in TOML; config/default.toml shows every key [default: built-in defaults]
    #[arg(long, value_name = "FILE", env = CONFIG, hide_env_values = true)]
    pub config: Option<PathBuf>,

    /// Room to join: ws://, wss:// or embedded:NAME; may be repeated [default: embedded, our own relay]
    #[arg(long, value_name = "URL", env = "PEERGATE_ROOM", hide_env_values = true)]
    pub room: Vec<String>,

    /// Our peer id in the room [default: 20 random characters, printed]
    #[arg(long, value_name = "ID", env = "PEERGATE_ID", hide_env_values = true)]
    pub id: Option<String>,

    /// What pictures come from.
    #[arg(help = "Pictures: none, test[:PATTERN], camera[:SELECTOR], screen[:DISPLAY], file:PATH [default: test]")]
    #[arg(long, value_name = "SPEC", env = "PEERGATE_VIDEO", hide_env_values = true)]
    pub video: Option<String>,

    /// What sound comes from.
    #[arg(help = "Sound: none, test[:WAVE], microphone[:SELECTOR], monitor[:SELECTOR], file:PATH [default: test]")]
    #[arg(long, value_name = "SPEC", env = "PEERGATE_AUDIO", hide_env_values = true)]
    pub audio: Option<String>,

    /// Size of the picture, in pixels [default: 1280x720]
    #[arg(long, value_name = "WxH", env = "PEERGATE_SIZE", hide_env_values = true)]
    pub size: Option<String>,

    /// Frames a second [default: 30]
    #[arg(long, value_name = "N", env = "PEERGATE_FPS", hide_env_values = true)]
    pub fps: Option<String>,

    /// Of each video encode, such as 800k or 2M, in bit/s [default: 2000k]
    #[arg(long, value_name = "RATE", env = "PEERGATE_BITRATE", hide_env_values = true)]
    pub bitrate: Option<String>,

    /// Video codec offered first: h264, vp8, vp9 or av1 [default: h264 where an encoder for it is found, else vp8]
    #[arg(long, value_name = "CODEC", env = "PEERGATE_CODEC", hide_env_values = true)]
    pub codec: Option<String>,

    /// GStreamer element that encodes that codec, or auto [default: auto]
    #[arg(long, value_name = "NAME", env = "PEERGATE_ENCODER", hide_env_values = true)]
    pub encoder: Option<String>,

    /// What is recorded: none, remote (what peers send), local (what we send) or all [default: none]
    #[arg(long, value_name = "WHAT", env = "PEERGATE_RECORD", hide_env_values = true)]
    pub record: Option<String>,

    /// Where recordings go [default: recordings]
    #[arg(long, value_name = "DIR", env = "PEERGATE_RECORD_DIR", hide_env_values = true)]
    pub record_dir: Option<String>,

    /// stun:HOST:PORT, or none [default: stun:stun.l.google.com:19302]
    #[arg(long, value_name = "URL", env = "PEERGATE_STUN", hide_env_values = true)]
    pub stun: Vec<String>,

    /// turn:USER:PASSWORD@HOST:PORT?transport=udp|tcp, turns: for TLS, or none; may be repeated [default: none]
    #[arg(long, value_name = "URL", env = "PEERGATE_TURN", hide_env_values = true)]
    pub turn: Vec<String>,

    /// HTTP: page, relay (/signal) and API; none for no port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "PEERGATE_LISTEN", hide_env_values = true)]
    pub listen: Option<String>,

    /// How TLS is spoken on --listen.
    #[command(flatten)]
    pub tls: TlsArgs,

    /// Where 'peergate ctl' finds it, or none [default: peergate.sock in the user's or the unit's runtime folder]
    #[arg(long, value_name = "PATH", env = "PEERGATE_SOCKET", hide_env_values = true)]
    pub socket: Option<String>,

    /// Holds the token that the API asks for; a must when --listen is not a loopback address
    #[arg(long, value_name = "FILE", env = "PEERGATE_CONTROL_TOKEN_FILE", hide_env_values = true)]
    pub control_token_file: Option<String>,

    /// How logs are written.
    #[command(flatten)]
    pub log: LogArgs,
}

/// The flags of `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The configuration
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// The flags of `devices`.
#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "What stands behind --video and --audio in the list stays the same when a device is plugged in \
                        anew. What could not be looked for is said on stderr."
)]
pub struct DevicesArgs {
    /// Print the list as JSON
    #[arg(long)]
    pub json: bool,
}

/// The flags of `doctor`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Each line is ok, a warning or a failure, with what mends it. As the user of a service: sudo \
                        -u USER peergate doctor --config FILE.\n\n\
                        Exit codes: 0 what is configured works, 1 something does not, 64 bad arguments or \
                        configuration.")]
pub struct DoctorArgs {
    /// Configuration in TOML, whose sources, servers and folders are tried [default: built-in defaults]
    #[arg(long, value_name = "FILE", env = CONFIG, hide_env_values = true)]
    pub config: Option<PathBuf>,

    /// Try every encoder with each size of picture that would be encoded: a second or two for each
    #[arg(long)]
    pub encoders: bool,

    /// Enter each room beside the running daemon, as one more peer, and count the frames that it sends
    #[arg(long)]
    pub deep: bool,

    /// Print the findings as JSON
    #[arg(long, conflicts_with = "encoders")]
    pub json: bool,
}

/// The flags of `relay`.
#[derive(Debug, Clone, Default, Args)]
pub struct RelayArgs {
    /// The configuration file.
    #[arg(help = "Configuration in TOML, of which [http], [relay] and [log] count [default: built-in defaults]")]
    #[arg(long, value_name = "FILE", env = CONFIG, hide_env_values = true)]
    pub config: Option<PathBuf>,

    /// Where to listen; rooms are at /signal and /signal/ROOM [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "PEERGATE_LISTEN", hide_env_values = true)]
    pub listen: Option<String>,

    /// How TLS is spoken there.
    #[command(flatten)]
    pub tls: TlsArgs,

    /// How logs are written.
    #[command(flatten)]
    pub log: LogArgs,
}

/// The flags of `recordings`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 all is well, 1 it is not, 64 bad arguments or configuration.")]
pub struct RecordingsArgs {
    /// What to do with them
    #[arg(value_enum, value_name = "WHAT")]
    pub action: RecordingsAction,

    /// The configuration file.
    #[arg(help = "Configuration in TOML, of which [record] counts [default: built-in defaults]")]
    #[arg(long, value_name = "FILE", env = CONFIG, hide_env_values = true)]
    pub config: Option<PathBuf>,

    /// Where the recordings are [default: recordings]
    #[arg(long, value_name = "DIR", env = "PEERGATE_RECORD_DIR", hide_env_values = true)]
    pub record_dir: Option<String>,

    /// Print the list as JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be done with recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordingsAction {
    /// Print what is kept
    List,
    /// Read every file, and compare it with its manifest and those after it
    Verify,
    /// Mend what was cut off; no daemon may record there at the same time
    Repair,
}

/// How TLS is spoken.
#[derive(Debug, Clone, Default, Args)]
pub struct TlsArgs {
    /// TLS with this certificate (PEM), or self-signed for one of its own making, or none [default: none]
    #[arg(long, value_name = "FILE", env = "PEERGATE_CERTIFICATE", hide_env_values = true)]
    pub certificate: Option<String>,

    /// The certificate's key (PEM) [default: it is in the certificate's file]
    #[arg(long, value_name = "FILE", env = "PEERGATE_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

/// How logs are written.
#[derive(Debug, Clone, Default, Args)]
pub struct LogArgs {
    /// What is logged: a level, or target=level with commas between [default: info]
    #[arg(long = "log", value_name = "FILTER", env = "PEERGATE_LOG", hide_env_values = true)]
    pub filter: Option<String>,

    /// text or json [default: text]
    #[arg(long = "log-format", value_name = "FORMAT", env = "PEERGATE_LOG_FORMAT", hide_env_values = true)]
    pub format: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_and_variable_says_something() {
        Cli::command().debug_assert();
        let mut variables = variables();
        for command in Cli::command().get_subcommands() {
            // One without a value says what to do, not how.
            let says_how =
                |argument: &&clap::Arg| argument.get_long().is_some() && argument.get_action().takes_values();
            for argument in command.get_arguments().filter(says_how) {
                let long = argument.get_long().unwrap();
                if command.get_name() == "ctl" && argument.get_env().is_none() {
                    // It says whom to ask, which is in no configuration.
                    continue;
                }
                let variable = argument.get_env().unwrap().to_str().unwrap();
                assert_eq!(variable, format!("PEERGATE_{}", long.to_uppercase().replace('-', "_")));
                assert!(argument.is_hide_env_values_set(), "--{long} may hold a secret");
                if long == "config" {
                    continue;
                }
                let (id, flag, ..) = FLAGS.iter().find(|(_, _, known, _)| *known == variable).expect(long);
                assert_eq!((argument.get_id().as_str(), *flag), (*id, format!("--{long}").as_str()));
                variables.retain(|known| *known != variable);
            }
        }
        assert_eq!(variables, [CONFIG], "variables without a flag");
    }
}
