//! The version in `poetry.lock`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("cdk/poetry.lock", text));
