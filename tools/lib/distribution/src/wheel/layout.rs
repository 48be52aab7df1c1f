//! The bytes of a ZIP archive as they lie in the file: what ZIP libraries pass over in silence.
//!
//! Some installers read the directory at the end, others the headers before each member. A wheel is sound only
//! when both see the same: every byte belongs to one member or to the directory, and both descriptions agree.

use std::io::{self, Read};
use std::ops::Range;

use super::header::{self, FIXED, u16_at, u32_at, u64_at};
use crate::Problem;
use crate::check::Code::{W001, W002, W003, W008, W009, W010, W012, W014};
use crate::source::Source;

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const END_LENGTH: u64 = 22;
/// The largest data descriptor: signature, checksum and two sizes of eight bytes.
const DESCRIPTOR_LENGTH: u64 = 24;
/// Far above the directory of any wheel; it keeps a hostile one from filling the memory.
const DIRECTORY_LIMIT: u64 = 64 << 20;
/// From this size on an archive that unpacks to so many times its own size is not unpacked.
const BOMB_SIZE: u64 = 4 << 30;
const BOMB_RATIO: u64 = 50;

/// One member as the directory describes it.
pub(crate) struct Member {
    /// The name, `/` at the end for a folder.
    pub(crate) name: String,
    /// The compression method: 0 stored, 8 deflate.
    pub(crate) method: u16,
    /// The size in bytes, unpacked.
    pub(crate) size: u64,
    /// The size in bytes, as it lies in the archive.
    pub(crate) compressed: u64,
    /// The checksum (CRC-32) of its bytes.
    pub(crate) crc: u32,
    /// Says whether it is a symbolic link.
    pub(crate) is_link: bool,
    pub(super) flags: u16,
    header: u64,
}

/// What lies in an archive, and what is wrong with how it lies there.
#[derive(Default)]
pub(crate) struct Layout {
    /// The members in the order of the directory.
    pub(crate) members: Vec<Member>,
    /// What is wrong with the structure.
    pub(crate) problems: Vec<Problem>,
    /// Says whether the structure could be read to its end, and the members may be unpacked.
    pub(crate) is_whole: bool,
    /// The members' numbers by name; of several with one name the last comes last.
    by_name: Vec<u32>,
    /// The members' numbers by their places.
    by_place: Vec<u32>,
    /// Where the directory begins.
    end: u64,
    shift: u64,
}

/// A member and the bytes that it may have: from its header up to the next member, or to the directory.
pub(crate) struct Extent {
    /// The member's number.
    pub(crate) member: usize,
    /// The bytes.
    pub(crate) bytes: Range<u64>,
}

impl Layout {
    /// The number of the member with that name; the last one, as installers have it, when several share it.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let name_of = |at: &u32| self.members[*at as usize].name.as_str();
        let behind = self.by_name.partition_point(|at| name_of(at) <= name);
        let at = self.by_name[..behind].last()?;
        (name_of(at) == name).then_some(*at as usize)
    }

    /// The member of that name, as [`find`](Self::find) has it.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.find(name).map(|at| &self.members[at])
    }

    /// The members by their places in the file.
    pub(crate) fn extents(&self) -> Vec<Extent> {
        let starts = self.by_place.iter().map(|at| self.start(*at as usize));
        let ends = starts.skip(1).chain(std::iter::once(self.end));
        let one = |(at, end): (&u32, u64)| {
            let start = self.start(*at as usize).min(self.end);
            Extent { member: *at as usize, bytes: start..end.clamp(start, self.end) }
        };
        self.by_place.iter().zip(ends).map(one).collect()
    }

    /// The bytes of one member, as [`extents`](Self::extents) has them.
    pub(crate) fn extent(&self, member: usize) -> Range<u64> {
        let start = self.start(member);
        let next = self.by_place.partition_point(|at| self.start(*at as usize) <= start);
        let end = self.by_place.get(next).map_or(self.end, |at| self.start(*at as usize));
        start.min(self.end)..end.min(self.end)
    }

    /// Says when a member stands behind the files of a folder, which should be the last ones.
    pub(crate) fn order(&self, folder: &str) -> Option<Problem> {
        let is_inside = |at: &u32| {
            self.members[*at as usize].name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let first = self.by_place.iter().position(is_inside)?;
        let stray = self.by_place[first..].iter().find(|at| !is_inside(at))?;
        let name = &self.members[*stray as usize].name;
        Some(W014.found(format!("`{name}` stands behind files of `{folder}`, which should be the last ones")))
    }

    fn start(&self, member: usize) -> u64 {
        self.members[member].header.saturating_add(self.shift)
    }

    /// Compares each member's own header with the directory, without unpacking anything.
    pub(crate) fn compare_headers(&mut self, source: &Source) -> io::Result<()> {
        let mut problems = Vec::new();
        let mut lengths = Vec::new();
        for Extent { member, bytes } in self.extents() {
            let member = &self.members[member];
            // One call reads the usual header; a longer extra field takes a second one.
            let step = FIXED + member.name.len() + 64;
            let mut section = source.section(bytes.start, bytes.end, step);
            lengths.push(header::compare(&mut section, member, &mut problems)?);
        }
        self.problems.append(&mut problems);
        self.close_gaps(&lengths);
        Ok(())
    }

    /// Finds bytes that belong to no member and members that overlap, given the `lengths` of the members' headers in
    /// the order of [`extents`](Self::extents).
    pub(crate) fn close_gaps(&mut self, lengths: &[Option<u64>]) {
        let mut found = Vec::new();
        let mut expected = self.shift;
        let mut slack = 0;
        for (at, length) in self.by_place.iter().zip(lengths) {
            let (member, start) = (&self.members[*at as usize], self.start(*at as usize));
            let name = &member.name;
            if start > expected.saturating_add(slack) {
                let count = start - expected;
                found.push(W003.found(format!("{count} bytes before `{name}` belong to no member")));
            } else if start < expected {
                found.push(W003.found(format!("`{name}` overlaps the member before it")));
            }
            slack = if header::has_descriptor(member.flags) { DESCRIPTOR_LENGTH } else { 0 };
            expected = start.saturating_add(length.unwrap_or_default()).saturating_add(member.compressed);
        }
        if self.end > expected.saturating_add(slack) {
            let count = self.end - expected;
            found.push(W003.found(format!("{count} bytes before the directory belong to no member")));
        } else if self.end < expected {
            found.push(W003.found("the last member overlaps the directory"));
        }
        self.problems.append(&mut found);
    }
}

