//! What can change from one release to the next: its codes, and the weight that each has by the step of the version.

use std::fmt;

use document::Version;

/// The stable code of a kind of change. Its number is never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[rustfmt::skip]
pub enum Code {
    D001, D002, D003, D004, D005, D006, D007, D008, D009, D010, D011, D012, D013, D014,
}

/// The weight of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The step of the version allows it.
    Note,
    /// Somebody should look at it.
    Warning,
    /// The step of the version says that it does not happen.
    Error,
}

/// What a step of the version promises to those who use the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the next first number, or to the next second one below 1.0: anything may change.
    Major,
    /// To the next second number.
    Minor,
    /// To the next third number, or one behind it.
    Patch,
    /// To a post release.
    Post,
    /// From one candidate of a release to the next, or to the release itself.
    Candidate,
}

/// One row of the table of changes.
#[derive(Debug)]
pub struct Rule {
    /// The code.
    pub code: Code,
    /// What it is called, one of them and several.
    pub names: [&'static str; 2],
    /// The weight in a patch, in a minor release, and where anything may change.
    weights: [Weight; 3],
    /// What is expected, in one sentence without its full stop.
    pub rule: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

/// A change between two wheels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Its kind.
    pub code: Code,
    /// What has changed: a name, a file, a requirement.
    pub subject: String,
    /// How, in few words.
    pub message: String,
    /// Nobody outside of the package can rely on what it was.
    pub is_private: bool,
}

use Weight::{Error, Note, Warning};

const UNDO: &str = "put it back, deprecated, or release the next minor or major version";

/// Every kind of change, in the order of [`Code`].
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule { code: Code::D001, names: ["lost file", "lost files"], weights: [Warning, Note, Note],
        rule: "no file that was in the wheel is lost", hint: "look whether the build still ships it" },
    Rule { code: Code::D002, names: ["new file", "new files"], weights: [Note, Note, Note],
        rule: "files that are new are known to somebody", hint: "look whether the wheel should hold it" },
    Rule { code: Code::D003, names: ["growth in size", "growths in size"], weights: [Warning, Warning, Warning],
        rule: "the wheel grows by no more than `size-growth`",
        hint: "leave out what does not belong there, or raise `size-growth` in `drift` of [validate]" },
    Rule { code: Code::D004, names: ["new requirement", "new requirements"], weights: [Error, Note, Note],
        rule: "a patch requires no package that was not required", hint: UNDO },
    Rule { code: Code::D005, names: ["dropped requirement", "dropped requirements"], weights: [Note, Note, Note],
        rule: "what is required no more is known to somebody", hint: "nothing has to be done" },
    Rule { code: Code::D006, names: ["narrowed requirement", "narrowed requirements"], weights: [Warning, Note, Note],
        rule: "a patch works with the versions that it worked with", hint: UNDO },
    Rule { code: Code::D007, names: ["narrowed range of Pythons", "narrowed ranges of Pythons"],
        weights: [Error, Note, Note], rule: "a patch runs on the Pythons that it ran on", hint: UNDO },
    Rule { code: Code::D008, names: ["removed extra", "removed extras"], weights: [Error, Warning, Note],
        rule: "an extra stays until the next major version", hint: UNDO },
    Rule { code: Code::D009, names: ["removed entry point", "removed entry points"], weights: [Error, Warning, Note],
        rule: "a script or an entry point stays until the next major version", hint: UNDO },
    Rule { code: Code::D010, names: ["removed top-level module", "removed top-level modules"],
        weights: [Error, Warning, Note], rule: "what can be imported stays until the next major version", hint: UNDO },
    Rule { code: Code::D011, names: ["removed name", "removed names"], weights: [Error, Warning, Note],
        rule: "a public name stays until the next major version", hint: UNDO },
    Rule { code: Code::D012, names: ["name that breaks its users", "names that break their users"],
        weights: [Error, Warning, Note],
        rule: "a public name can be used as before until the next major version", hint: UNDO },
    Rule { code: Code::D013, names: ["changed default", "changed defaults"], weights: [Warning, Note, Note],
        rule: "a patch leaves the defaults of parameters alone", hint: "look whether somebody relies on it" },
    Rule { code: Code::D014, names: ["new name", "new names"], weights: [Note, Note, Note],
        rule: "a patch adds no public name", hint: "release the next minor version for something new" },
];

impl Code {
    /// Reads a code, in capitals or not.
    pub fn parse(text: &str) -> Option<Self> {
        RULES.iter().map(|rule| rule.code).find(|code| code.to_string().eq_ignore_ascii_case(text))
    }

