//! The version in a search within a key in YAML.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("compose.yaml", text));
