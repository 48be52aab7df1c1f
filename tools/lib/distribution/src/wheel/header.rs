//! The header before a member's data, compared with what the directory says about it.

use std::io::{self, Read};

use super::layout::Member;
use crate::Problem;
use crate::check::Code::{W005, W006, W007, W009, W010, W011};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
/// The length of the part that each header has, before the name.
pub(super) const FIXED: usize = 30;
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;
/// How hard a member was compressed, which nobody has to know, and what is explained above.
const KNOWN_FLAGS: u16 = ENCRYPTED | 0b110 | DESCRIPTOR | UTF8;
/// The version of the format that has all compression methods and ZIP64.
const KNOWN_VERSION: u16 = 63;
const ZIP64_EXTRA: u16 = 1;
const UNICODE_PATH_EXTRA: u16 = 0x7075;

/// Says whether the sizes of a member with these flags stand after its data.
pub(super) fn has_descriptor(flags: u16) -> bool {
    flags & DESCRIPTOR != 0
}

/// Lists what a member asks of a program beyond storing and deflating, whatever it holds.
pub(super) fn unknown(name: &str, version: u16, flags: u16) -> Vec<Problem> {
    let mut found = Vec::new();
    if flags & ENCRYPTED != 0 {
        found.push(W011.found(format!("`{name}` is encrypted")));
    }
    if flags & !KNOWN_FLAGS != 0 || version & 0xff > KNOWN_VERSION {
        let version = version & 0xff;
        found.push(W011.found(format!(
            "`{name}` asks for version {version} of the format and has the flags {flags:#06x}, which few programs know"
        )));
    }
    if !name.is_ascii() && flags & UTF8 == 0 {
        found.push(W009.found(format!(
            "the name `{name}` is not marked as UTF-8, so that programs read it in other ways"
        )));
    }
    found
}

/// Reads the header of a member and returns its length, or `None` where there is none.
pub(super) fn compare(
    file: &mut impl Read,
    member: &Member,
    problems: &mut Vec<Problem>,
) -> io::Result<Option<u64>> {
    let name = &member.name;
    let mut fixed = [0; FIXED];
    let read = file.read_exact(&mut fixed).and_then(|()| {
        let raw = take(file, u16_at(&fixed, 26))?;
        Ok((raw, take(file, u16_at(&fixed, 28))?))
    });
    let (raw, extra) = match read {
        Ok(parts) if fixed.starts_with(LOCAL) => parts,
        Err(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => return Err(cause),
        _ => {
            problems.push(W005.found(format!("`{name}` does not stand where the directory says")));
            return Ok(None);
        }
    };
    let length = Some((FIXED + raw.len() + extra.len()) as u64);
    let (mut compressed, mut size) = (u64::from(u32_at(&fixed, 18)), u64::from(u32_at(&fixed, 22)));
    if let Err(fault) = read_extra(&extra, &raw, &mut [&mut size, &mut compressed]) {
        problems.push(W010.found(format!("`{name}` {fault}")));
    }
    if raw != name.as_bytes() {
        let local = String::from_utf8_lossy(&raw);
        problems
            .push(W005.found(format!("the directory calls a member `{name}`, and its own header `{local}`")));
    }
    let flags = u16_at(&fixed, 6);
    if has_descriptor(flags) || has_descriptor(member.flags) {
        problems.push(
            W007.found(format!(
                "`{name}` has a data descriptor, so that its size stands after its data only"
            )),
        );
        return Ok(length);
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
    Ok(length)
}

/// Reads the extra fields: sizes of eight bytes in place of those that are all ones, and a second name.
pub(super) fn read_extra(mut extra: &[u8], name: &[u8], sizes: &mut [&mut u64]) -> Result<(), String> {
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

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
