//! The bytes of a ZIP archive as they lie in the file: what ZIP libraries pass over in silence.
//!
//! Some installers read the directory at the end, others the headers before each member. A wheel is sound only
//! when both see the same: every byte belongs to one member or to the directory, and both descriptions agree.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use crate::Problem;
use crate::check::Code::{W001, W002, W003, W005, W006, W007, W008, W009, W010, W011};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const END_LENGTH: u64 = 22;
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
/// The largest data descriptor: signature, checksum and two sizes of eight bytes.
const DESCRIPTOR_LENGTH: u64 = 24;
const ZIP64_EXTRA: u16 = 1;
const UNICODE_PATH_EXTRA: u16 = 0x7075;

/// One member as the directory describes it.
pub(crate) struct Member {
    /// The name, `/` at the end for a folder.
    pub(crate) name: String,
    /// The compression method: 0 stored, 8 deflate.
    pub(crate) method: u16,
    /// The size in bytes, unpacked.
    pub(crate) size: u64,
    /// Says whether it is a symbolic link.
    pub(crate) is_link: bool,
    flags: u16,
    crc: u32,
    compressed: u64,
    header: u64,
}

/// What lies in an archive, and what is wrong with how it lies there.
#[derive(Default)]
pub(crate) struct Layout {
    /// The members in the order of the directory; all of them only when the structure could be read to its end.
    pub(crate) members: Vec<Member>,
    /// What is wrong with the structure.
    pub(crate) problems: Vec<Problem>,
    by_name: HashMap<String, usize>,
}

impl Layout {
    /// The member of that name; the last one, as installers have it, when several share it.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.by_name.get(name).map(|at| &self.members[*at])
    }
}

/// Reads the structure of an archive of `length` bytes (APPNOTE.TXT 6.3.10) without unpacking anything.
///
/// A broken structure is a problem in the result; an error is the system's.
pub(crate) fn read(file: &mut (impl Read + Seek), length: u64) -> io::Result<Layout> {
    let mut layout = Layout::default();
    match walk(file, length, &mut layout) {
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
            io::ErrorKind::UnexpectedEof => Stop::Broken(W002.found("the archive is truncated")),
            _ => Stop::Io(cause),
        }
    }
}

/// Where the directory lies.
struct Directory {
    start: u64,
    end: u64,
    records: u64,
    /// How many bytes stand before the archive: what every offset in it lacks.
    shift: u64,
}

fn walk(file: &mut (impl Read + Seek), length: u64, layout: &mut Layout) -> Result<(), Stop> {
    looks_like_tar(file, length, &mut layout.problems)?;
    let directory = find_directory(file, length, &mut layout.problems)?;
    file.seek(SeekFrom::Start(directory.start))?;
    let mut position = directory.start;
    for number in 1..=directory.records {
        position += read_central(file, number, layout)?;
    }
    if position != directory.end {
        let (said, found) = (directory.end - directory.start, position - directory.start);
        layout
            .problems
            .push(W002.found(format!("the directory has {found} bytes, and the end record says {said}")));
    }
    let mut order: Vec<usize> = (0..layout.members.len()).collect();
    order.sort_by_key(|at| layout.members[*at].header);
    let mut expected = directory.shift;
    let mut slack = 0;
    for at in order {
        let member = &layout.members[at];
        let start = member.header + directory.shift;
        let name = &member.name;
        if start > expected + slack {
            layout
                .problems
                .push(W003.found(format!("{} bytes before `{name}` belong to no member", start - expected)));
        } else if start < expected {
            layout.problems.push(W003.found(format!("`{name}` overlaps the member before it")));
        }
        file.seek(SeekFrom::Start(start))?;
        let data = start + compare_local(file, member, &mut layout.problems)?;
        slack = if member.flags & DESCRIPTOR != 0 { DESCRIPTOR_LENGTH } else { 0 };
        expected = data.saturating_add(member.compressed);
    }
    if directory.start > expected + slack {
        let count = directory.start - expected;
        layout.problems.push(W003.found(format!("{count} bytes before the directory belong to no member")));
    } else if directory.start < expected {
        layout.problems.push(W003.found("the last member overlaps the directory"));
    }
    Ok(())
}

