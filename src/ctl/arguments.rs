//! What `peergate ctl` can be asked for.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::address::ServerUrl;
use crate::api::body::What;

/// The flags of `ctl`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "stdout has only what was asked for.\n\n\
                        Exit codes: 0 done, 1 no daemon answers or it refuses, 64 bad arguments.")]
pub struct CtlArgs {
    /// What to ask for.
    #[command(subcommand)]
    pub action: Action,

    /// Its control socket [default: peergate.sock in the user's runtime folder, else /run/peergate]
    #[arg(long, global = true, value_name = "PATH", env = "PEERGATE_SOCKET", hide_env_values = true)]
    pub socket: Option<String>,

    /// Ask over the network instead: https://HOST:PORT, or http://HOST:PORT on its own machine
    #[arg(long, global = true, value_name = "URL", value_parser = ServerUrl::parse)]
    pub url: Option<ServerUrl>,

    /// Holds a certificate (PEM) that is trusted beside the system's: a CA's, or the daemon's own
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Holds the token that it asks for over TCP
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Print JSON, as the API has it (docs/openapi.json)
    #[arg(long, global = true)]
    pub json: bool,
}

/// What a daemon can be asked.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Print all that it says of itself
    State,
    /// Print the remote peers
    Peers,
    /// Close the connection to a peer; it may come back
    Kick {
        /// Its id
        peer: String,
    },
    /// Send a text over data channels
    Send {
        /// The text
        text: String,
        /// To this peer only
        #[arg(long, value_name = "PEER")]
        to: Option<String>,
    },
    /// Start, stop or list recordings
    Record {
        /// Which of it.
        #[command(subcommand)]
        action: RecordAction,
    },
    /// Write what a source shows right now to a file, as JPEG
    Snapshot {
        /// The file; - for stdout
        file: PathBuf,
        /// Which source [default: the first with pictures]
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
    },
    /// Change what is logged until it ends, or print it
    Log {
        /// A level, or target=level with commas between
        filter: Option<String>,
    },
    /// Have it read its configuration again; prints what changed
    Reload,
    /// Watch it: peers, sources, encoders and recordings, anew each second
    Top {
        /// Look once, for a second, and end; so it does too where stdout is no terminal
        #[arg(long)]
        once: bool,
    },
}

/// What can be done about recordings.
#[derive(Debug, Clone, Subcommand)]
pub enum RecordAction {
    /// Record all that are there, or those who are named; prints the recordings' ids
    Start {
        /// What peers send, what we send, or both
        #[arg(long, value_enum, default_value = "remote")]
        what: What,
        /// Those in this member's room only
        #[arg(long, value_name = "ID")]
        member: Option<String>,
        /// This peer only
        #[arg(long, value_name = "ID")]
        peer: Option<String>,
        /// With so much of the time before, as far as it is held
        #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = clap::value_parser!(u64).range(0..=60))]
        before: u64,
    },
    /// End a recording; its files stay
    Stop {
        /// Its id
        recording: String,
    },
    /// Print what is being recorded; 'peergate recordings list' prints what is kept
    List,
}
