//! The version in a file that holds nothing but the version.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("dynamic/wagon.version", text));
