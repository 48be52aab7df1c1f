//! What changed, for people: one sentence, and a table of which the first rows are shown.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::finding::{Change, Code, Step, Weight};

/// How many rows are shown; all of them are in the log.
const SHOWN: usize = 20;

/// The widest first column; a longer subject pushes its own row to the right.
const WIDEST: usize = 48;

/// What changed between two releases, each with its weight, the heaviest first.
pub struct Table {
    /// The two releases, for people.
    pub title: String,
    /// The version before.
    pub previous: String,
    /// The step that the new version makes.
    pub step: Step,
    /// What changed.
    pub rows: Vec<(Weight, Change)>,
    /// Why the public names were not compared, where they were not.
    pub unread: Option<String>,
}

impl Table {
    /// The heaviest weight.
    pub fn weight(&self) -> Weight {
        self.rows.iter().map(|(weight, _)| *weight).max().unwrap_or(Weight::Note)
    }

    /// What changed in one sentence, which is the same each time.
    pub fn sentence(&self) -> String {
        let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
        for (_, change) in &self.rows {
            *counts.entry(change.code).or_default() += 1;
        }
        let count = |(code, count): (&Code, &usize)| {
            format!("{count} {}", code.rule().names[usize::from(*count != 1)])
        };
        let mut parts: Vec<String> = counts.iter().map(count).collect();
        if parts.is_empty() {
            parts.push("no change that users see".to_owned());
        }
        if self.unread.is_some() {
            parts.push("not all public names compared".to_owned());
        }
        format!("{} after {}: {}", self.step, self.previous, parts.join(", "))
    }

    /// The sentence and the first rows, and where the others are; all of them where there is no log.
    pub fn shown(&self, log: Option<&Path>) -> String {
        let lines = self.lines();
        let cut = log.filter(|_| lines.len() > SHOWN);
        let mut text = self.sentence();
        if !lines.is_empty() {
            text.push_str(&format!("\n    {}", self.title));
        }
        let count = if cut.is_some() { SHOWN } else { lines.len() };
        text.extend(lines[..count].iter().map(|line| format!("\n    {line}")));
        if let Some(cause) = &self.unread {
            text.push_str(&format!(
                "\n    not compared: {}",
                cause.lines().map(str::trim).collect::<Vec<_>>().join(" ")
            ));
        }
        if let Some(log) = cut {
            let (more, log) = (lines.len() - SHOWN, log.display());
            text.push_str(&format!("\n    … and {more} more, all of them in `{log}`"));
        }
        text
    }

    /// Writes the whole table.
    pub fn write(&self, log: &Path) -> Result<()> {
        let mut text = format!("{}\n{}\n\n", self.title, self.sentence());
        text.extend(self.lines().into_iter().map(|line| line + "\n"));
        if let Some(cause) = &self.unread {
            text.push_str(&format!("\nnot compared: {cause}\n"));
        }
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(log.parent().unwrap_or(Path::new(".")))?;
            std::fs::write(log, &text)
        };
        write().with_context(|| format!("cannot write `{}`", log.display()))
    }

    /// One line for each row, in columns.
    fn lines(&self) -> Vec<String> {
        // What stands in a wheel must not move the cursor of whoever looks at it.
        let plain =
            |text: &str| -> String { text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect() };
        let subjects: Vec<String> = self.rows.iter().map(|(_, change)| plain(&change.subject)).collect();
        let lengths = subjects.iter().map(|subject| subject.chars().count());
        let width = lengths.filter(|length| *length <= WIDEST).max().unwrap_or(0);
        let row = |((weight, change), subject): (&(Weight, Change), &String)| {
            let letter = match weight {
                Weight::Error => 'E',
                Weight::Warning => 'W',
                Weight::Note => '-',
            };
            format!("{letter} {}  {subject:width$}  {}", change.code, plain(&change.message))
        };
        self.rows.iter().zip(&subjects).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: Vec<(Weight, Change)>) -> Table {
        let (title, previous) = ("a | b".to_owned(), "1.2.3".to_owned());
        Table { title, previous, step: Step::Patch, rows, unread: None }
    }

    #[test]
    fn rows_are_aligned_and_counted() {
        let rows = vec![
            (Weight::Error, Code::D011.change("shop.Cart", "class is gone")),
            (Weight::Error, Code::D011.change("shop", "is\x1b[2Jgone")),
            (Weight::Note, Code::D002.change("x".repeat(60), "12 bytes")),
        ];
        let said = format!(
            "a patch after 1.2.3: 1 new file, 2 removed names\n    a | b\n    \
             E D011  shop.Cart  class is gone\n    \
             E D011  shop       is [2Jgone\n    \
             - D002  {}  12 bytes",
            "x".repeat(60)
        );
        assert_eq!(table(rows).shown(None), said);
        assert_eq!(table(Vec::new()).shown(None), "a patch after 1.2.3: no change that users see");
    }

    #[test]
    fn a_long_table_is_cut_and_whole_in_the_log() {
        let rows = (0..30).map(|at| (Weight::Note, Code::D014.change(format!("a.b{at:02}"), "is new")));
        let table = table(rows.collect());
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("logs/drift/a.log");
        table.write(&log).unwrap();
        let shown = table.shown(Some(&log));
        assert_eq!(shown.lines().count(), 23);
        assert!(shown.ends_with(&format!("… and 10 more, all of them in `{}`", log.display())), "{shown}");
        let whole = std::fs::read_to_string(&log).unwrap();
        assert!(
            whole.starts_with("a | b\na patch after 1.2.3: 30 new names\n\n- D014  a.b00  is new\n"),
            "{whole}"
        );
        assert_eq!(whole.lines().count(), 33);
    }
}