    /// The row of the table that the code stands for.
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// A change of that kind.
    pub fn change(self, subject: impl Into<String>, message: impl Into<String>) -> Change {
        Change { code: self, subject: subject.into(), message: message.into(), is_private: false }
    }
}

impl Rule {
    /// The weight in a patch, which is the heaviest one.
    pub fn heaviest(&self) -> Weight {
        self.weights[0]
    }

    /// The weight that such a change has in a step of the version.
    pub fn weight(&self, step: Step) -> Weight {
        match step {
            Step::Patch | Step::Post => self.weights[0],
            Step::Minor => self.weights[1],
            Step::Major | Step::Candidate => self.weights[2],
        }
    }
}

impl Step {
    /// The step from one version to a later one.
    pub fn between(previous: &Version, current: &Version) -> Self {
        let number = |version: &Version, at: usize| version.release().get(at).copied().unwrap_or(0);
        let differs = |at: usize| number(previous, at) != number(current, at);
        let is_same = previous.epoch() == current.epoch() && previous.base() == current.base();
        if is_same && current.is_postrelease() {
            Self::Post
        } else if is_same && previous.is_prerelease() {
            Self::Candidate
        } else if previous.epoch() != current.epoch() || differs(0) || number(current, 0) == 0 && differs(1) {
            Self::Major
        } else if differs(1) {
            Self::Minor
        } else {
            Self::Patch
        }
    }
}

impl Change {
    /// Its weight in a step of the version, where some names may change in any.
    pub fn weight(&self, step: Step, allowed: &[String]) -> Weight {
        let covers = |name: &String| {
            self.subject.strip_prefix(name.as_str()).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(['.', '/']) || name.ends_with(['.', '/'])
            })
        };
        if self.is_private || allowed.iter().any(covers) {
            return Weight::Note;
        }
        self.code.rule().weight(step)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Weight::Note => "note",
            Weight::Warning => "warning",
            Weight::Error => "error",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Step::Major => "a release that may change anything",
            Step::Minor => "a minor release",
            Step::Patch => "a patch",
            Step::Post => "a post release",
            Step::Candidate => "the next candidate or its release",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_row_and_weighs_less_the_larger_the_step() {
        for (at, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.code as usize, at, "{} stands in the wrong row", rule.code);
            assert_eq!(Code::parse(&rule.code.to_string().to_lowercase()), Some(rule.code));
            assert!(rule.weights.is_sorted_by(|a, b| a >= b), "{}", rule.code);
            assert!(!rule.rule.ends_with('.') && !rule.hint.ends_with('.'), "{}", rule.code);
        }
        assert_eq!(Code::parse("D000"), None);
    }

    #[test]
    fn the_step_follows_from_the_versions() {
        for (previous, current, expected) in [
            ("1.2.3", "2.0.0", Step::Major),
            ("1.2.3", "1!1.2.4", Step::Major),
            ("1.2.3", "2.0.0rc1", Step::Major),
            ("0.2.3", "0.3.0", Step::Major),
            ("0.2.3", "0.2.4", Step::Patch),
            ("1.2.3", "1.3.0", Step::Minor),
            ("1.2", "1.3.0.dev1", Step::Minor),
            ("1.2.3", "1.2.4", Step::Patch),
            ("1.2", "1.2.1rc1", Step::Patch),
            ("1.2.3.4", "1.2.3.5", Step::Patch),
            ("1.2.3.post1", "1.2.4", Step::Patch),
            ("1.2.3", "1.2.3.post1", Step::Post),
            ("1.2.3.post1", "1.2.3.post2", Step::Post),
            ("1.3.0rc1", "1.3.0rc2", Step::Candidate),
            ("1.3.0rc2", "1.3.0", Step::Candidate),
        ] {
            let step = Step::between(&previous.parse().unwrap(), &current.parse().unwrap());
            assert_eq!(step, expected, "{previous} to {current}");
        }
    }

    #[test]
    fn what_is_allowed_covers_all_that_is_below_it() {
        let weight = |subject: &str, allowed: &str| {
            Code::D011.change(subject, "is gone").weight(Step::Patch, &[allowed.to_owned()])
        };
        assert_eq!(weight("shop.cart.add", "shop.cart"), Weight::Note);
        assert_eq!(weight("shop.cart", "shop.cart"), Weight::Note);
        assert_eq!(weight("shop/data/a", "shop/data/"), Weight::Note);
        assert_eq!(weight("shop.cartoon", "shop.cart"), Weight::Error);
        assert_eq!(weight("shop", "shop.cart"), Weight::Error);
    }
}
