//! What the commits of a history say: the changes that their messages tell of, and the sections that those come into.
//!
//! [`since_previous`] reads the commits of a release with one git process, and [`eras`] those of all releases.
//! [`changes`] reads a message as Release Please does, [`entry`] its subject alone, in any of the forms that a project
//! may have. [`next`] decides on the next version.

mod conventional;
mod eras;
mod history;
mod next;
mod sections;
mod subject;

pub use conventional::{Change, changes};
pub use eras::{Era, Released, eras};
pub use history::{Commit, Tagged, since, since_last_release, since_previous};
pub use next::{Next, Silence, next};
pub use sections::sections;
pub use subject::{Entry, entry};
