//! The version in a key in YAML.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("values.yaml", text));
