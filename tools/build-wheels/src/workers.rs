//! How many builds run at once: as many as the processor and the memory bear.

use std::num::NonZero;

use crate::plan::Work;

/// The memory that a build with a compiler may take.
const COMPILED: u64 = 2 << 30;
/// The memory that any other takes at most.
const PLAIN: u64 = 512 << 20;

/// The most builds at once: what is asked for, else one for each core as far as the free memory lasts.
pub fn most(asked: Option<usize>, works: &[Work]) -> usize {
    if let Some(asked) = asked {
        return asked.max(1);
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let compiles =
        |work: &Work| work.recipe.run.is_some() || work.entries.iter().any(|entry| entry.python.is_some());
    let each = if works.iter().any(compiles) { COMPILED } else { PLAIN };
    let memory = std::fs::read_to_string("/proc/meminfo").ok();
    bounded(cores, memory.as_deref().and_then(free), each)
}

fn bounded(cores: usize, free: Option<u64>, each: u64) -> usize {
    let by_memory = free.map_or(usize::MAX, |free| usize::try_from(free / each).unwrap_or(usize::MAX));
    cores.min(by_memory).max(1)
}

/// What Linux says is there for new programs, in bytes (proc(5), `MemAvailable`).
fn free(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_bounds_the_builds_and_one_always_runs() {
        let free = free("MemTotal:  9 kB\nMemAvailable:   6291456 kB\n");
        assert_eq!(free, Some(6 << 30));
        assert_eq!(bounded(16, free, COMPILED), 3);
        assert_eq!(bounded(2, free, COMPILED), 2);
        assert_eq!(bounded(8, Some(1), PLAIN), 1);
        assert_eq!(bounded(8, None, PLAIN), 8);
    }
}
