//! A package index in a folder or in a bucket: files, HTML and JSON pages, metadata.
//!
//! Below the root lies `simple/<package>/` with the files, `<wheel>.metadata` (PEP 658), side files such as
//! `<file>.minisig`, and the pages `index.html` (PEP 503) and `index.json` (PEP 691); `simple/` has the pages
//! that list the packages. Every URL is relative, so that the folder can be moved, copied to a web server, or
//! used where it lies.
//!
//! `releases/<tag>.json` are the documents of the releases, see [`Index::put_document`].
//!
//! In a bucket the keys are the same, and each folder of S3 has its HTML page under the key of the folder too, for
//! servers that know no index documents.
//!
//! The files are the truth and the pages follow from them. No published file is ever replaced.
//!
//! An index of any other server is read over HTTP: [`Served`].

mod batch;
mod bucket;
mod documents;
mod foreign;
mod listing;
mod page;
mod place;
mod publish;
mod readiness;
mod served;

pub use bucket::{Bucket, Intent, Kind, Location, simple_url};
pub use documents::Kept;
pub use listing::{Listed, Listing};
pub use publish::{Added, Index};
pub use readiness::{Fault, Limits, Offered, readiness};
pub use served::{Served, ServedFile, ServedPage};
