//! The version in Release Please's manifest.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check(".release-please-manifest.json", text));
