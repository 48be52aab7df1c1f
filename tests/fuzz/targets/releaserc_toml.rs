//! Settings in `releaserc.toml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::settings::check("releaserc.toml", text));
