//! The version in `uv.lock`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("cdk/uv.lock", text));
