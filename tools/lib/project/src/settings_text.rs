//! Reading release.toml: errors name line, column and the nearest key, and what the types cannot refuse is refused.

use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath};

use crate::keyed::{KeyedKind, parse_key};
use crate::settings::{
    ChangelogSection, ChangelogSettings, CheckSettings, FILE, PackageSettings, Settings, TargetSettings,
    VersionFile, Versioning,
};
use crate::toml_text::place;

/// The fewest characters that an announcement may be cut to.
const LEAST_LIMIT: usize = 200;

impl Settings {
    /// Reads release.toml in the project's root; a project without one has the defaults.
    pub fn read(root: &Path) -> Result<Self> {
        match crate::files::read_if_present(&root.join(FILE))? {
            None => Ok(Self::default()),
            Some(_) => {
                Self::parse(&crate::files::read_text(&root.join(FILE))?).context("cannot read the settings")
            }
        }
    }

    /// Reads the text of a release.toml.
    pub fn parse(text: &str) -> Result<Self> {
        let settings: Self = toml_edit::de::from_str(text).map_err(|wrong| refusal(text, &wrong))?;
        settings.check()?;
        Ok(settings)
    }

    /// Refuses what the types cannot: names that stand twice, pins with an operator that is none.
    fn check(&self) -> Result<(), Failure> {
        unique("target", self.target.iter().map(|target| &target.name))?;
        self.target.iter().try_for_each(TargetSettings::check)?;
        TargetSettings::check_rehearsals(&self.target)?;
        unique("check", self.check.iter().map(|check| &check.name))?;
        self.check.iter().try_for_each(CheckSettings::check)?;
        unique("announcement", self.announcement.iter().map(|announcement| &announcement.name))?;
        unique("platform", self.platform.iter().map(|platform| &platform.name))?;
        unique("variant", self.variant.iter().map(|variant| &variant.name))?;
        self.check_build()?;
        for announcement in &self.announcement {
            let Some(limit) = announcement.limit.filter(|limit| *limit < LEAST_LIMIT) else { continue };
            let what = format!(
                "release.toml: `limit` of the [[announcement]] `{}` is {limit}, too few characters to say anything",
                announcement.name
            );
            return Err(Failure::new(what).hint(format!("allow at least {LEAST_LIMIT} characters")));
        }
        self.changelog.check()?;
        let mut names = Vec::new();
        for package in &self.package {
            names.push(PackageName::normalise(&package.name)?.to_string());
            for (pinned, operator) in &package.pins {
                PackageName::normalise(pinned)?;
                if !matches!(operator.as_str(), "==" | ">=" | "~=" | "^" | "~") {
                    let what =
                        format!("release.toml: `pins` of `{}`: `{operator}` is no operator", package.name);
                    return Err(Failure::new(what).hint("use `==`, `>=` or `~=`, or Poetry's `^` or `~`"));
                }
            }
        }
        unique("package", names.iter())?;
        self.check_apart(&names)?;
        for file in &self.version_file {
            let wrong = |why: &str, hint: &str| {
                Err(Failure::new(format!("release.toml: the [[version-file]] `{}` {why}", file.path))
                    .hint(hint))
            };
            if file.current_only && (file.search.is_none() || file.key.is_some()) {
                return wrong(
                    "has `current-only`, and not `search` alone",
                    "give it a `search`, as in \"{version}\", and no `key`",
                );
            }
            if file.lines.is_some() && !file.current_only {
                return wrong("has `lines` without `current-only`", "add `current-only = true`");
            }
            if let Some(cause) = file.lines.as_deref().and_then(|lines| regex_lite::Regex::new(lines).err()) {
                return wrong(
                    &format!("has `lines` that are no regular expression: {cause}"),
                    "escape what is no pattern, as in `\\.`",
                );
            }
            if file.search.as_ref().is_some_and(|search| search.matches("{version}").count() != 1) {
                let hint = "write the text around the version, as in 'version=\"{version}\"'";
                return wrong("must hold `{version}` once in its `search`", hint);
            }
            if file.key.is_some() && KeyedKind::of(&file.path).is_none() {
                let hint = "use `search` for files of another kind";
                return wrong("has a `key`, and is no TOML, YAML or JSON file", hint);
            }
            if file.key.as_ref().is_some_and(|key| parse_key(key).is_none()) {
                let hint =
                    "write the keys with dots, and in quotes what is no plain word: 'labels.\"app/version\"'";
                return wrong("has a `key` that cannot be read", hint);
            }
        }
        Ok(())
    }
}

