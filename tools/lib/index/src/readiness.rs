//! Whether an index will take the files of a version, judged by what it serves before anything is sent to it.

use std::fmt;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use distribution::readable_size;
use document::{Sha256, Version};

use crate::ServedFile;

/// What an index takes. The defaults are those of PyPI, which raises them for a project on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes.
    pub file: u64,
    /// How large all files of a package may be together, in bytes.
    pub project: u64,
    /// For how long a version takes files after its first one.
    pub open: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 100 << 20, project: 10 << 30, open: Some(Duration::from_hours(14 * 24)) }
    }
}

impl Limits {
    /// Those of an index of one's own: none.
    pub const NONE: Self = Self { file: u64::MAX, project: u64::MAX, open: None };
}

/// One file of the version that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offered<'a> {
    /// Its name.
    pub file_name: &'a str,
    /// Its digest.
    pub sha256: &'a Sha256,
    /// Its size in bytes.
    pub size: u64,
}

/// A reason why an index will not take a file, or should not be sent one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The name is taken by other bytes.
    Taken {
        /// The file.
        file_name: String,
        /// The digest of what is there.
        there: Sha256,
        /// The digest of ours.
        ours: Sha256,
    },
    /// The name is taken, and the index does not say by what; [`crate::Served::digest`] finds out.
    Unknown {
        /// The file.
        file_name: String,
    },
    /// The version has a file that the release has not.
    Foreign {
        /// The file.
        file_name: String,
    },
    /// The version was taken back; nothing is added to it.
    Yanked {
        /// One of its files.
        file_name: String,
        /// Why; empty when no reason was given.
        reason: String,
    },
    /// The version takes no more files.
    Closed {
        /// The version.
        version: Version,
        /// When its first file came, as the index has it.
        since: String,
        /// For how many days it took files.
        days: u64,
    },
    /// The file is larger than the index takes.
    FileTooLarge {
        /// The file.
        file_name: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The files of the package are larger together than the index takes.
    ProjectTooLarge {
        /// What is there, in bytes.
        there: u64,
        /// What would be added, in bytes.
        added: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

/// Judges the files of one version of a package, all of them, by the files that the index has of the package.
///
/// What is there with the same bytes is no fault: it is not sent again. Where nothing is missing, limits and days do
/// not count. An index that says no sizes and no times, as in HTML, is held to no limit of these. A name that was
/// used and deleted is on no page: only the upload tells (PyPI: "This filename has already been used").
pub fn readiness(
    existing: &[ServedFile],
    version: &Version,
    ours: &[Offered],
    limits: &Limits,
    now: SystemTime,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let there = |name: &str| existing.iter().find(|file| file.file_name == name);
    let missing: Vec<&Offered> = ours.iter().filter(|file| there(file.file_name).is_none()).collect();
    for file in ours {
        let file_name = file.file_name.to_owned();
        match there(file.file_name).map(|found| found.sha256.as_ref()) {
            Some(Some(there)) if there != file.sha256 => {
                faults.push(Fault::Taken { file_name, there: there.clone(), ours: file.sha256.clone() });
            }
            Some(None) => faults.push(Fault::Unknown { file_name }),
            Some(Some(_)) => {}
            None if file.size > limits.file => {
                faults.push(Fault::FileTooLarge { file_name, size: file.size, limit: limits.file });
            }
            None => {}
        }
    }
    let of_version = || existing.iter().filter(|file| file.version.as_ref() == Some(version));
    let is_ours = |file: &ServedFile| ours.iter().any(|one| one.file_name == file.file_name);
    let foreign = of_version().filter(|file| !is_ours(file)).map(|file| file.file_name.clone());
    faults.extend(foreign.map(|file_name| Fault::Foreign { file_name }));
    if missing.is_empty() {
        return faults;
    }
    if let Some((file, reason)) = of_version().find_map(|file| Some((file, file.yanked.as_ref()?))) {
        faults.push(Fault::Yanked { file_name: file.file_name.clone(), reason: reason.clone() });
    }
    let times = of_version().filter_map(|file| Some((moment(file.uploaded.as_deref()?)?, file)));
    if let (Some(open), Some((first, file))) = (limits.open, times.min_by_key(|(time, _)| *time))
        && now > first + open
    {
        let since = file.uploaded.clone().unwrap_or_default();
        faults.push(Fault::Closed { version: version.clone(), since, days: open.as_secs() / 86_400 });
    }
    let there: u64 = existing.iter().filter_map(|file| file.size).sum();
    let added: u64 = missing.iter().map(|file| file.size).sum();
    if there + added > limits.project {
        faults.push(Fault::ProjectTooLarge { there, added, limit: limits.project });
    }
    faults
}

/// A time of RFC 3339; `None` for what is none.
fn moment(text: &str) -> Option<SystemTime> {
    let seconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp();
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().ok()?))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { file_name, there, ours } => {
                write!(f, "`{file_name}` has the SHA-256 {there} there, and {ours} here")
            }
            Self::Unknown { file_name } => {
                write!(f, "`{file_name}` is there already, and the index does not say with which bytes")
            }
            Self::Foreign { file_name } => {
                write!(f, "`{file_name}` is there already, and is no file of this release")
            }
            Self::Yanked { file_name, reason } if reason.is_empty() => {
                write!(f, "`{file_name}` is yanked there")
            }
            Self::Yanked { file_name, reason } => {
                write!(f, "`{file_name}` is yanked there: {}", reason.escape_debug())
            }
            Self::Closed { version, since, days } => {
                let since = since.escape_debug();
                write!(f, "{version} is there since {since}, and a version takes files for {days} days")
            }
            Self::FileTooLarge { file_name, size, limit } => {
                let (size, limit) = (readable_size(*size), readable_size(*limit));
                write!(f, "`{file_name}` has {size}, and a file may have {limit}")
            }
            Self::ProjectTooLarge { there, added, limit } => {
                let [there, added, limit] = [there, added, limit].map(|size| readable_size(*size));
                write!(f, "the project has {there} there, {added} would be added, and {limit} are allowed")
            }
        }
    }
}

