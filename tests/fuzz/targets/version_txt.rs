//! Versions in all spellings, one in each line.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::versions::check);