impl Settings {
    /// Refuses what has a meaning only where the packages version apart, and a file whose package nobody can tell.
    fn check_apart(&self, names: &[String]) -> Result<(), Failure> {
        let apart = self.project.versioning == Versioning::Apart;
        let needs = |what: String| {
            let hint = "write `versioning = \"apart\"` in [project], or drop the key";
            Err(Failure::new(format!("release.toml: {what} where the packages are released together"))
                .hint(hint))
        };
        for package in &self.package {
            for (key, is_set) in [("tag", package.tag.is_some()), ("changelog", package.changelog.is_some())]
            {
                if is_set && !apart {
                    return needs(format!("the package `{}` has a `{key}` of its own", package.name));
                }
            }
        }
        for VersionFile { path, package, .. } in &self.version_file {
            match package {
                Some(package) if !apart => {
                    return needs(format!(
                        "the [[version-file]] `{path}` is of the package `{package}` alone"
                    ));
                }
                Some(package) if !names.contains(&PackageName::normalise(package)?.to_string()) => {
                    let what = format!(
                        "release.toml: the [[version-file]] `{path}` is of `{package}`, which is no package of the project"
                    );
                    return Err(Failure::new(what).hint(format!("the packages are: {}", names.join(", "))));
                }
                _ => {}
            }
            let holds = |package: &PackageSettings| {
                let below = |folder: &ProjectPath| {
                    path.as_str().strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
                };
                package.path.as_ref().is_none_or(below)
            };
            if apart && package.is_none() && !self.package.iter().any(holds) {
                let what = format!("release.toml: the [[version-file]] `{path}` lies in no package");
                return Err(Failure::new(what).hint("say whose version it is: `package = \"NAME\"`"));
            }
        }
        Ok(())
    }
}

impl ChangelogSettings {
    /// Refuses sections that no commit could come into.
    fn check(&self) -> Result<(), Failure> {
        let mut seen = std::collections::BTreeSet::new();
        for ChangelogSection { kind, section, .. } in self.sections.iter().flatten() {
            if !seen.insert(kind) {
                let what = format!("release.toml: two `sections` of [changelog] have the type `{kind}`");
                return Err(Failure::new(what).hint("give each type one section"));
            }
            if *kind != kind.to_lowercase() {
                let what = format!("release.toml: `sections` of [changelog]: the type `{kind}` has capitals");
                return Err(Failure::new(what).hint(format!("write `{}`", kind.to_lowercase())));
            }
            if section.trim().is_empty() || section.contains(['\n', '\r']) {
                let what =
                    format!("release.toml: `sections` of [changelog]: `{kind}` has no heading of one line");
                return Err(Failure::new(what).hint("name the heading, as in `section = \"Features\"`"));
            }
        }
        Ok(())
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let message = format!("release.toml: two [[{what}]] have the name `{name}`");
            return Err(Failure::new(message).hint("give each a name of its own"));
        }
    }
    Ok(())
}

