//! The version in `setup.cfg`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("legacy/setup.cfg", text));
