//! A changelog in reStructuredText.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::changelogs::check_rst);
