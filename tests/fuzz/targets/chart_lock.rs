//! The version in `Chart.lock`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("deploy/chart/Chart.lock", text));
