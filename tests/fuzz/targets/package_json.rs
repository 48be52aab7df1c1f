//! The version in `package.json`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("web/package.json", text));
