//! `--explain`: what a code stands for.

use distribution::{CHECKS, Code};
use document::Failure;

/// Returns what the check of that code asks for, where it is laid down, and how to mend what breaks it.
pub fn explain(text: &str) -> Result<String, Failure> {
    let Some(code) = Code::parse(text) else {
        let all: Vec<String> = CHECKS.iter().map(|check| check.code.to_string()).collect();
        let what = format!("cannot explain `{text}`: no check has that code");
        return Err(Failure::usage(what).hint(format!("the codes are {}", all.join(", "))));
    };
    let check = code.check();
    let (weight, rule, source, hint) = (check.weight, check.rule, check.source, check.hint);
    Ok(format!("{code} ({weight}): {rule}\n\nsource: {source}\nhint: {hint}\n"))
}
