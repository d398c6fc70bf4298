//! What makes a whole file of one that was written, or of one whose writing broke off.

/// What a file gets at its end: first the appendix, in one write, then the patches in their order. The last one says that all
/// is there; a file that lacks it is one that a scan finds unfinished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What comes behind all that was written.
    pub append: Vec<u8>,
    /// What is written over.
    pub patches: Vec<Patch>,
}

/// Bytes that replace as many others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where the first one goes, in bytes from the file's start.
    pub offset: u64,
    /// What goes there.
    pub bytes: Vec<u8>,
}

/// What is to be done to a file, in this order: cut it, append, patch. Where that breaks off, it can be done anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// How long it is to be before anything is appended, in bytes.
    pub truncate_to: u64,
    /// What it gets then.
    pub ending: Ending,
}

/// A file that has no room for an ending: another muxer wrote it. Most players play it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a file that was written here, got one without room for an ending; remuxing it may help")]
pub struct NotOurs;
