//! Questions on the terminal: for the orchestrator alone, a tool's stdin is the document.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result};

use crate::printer::print_text;

/// Says whether somebody is there to answer.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question that is answered by yes or no; an empty answer and the end of the input are a no.
pub fn ask(question: &str) -> Result<bool> {
    print_text(&format!("\n{question} [y/N]"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
