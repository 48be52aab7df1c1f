//! The version in `Chart.yaml`.

#![cfg_attr(fuzzing, no_main)]

fuzz::target!(|text| fuzz::places::check("deploy/chart/Chart.yaml", text));
