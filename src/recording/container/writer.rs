//! What makes a file of frames, whatever kind of file that is.

use std::time::Duration;

use super::Container;
use crate::{
    container::{Block, BlockError, Ending, Track},
    matroska::{self, DocType},
    mp4,
};

/// What wrote a file, as the file says it.
const APPLICATION: &str = concat!("peergate ", env!("CARGO_PKG_VERSION"));

/// A writer of one of the kinds. What it gives is to be appended, each in one write.
#[derive(Debug)]
pub(in crate::recording) enum Writer<F> {
    Matroska(matroska::Writer<F>),
    Mp4(mp4::Writer<F>),
}

impl<F: AsRef<[u8]>> Writer<F> {
    /// A writer, and the first bytes of its file; `None` where no player could play the tracks.
    pub(in crate::recording) fn new(container: Container, tracks: Vec<Track>) -> Option<(Self, Vec<u8>)> {
        let application = APPLICATION.to_owned();
        let doc_type = match container {
            Container::Matroska => DocType::Matroska,
            Container::WebM => DocType::WebM,
            Container::Mp4 => {
                let header = mp4::Header { tracks, begun: None, application };
                let (writer, bytes) = mp4::Writer::new(&header).ok()?;
                return Some((Self::Mp4(writer), bytes));
            }
        };
        let header = matroska::Header { doc_type, tracks, begun: None, application };
        let (writer, bytes) = matroska::Writer::new(&header).ok()?;
        Some((Self::Matroska(writer), bytes))
    }

    /// Takes a frame. Gives those before, if they are enough.
    pub(in crate::recording) fn push(&mut self, block: Block<F>) -> Result<Option<Vec<u8>>, BlockError> {
        match self {
            Self::Matroska(writer) => writer.push(block),
            Self::Mp4(writer) => writer.push(block),
        }
    }

    /// Gives what waits, or as much of it as can be told by now.
    pub(in crate::recording) fn flush(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Matroska(writer) => writer.flush(),
            Self::Mp4(writer) => writer.flush(),
        }
    }

    /// Whether something still waits behind a [`flush`](Self::flush): the next one gives it.
    pub(in crate::recording) fn is_waiting(&self) -> bool {
        match self {
            Self::Matroska(_) => false,
            Self::Mp4(writer) => writer.is_waiting(),
        }
    }

    /// What makes a whole file of it, which lasts to `end`.
    pub(in crate::recording) fn finish(self, end: Duration) -> Ending {
        match self {
            Self::Matroska(writer) => writer.finish(end),
            Self::Mp4(writer) => writer.finish(end),
        }
    }
}
