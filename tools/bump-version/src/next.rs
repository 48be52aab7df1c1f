//! Which version comes next.

use std::fmt;
use std::str::FromStr;

use document::{Failure, Level, Part, Series, Version};

/// What can be said on the command line.
const WORDS: &str = "major, minor, patch or auto, alpha, beta, rc or dev, both as in `minor rc`, release, post, current, or a version such as 1.3.0";

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A level or a version that was named.
    Named(Goal),
    /// The step that the commits since the last release ask for; with a series, the next pre-release before it.
    Auto(Option<Series>),
}

/// Where a bump leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// A step from the version that the project carries.
    Level(Level),
    /// That version.
    Version(Version),
}

impl FromStr for Request {
    type Err = String;

    /// Reads one word of the command line.
    fn from_str(word: &str) -> Result<Self, String> {
        if word == "auto" {
            return Ok(Self::Auto(None));
        }
        // `explicit` is how a document says that a version was named; on the command line it would name none.
        if let Some(level) = word.parse().ok().filter(|level| *level != Level::Explicit) {
            return Ok(Self::Named(Goal::Level(level)));
        }
        let wrong: Failure = match word.parse() {
            Ok(version) => return Ok(Self::Named(Goal::Version(version))),
            Err(wrong) => wrong,
        };
        if word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) {
            let (message, error) = (wrong.to_string(), wrong.into());
            let hint = Failure::of(&error).0.unwrap_or_default();
            return Err(format!("{message}\n\nhint: {hint}"));
        }
        Err(format!("it is neither a level nor a version\n\nhint: say {WORDS}"))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(Goal::Level(level)) => level.fmt(f),
            Self::Named(Goal::Version(version)) => version.fmt(f),
            Self::Auto(None) => f.write_str("auto"),
            Self::Auto(Some(series)) => write!(f, "auto {series}"),
        }
    }
}

impl Request {
    /// Joins the words of the command line: one, or a part of the version and a series as in `minor rc`.
    pub fn of(words: &[Self]) -> Result<Self, Failure> {
        if let [one] = words {
            return Ok(one.clone());
        }
        if let [first, Self::Named(Goal::Level(Level::Pre { of: None, series }))] = words {
            match first {
                Self::Auto(None) => return Ok(Self::Auto(Some(*series))),
                Self::Named(Goal::Level(level)) => {
                    let before = level.part().map(|part| Level::Pre { of: Some(part), series: *series });
                    if let Some(level) = before {
                        return Ok(Self::Named(Goal::Level(level)));
                    }
                }
                _ => {}
            }
        }
        let words: Vec<String> = words.iter().map(Self::to_string).collect();
        let what = format!("cannot read `{}` as one request", words.join(" "));
        Err(Failure::usage(what).hint(format!("say {WORDS}")))
    }
}

impl Goal {
    /// The level as the document records it.
    pub fn level(&self) -> Level {
        match self {
            Self::Level(level) => *level,
            Self::Version(_) => Level::Explicit,
        }
    }

    /// The version that follows `current`, whose last post release has that number. The number of release parts is
    /// kept.
    ///
    /// A pre-release is finished by the level that it leads to: `patch`, `minor` and `major` of 2.0.0rc1 are 2.0.0. A
    /// series that stands alone goes on towards the release that the project is on its way to, and after a release
    /// towards the next patch; with a part before it, towards the version that the part alone gives.
    pub fn after(&self, current: &Version, last_post: Option<u64>) -> Result<Version, Failure> {
        let level = match self {
            Self::Version(version) => return Ok(version.clone()),
            Self::Level(level) => *level,
        };
        match (level, level.part()) {
            (_, Some(part)) => Ok(current.next(part)),
            (Level::Pre { of, series }, None) => pre(current, of, series),
            (Level::Release, None) => release(current),
            (Level::Post, None) => post(current, last_post),
            _ => Ok(current.clone()),
        }
    }
}

