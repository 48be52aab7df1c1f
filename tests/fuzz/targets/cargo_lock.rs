//! The version in `Cargo.lock`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("engine/Cargo.lock", text));
