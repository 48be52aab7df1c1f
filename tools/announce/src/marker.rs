//! The markers that keep an announcement from being sent twice.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use project::{Project, files};

/// How far an announcement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has tried.
    Unsent,
    /// Its command was started, and its end was not seen: it may have been sent.
    Started,
    /// Its command has succeeded.
    Sent,
}

/// The marker of one announcement of one release: `<name>.started`, then `<name>.sent`.
#[derive(Debug)]
pub struct Marker {
    started: PathBuf,
    sent: PathBuf,
}

impl Marker {
    /// The marker of that announcement of the release with that tag.
    pub fn of(project: &Project, tag: &str, name: &str) -> Self {
        let folder = project.git.state().release(tag).join("announced");
        let name = file_name(name);
        Self { started: folder.join(format!("{name}.started")), sent: folder.join(format!("{name}.sent")) }
    }

    /// How far the announcement has come.
    pub fn progress(&self) -> Result<Progress> {
        let is_there =
            |path: &PathBuf| path.try_exists().with_context(|| format!("cannot read `{}`", path.display()));
        Ok(match (is_there(&self.sent)?, is_there(&self.started)?) {
            (true, _) => Progress::Sent,
            (false, true) => Progress::Started,
            (false, false) => Progress::Unsent,
        })
    }

    /// Says, on the disk, that the command is about to run.
    pub fn start(&self) -> Result<()> {
        files::replace(&self.started, b"")
    }

    /// Says that the command has succeeded.
    pub fn finish(&self) -> Result<()> {
        if !self.started.exists() {
            return files::replace(&self.sent, b"");
        }
        let rename = || -> std::io::Result<()> {
            std::fs::rename(&self.started, &self.sent)?;
            self.sent.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        rename().with_context(|| format!("cannot write `{}`", self.sent.display()))
    }

    /// Says that the command has failed, so nothing was sent.
    pub fn forget(&self) -> Result<()> {
        std::fs::remove_file(&self.started)
            .with_context(|| format!("cannot remove `{}`", self.started.display()))
    }
}

/// A name as a file name: what is neither letter, digit, `-` nor `_` is written as `%` and two digits.
fn file_name(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b == b'-' || b == b'_' => text.push(char::from(b)),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder_or_meets_another() {
        assert_eq!(file_name("team-chat"), "team-chat");
        assert_eq!(file_name("../a b"), "%2E%2E%2Fa%20b");
    }
}
