//! The data of one member, unpacked in constant memory and never beyond the size that the directory declares.

use std::io::{self, BufRead};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::header;
use super::layout::Member;
use crate::Problem;
use crate::check::Code::{W006, W011};

/// So much is unpacked at once: it fits into the cache of a processor while it is summed and hashed, and inflating goes
/// a tenth faster than with a quarter of it.
const PIECE: usize = 256 * 1024;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The memory that unpacking takes, used for one member after the other.
pub(super) struct Unpacker {
    inflate: Decompress,
    piece: Vec<u8>,
}

/// Why a member could not be unpacked.
pub(super) enum Fault {
    /// It is not as it should be.
    Broken(Problem),
    /// The system did not let us read it.
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        Fault::Io(cause)
    }
}

impl Unpacker {
    /// An unpacker for members of any size.
    pub(super) fn new() -> Self {
        Self::of(u64::MAX)
    }

    /// An unpacker for a member of that size in bytes.
    pub(super) fn of(size: u64) -> Self {
        let piece = usize::try_from(size).unwrap_or(PIECE).clamp(1024, PIECE);
        Self { inflate: Decompress::new(false), piece: vec![0; piece] }
    }

    /// Hands on the data of a member in pieces; `data` stands behind its header and holds nothing of another member.
    ///
    /// It is right when it ends where the directory says, has the size that it says, and the checksum.
    pub(super) fn unpack(
        &mut self,
        member: &Member,
        data: &mut dyn BufRead,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Fault> {
        let mut progress = Progress { member, left: member.compressed, size: 0, crc: Crc::new(), take };
        match member.method {
            STORED => progress.copy(data)?,
            DEFLATED => progress.inflate(data, &mut self.inflate, &mut self.piece)?,
            _ => return Err(Fault::Broken(unknown_method(member))),
        }
        progress.finish()
    }
}

/// The problem of a member that is neither stored nor deflated.
pub(super) fn unknown_method(member: &Member) -> Problem {
    let (name, method) = (&member.name, member.method);
    W011.found(format!("`{name}` is compressed with method {method}, not stored (0) or deflate (8)"))
}

/// How far the unpacking of one member has come.
struct Progress<'a> {
    member: &'a Member,
    left: u64,
    size: u64,
    crc: Crc,
    take: &'a mut dyn FnMut(&[u8]),
}

impl Progress<'_> {
    fn copy(&mut self, data: &mut dyn BufRead) -> Result<(), Fault> {
        while self.left > 0 {
            let piece = data.fill_buf()?;
            let length = available(piece, self.left);
            if length == 0 {
                return Err(self.cut_short());
            }
            self.hand_on(&piece[..length])?;
            data.consume(length);
            self.left -= length as u64;
        }
        Ok(())
    }

    fn inflate(
        &mut self,
        data: &mut dyn BufRead,
        inflate: &mut Decompress,
        piece: &mut [u8],
    ) -> Result<(), Fault> {
        inflate.reset(false);
        loop {
            let input = data.fill_buf()?;
            let length = available(input, self.left);
            if length == 0 && self.left > 0 {
                return Err(self.cut_short());
            }
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(&input[..length], piece, FlushDecompress::None);
            let (read, written) = (inflate.total_in() - read, inflate.total_out() - written);
            let Ok(status) = status else { return Err(self.damaged("its data are damaged")) };
            let written = usize::try_from(written).map_err(io::Error::other)?;
            self.hand_on(&piece[..written])?;
            data.consume(usize::try_from(read).map_err(io::Error::other)?);
            self.left -= read;
            if status == Status::StreamEnd {
                return Ok(());
            }
            if read == 0 && written == 0 {
                return Err(self.damaged("its data end too early"));
            }
        }
    }

    fn hand_on(&mut self, piece: &[u8]) -> Result<(), Fault> {
        self.size += piece.len() as u64;
        let declared = self.member.size;
        if self.size > declared {
            return Err(self.damaged(&format!("it is larger than the {declared} bytes that it declares")));
        }
        self.crc.update(piece);
        (self.take)(piece);
        Ok(())
    }

    fn finish(self) -> Result<(), Fault> {
        let Member { name, size, crc, .. } = self.member;
        let broken = |what: String| Err(Fault::Broken(W006.found(what)));
        if self.size < *size {
            return broken(format!("`{name}` unpacks to {} bytes, and declares {size}", self.size));
        }
        if self.left > 0 {
            return broken(format!("`{name}` has {} bytes behind the end of its data", self.left));
        }
        let sum = self.crc.sum();
        if sum != *crc {
            return broken(format!("`{name}` has the checksum {sum:08x}, and declares {crc:08x}"));
        }
        if name.ends_with('/') && *size > 0 {
            return broken(format!("`{name}` is a folder, and has {size} bytes of data"));
        }
        Ok(())
    }

    fn cut_short(&self) -> Fault {
        self.damaged(&format!("{} of its bytes are missing", self.left))
    }

    fn damaged(&self, cause: &str) -> Fault {
        Fault::Broken(W006.found(format!("`{}` cannot be unpacked: {cause}", self.member.name)))
    }
}

/// How many of the bytes at hand belong to the member.
fn available(bytes: &[u8], left: u64) -> usize {
    bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Skips a member's header, which was compared with the directory before.
pub(super) fn skip_header(member: &Member, data: &mut dyn BufRead) -> Result<(), Fault> {
    let mut problems = Vec::new();
    match header::compare(&mut &mut *data, member, &mut problems)? {
        Some(_) => Ok(()),
        None => Err(Fault::Broken(problems.swap_remove(0))),
    }
}
