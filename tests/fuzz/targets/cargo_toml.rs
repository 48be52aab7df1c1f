//! The version in `Cargo.toml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("engine/Cargo.toml", text));
