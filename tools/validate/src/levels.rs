//! The levels of problems: what release.toml and the arguments choose in place of the table's.

use distribution::{Code, Level, Levels};
use document::Failure;
use project::{ProblemLevel, ValidateSettings};

/// An index whose own checks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Index {
    /// What PyPI refuses is an error
    Pypi,
}

/// The levels of the table for that index, changed by `levels` of [validate] where a project is at hand, and then by
/// the arguments, each `CODE=LEVEL`.
pub fn chosen(
    index: Option<Index>,
    settings: Option<&ValidateSettings>,
    arguments: &[String],
) -> Result<Levels, Failure> {
    let mut levels = Levels::new(index == Some(Index::Pypi));
    for (code, level) in settings.iter().flat_map(|settings| &settings.levels) {
        let level = match level {
            ProblemLevel::Error => Some(Level::Error),
            ProblemLevel::Warning => Some(Level::Warning),
            ProblemLevel::Off => None,
        };
        levels.choose(Code::read(code, "use `levels` of [validate] in release.toml")?, level);
    }
    for argument in arguments {
        let (code, level) = read(argument)?;
        levels.choose(code, level);
    }
    Ok(levels)
}

fn read(argument: &str) -> Result<(Code, Option<Level>), Failure> {
    let wrong = |cause: &str| {
        Failure::usage(format!("cannot use `--level {argument}`: {cause}"))
            .hint("write it as `--level W033=error`, `=warning` or `=off`")
    };
    let (code, level) = argument.split_once('=').ok_or_else(|| wrong("it holds no `=`"))?;
    let level = match level {
        "error" => Some(Level::Error),
        "warning" => Some(Level::Warning),
        "off" => None,
        other => return Err(wrong(&format!("`{other}` is no level"))),
    };
    Ok((Code::read(code, &format!("use `--level {argument}`"))?, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(argument: &str) -> String {
        chosen(None, None, &[argument.to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn an_argument_that_chooses_nothing_is_refused() {
        assert_eq!(refused("W033"), "cannot use `--level W033`: it holds no `=`");
        assert_eq!(refused("W033=loud"), "cannot use `--level W033=loud`: `loud` is no level");
        assert_eq!(refused("W1=off"), "cannot use `--level W1=off`: no check has the code `W1`");
    }

    #[test]
    fn an_argument_wins_over_the_settings() {
        let settings = ValidateSettings {
            levels: [("W033".to_owned(), ProblemLevel::Off), ("w027".to_owned(), ProblemLevel::Off)].into(),
            ..ValidateSettings::default()
        };
        let levels = chosen(None, Some(&settings), &["w033=error".to_owned()]).unwrap();
        assert!(!levels.leave_out(Code::W033) && levels.leave_out(Code::W027));
    }
}
