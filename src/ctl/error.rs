//! Why `peergate ctl` did not do what it was asked.

use std::{io, path::PathBuf, time::Duration};

use http::StatusCode;

/// Why something was not done, whose doing it is and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CtlError {
    /// An argument can't be used.
    #[error("{0}")]
    Misused(String),
    /// No daemon has a socket where one is looked for.
    #[error(
        "no daemon is controlled through {0}; is one running for this user? --socket PATH names another place, --url \
         http://127.0.0.1:8080 asks over TCP"
    )]
    NoSocket(String),
    /// The socket is of a daemon that died.
    #[error("nobody listens at {0} any more: the daemon was killed; start it again")]
    Dead(PathBuf),
    /// The socket is another user's.
    #[error("{0} is for the user that the daemon runs as; ask as that user: sudo -u USER peergate ctl ...")]
    Forbidden(PathBuf),
    /// It can't be connected to.
    #[error("no connection to {to}: {error}")]
    Unreachable {
        /// Where.
        to: String,
        /// Why not.
        error: io::Error,
    },
    /// It is spoken to over TLS, and is not who it should be, or speaks none.
    #[error("no connection to {to}: {why}")]
    Untrusted {
        /// Where.
        to: String,
        /// Why not, and what helps.
        why: String,
    },
    /// Nothing came in time.
    #[error("the daemon did not answer within {} s; its log may say why", .0.as_secs())]
    TooSlow(Duration),
    /// What came is no answer of a daemon.
    #[error("expected an answer of a peergate daemon, got something else: {0}")]
    Foreign(String),
    /// The daemon refuses, in its own words.
    #[error("{error}; {help}")]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// What is wrong.
        error: String,
        /// What helps.
        help: String,
    },
    /// There is nothing to take a picture of.
    #[error("the daemon has no source of pictures; 'peergate ctl state' shows what it has")]
    NoPictures,
    /// A file can't be written.
    #[error("{path} can't be written: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Whoever was to read has gone, or the terminal does not do what it is asked.
    #[error("what is said can't be shown: {0}")]
    Output(#[from] io::Error),
}
