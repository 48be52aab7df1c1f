//! The one printer: lines and errors for people, on stderr.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use document::Failure;

/// Prints one line for people: `tool: text`.
pub fn print_line(tool: &str, text: &str) {
    write_stderr(&format!("{tool}: {text}\n"));
}

/// Prints lines for people with one write, each as [`print_line`] does.
pub fn print_lines<T: Display>(tool: &str, lines: impl IntoIterator<Item = T>) {
    write_stderr(&lines.into_iter().map(|line| format!("{tool}: {line}\n")).collect::<String>());
}

/// Says whether lines may move: stderr is a terminal, and a person sits before it.
pub fn is_live() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none()
}

/// Prints text for people as it is, with a newline.
pub fn print_text(text: &str) {
    write_stderr(&format!("{text}\n"));
}

/// Prints an error in the house style, see [`format_error`].
pub fn print_error(tool: &str, error: &anyhow::Error) {
    write_stderr(&format_error(tool, error));
}

/// Returns `tool: error: outer: inner: cause`, and below an empty line `hint: …` where there is one.
pub fn format_error(tool: &str, error: &anyhow::Error) -> String {
    let mut text = format!("{tool}: error: {error:#}\n");
    if let (Some(hint), _) = Failure::of(error) {
        text.push_str(&format!("\nhint: {hint}\n"));
    }
    text
}

/// Writes whole lines with one call, so that the lines of two processes do not mix; a closed stderr is nobody's loss.
fn write_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn an_error_has_its_causes_on_one_line_and_its_hint_below() {
        let failed: Result<(), Failure> = Err(Failure::new("no such file").hint("make it"));
        let error = failed.context("cannot read `x`").unwrap_err();
        assert_eq!(
            format_error("sign", &error),
            "sign: error: cannot read `x`: no such file\n\nhint: make it\n"
        );
    }
}
