//! The RECORD of a wheel.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::archives::check_record(text));
