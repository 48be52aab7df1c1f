//! What the commits of a history say: the changes that their messages tell of, and the sections that those come into.
//!
//! [`since_previous`] reads the commits of a release with one git process. [`changes`] reads a message as Release Please
//! does, [`entry`] its subject alone, in any of the forms that a project may have.

mod conventional;
mod history;
mod sections;
mod subject;

pub use conventional::{Change, changes};
pub use history::{Commit, since_previous};
pub use sections::sections;
pub use subject::{Entry, entry};
