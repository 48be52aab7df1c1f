//! Settings in `release-please-config.json`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::settings::check("release-please-config.json", text));
