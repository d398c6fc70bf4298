//! Where rooms meet media: the tasks that hold a [`crate::room`], its relay connection and its peers.

pub mod command;
