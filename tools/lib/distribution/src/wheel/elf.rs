//! What an ELF file asks of the system: its machine, the libraries that it needs, and the versions of their symbols.
//!
//! The file passes by in pieces. Its beginning is kept, and so are the few places that the beginning points to; where
//! a place has passed already, the file has to be looked at again.

use std::ops::Range;

/// So much of the beginning is kept, and of other places together; in all but large files nothing of interest lies behind it.
const HEAD: usize = 1 << 20;
/// How much is read of a place whose length the file does not tell.
const STRING: u64 = 256;
const NEIGHBOURS: u64 = 64 * 1024;
const VERSIONS: u64 = 8 * 1024;
/// No file needs more than this many libraries, or parts of any kind.
const MANY: usize = 4096;
const MAGIC: &[u8; 4] = b"\x7fELF";
const LOAD: u64 = 1;
const DYNAMIC: u64 = 2;
const NEEDED: u64 = 1;
const STRTAB: u64 = 5;
const VERNEED: u64 = 0x6fff_fffe;
const WEAK: u64 = 2;

/// What an ELF file asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Elf {
    /// `e_machine` and the size of its addresses in bits.
    pub(super) machine: (u64, u8),
    /// The libraries that it needs (`DT_NEEDED`).
    pub(super) needed: Vec<String>,
    /// The versions of symbols that it needs, such as `GLIBC_2.17` of `libc.so.6`; not those it can do without.
    pub(super) versions: Vec<(String, String)>,
}

/// The parts of a file that were kept while it passed by.
pub(super) struct Sketch {
    size: u64,
    at: u64,
    head: Vec<u8>,
    head_limit: usize,
    windows: Vec<(Range<u64>, Vec<u8>)>,
    is_other: bool,
}

/// Why nothing can be said of an ELF file yet.
enum Gap {
    /// These bytes are not kept.
    Missing(Range<u64>),
    /// It is not to be understood.
    Odd,
}

impl Sketch {
    /// A sketch of a file of that size.
    pub(super) fn new(size: u64) -> Self {
        Self { size, at: 0, head: Vec::new(), head_limit: HEAD, windows: Vec::new(), is_other: false }
    }

    /// Looks at the next piece.
    pub(super) fn take(&mut self, piece: &[u8]) {
        if self.is_other {
            return;
        }
        let room = self.head_limit - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        if self.head.len() >= MAGIC.len() && !self.head.starts_with(MAGIC) {
            (self.is_other, self.head) = (true, Vec::new());
            return;
        }
        let (from, to) = (self.at, self.at + piece.len() as u64);
        self.at = to;
        let mut is_new = from < self.head_limit as u64;
        for (range, bytes) in &mut self.windows {
            let begin = range.start + bytes.len() as u64;
            if begin >= from && begin < to.min(range.end) {
                bytes.extend_from_slice(&piece[(begin - from) as usize..(to.min(range.end) - from) as usize]);
                is_new |= to >= range.end;
            }
        }
        // Each place that is known points to the next ones, which are mostly still to come.
        if is_new && let Err(Gap::Missing(range)) = self.read() {
            self.keep(range);
        }
    }

    /// Says what the file asks for, and `None` when it is no ELF file that can be understood.
    ///
    /// Where a place had passed before it was known to matter, that is an error, and `again` looks once more.
    pub(super) fn finish(&self) -> Result<Option<Elf>, ()> {
        if self.is_other || !self.head.starts_with(MAGIC) {
            return Ok(None);
        }
        match self.read() {
            Ok(elf) => Ok(Some(elf)),
            Err(Gap::Odd) => Ok(None),
            Err(Gap::Missing(_)) => Err(()),
        }
    }

    /// The sketch for another look at the same file.
    pub(super) fn again(mut self) -> Self {
        let gap = self.read();
        (self.at, self.head) = (0, Vec::new());
        if let Err(Gap::Missing(range)) = gap {
            self.keep(range);
        }
        self
    }

    fn keep(&mut self, range: Range<u64>) {
        let is_known =
            self.windows.iter().any(|(known, _)| known.contains(&range.start) && known.end >= range.end);
        let kept: u64 = self.windows.iter().map(|(range, _)| range.end - range.start).sum();
        let is_small = range.end - range.start <= (HEAD as u64).saturating_sub(kept);
        if !is_known && is_small && range.start >= self.at {
            self.windows.push((range, Vec::new()));
        }
    }

    fn get(&self, start: u64, length: u64) -> Result<&[u8], Gap> {
        let end = start.saturating_add(length).min(self.size);
        if start >= end {
            return Err(Gap::Odd);
        }
        let within = |from: u64, bytes: &'_ [u8]| start >= from && end <= from + bytes.len() as u64;
        if within(0, &self.head) {
            return Ok(&self.head[start as usize..end as usize]);
        }
        match self.windows.iter().find(|(range, bytes)| within(range.start, bytes)) {
            Some((range, bytes)) => Ok(&bytes[(start - range.start) as usize..(end - range.start) as usize]),
            None => Err(Gap::Missing(start..end)),
        }
    }

