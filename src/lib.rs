//! peergate: a gateway that joins browser rooms as a WebRTC peer. The map of the house:
//!
//! 1. **Pure**: [`ids`], [`bitstream`], [`codec`], [`connection`], [`container`], [`units`], [`ice`], [`limit`], `log_limit`, [`matroska`], [`metrics`], [`mp4`], `pace`,
//!    [`quality`], [`recording`], [`redact`], [`report`], [`rtp`], [`sdp`], [`room`], [`timeline`], [`token`], [`trust`] and [`signal::message`]. No GStreamer, no
//!    tokio, no clock of their own.
//! 2. **Media**: [`media`], [`source`], [`encoder`], [`studio`], [`peer`] and [`recorder`]. They know GStreamer, and
//!    nothing of rooms or relays.
//! 3. **Gateway**: [`gateway`], [`signal`], [`relay`], [`api`], [`messages`], [`server`], [`tls`] and [`appearance`]: tasks, sockets and
//!    servers, and the only place where the first two meet. Around them what makes a process of it: [`cli`], [`check`],
//!    [`config`], [`ctl`], [`daemon`], `descriptors`, [`devices`], [`doctor`], [`logging`], `memory`, [`recordings`],
//!    [`reload`], `service` and [`shutdown`].

pub mod api;
pub mod appearance;
pub mod bitstream;
pub mod check;
pub mod cli;
pub mod codec;
pub mod config;
pub mod connection;
pub mod container;
pub mod ctl;
pub mod daemon;
mod descriptors;
pub mod devices;
pub mod doctor;
pub mod encoder;
pub mod gateway;
pub mod ice;
pub mod ids;
pub mod limit;
mod log_limit;
pub mod logging;
pub mod matroska;
pub mod media;
pub mod memory;
pub mod messages;
pub mod metrics;
pub mod mp4;
mod pace;
pub mod peer;
pub mod quality;
pub mod recorder;
pub mod recording;
pub mod recordings;
pub mod redact;
pub mod relay;
pub mod reload;
pub mod report;
pub mod room;
pub mod rtp;
pub mod sdp;
pub mod server;
mod service;
pub mod shutdown;
pub mod signal;
pub mod source;
pub mod studio;
pub mod timeline;
pub mod tls;
pub mod token;
pub mod trust;
pub mod units;
