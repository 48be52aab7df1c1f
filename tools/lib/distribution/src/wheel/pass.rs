//! The one pass over a wheel: headers compared, members unpacked, summed and hashed, each byte read once.

use std::io::{self, BufRead, Read};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use document::Sha256;
use rayon::prelude::*;
use sha2::Digest;

use super::elf::{Elf, Sketch};
use super::header;
use super::inflate::{Fault, Unpacker};
use super::layout::{Extent, Layout, Member};
use crate::Problem;
use crate::check::Code::{W033, W054};
use crate::secrets::Search;
use crate::source::{BLOCK, Source, read_buffered};

/// From this size in bytes on, the members of one wheel are unpacked at once by several threads.
const SHARED: u64 = 4 << 20;
/// The largest text that is kept on the way for the checks that read it.
const TEXT_LIMIT: u64 = 4 << 20;
/// How many blocks of a member may wait for the thread that unpacks it.
const WAITING: usize = 4;

/// What one member turned out to be.
#[derive(Default)]
pub(super) struct Facts {
    /// What is wrong with its header and its data.
    pub(super) problems: Vec<Problem>,
    /// The SHA-256 of its bytes; `None` when it could not be unpacked.
    pub(super) sha256: Option<[u8; 32]>,
    /// Its bytes, where they were wanted.
    pub(super) text: Option<Vec<u8>>,
    /// What it asks of the system, where it is an ELF file.
    pub(super) elf: Option<Elf>,
    /// What was kept of an ELF file that has to be looked at again.
    pub(super) sketch: Option<Sketch>,
    /// The length of its header; `None` when it has none.
    header: Option<u64>,
}

/// Unpacks every member and returns what they turned out to be, in the order of the directory; members are read
/// where they lie, in large wheels several at once. The bytes of those that `is_text` names are kept.
pub(super) fn by_place(
    source: &Source,
    layout: &mut Layout,
    is_text: &(dyn Fn(&str) -> bool + Sync),
) -> io::Result<Vec<Facts>> {
    let extents = layout.extents();
    let one = |inspector: &mut Inspector, extent: &Extent| {
        let block = std::mem::take(&mut inspector.block);
        let bytes = &extent.bytes;
        let mut section = source.section(bytes.start, bytes.end, BLOCK).with_block(block);
        let facts = inspector.inspect(&layout.members[extent.member], &mut section, is_text);
        inspector.block = section.into_block();
        facts
    };
    let facts: Vec<Facts> = if source.length() < SHARED {
        let mut inspector = Inspector::new();
        extents.iter().map(|extent| one(&mut inspector, extent)).collect::<io::Result<_>>()?
    } else {
        extents.par_iter().with_max_len(1).map_init(Inspector::new, one).collect::<io::Result<_>>()?
    };
    Ok(sort(layout, &extents, facts))
}

/// Does what [`by_place`] does, and returns the SHA-256 (FIPS 180-4) of the whole file too: the file is read from its
/// first byte to its last, and what was read is unpacked by other threads.
pub(super) fn from_start(
    source: &Source,
    layout: &mut Layout,
    is_text: &(dyn Fn(&str) -> bool + Sync),
) -> io::Result<(Vec<Facts>, Sha256)> {
    if source.kept_from() == 0 {
        return Ok((by_place(source, layout, is_text)?, digest(source)?));
    }
    let extents = layout.extents();
    let threads = thread::available_parallelism().map_or(1, NonZero::get).clamp(1, 8);
    let done: Mutex<Vec<(usize, io::Result<Facts>)>> = Mutex::new(Vec::new());
    let (hand_out, tasks) = sync_channel::<(usize, Fed)>(threads);
    let tasks = Mutex::new(tasks);
    let work = || {
        let mut inspector = Inspector::new();
        loop {
            let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((at, mut fed)) = task else { return };
            let facts = inspector.inspect(&layout.members[extents[at].member], &mut fed, is_text);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, facts));
        }
    };
    let sha256 = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
        feed(source, &extents, hand_out)
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let facts: Vec<Facts> = done.into_iter().map(|(_, facts)| facts).collect::<io::Result<_>>()?;
    Ok((sort(layout, &extents, facts), sha256))
}

