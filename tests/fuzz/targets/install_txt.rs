//! The version in a file with annotations.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("install.txt", text));
