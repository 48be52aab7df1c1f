//! The version in `pyproject.toml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("cdk/pyproject.toml", text));
