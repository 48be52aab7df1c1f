//! The version in a Python module.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("core/src/wagon_core/__init__.py", text));
