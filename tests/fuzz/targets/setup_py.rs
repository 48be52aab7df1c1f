//! The version in `setup.py`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("legacy/setup.py", text));
