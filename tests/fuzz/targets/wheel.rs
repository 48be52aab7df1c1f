//! A wheel: a ZIP archive with its `.dist-info`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target_of_bytes!(|bytes| fuzz::archives::check_wheel(bytes));
