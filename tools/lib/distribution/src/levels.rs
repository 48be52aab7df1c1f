//! The levels that problems have where they are judged: those of the table, or those that somebody chose.

use std::collections::BTreeMap;

use document::Failure;

use crate::check::{CHECKS, Code, Level, Problem};

/// Says how much weight each problem has: for PyPI or for any index, and with the levels that a project chose.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    for_pypi: bool,
    chosen: BTreeMap<Code, Option<Level>>,
}

impl Levels {
    /// The levels of the table: those for PyPI, or those for any index.
    pub fn new(for_pypi: bool) -> Self {
        Self { for_pypi, chosen: BTreeMap::new() }
    }

    /// Says whether what PyPI alone refuses is an error.
    pub fn are_for_pypi(&self) -> bool {
        self.for_pypi
    }

    /// Gives every problem of a code that level, for PyPI too; `None` leaves them out.
    pub fn choose(&mut self, code: Code, level: Option<Level>) {
        self.chosen.insert(code, level);
    }

    /// The level of a problem; `None` when nobody wants to know of it.
    pub fn of(&self, problem: &Problem) -> Option<Level> {
        match self.chosen.get(&problem.code) {
            Some(level) => *level,
            None => Some(problem.weight.level(self.for_pypi)),
        }
    }

    /// Says whether problems of that code are left out, so that nobody need look for them.
    pub fn leave_out(&self, code: Code) -> bool {
        self.chosen.get(&code) == Some(&None)
    }
}

impl Code {
    /// Reads a code, in capitals or not; the error tells what `action` failed, and hints at the nearest code.
    pub fn read(text: &str, action: &str) -> Result<Self, Failure> {
        Self::parse(text).ok_or_else(|| {
            let wanted = text.to_uppercase();
            let nearest = CHECKS
                .iter()
                .map(|check| check.code.to_string())
                .max_by(|a, b| strsim::jaro_winkler(a, &wanted).total_cmp(&strsim::jaro_winkler(b, &wanted)));
            Failure::usage(format!("cannot {action}: no check has the code `{text}`"))
                .hint(format!("did you mean `{}`?", nearest.unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_wins_over_the_table() {
        let problem = Code::M036.found("x");
        let mut levels = Levels::new(false);
        assert_eq!(levels.of(&problem), Some(Level::Warning));
        assert_eq!(Levels::new(true).of(&problem), Some(Level::Error));
        levels.choose(Code::M036, None);
        assert_eq!(levels.of(&problem), None);
        levels.choose(Code::M036, Some(Level::Error));
        assert_eq!(levels.of(&problem), Some(Level::Error));
    }

    #[test]
    fn an_unknown_code_is_an_error_with_the_nearest_one() {
        let failure = Code::read("w33", "change a level").unwrap_err();
        assert_eq!(failure.to_string(), "cannot change a level: no check has the code `w33`");
        let error = anyhow::Error::from(failure);
        assert_eq!(Failure::of(&error).0, Some("did you mean `W033`?"));
    }
}
