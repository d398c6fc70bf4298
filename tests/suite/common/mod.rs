//! What the tests share: one file per real thing they start or look at.

pub(crate) mod browser;
pub(crate) mod control;
pub(crate) mod daemon;
pub(crate) mod decode_track;
pub(crate) mod dialect;
pub(crate) mod encoded_media;
pub(crate) mod follower;
pub(crate) mod guest;
pub(crate) mod hostile;
pub(crate) mod logs;
pub(crate) mod lone_peer;
pub(crate) mod netns;
pub(crate) mod page;
pub(crate) mod page_server;
pub(crate) mod peers;
pub(crate) mod plain_relay;
pub(crate) mod recorded_sdp;
pub(crate) mod relay;
pub(crate) mod scripted_relay;
pub(crate) mod signalling;
pub(crate) mod socket;
pub(crate) mod str0m_peer;
pub(crate) mod studio;
pub(crate) mod turn;
pub(crate) mod wait;