/// Some programs try tar first: a file that is both would unpack to something else there.
fn looks_like_tar(
    file: &mut (impl Read + Seek),
    length: u64,
    problems: &mut Vec<Problem>,
) -> Result<(), Stop> {
    if length < 512 {
        return Ok(());
    }
    let mut block = [0; 512];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut block)?;
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

fn find_directory(
    file: &mut (impl Read + Seek),
    length: u64,
    problems: &mut Vec<Problem>,
) -> Result<Directory, Stop> {
    let reach = length.min(END_LENGTH + u64::from(u16::MAX));
    let mut tail = vec![0; usize::try_from(reach).unwrap_or_default()];
    file.seek(SeekFrom::Start(length - reach))?;
    file.read_exact(&mut tail)?;
    let Some(at) = tail.windows(END_LENGTH as usize).rposition(|window| window.starts_with(END)) else {
        return Err(Stop::Broken(without_end(file)?));
    };
    let end = &tail[at..];
    let position = length - reach + at as u64;
    let (comment, rest) = (u64::from(u16_at(end, 20)), length - position - END_LENGTH);
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
    let (here, records) = (u64::from(u16_at(end, 8)), u64::from(u16_at(end, 10)));
    let (size, offset) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    if records == u64::from(u16::MAX) || size == u64::from(u32::MAX) || offset == u64::from(u32::MAX) {
        return find_directory64(file, position);
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

fn without_end(file: &mut (impl Read + Seek)) -> io::Result<Problem> {
    let mut start = [0; 4];
    file.seek(SeekFrom::Start(0))?;
    let is_zip = file.read_exact(&mut start).is_ok() && &start == LOCAL;
    Ok(match is_zip {
        true => W002.found("the archive is truncated: it has no end record"),
        false => W001.found("the file is no ZIP archive"),
    })
}

fn find_directory64(file: &mut (impl Read + Seek), position: u64) -> Result<Directory, Stop> {
    let broken = |what: &str| Err(Stop::Broken(W002.found(format!("the ZIP64 end record {what}"))));
    let Some(locator) = position.checked_sub(20) else { return broken("is missing") };
    let mut bytes = [0; 20];
    file.seek(SeekFrom::Start(locator))?;
    file.read_exact(&mut bytes)?;
    if !bytes.starts_with(LOCATOR64) {
        return broken("is missing");
    }
    let end = u64_at(&bytes, 8);
    if end.checked_add(56) != Some(locator) {
        return broken("does not stand where its locator says");
    }
    let mut bytes = [0; 56];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut bytes)?;
    if !bytes.starts_with(END64) || u64_at(&bytes, 4) != 44 {
        return broken("is not of the plain form");
    }
    let (records, size, start) = (u64_at(&bytes, 32), u64_at(&bytes, 40), u64_at(&bytes, 48));
    if start.checked_add(size) != Some(end) {
        return broken("points elsewhere than to the directory before it");
    }
    Ok(Directory { start, end, records, shift: 0 })
}

/// Reads one entry of the directory and returns its length.
fn read_central(file: &mut impl Read, number: u64, layout: &mut Layout) -> Result<u64, Stop> {
    let mut fixed = [0; 46];
    file.read_exact(&mut fixed)?;
    if !fixed.starts_with(CENTRAL) {
        return Err(Stop::Broken(W002.found(format!("entry {number} of the directory is damaged"))));
    }
    let raw = take(file, u16_at(&fixed, 28))?;
    let extra = take(file, u16_at(&fixed, 30))?;
    let comment = take(file, u16_at(&fixed, 32))?;
    let name = String::from_utf8_lossy(&raw).into_owned();
    if name.as_bytes() != raw {
        layout.problems.push(W009.found(format!("the name `{name}` is not UTF-8")));
    }
    if !comment.is_empty() {
        layout.problems.push(W008.found(format!(
            "`{name}` has a comment of {} bytes, and a wheel's members have none",
            comment.len()
        )));
    }
    let mut member = Member {
        method: u16_at(&fixed, 10),
        flags: u16_at(&fixed, 8),
        crc: u32_at(&fixed, 16),
        compressed: u64::from(u32_at(&fixed, 20)),
        size: u64::from(u32_at(&fixed, 24)),
        header: u64::from(u32_at(&fixed, 42)),
        is_link: fixed[5] == 3 && (u32_at(&fixed, 38) >> 16) & 0o170_000 == 0o120_000,
        name,
    };
    let mut sizes = [&mut member.size, &mut member.compressed, &mut member.header];
    read_extra(&extra, &raw, &mut sizes)
        .map_err(|fault| Stop::Broken(W010.found(format!("`{}` {fault}", member.name))))?;
    layout.by_name.insert(member.name.clone(), layout.members.len());
    layout.members.push(member);
    Ok((46 + raw.len() + extra.len() + comment.len()) as u64)
}

/// Reads the header before a member's data, compares it with the directory and returns its length.
fn compare_local(file: &mut impl Read, member: &Member, problems: &mut Vec<Problem>) -> Result<u64, Stop> {
    let name = &member.name;
    let mut fixed = [0; 30];
    file.read_exact(&mut fixed)?;
    if !fixed.starts_with(LOCAL) {
        return Err(Stop::Broken(W005.found(format!("`{name}` does not stand where the directory says"))));
    }
    let raw = take(file, u16_at(&fixed, 26))?;
    let extra = take(file, u16_at(&fixed, 28))?;
    let (mut compressed, mut size) = (u64::from(u32_at(&fixed, 18)), u64::from(u32_at(&fixed, 22)));
    if let Err(fault) = read_extra(&extra, &raw, &mut [&mut size, &mut compressed]) {
        problems.push(W010.found(format!("`{name}` {fault}")));
    }
    if raw != name.as_bytes() {
        let local = String::from_utf8_lossy(&raw);
        problems
            .push(W005.found(format!("the directory calls a member `{name}`, and its own header `{local}`")));
    }
    if member.flags & ENCRYPTED != 0 {
        problems.push(W011.found(format!("`{name}` is encrypted")));
    }
    let flags = u16_at(&fixed, 6);
    if flags & DESCRIPTOR != 0 || member.flags & DESCRIPTOR != 0 {
        problems.push(
            W007.found(format!(
                "`{name}` has a data descriptor, so that its size stands after its data only"
            )),
        );
        return Ok((30 + raw.len() + extra.len()) as u64);
    }
    let pairs = [
        ("flags", u64::from(member.flags), u64::from(flags)),
        ("compression method", u64::from(member.method), u64::from(u16_at(&fixed, 8))),
        ("checksum", u64::from(member.crc), u64::from(u32_at(&fixed, 14))),
        ("compressed size", member.compressed, compressed),
        ("size", member.size, size),
    ];
    for (what, central, local) in pairs {
        if central != local {
            problems.push(W006.found(format!(
                "`{name}`: the {what} is {central} in the directory and {local} in its own header"
            )));
        }
    }
    Ok((30 + raw.len() + extra.len()) as u64)
}

/// Reads the extra fields: sizes of eight bytes in place of those that are all ones, and a second name.
fn read_extra(mut extra: &[u8], name: &[u8], sizes: &mut [&mut u64]) -> Result<(), String> {
    let mut seen = Vec::new();
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(field) = extra.get(4..4 + length) else { break };
        extra = &extra[4 + length..];
        if matches!(id, ZIP64_EXTRA | UNICODE_PATH_EXTRA) && seen.contains(&id) {
            return Err(format!("has the extra field {id:#06x} twice"));
        }
        seen.push(id);
        if id == UNICODE_PATH_EXTRA && field.get(5..) != Some(name) {
            return Err("has another name in an extra field".to_owned());
        }
        if id == ZIP64_EXTRA {
            let mut numbers = field.chunks_exact(8).map(|eight| u64_at(eight, 0));
            for size in sizes.iter_mut().filter(|size| ***size == u64::from(u32::MAX)) {
                **size = numbers.next().ok_or("has a ZIP64 field that is too short")?;
            }
        }
    }
    if extra.is_empty() { Ok(()) } else { Err("has extra fields that are damaged".to_owned()) }
}

fn take(file: &mut impl Read, length: u16) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(length)];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
