//! Core metadata.

#![cfg_attr(fuzzing, no_main)]

fuzz::target_of_bytes!(|bytes| fuzz::archives::check_metadata(bytes));