/// Reads the file once, and hands its members out to those who unpack them. Returns its SHA-256.
fn feed(source: &Source, extents: &[Extent], hand_out: SyncSender<(usize, Fed)>) -> io::Result<Sha256> {
    let mut file = Hashed { source, sha256: sha2::Sha256::new(), at: 0 };
    for (at, extent) in extents.iter().enumerate() {
        file.read(extent.bytes.start, |_| {})?;
        let (feed, blocks) = sync_channel(WAITING);
        // Those who take the tasks end only after the last one was handed out.
        let _ = hand_out.send((at, Fed { blocks, block: Vec::new(), used: 0 }));
        // A member that turns out to be broken takes no more of its blocks, which are hashed all the same.
        file.read(extent.bytes.end, |block| drop(feed.send(block)))?;
    }
    file.read(source.length(), |_| {})?;
    Ok(Sha256::from_bytes(&file.sha256.finalize().into()))
}

/// Returns the SHA-256 of a whole file.
pub(super) fn digest(source: &Source) -> io::Result<Sha256> {
    let mut file = Hashed { source, sha256: sha2::Sha256::new(), at: 0 };
    file.read(source.length(), |_| {})?;
    Ok(Sha256::from_bytes(&file.sha256.finalize().into()))
}

/// Puts the facts into the order of the directory, after the lengths of the headers have shown what lies between.
fn sort(layout: &mut Layout, extents: &[Extent], facts: Vec<Facts>) -> Vec<Facts> {
    let lengths: Vec<Option<u64>> = facts.iter().map(|facts| facts.header).collect();
    layout.close_gaps(&lengths);
    let mut sorted: Vec<Facts> = layout.members.iter().map(|_| Facts::default()).collect();
    for (extent, facts) in extents.iter().zip(facts) {
        sorted[extent.member] = facts;
    }
    sorted
}

/// What a thread needs to look into one member after the other.
struct Inspector {
    unpacker: Unpacker,
    block: Vec<u8>,
}

impl Inspector {
    fn new() -> Self {
        Self { unpacker: Unpacker::new(), block: Vec::new() }
    }

    fn inspect(
        &mut self,
        member: &Member,
        data: &mut dyn BufRead,
        is_text: &(dyn Fn(&str) -> bool + Sync),
    ) -> io::Result<Facts> {
        let mut facts = Facts::default();
        facts.header = header::compare(&mut &mut *data, member, &mut facts.problems)?;
        if facts.header.is_none() {
            return Ok(facts);
        }
        let mut text = (member.size <= TEXT_LIMIT && is_text(&member.name)).then(Vec::new);
        let mut sha256 = sha2::Sha256::new();
        let mut search = Search::of(&member.name, member.size);
        let mut sketch = Sketch::new(member.size);
        let unpacked = self.unpacker.unpack(member, data, &mut |piece| {
            sha256.update(piece);
            search.iter_mut().for_each(|search| search.take(piece));
            sketch.take(piece);
            if let Some(text) = &mut text {
                text.extend_from_slice(piece);
            }
        });
        match unpacked {
            Ok(()) => {
                facts.sha256 = Some(sha256.finalize().into());
                facts.text = text;
                let found = search.into_iter().flat_map(|search| search.finish(&member.name, W033, W054));
                facts.problems.extend(found);
                match sketch.finish() {
                    Ok(elf) => facts.elf = elf,
                    Err(()) => facts.sketch = Some(sketch.again()),
                }
            }
            Err(Fault::Broken(problem)) => facts.problems.push(problem),
            Err(Fault::Io(cause)) => return Err(cause),
        }
        Ok(facts)
    }
}

/// A file that is hashed as it is read, from its start on.
struct Hashed<'a> {
    source: &'a Source,
    sha256: sha2::Sha256,
    at: u64,
}

impl Hashed<'_> {
    /// Reads on up to a place, and gives the blocks away.
    fn read(&mut self, end: u64, mut give: impl FnMut(Vec<u8>)) -> io::Result<()> {
        while self.at < end {
            let length = usize::try_from(end - self.at).unwrap_or(usize::MAX).min(BLOCK);
            let mut block = vec![0; length];
            self.source.section(self.at, end, length).read_exact(&mut block)?;
            self.sha256.update(&block);
            self.at += length as u64;
            give(block);
        }
        Ok(())
    }
}

/// The bytes of a member as another thread reads them.
struct Fed {
    blocks: Receiver<Vec<u8>>,
    block: Vec<u8>,
    used: usize,
}

impl BufRead for Fed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.block.len() {
            self.block = self.blocks.recv().unwrap_or_default();
            self.used = 0;
        }
        Ok(&self.block[self.used..])
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount;
    }
}

impl Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}
