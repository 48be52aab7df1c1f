//! The version in a key in JSON.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("site.json", text));
