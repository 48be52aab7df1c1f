//! The version in a key in TOML.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("site.toml", text));
