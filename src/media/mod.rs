//! What sources, encoders, peers and recordings share: pipelines on one clock, and feeds between them.

pub mod clockwork;
pub mod device_node;
pub mod elements;
pub mod feed;
pub mod junction;
pub(crate) mod keyframe_flag;
pub(crate) mod keyframes;
pub mod latency;
pub mod main_loop;
pub mod maker;
pub mod packetizer;
pub(crate) mod pad;
mod patience;
pub mod pipeline;
mod replay;
pub mod tap;
pub mod template;
