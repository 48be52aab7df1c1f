//! Places in the text of a TOML file.

use std::fmt;

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextPlace {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Returns the line and column of a byte offset.
pub(crate) fn place(text: &str, offset: usize) -> TextPlace {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    TextPlace { line, column: String::from_utf8_lossy(&before[start..]).chars().count() + 1 }
}

impl fmt::Display for TextPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        assert_eq!(place("ab\nä = 1", 0).to_string(), "1:1");
        assert_eq!(place("ab\nä = 1", 8).to_string(), "2:5");
    }
}
