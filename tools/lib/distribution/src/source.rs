//! A file that is read by places: its end is read first and kept, and nothing is read again after it.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

/// So much of the end is kept: the end record of a ZIP archive with its comment, and the directory of most.
const KEPT: u64 = 66 * 1024;
/// Large enough that the cost of a system call does not show beside that of hashing and unpacking.
pub(crate) const BLOCK: usize = 128 * 1024;

/// An open file with its end in memory.
pub(crate) struct Source {
    file: File,
    length: u64,
    /// Where the bytes that are kept begin.
    start: u64,
    kept: Vec<u8>,
}

/// Opens a file. Returns its size too.
pub(crate) fn open(path: &Path) -> io::Result<(File, u64)> {
    // Whoever opens a pipe waits until somebody writes into it.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

impl Source {
    /// Opens a file and reads its end; the whole file when it is small.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let (file, length) = open(path)?;
        let start = length.saturating_sub(KEPT);
        let mut kept = vec![0; usize::try_from(length - start).unwrap_or_default()];
        read_exact_at(&file, start, &mut kept)?;
        Ok(Self { file, length, start, kept })
    }

    /// The size of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Where the bytes begin that are in memory until the file is closed.
    pub(crate) fn kept_from(&self) -> u64 {
        self.start
    }

    /// Returns all that is kept from a place on, after it was read where it was not.
    pub(crate) fn keep(&mut self, from: u64) -> io::Result<&[u8]> {
        if from < self.start {
            let more = usize::try_from(self.start - from).map_err(io::Error::other)?;
            let mut kept = vec![0; more];
            read_exact_at(&self.file, from, &mut kept)?;
            kept.append(&mut self.kept);
            (self.start, self.kept) = (from, kept);
        }
        let at = usize::try_from(from - self.start).map_err(io::Error::other)?;
        Ok(self.kept.get(at..).unwrap_or_default())
    }

    /// A reader of the bytes from `at` up to `end`, which takes `step` of them at once from the file.
    pub(crate) fn section(&self, at: u64, end: u64, step: usize) -> Section<'_> {
        Section { source: self, at, end: end.min(self.length), step, block: Vec::new(), used: 0 }
    }
}

/// A part of a file.
pub(crate) struct Section<'a> {
    source: &'a Source,
    at: u64,
    end: u64,
    step: usize,
    block: Vec<u8>,
    used: usize,
}

impl<'a> Section<'a> {
    /// Reads into the memory of a block that was used before.
    pub(crate) fn with_block(mut self, block: Vec<u8>) -> Self {
        self.block = block;
        self.used = self.block.len();
        self
    }

    /// Gives the memory of its block back.
    pub(crate) fn into_block(self) -> Vec<u8> {
        self.block
    }

    /// What is left of it in memory, without a copy.
    fn in_memory(&self) -> Option<&'a [u8]> {
        let from = usize::try_from(self.at.checked_sub(self.source.start)?).ok()?;
        let to = usize::try_from(self.end.checked_sub(self.source.start)?).ok()?;
        Some(self.source.kept.get(from..to).unwrap_or_default())
    }
}

impl BufRead for Section<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.block.len() {
            if let Some(kept) = self.in_memory() {
                return Ok(kept);
            }
            let end = self.end.min(self.source.start);
            let length = usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(self.step);
            self.block.resize(length, 0);
            self.used = 0;
            read_exact_at(&self.source.file, self.at, &mut self.block)?;
            self.at += length as u64;
        }
        Ok(&self.block[self.used..])
    }

    fn consume(&mut self, amount: usize) {
        if self.used < self.block.len() {
            self.used += amount;
        } else {
            self.at += amount as u64;
        }
    }
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}

/// Reads what a reader has in its block already, and fills that where it is empty.
pub(crate) fn read_buffered(reader: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let available = reader.fill_buf()?;
    let length = available.len().min(buffer.len());
    buffer[..length].copy_from_slice(&available[..length]);
    reader.consume(length);
    Ok(length)
}

#[cfg(unix)]
fn read_exact_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut at: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                buffer = &mut buffer[length..];
                at += length as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_reads_the_same_from_the_file_and_from_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes");
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let mut source = Source::open(&path).unwrap();
        assert_eq!((source.length(), source.kept_from()), (200_000, 200_000 - KEPT));
        for (from, to) in [(0, 200_000), (130_000, 140_000), (150_000, 160_000), (5, 5), (199_999, 300_000)] {
            let mut read = Vec::new();
            source.section(from, to, 1000).read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes[from as usize..to.min(200_000) as usize], "{from} to {to}");
        }
        assert_eq!(source.keep(1000).unwrap(), &bytes[1000..]);
        assert_eq!(source.keep(150_000).unwrap(), &bytes[150_000..]);
        assert_eq!(source.kept_from(), 1000);
    }
}