/// Reads the directory of an archive (APPNOTE.TXT 6.3.10); nothing is unpacked, no header compared.
///
/// A broken structure is a problem in the result; an error is the system's.
pub(crate) fn read(source: &mut Source) -> io::Result<Layout> {
    let mut layout = Layout::default();
    match walk(source, &mut layout) {
        Ok(()) => Ok(layout),
        Err(Stop::Broken(problem)) => {
            layout.problems.push(problem);
            Ok(layout)
        }
        Err(Stop::Io(cause)) => Err(cause),
    }
}

enum Stop {
    Broken(Problem),
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::UnexpectedEof => Stop::Broken(truncated()),
            _ => Stop::Io(cause),
        }
    }
}

fn truncated() -> Problem {
    W002.found("the archive is truncated")
}

/// Where the directory lies.
struct Directory {
    start: u64,
    end: u64,
    records: u64,
    /// How many bytes stand before the archive: what every offset in it lacks.
    shift: u64,
}

fn walk(source: &mut Source, layout: &mut Layout) -> Result<(), Stop> {
    looks_like_tar(source, &mut layout.problems)?;
    let directory = find_directory(source, &mut layout.problems)?;
    let length = directory.end - directory.start;
    if length > DIRECTORY_LIMIT {
        let what =
            format!("the directory has {length} bytes, more than the {DIRECTORY_LIMIT} that it may have");
        return Err(Stop::Broken(W012.found(what)));
    }
    let archive = source.length();
    let bytes = source.keep(directory.start)?;
    let mut position = 0;
    for number in 1..=directory.records {
        position += read_central(bytes.get(position..).unwrap_or_default(), number, layout)?;
    }
    if position as u64 != length {
        let what = format!("the directory has {position} bytes, and the end record says {length}");
        layout.problems.push(W002.found(what));
    }
    (layout.end, layout.shift) = (directory.start, directory.shift);
    let members = &layout.members;
    let count = u32::try_from(members.len()).map_err(io::Error::other)?;
    layout.by_name = (0..count).collect();
    layout.by_name.sort_by(|a, b| members[*a as usize].name.cmp(&members[*b as usize].name));
    layout.by_place = (0..count).collect();
    layout.by_place.sort_by_key(|at| members[*at as usize].header);
    let unpacked = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.size));
    if unpacked > BOMB_SIZE && unpacked / archive > BOMB_RATIO {
        let what = format!("the archive has {archive} bytes, declares {unpacked}, and was not unpacked");
        return Err(Stop::Broken(W012.found(what)));
    }
    layout.is_whole = true;
    Ok(())
}

/// Some programs try tar first: a file that is both would unpack to something else there.
fn looks_like_tar(source: &Source, problems: &mut Vec<Problem>) -> io::Result<()> {
    if source.length() < 512 {
        return Ok(());
    }
    let mut block = [0; 512];
    source.section(0, 512, 512).read_exact(&mut block)?;
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) })
        .sum();
    if tar::Header::from_byte_slice(&block).cksum().is_ok_and(|said| said == sum) {
        problems.push(W001.found("the archive can be read as tar, too"));
    }
    Ok(())
}