impl Fault {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Taken { .. } | Self::Yanked { .. } | Self::Closed { .. } => {
                "release another version: what was published under a version stays as it is"
            }
            Self::Unknown { .. } => "download it from there, and compare",
            Self::Foreign { .. } => {
                "find out who has published it there; release another version if it was not you"
            }
            Self::FileTooLarge { .. } => "make the file smaller, or ask the index for a higher limit",
            Self::ProjectTooLarge { .. } => "delete old files there, or ask the index for a higher limit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEEL: &str = "a-1.0-py3-none-any.whl";

    fn digest(of: &str) -> Sha256 {
        of.repeat(32).parse().unwrap()
    }

    fn served(file_name: &str, sha256: &str, uploaded: &str) -> ServedFile {
        ServedFile {
            file_name: file_name.to_owned(),
            url: format!("https://host.example/{file_name}"),
            version: Some(if file_name.contains("-1.0") { "1.0" } else { "0.9" }.parse().unwrap()),
            sha256: Some(digest(sha256)),
            size: Some(1 << 30),
            uploaded: Some(uploaded.to_owned()),
            yanked: None,
            requires_python: None,
        }
    }

    /// What is said about a wheel and an sdist of 1.0, on the 31st of January.
    fn said(existing: &[ServedFile], limits: &Limits) -> Vec<String> {
        let sha256 = digest("ab");
        let ours =
            [WHEEL, "a-1.0.tar.gz"].map(|file_name| Offered { file_name, sha256: &sha256, size: 2_000_000 });
        let now = moment("2026-01-31T00:00:00Z").unwrap();
        let faults = readiness(existing, &"1.0".parse().unwrap(), &ours, limits, now);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_or_identical_is_no_fault() {
        let limits = Limits::default();
        assert!(said(&[], &limits).is_empty());
        let old = served("a-0.9.tar.gz", "cd", "2020-01-01T00:00:00Z");
        let new = served(WHEEL, "ab", "2026-01-20T00:00:00.123456Z");
        assert!(said(&[old.clone(), new.clone()], &limits).is_empty());
        // All of it is there, yanked, and for long: nothing is sent.
        let yanked =
            |name| ServedFile { yanked: Some("bad".into()), ..served(name, "ab", "2020-01-01T00:00:00Z") };
        assert!(said(&[yanked(WHEEL), yanked("a-1.0.tar.gz")], &limits).is_empty());
    }

    #[test]
    fn each_reason_of_an_index_is_told() {
        let limits = Limits::default();
        let taken = said(&[served(WHEEL, "cd", "2026-01-20T00:00:00Z")], &limits);
        assert_eq!(
            taken,
            [format!("`{WHEEL}` has the SHA-256 {} there, and {} here", digest("cd"), digest("ab"))]
        );
        let unknown = ServedFile { sha256: None, ..served(WHEEL, "ab", "2026-01-20T00:00:00Z") };
        assert_eq!(
            said(&[unknown], &limits),
            [format!("`{WHEEL}` is there already, and the index does not say with which bytes")]
        );
        let foreign = said(&[served("a-1.0-1-py3-none-any.whl", "ab", "2026-01-20T00:00:00Z")], &limits);
        assert_eq!(foreign, ["`a-1.0-1-py3-none-any.whl` is there already, and is no file of this release"]);
        let yanked = ServedFile { yanked: Some("bad".into()), ..served(WHEEL, "ab", "2026-01-20T00:00:00Z") };
        assert_eq!(said(&[yanked], &limits), [format!("`{WHEEL}` is yanked there: bad")]);
        let closed = said(&[served(WHEEL, "ab", "2026-01-16T23:59:59+00:00")], &limits);
        assert_eq!(
            closed,
            ["1.0 is there since 2026-01-16T23:59:59+00:00, and a version takes files for 14 days"]
        );
        assert!(said(&[served(WHEEL, "ab", "2026-01-17T00:00:00Z")], &limits).is_empty(), "to the second");
        let small = Limits { file: 1_999_999, project: (1 << 30) + 1_999_999, open: None };
        let large = said(&[served(WHEEL, "ab", "2020-01-01T00:00:00Z")], &small);
        assert_eq!(
            large,
            [
                "`a-1.0.tar.gz` has 2.0 MB, and a file may have 1.9 MB",
                "the project has 1.0 GB there, 2.0 MB would be added, and 1.0 GB are allowed"
            ]
        );
    }
}
