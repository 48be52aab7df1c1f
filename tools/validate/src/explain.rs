//! `--explain`: what a code stands for.

use distribution::Code;
use document::Failure;

use crate::drift;

/// Returns what the check of that code asks for, where it is laid down, and how to mend what breaks it.
pub fn explain(text: &str) -> Result<String, Failure> {
    if let Some(code) = drift::Code::parse(text) {
        let rule = code.rule();
        let (weight, hint) = (rule.heaviest(), rule.hint);
        let source = "own rule, after Semantic Versioning 2.0.0; the weight is that in a patch";
        return Ok(format!("{code} ({weight}): {}\n\nsource: {source}\nhint: {hint}\n", rule.rule));
    }
    if text.starts_with(['D', 'd']) {
        let all: Vec<String> = drift::RULES.iter().map(|rule| rule.code.to_string()).collect();
        let what = format!("cannot explain `{text}`: no check has that code");
        return Err(Failure::usage(what).hint(format!("the codes of drift are {}", all.join(", "))));
    }
    let code = Code::read(text, &format!("explain `{text}`"))?;
    let check = code.check();
    let (weight, rule, source, hint) = (check.weight, check.rule, check.source, check.hint);
    Ok(format!("{code} ({weight}): {rule}\n\nsource: {source}\nhint: {hint}\n"))
}