fn find_directory(source: &mut Source, problems: &mut Vec<Problem>) -> Result<Directory, Stop> {
    let length = source.length();
    let from = length.saturating_sub(END_LENGTH + u64::from(u16::MAX));
    let tail = source.keep(from)?;
    let Some(at) = tail.windows(END_LENGTH as usize).rposition(|window| window.starts_with(END)) else {
        return Err(Stop::Broken(without_end(source)?));
    };
    let end: [u8; END_LENGTH as usize] =
        tail[at..at + END_LENGTH as usize].try_into().map_err(io::Error::other)?;
    let position = from + at as u64;
    let (comment, rest) = (u64::from(u16_at(&end, 20)), length - position - END_LENGTH);
    if rest > comment {
        problems.push(W003.found(format!("{} bytes follow the end of the archive", rest - comment)));
    } else if rest < comment {
        problems.push(
            W002.found(format!(
                "the archive is truncated: {} bytes of its comment are missing",
                comment - rest
            )),
        );
    } else if comment > 0 {
        problems
            .push(W008.found(format!("the archive has a comment of {comment} bytes, and a wheel has none")));
    }
    let (here, records) = (u64::from(u16_at(&end, 8)), u64::from(u16_at(&end, 10)));
    let (size, offset) = (u64::from(u32_at(&end, 12)), u64::from(u32_at(&end, 16)));
    if records == u64::from(u16::MAX) || size == u64::from(u32::MAX) || offset == u64::from(u32::MAX) {
        return find_directory64(source, position);
    }
    if here != records {
        problems
            .push(W002.found(format!("the archive has {records} members, and {here} of them in this file")));
    }
    let Some(shift) = position.checked_sub(size + offset) else {
        return Err(Stop::Broken(
            W002.found("the archive is truncated: its end record points beyond the file".to_owned()),
        ));
    };
    if shift > 0 {
        problems.push(W003.found(format!("{shift} bytes stand before the archive")));
    }
    Ok(Directory { start: position - size, end: position, records, shift })
}

fn without_end(source: &Source) -> io::Result<Problem> {
    let mut start = Vec::new();
    source.section(0, 4, 4).read_to_end(&mut start)?;
    Ok(match start == LOCAL {
        true => W002.found("the archive is truncated: it has no end record"),
        false => W001.found("the file is no ZIP archive"),
    })
}

fn find_directory64(source: &mut Source, position: u64) -> Result<Directory, Stop> {
    let broken = |what: &str| Err(Stop::Broken(W002.found(format!("the ZIP64 end record {what}"))));
    let Some(locator) = position.checked_sub(20) else { return broken("is missing") };
    let bytes = source.keep(locator)?;
    if !bytes.starts_with(LOCATOR64) {
        return broken("is missing");
    }
    let end = u64_at(bytes, 8);
    if end.checked_add(56) != Some(locator) {
        return broken("does not stand where its locator says");
    }
    let bytes = source.keep(end)?;
    if !bytes.starts_with(END64) || u64_at(bytes, 4) != 44 {
        return broken("is not of the plain form");
    }
    let (records, size, start) = (u64_at(bytes, 32), u64_at(bytes, 40), u64_at(bytes, 48));
    if start.checked_add(size) != Some(end) {
        return broken("points elsewhere than to the directory before it");
    }
    Ok(Directory { start, end, records, shift: 0 })
}

/// Reads one entry of the directory and returns its length.
fn read_central(bytes: &[u8], number: u64, layout: &mut Layout) -> Result<usize, Stop> {
    let Some(fixed) = bytes.get(..46).filter(|fixed| fixed.starts_with(CENTRAL)) else {
        return Err(Stop::Broken(W002.found(format!("entry {number} of the directory is damaged"))));
    };
    let [raw, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(fixed, at)));
    let length = 46 + raw + extra + comment;
    let Some(rest) = bytes.get(46..length) else { return Err(Stop::Broken(truncated())) };
    let (raw, rest) = rest.split_at(raw);
    let (extra, comment) = rest.split_at(extra);
    let name = String::from_utf8_lossy(raw).into_owned();
    if name.as_bytes() != raw {
        layout.problems.push(W009.found(format!("the name `{name}` is not UTF-8")));
    }
    if !comment.is_empty() {
        layout.problems.push(W008.found(format!(
            "`{name}` has a comment of {} bytes, and a wheel's members have none",
            comment.len()
        )));
    }
    layout.problems.extend(header::unknown(&name, u16_at(fixed, 6), u16_at(fixed, 8)));
    let mut member = Member {
        flags: u16_at(fixed, 8),
        method: u16_at(fixed, 10),
        crc: u32_at(fixed, 16),
        compressed: u64::from(u32_at(fixed, 20)),
        size: u64::from(u32_at(fixed, 24)),
        header: u64::from(u32_at(fixed, 42)),
        is_link: fixed[5] == 3 && (u32_at(fixed, 38) >> 16) & 0o170_000 == 0o120_000,
        name,
    };
    let mut sizes = [&mut member.size, &mut member.compressed, &mut member.header];
    header::read_extra(extra, raw, &mut sizes)
        .map_err(|fault| Stop::Broken(W010.found(format!("`{}` {fault}", member.name))))?;
    layout.members.push(member);
    Ok(length)
}
