//! The message of a commit.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::commits::check);
