//! Settings in `.cz.toml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::settings::check(".cz.toml", text));
