//! Settings in `.bumpversion.cfg`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::settings::check(".bumpversion.cfg", text));
