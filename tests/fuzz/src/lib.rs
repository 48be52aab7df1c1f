//! What must hold for whatever the readers and editors of versions, commits, files, settings, changelogs and archives meet.
//!
//! A target is named after the files that it reads: `uv_lock` reads `uv.lock`. Every file of that name below `tests` is
//! one of its first inputs.

pub mod archives;
pub mod changelogs;
pub mod commits;
pub mod places;
pub mod settings;
pub mod versions;

use std::process::ExitCode;

// The editors are parts of the tools, and have no other caller that would make a library of them.
#[path = "../../../tools/bump-version/src/edit.rs"]
mod edit;

/// Makes a target of a check. Where it is not built for fuzzing it checks the files that its arguments name.
#[macro_export]
macro_rules! target {
    ($check:expr) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus {
            let Ok(text) = std::str::from_utf8(bytes) else { return libfuzzer_sys::Corpus::Reject };
            $check(text);
            libfuzzer_sys::Corpus::Keep
        });

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::check_files(|text| {
                $check(text);
            })
        }
    };
}

/// Makes a target of a check that takes any bytes.
#[macro_export]
macro_rules! target_of_bytes {
    ($check:expr) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            $check(bytes);
        });

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::check_files_of_bytes(|bytes| {
                $check(bytes);
            })
        }
    };
}

/// Checks the files that the arguments name, and panics where something does not hold.
pub fn check_files(check: impl Fn(&str)) -> ExitCode {
    check_files_of_bytes(|bytes| match std::str::from_utf8(bytes) {
        Ok(text) => check(text),
        Err(wrong) => eprintln!("a file is left out: {wrong}"),
    })
}

/// Does what [`check_files`] does, for files that are no text.
pub fn check_files_of_bytes(check: impl Fn(&[u8])) -> ExitCode {
    for path in std::env::args_os().skip(1) {
        match std::fs::read(&path) {
            Ok(bytes) => check(&bytes),
            Err(cause) => {
                eprintln!("cannot read `{}`: {cause}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
