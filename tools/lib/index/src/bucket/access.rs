//! Whether the rights are there, asked before anything is written and without writing anything.

use anyhow::Result;
use document::Failure;
use object_store::{Error, PutMode, UpdateVersion};

use super::Bucket;
use super::explain::Request;

/// The path of an object that never is there.
const PROBE: &str = "simple/.access";

/// What is going to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// To read.
    Read,
    /// To write files and pages.
    Write,
    /// To remove files, and to write pages.
    Remove,
}

impl Bucket {
    /// Refuses an index that the credentials do not reach far enough for, and names the right that is missing.
    ///
    /// A page is offered in place of one that cannot be there: who may write is told that it is not there, and who
    /// may not is told so. The right to list was proved when the index was opened.
    pub fn check_access(&self, intent: Intent) -> Result<()> {
        self.store.head(PROBE)?;
        if intent == Intent::Read {
            return Ok(());
        }
        let never =
            UpdateVersion { e_tag: Some(format!("\"{}\"", "0".repeat(32))), version: Some("1".to_owned()) };
        match self.store.put(PROBE, "".into(), PutMode::Update(never), None)? {
            Err(Error::Precondition { .. } | Error::NotModified { .. } | Error::NotFound { .. }) => {}
            Err(error) => return Err(self.store.explain(Request::Write, PROBE, &error)),
            Ok(_) => {
                self.store.delete(PROBE)?;
                let what =
                    format!("cannot publish to `{}`: the server ignores `If-Match`", self.store.location);
                return Err(Failure::new(what)
                    .hint("take a server with conditional writes: without them one publisher undoes another")
                    .into());
            }
        }
        if intent == Intent::Remove {
            self.store.delete(PROBE)?;
        }
        Ok(())
    }
}