    fn read(&self) -> Result<Elf, Gap> {
        let ident = self.get(0, 16)?;
        let form = match (ident.get(4), ident.get(5)) {
            (Some(class @ (1 | 2)), Some(order @ (1 | 2))) => Form { wide: *class == 2, little: *order == 1 },
            _ => return Err(Gap::Odd),
        };
        let header = self.get(0, form.either(52, 64))?;
        let machine = (form.number(header, 18, 2)?, form.either(32, 64) as u8);
        let table = form.number(header, form.either(28, 32), form.word())?;
        let (each, count) = match form.wide {
            true => (form.number(header, 54, 2)?, form.number(header, 56, 2)?),
            false => (form.number(header, 42, 2)?, form.number(header, 44, 2)?),
        };
        let mut elf = Elf { machine, ..Elf::default() };
        if count == 0 || each < form.either(32, 56) {
            return Ok(elf);
        }
        let (mut loads, mut dynamic) = (Vec::new(), None);
        for part in self.get(table, each * count)?.chunks_exact(each as usize) {
            let at = |narrow, wide| form.number(part, form.either(narrow, wide), form.word());
            let (offset, address, length) = (at(4, 8)?, at(8, 16)?, at(16, 32)?);
            match form.number(part, 0, 4)? {
                LOAD => loads.push((address, offset, length)),
                DYNAMIC => dynamic = Some((offset, length)),
                _ => {}
            }
        }
        let Some((offset, length)) = dynamic else { return Ok(elf) };
        let table = self.get(offset, length.min(64 * 1024))?;
        let place = |address: u64| {
            let load = loads.iter().find(|(start, _, length)| address >= *start && address - start < *length);
            load.map(|(start, offset, _)| offset.saturating_add(address - start)).ok_or(Gap::Odd)
        };
        let (mut strings, mut versions, mut needed) = (None, None, Vec::new());
        for entry in table.chunks_exact(2 * form.word() as usize) {
            let value = form.number(entry, form.word(), form.word())?;
            match form.number(entry, 0, form.word())? {
                0 => break,
                NEEDED => needed.push(value),
                STRTAB => strings = Some(place(value)?),
                VERNEED => versions = Some(place(value)?),
                _ => {}
            }
        }
        let Some(strings) = strings else { return Ok(elf) };
        for at in needed {
            elf.needed.push(self.string(strings, at)?);
        }
        if let Some(versions) = versions {
            elf.versions = self.versions(form, versions, strings)?;
        }
        Ok(elf)
    }

    /// Reads the versions that are needed (`.gnu.version_r`): a chain of libraries, each with a chain of versions.
    fn versions(&self, form: Form, start: u64, strings: u64) -> Result<Vec<(String, String)>, Gap> {
        let table = self.get(start, VERSIONS)?;
        let mut found = Vec::new();
        let (mut library, mut steps) = (0, 0..MANY);
        while steps.next().is_some() {
            let file = self.string(strings, form.number(table, library + 4, 4)?)?;
            let mut version = library + form.number(table, library + 8, 4)?;
            while steps.next().is_some() {
                let (flags, name) =
                    (form.number(table, version + 4, 2)?, form.number(table, version + 8, 4)?);
                if flags & WEAK == 0 {
                    found.push((file.clone(), self.string(strings, name)?));
                }
                match form.number(table, version + 12, 4)? {
                    0 => break,
                    next => version += next,
                }
            }
            match form.number(table, library + 12, 4)? {
                0 => break,
                next => library += next,
            }
        }
        Ok(found)
    }

    fn string(&self, strings: u64, at: u64) -> Result<String, Gap> {
        let bytes = self.get(strings.saturating_add(at), STRING).map_err(|gap| match gap {
            // The strings that are needed mostly lie side by side.
            Gap::Missing(Range { start, end }) => {
                Gap::Missing(start - start % NEIGHBOURS..end.saturating_add(NEIGHBOURS).min(self.size))
            }
            Gap::Odd => Gap::Odd,
        })?;
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8(text.to_vec()).map_err(|_| Gap::Odd)
    }
}

/// How numbers are written in a file.
#[derive(Clone, Copy)]
struct Form {
    wide: bool,
    little: bool,
}

impl Form {
    fn either(self, narrow: u64, wide: u64) -> u64 {
        if self.wide { wide } else { narrow }
    }

    /// The size of an address in bytes.
    fn word(self) -> u64 {
        self.either(4, 8)
    }

    fn number(self, bytes: &[u8], at: u64, length: u64) -> Result<u64, Gap> {
        let at = usize::try_from(at).map_err(|_| Gap::Odd)?;
        let bytes = bytes.get(at..at.saturating_add(length as usize)).ok_or(Gap::Odd)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Ok(match self.little {
            true => bytes.iter().rev().fold(0, join),
            false => bytes.iter().fold(0, join),
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Looks at a file in pieces, as often as it takes.
    fn look(bytes: &[u8], head: usize, piece: usize) -> (Elf, usize) {
        let mut sketch = Sketch { head_limit: head, ..Sketch::new(bytes.len() as u64) };
        for looks in 1..100 {
            bytes.chunks(piece).for_each(|piece| sketch.take(piece));
            match sketch.finish() {
                Ok(elf) => return (elf.unwrap_or_default(), looks),
                Err(()) => sketch = sketch.again(),
            }
        }
        panic!("a hundred looks do not do");
    }

    #[test]
    fn a_file_asks_for_the_same_however_little_of_it_is_kept() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let (whole, looks) = look(&bytes, bytes.len(), bytes.len());
        assert_eq!(looks, 1);
        assert!(whole.needed.iter().any(|library| library.starts_with("libc.")), "{whole:?}");
        for (head, piece) in [(HEAD, 65_536), (4096, 1000), (64, 4096), (64, 7)] {
            assert_eq!(look(&bytes, head, piece).0, whole, "{head} bytes kept, {piece} at once");
        }
    }

    #[test]
    fn damaged_files_ask_for_nothing_odd_and_stop_no_one() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let start = &bytes[..bytes.len().min(20_000)];
        for at in 0..1000 {
            let mut changed = start.to_vec();
            changed[at] = !changed[at];
            let mut sketch = Sketch::new(changed.len() as u64);
            changed.chunks(3000).for_each(|piece| sketch.take(piece));
            let _ = sketch.finish();
        }
    }
}
