//! Settings in `release.toml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::settings::check("release.toml", text));
