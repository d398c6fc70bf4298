//! What a daemon can be told: TOML, the environment and flags become one checked and typed [`Settings`].
//!
//! Text becomes a `tree` of values that know where they were written; flags and variables are laid over it; a
//! `section` reads it key by key. So each error names its place, all errors are told at once, and the keys that are
//! asked for are the keys that are known. `config/default.toml` is the manual.

mod difference;
mod http;
mod load;
mod members;
mod messages;
mod outside;
mod problem;
mod recording;
mod section;
mod servers;
mod settings;
mod sources;
mod tree;
mod units;

pub(crate) use self::http::SOCKET;
pub use self::http::{Http, Socket};
pub use difference::{Difference, Fate};
pub use load::{Origin, Overrides, Target, load, parse};
pub use members::{Member, Room, Trust};
pub(crate) use outside::runtime_folder;
pub use problem::{Place, Problem, Problems};
pub use settings::{Limits, Purpose, Relay, Settings};