/// The next version of a series of pre-releases; its first number is 1.
fn pre(current: &Version, of: Option<Part>, series: Series) -> Result<Version, Failure> {
    if let (None, Series::Dev, Some(number)) = (of, series, current.dev()) {
        return Ok(current.with_pre(Series::Dev, number + 1));
    }
    let target = match of {
        Some(part) => current.next(part),
        None if current.leads_to_a_release() => current.base(),
        None => current.next(Part::Patch),
    };
    if !current.leads_to_a_release() || current.base() != target {
        return Ok(target.with_pre(series, 1));
    }
    match (current.pre(), current.dev()) {
        (None, Some(number)) if series == Series::Dev => Ok(target.with_pre(series, number + 1)),
        (None, _) => Ok(target.with_pre(series, 1)),
        (Some(_), Some(number)) if series == Series::Dev => Ok(current.with_pre(series, number + 1)),
        (Some((running, number)), None) if series == Series::Dev => {
            Ok(target.with_pre(running, number + 1).with_pre(Series::Dev, 1))
        }
        (Some((running, number)), dev) if running == series => {
            // 1.0rc2.dev3 is before 1.0rc2, which is still to come.
            Ok(target.with_pre(series, if dev.is_some() { number } else { number + 1 }))
        }
        (Some((running, _)), _) if running < series => Ok(target.with_pre(series, 1)),
        (Some((running, _)), _) => {
            let what = format!(
                "cannot release another {series} of {target}: {current} is a later pre-release, and {series} comes before {running}"
            );
            Err(Failure::new(what).hint(format!("say {running} for the next one, or release for {target}")))
        }
    }
}

/// The release that a pre-release led to, or the post release that a dev release of it led to.
fn release(current: &Version) -> Result<Version, Failure> {
    if !current.is_prerelease() {
        let what = format!("cannot end a pre-release: {current} is none");
        return Err(Failure::new(what).hint("say major, minor or patch for the next release"));
    }
    Ok(if current.pre().is_some() { current.base() } else { current.without_dev() })
}

