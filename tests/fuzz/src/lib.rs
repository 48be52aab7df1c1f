//! What must hold for any text that the readers and editors of versions, commits, files, settings and changelogs meet.
//!
//! A target is named after the files that it reads: `uv_lock` reads `uv.lock`. Every file of that name below `tests` is
//! one of its first inputs.

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

/// Checks the files that the arguments name, and panics where something does not hold.
pub fn check_files(check: impl Fn(&str)) -> ExitCode {
    for path in std::env::args_os().skip(1) {
        match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => check(&text),
            Ok(Err(wrong)) => eprintln!("`{}` is left out: {wrong}", path.display()),
            Err(cause) => {
                eprintln!("cannot read `{}`: {cause}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
