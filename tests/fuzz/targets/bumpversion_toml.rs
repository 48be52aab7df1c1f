//! Settings in `.bumpversion.toml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::settings::check(".bumpversion.toml", text));
