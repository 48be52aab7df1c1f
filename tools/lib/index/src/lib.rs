//! A package index in a folder: files, HTML and JSON pages, metadata.
//!
//! Below the root lies `simple/<package>/` with the files, `<wheel>.metadata` (PEP 658), side files such as
//! `<file>.minisig`, and the pages `index.html` (PEP 503) and `index.json` (PEP 691); `simple/` has the pages
//! that list the packages. Every URL is relative, so that the folder can be moved, copied to a web server, or
//! used where it lies.
//!
//! The files are the truth and the pages follow from them. No published file is ever replaced.

mod listing;
mod page;
mod place;
mod publish;

pub use listing::{Listed, Listing};
pub use publish::{Added, Index};
