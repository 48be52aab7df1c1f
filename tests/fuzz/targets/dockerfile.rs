//! The version in a file in which the version is searched.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("Dockerfile", text));