/// Turns a reader's error into `release.toml:line:column: cause`, with the nearest key for an unknown one.
fn refusal(text: &str, wrong: &toml_edit::de::Error) -> Failure {
    let place = wrong.span().map_or(FILE.to_owned(), |span| format!("{FILE}:{}", place(text, span.start)));
    let message = wrong.message().lines().next().unwrap_or("cannot be read").to_owned();
    let failure = Failure::new(format!("{place}: {message}"));
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let nearest =
        quoted.max_by(|a, b| strsim::jaro_winkler(a, unknown).total_cmp(&strsim::jaro_winkler(b, unknown)));
    match nearest {
        Some(known) if message.starts_with("unknown ") => failure.hint(format!("did you mean `{known}`?")),
        _ => failure.hint("the keys of release.toml are listed in tools/lib/project/release.schema.json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::DriftLevel;

    fn refused(text: &str) -> (String, String) {
        let error = Settings::parse(text).unwrap_err();
        (format!("{error:#}"), Failure::of(&error).0.unwrap_or_default().to_owned())
    }

    #[test]
    fn an_empty_file_has_every_default() {
        let settings = Settings::parse("").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.project.tag, "v{version}");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_key() {
        let (error, hint) = refused("[project]\nname = \"x\"\n\n[[chekc]]\nname = \"a\"\n");
        assert!(error.starts_with("release.toml:4:3: unknown field `chekc`"), "{error}");
        assert_eq!(hint, "did you mean `check`?");
        let (error, hint) = refused("[[package]]\nname = \"x\"\nrequired_files = []\n");
        assert!(error.starts_with("release.toml:3:1: unknown field `required_files`"), "{error}");
        assert_eq!(hint, "did you mean `required-files`?");
    }

    #[test]
    fn a_wrong_type_and_broken_toml_have_their_place() {
        assert!(refused("[project]\ntag = 3\n").0.starts_with("release.toml:2:7: "));
        assert!(refused("[project\n").0.starts_with("release.toml:1:9: "));
        let (error, hint) = refused("[[target]]\nname = \"a\"\nkind = \"directroy\"\npath = \"x\"\n");
        assert!(error.starts_with("release.toml:3:8: unknown variant `directroy`"), "{error}");
        assert_eq!(hint, "did you mean `directory`?");
    }

    #[test]
    fn a_script_is_refused_with_what_it_may_be() {
        let (error, _) = refused("[[package]]\nname = \"x\"\nscripts = { serve = 3 }\n");
        assert!(
            error
                .ends_with("a script is tried with arguments, as in `\"--version\"`, or not at all: `false`"),
            "{error}"
        );
    }

    #[test]
    fn the_comparison_with_the_release_before_is_set_up_by_drift() {
        let parse = |text: &str| Settings::parse(text).unwrap().validate.drift;
        let usual = parse("");
        assert_eq!((usual.level, usual.size_growth, usual.allow.len()), (DriftLevel::Warn, 50, 0));
        let drift = parse("[validate]\ndrift = { level = \"strict\", size-growth = 5, allow = [\"a.b\"] }\n");
        assert_eq!((drift.level, drift.size_growth), (DriftLevel::Strict, 5));
        let (error, hint) = refused("[validate]\ndrift = { level = \"warning\" }\n");
        assert!(error.starts_with("release.toml:2:19: unknown variant `warning`"), "{error}");
        assert_eq!(hint, "did you mean `warn`?");
        assert!(refused("[validate.drift]\nsize-growth = -1\n").0.starts_with("release.toml:2:15: "));
    }

    #[test]
    fn refuses_two_of_one_name_and_wrong_operators() {
        assert!(
            refused("[[package]]\nname = \"a_b\"\n[[package]]\nname = \"a-b\"\n")
                .0
                .contains("the name `a-b`")
        );
        assert!(
            refused("[[package]]\nname = \"a\"\npins = { b = \"=\" }\n").0.contains("`=` is no operator")
        );
        assert!(
            refused("[[version-file]]\npath = \"a\"\nsearch = \"x\"\n")
                .0
                .contains("must hold `{version}` once")
        );
        let (error, hint) = refused("[[version-file]]\npath = \"Dockerfile\"\nkey = \"x\"\n");
        assert!(error.contains("`Dockerfile` has a `key`, and is no TOML, YAML or JSON file"), "{error}");
        assert!(hint.contains("`search`"), "{hint}");
        let (error, hint) = refused("[[version-file]]\npath = \"a.yaml\"\nkey = \"labels.app/version\"\n");
        assert!(error.contains("has a `key` that cannot be read"), "{error}");
        assert!(hint.contains("in quotes"), "{hint}");
    }

    #[test]
    fn refuses_version_files_that_fit_too_much_or_nothing() {
        for (keys, expected) in [
            ("current-only = true", "has `current-only`, and not `search` alone"),
            ("search = \"v{version}\"\nlines = \"x\"", "has `lines` without `current-only`"),
            ("search = \"{version}\"\ncurrent-only = true\nlines = \"(\"", "are no regular expression"),
        ] {
            let (error, _) = refused(&format!("[[version-file]]\npath = \"a\"\n{keys}\n"));
            assert!(error.contains(expected), "{error}");
        }
        let text =
            "[[version-file]]\npath = \"a\"\nsearch = \"{version}\"\ncurrent-only = true\nlines = \"^x\"\n";
        assert!(Settings::parse(text).is_ok());
    }

    #[test]
    fn refuses_a_limit_that_nothing_fits_into() {
        let (error, hint) = refused("[[announcement]]\nname = \"chat\"\nrun = \"true\"\nlimit = 19\n");
        assert!(error.contains("`limit` of the [[announcement]] `chat` is 19"), "{error}");
        assert_eq!(hint, "allow at least 200 characters");
    }

    #[test]
    fn refuses_sections_that_no_commit_could_come_into() {
        for (sections, expected) in [
            (r#"{ type = "a", section = "A" }, { type = "a", section = "B" }"#, "have the type `a`"),
            (r#"{ type = "Feat", section = "A" }"#, "the type `Feat` has capitals"),
            (r#"{ type = "feat", section = " " }"#, "`feat` has no heading of one line"),
        ] {
            let (error, _) = refused(&format!("[changelog]\nsections = [{sections}]\n"));
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn refuses_what_has_no_meaning_where_packages_are_released_together() {
        let apart = "[project]\nversioning = \"apart\"\n[[package]]\nname = \"a\"\npath = \"a\"\n";
        for (text, expected) in [
            ("[[package]]\nname = \"a\"\ntag = \"a{version}\"\n".to_owned(), "`a` has a `tag` of its own"),
            (
                "[[package]]\nname = \"a\"\nchangelog = \"A.md\"\n".to_owned(),
                "`a` has a `changelog` of its own",
            ),
            (
                "[[version-file]]\npath = \"x\"\npackage = \"a\"\n".to_owned(),
                "`x` is of the package `a` alone where the packages are released together",
            ),
            (
                format!("{apart}[[version-file]]\npath = \"x\"\npackage = \"b\"\n"),
                "`x` is of `b`, which is no package",
            ),
            (
                format!("{apart}[[version-file]]\npath = \"x\"\n"),
                "the [[version-file]] `x` lies in no package",
            ),
        ] {
            let (error, hint) = refused(&text);
            assert!(error.contains(expected) && !hint.is_empty(), "{error}");
        }
        assert!(Settings::parse(&format!("{apart}[[version-file]]\npath = \"a/x\"\n")).is_ok());
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Settings)).unwrap();
        text.push('\n');
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/release.schema.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == text,
            "the schema is stale; run the test with UPDATE_SCHEMAS=1 and commit the file"
        );
    }
}