/// The post release behind the last one.
fn post(current: &Version, last: Option<u64>) -> Result<Version, Failure> {
    if current.leads_to_a_release() {
        let what = format!(
            "cannot release a post release of {current}: a pre-release is followed by another one, or by its release"
        );
        return Err(Failure::new(what).hint(format!("say release for {}", current.base())));
    }
    Ok(current.without_dev().with_post(Some(last.map_or(1, |last| last + 1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &str) -> Result<Request, Failure> {
        let words: Vec<Request> = words.split(' ').map(|word| word.parse().unwrap()).collect();
        Request::of(&words)
    }

    fn after(current: &str, words: &str) -> Result<String, Failure> {
        let Request::Named(goal) = request(words)? else { panic!("`{words}` names no goal") };
        Ok(goal.after(&current.parse().unwrap(), None)?.to_string())
    }

    #[test]
    fn steps_as_semver_and_npm_do() {
        for (current, level, expected) in [
            ("1.2.3", "major", "2.0.0"),
            ("1.2.3", "minor", "1.3.0"),
            ("1.2.3", "patch", "1.2.4"),
            ("0.3.9", "minor", "0.4.0"),
            ("1.2", "patch", "1.2.1"),
            ("1.2", "minor", "1.3"),
            ("7", "major", "8"),
            ("1.2.3.4", "minor", "1.3.0.0"),
            ("2.0.0rc1", "major", "2.0.0"),
            ("2.0.0rc1", "patch", "2.0.0"),
            ("1.3.0rc1", "minor", "1.3.0"),
            ("1.3.0rc1", "major", "2.0.0"),
            ("1.3.1rc1", "minor", "1.4.0"),
            ("0.4.0.post1", "patch", "0.4.1"),
            ("2024.12.01", "patch", "2024.12.2"),
            ("1!1.0", "major", "1!2.0"),
            ("1.2.3", "current", "1.2.3"),
            ("1.2.3", "1.9.0rc2", "1.9.0rc2"),
        ] {
            assert_eq!(after(current, level).unwrap(), expected, "{current} {level}");
        }
    }

    #[test]
    fn starts_a_series_at_one_and_goes_on_from_where_it_is() {
        for (current, words, expected) in [
            ("1.2.3", "alpha", "1.2.4a1"),
            ("1.2.3", "dev", "1.2.4.dev1"),
            ("0.4.0.post1", "rc", "0.4.1rc1"),
            ("1.0.0a0", "alpha", "1.0.0a1"),
            ("1.0.0a1", "alpha", "1.0.0a2"),
            ("1.0.0a2", "beta", "1.0.0b1"),
            ("1.0.0b1", "rc", "1.0.0rc1"),
            ("1.0.0rc9", "rc", "1.0.0rc10"),
            ("1.3rc1", "rc", "1.3rc2"),
            ("1.0.0.dev0", "dev", "1.0.0.dev1"),
            ("1.0.0.dev3", "alpha", "1.0.0a1"),
            ("1.0.0rc1", "dev", "1.0.0rc2.dev1"),
            ("1.0.0rc2.dev1", "dev", "1.0.0rc2.dev2"),
            ("1.0.0rc2.dev1", "rc", "1.0.0rc2"),
            ("1.0.0a2.dev1", "beta", "1.0.0b1"),
            ("1.0.0.post1.dev1", "dev", "1.0.0.post1.dev2"),
            ("1!1.0.0a1", "alpha", "1!1.0.0a2"),
        ] {
            assert_eq!(after(current, words).unwrap(), expected, "{current} {words}");
        }
    }

    #[test]
    fn a_part_before_a_series_says_what_it_leads_to() {
        for (current, words, expected) in [
            ("1.2.3", "patch alpha", "1.2.4a1"),
            ("1.2.3", "minor rc", "1.3.0rc1"),
            ("1.2.3", "major dev", "2.0.0.dev1"),
            ("1.2", "minor beta", "1.3b1"),
            ("1.3.0rc1", "minor rc", "1.3.0rc2"),
            ("1.3.0b1", "minor rc", "1.3.0rc1"),
            ("1.3.0rc1", "major rc", "2.0.0rc1"),
            ("1.3.1a1", "minor rc", "1.4.0rc1"),
            ("1.3.0.dev4", "minor dev", "1.3.0.dev5"),
            ("1.3.0rc1", "minor dev", "1.3.0rc2.dev1"),
            ("1.3.0rc2.dev1", "minor dev", "1.3.0rc2.dev2"),
        ] {
            assert_eq!(after(current, words).unwrap(), expected, "{current} {words}");
        }
    }

    #[test]
    fn release_drops_the_pre_release() {
        for (current, expected) in [
            ("1.3.0rc1", "1.3.0"),
            ("1.3rc1", "1.3"),
            ("1.3.0.dev1", "1.3.0"),
            ("1.3.0a1.dev1", "1.3.0"),
            ("1.3.0.post1.dev1", "1.3.0.post1"),
        ] {
            assert_eq!(after(current, "release").unwrap(), expected, "{current}");
        }
        assert!(after("1.3.0", "release").unwrap_err().to_string().contains("1.3.0 is none"));
    }

    #[test]
    fn post_is_one_above_the_last() {
        let post = |current: &str, last| {
            let current: Version = current.parse().unwrap();
            Goal::Level(Level::Post).after(&current, last).map(|version| version.to_string())
        };
        assert_eq!(post("0.4.0", None).unwrap(), "0.4.0.post1");
        assert_eq!(post("0.4.0", Some(1)).unwrap(), "0.4.0.post2");
        assert_eq!(post("0.4.0.post1", Some(4)).unwrap(), "0.4.0.post5");
        assert!(post("0.4.0rc1", None).unwrap_err().to_string().contains("another one, or by its release"));
    }

    #[test]
    fn the_table_of_the_readme_is_so() {
        let readme = include_str!("../../../README.md");
        let rows = readme.lines().skip_while(|line| !line.starts_with("| request |"));
        let rows: Vec<Vec<&str>> = rows
            .take_while(|line| line.starts_with('|'))
            .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
            .collect();
        assert!(rows.len() > 12, "{rows:?}");
        for row in &rows[2..] {
            for (from, becomes) in ["1.2.3", "1.3.0rc1"].iter().zip(&row[1..]) {
                let next = after(from, row[0]).unwrap_or_else(|_| "refused".to_owned());
                assert_eq!(next, *becomes, "{} from {from}", row[0]);
            }
        }
    }

    #[test]
    fn refuses_to_go_back_in_the_series() {
        for (current, words) in [("1.0.0rc1", "alpha"), ("1.0.0b2", "alpha"), ("1.3.0rc1", "minor beta")] {
            let message = after(current, words).unwrap_err().to_string();
            assert!(message.contains("is a later pre-release"), "{message}");
        }
    }

    #[test]
    fn refuses_what_is_neither_level_nor_version() {
        for word in ["mior", "explicit", "rc minor"] {
            assert!(
                word.parse::<Request>().unwrap_err().contains("say major, minor, patch or auto"),
                "{word}"
            );
        }
    }

    #[test]
    fn refuses_words_that_do_not_go_together() {
        for words in ["minor rc", "auto rc"] {
            assert_eq!(request(words).unwrap().to_string(), words);
        }
        assert_eq!("minor rc".parse::<Request>().unwrap(), request("minor rc").unwrap());
        for words in [
            "rc minor",
            "minor patch",
            "alpha beta",
            "minor post",
            "1.0 rc",
            "minor rc dev",
            "auto auto",
            "auto post",
        ] {
            let failure = request(words).unwrap_err();
            assert!(failure.to_string().contains(&format!("`{words}`")), "{failure}");
            assert_eq!(Failure::of(&failure.into()).1, document::Exit::Usage);
        }
    }
}
