//! A file that is read from one place to another.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// How many bytes are read at once.
const BUFFER: usize = 64 << 10;

/// A file, as long as it is when the reading begins: what somebody still writes behind that is not looked at.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    file: BufReader<R>,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    pub(crate) fn new(mut file: R) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file: BufReader::with_capacity(BUFFER, file), at: 0, length })
    }

    /// Where the next byte is read.
    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// Where the file ends.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// Goes to another place.
    pub(crate) fn seek(&mut self, to: u64) -> io::Result<()> {
        let by = i128::from(to) - i128::from(self.at);
        match i64::try_from(by) {
            Ok(by) => self.file.seek_relative(by)?,
            Err(_) => {
                self.file.seek(SeekFrom::Start(to))?;
            }
        }
        self.at = to;
        Ok(())
    }

    /// The next bytes as far as there are any before the limit, without going on behind them.
    pub(crate) fn peek<'a>(&mut self, bytes: &'a mut [u8], limit: u64) -> io::Result<&'a [u8]> {
        let left = limit.min(self.length).saturating_sub(self.at);
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        self.file.read_exact(bytes)?;
        self.file.seek_relative(-(count as i64))?;
        Ok(bytes)
    }

    /// The next bytes, so many, which are there and few.
    pub(crate) fn bytes(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count as usize];
        self.file.read_exact(&mut bytes)?;
        self.at += count;
        Ok(bytes)
    }

    /// Goes on behind the next bytes, which are there, and shows them piece by piece.
    pub(crate) fn pass(&mut self, count: u64, mut look: impl FnMut(&[u8])) -> io::Result<()> {
        let end = self.at.saturating_add(count);
        while self.at < end {
            self.piece(end, |bytes| {
                look(bytes);
                bytes.len()
            })?;
        }
        Ok(())
    }

    /// Goes on behind the next bytes that are these, and gives where they begin. None of them is 0.
    pub(crate) fn find(&mut self, marker: [u8; 4]) -> io::Result<Option<u64>> {
        let (mut last, mut found) = (0_u32, None);
        while found.is_none() && self.at < self.length {
            self.piece(self.length, |bytes| {
                found = bytes.iter().position(|byte| {
                    last = last << 8 | u32::from(*byte);
                    last.to_be_bytes() == marker
                });
                found.map_or(bytes.len(), |at| at + 1)
            })?;
        }
        Ok(found.map(|_| self.at - marker.len() as u64))
    }

    /// Shows bytes up to `end`, as many as there are at once, and goes on behind so many of them as it is told.
    fn piece(&mut self, end: u64, look: impl FnOnce(&[u8]) -> usize) -> io::Result<()> {
        let left = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        let buffer = self.file.fill_buf()?;
        let bytes = buffer.get(..left).unwrap_or(buffer);
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let taken = look(bytes);
        self.file.consume(taken);
        self.at += taken as u64;
        Ok(())
    }
}
