//! An sdist: a tar archive with its PKG-INFO.

#![cfg_attr(fuzzing, no_main)]

fuzz::target_of_bytes!(|bytes| fuzz::archives::check_sdist(bytes));
