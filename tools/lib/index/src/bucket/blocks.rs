//! Blocks of memory that files are read into on their way up: never more than a few, however large the files are.

use std::io::{self, Read};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use object_store::PutPayload;

/// The size of a block, which is told as it goes out. Of one that a small file does not fill, only what is filled takes
/// memory.
const SIZE: usize = super::traffic::PIECE;
/// How many blocks are lent at once.
const COUNT: usize = 80;

/// The blocks of a run. They are used again and again: memory that many threads give back stays with each of them.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<Vec<u8>>,
    lent: usize,
}

/// A block that is on its way, and comes back when the last of its readers is done.
struct Block {
    bytes: Vec<u8>,
    home: Arc<Blocks>,
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.bytes);
        bytes.clear();
        self.home.take_back(bytes);
    }
}

impl Blocks {
    /// Reads the next bytes of a file, at most so many; waits until there is room for them.
    ///
    /// A read that is larger than all blocks together waits until it is alone.
    pub(crate) fn read(self: &Arc<Self>, from: &mut impl Read, most: u64) -> io::Result<PutPayload> {
        let count = usize::try_from(most.div_ceil(SIZE as u64)).unwrap_or(usize::MAX);
        let blocks: Vec<Block> = self.lend(count);
        let mut left = most;
        let mut filled = Vec::with_capacity(blocks.len());
        for mut block in blocks {
            let length = from.take(left.min(SIZE as u64)).read_to_end(&mut block.bytes)?;
            left -= length as u64;
            if length > 0 {
                filled.push(Bytes::from_owner(block));
            }
        }
        Ok(filled.into_iter().collect())
    }

    fn lend(self: &Arc<Self>, count: usize) -> Vec<Block> {
        let mut state = self.locked();
        while state.lent > 0 && state.lent + count > COUNT {
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.lent += count;
        let at = state.free.len().saturating_sub(count);
        let mut free = state.free.split_off(at);
        free.resize_with(count, || Vec::with_capacity(SIZE));
        free.into_iter().map(|bytes| Block { bytes, home: Arc::clone(self) }).collect()
    }

    fn take_back(&self, bytes: Vec<u8>) {
        let mut state = self.locked();
        state.lent -= 1;
        if state.free.len() < COUNT {
            state.free.push(bytes);
        }
        self.returned.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(blocks: &Arc<Blocks>, text: &[u8], most: usize) -> PutPayload {
        blocks.read(&mut &text[..], most as u64).unwrap()
    }

    #[test]
    fn a_file_is_read_in_blocks_that_come_back() {
        let blocks = Arc::new(Blocks::default());
        let text: Vec<u8> = (0..3 * SIZE + 7).map(|at| (at % 251) as u8).collect();
        let read = payload(&blocks, &text, text.len());
        assert_eq!((read.as_ref().len(), blocks.locked().lent), (4, 4));
        assert_eq!(Bytes::from(read), text);
        let (state, copies) = (blocks.locked(), 4);
        assert_eq!((state.lent, state.free.len()), (0, copies));
    }

    #[test]
    fn no_more_are_lent_than_there_are() {
        let blocks = Arc::new(Blocks::default());
        let text = vec![1; SIZE];
        let most = std::thread::scope(|scope| {
            let read = || {
                let held = payload(&blocks, &text, 30 * SIZE);
                let lent = blocks.locked().lent;
                drop(held);
                lent
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(read)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).max()
        });
        assert!(most <= Some(COUNT), "{most:?}");
        let all = payload(&blocks, &text, 2 * COUNT * SIZE);
        drop(all);
        let state = blocks.locked();
        assert_eq!((state.lent, state.free.len()), (0, COUNT));
    }
}
