//! The version in `package-lock.json`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("web/package-lock.json", text));
