//! Release Please: `release-please-config.json`, with or without a leading dot.

use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, ProjectPath};
use serde_json::{Map, Value};

use super::Foreign;
use crate::find;
use crate::settings::{ChangelogSection, ChangelogStyle, PackageSettings, Versioning};

mod extra_files;

/// One component: the settings of its folder over those of all.
struct Component<'a> {
    /// The folder, `.` for the project's root.
    path: &'a str,
    own: &'a Map<String, Value>,
    all: &'a Map<String, Value>,
    source: Source<'a>,
}

/// The file, in which a key is found again for a message.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a ProjectPath,
    text: &'a str,
}

/// Settings that would change a release, with what happens instead.
const OTHERS: [(&str, &str); 9] = [
    ("release-as", "`bump-version auto` does not know it: name the version"),
    ("versioning", "`bump-version auto` takes the usual steps"),
    ("prerelease-type", "a series of pre-releases is named by the request, as in `minor rc`"),
    ("changelog-type", "the section is made from the commits"),
    ("changelog-host", "the address is that of the git remote"),
    ("include-commit-authors", "the section names no authors"),
    ("date-format", "dates are written as YYYY-MM-DD"),
    ("exclude-paths", "the commits of these folders count too"),
    ("skip-changelog", "a section is written where the changelog is there"),
];

pub(super) fn read(root: &Path, file: &ProjectPath, text: &str) -> Result<Option<Foreign>> {
    let source = Source { file, text };
    let config: Value = serde_json::from_str(text).map_err(|wrong| {
        let cause = wrong.to_string();
        let cause = cause.split(" at line ").next().unwrap_or_default();
        let what = format!("cannot read `{file}:{}:{}`: {cause}", wrong.line(), wrong.column());
        Failure::new(what).hint("mend the JSON there")
    })?;
    let none = Map::new();
    let all = config.as_object().unwrap_or(&none);
    let mut foreign = Foreign::new("release-please", file);
    let mut components = Vec::new();
    for (path, own) in all.get("packages").and_then(Value::as_object).into_iter().flatten() {
        let component = Component { path, own: own.as_object().unwrap_or(&none), all, source };
        let kind = component.text("release-type").unwrap_or("python");
        if matches!(kind, "python" | "simple") {
            components.push(component);
        } else {
            foreign.warn(
                &component.place("release-type"),
                &format!("`{path}` is no Python package, and is left alone"),
            );
        }
    }
    if components.is_empty() {
        foreign.problem(&source.place("packages", None), "it names no Python package");
    }
    let apart = components.len() > 1;
    for component in &components {
        add(&mut foreign, root, component, apart)?;
    }
    if apart {
        foreign.settings.project.versioning = Versioning::Apart;
        foreign.from("project.versioning", source.place("packages", None));
    }
    for plugin in all.get("plugins").and_then(Value::as_array).into_iter().flatten() {
        let name = plugin.as_str().or_else(|| plugin.get("type")?.as_str()).unwrap_or_default();
        foreign.warn(&source.place("plugins", None), &format!("the plugin `{name}` is not run"));
    }
    Ok(Some(foreign))
}

/// Adds one component: as the project, or as one of its packages where they version apart.
fn add(foreign: &mut Foreign, root: &Path, component: &Component<'_>, apart: bool) -> Result<()> {
    let folder = component.folder()?;
    let path = component.inside(component.text("changelog-path").unwrap_or("CHANGELOG.md"))?;
    let named = if folder.is_some() || apart { Some(component.package(root)?) } else { None };
    let at = foreign.settings.package.len();
    if let Some(name) = &named {
        let place = component.source.place(component.path, None);
        foreign.from(&format!("package.{at}"), place);
        let (tag, changelog) = (apart.then(|| component.tag()), apart.then(|| path.clone()));
        foreign.settings.package.push(PackageSettings {
            path: folder,
            tag,
            changelog,
            ..package(name.clone())
        });
    }
    if !apart {
        foreign.from("project.tag", component.place("include-component-in-tag"));
        foreign.settings.project.tag = component.tag();
        foreign.settings.changelog.path = Some(path);
    }
    let owner = named.filter(|_| apart);
    extra_files::add(foreign, root, component, owner.as_deref());
    let (name, apart) = (component.name(), owner.as_deref().filter(|_| !component.name().is_empty()));
    if let Some(package) = apart.filter(|package| *package != name) {
        let what = format!("the commit names the package `{package}` in place of `{name}`");
        foreign.warn(&component.place("component"), &what);
    }
    foreign.settings.project.commit_message = component.title(apart.map_or(name, |_| "{package}"));
    foreign.from("project.commit-message", component.place("pull-request-title-pattern"));
    changelog(foreign, component);
    let auto = &mut foreign.settings.auto;
    auto.bump_minor_pre_major = component.is_on("bump-minor-pre-major");
    auto.bump_patch_for_minor_pre_major = component.is_on("bump-patch-for-minor-pre-major");
    for key in ["bump-minor-pre-major", "bump-patch-for-minor-pre-major"] {
        foreign.from(&format!("auto.{key}"), component.place(key));
    }
    for (key, what) in OTHERS {
        let usual = [
            Value::Null,
            Value::Bool(false),
            "default".into(),
            "github.com".into(),
            "https://github.com".into(),
        ];
        if component.value(key).is_some_and(|value| !usual.contains(value)) {
            foreign.warn(&component.place(key), what);
        }
    }
    Ok(())
}

fn changelog(foreign: &mut Foreign, component: &Component<'_>) {
    foreign.from("changelog.path", component.place("changelog-path"));
    foreign.settings.changelog.style = ChangelogStyle::Conventional;
    foreign.from("changelog.style", "the sections are those of release-please");
    let usual = component.text("release-type") == Some("simple");
    let place = component.place("changelog-sections");
    let Some(sections) = component.value("changelog-sections").and_then(Value::as_array) else {
        if usual {
            foreign.settings.changelog.sections =
                Some(SIMPLE.iter().map(|(kind, heading)| section(kind, heading, false)).collect());
            foreign.from("changelog.sections", component.place("release-type"));
        }
        return;
    };
    let mut read: Vec<ChangelogSection> = Vec::new();
    for entry in sections {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let (Some(kind), Some(heading)) = (text("type"), text("section")) else {
            foreign.warn(&place, "a section has no `type` or no `section`");
            continue;
        };
        let hidden = entry.get("hidden").and_then(Value::as_bool).unwrap_or_default();
        // Of two sections of one type the first counts, there and here.
        if read.iter().all(|other| other.kind != kind.to_lowercase()) {
            read.push(section(&kind.to_lowercase(), heading, hidden));
        }
    }
    foreign.settings.changelog.sections = Some(read);
    foreign.from("changelog.sections", place);
}

/// The sections where the release type has none of its own.
const SIMPLE: [(&str, &str); 5] = [
    ("feat", "Features"),
    ("feature", "Features"),
    ("fix", "Bug Fixes"),
    ("perf", "Performance Improvements"),
    ("revert", "Reverts"),
];

fn section(kind: &str, heading: &str, hidden: bool) -> ChangelogSection {
    ChangelogSection { kind: kind.to_owned(), section: heading.to_owned(), hidden }
}

fn package(name: String) -> PackageSettings {
    PackageSettings {
        name,
        path: None,
        required_files: Vec::new(),
        imports: None,
        scripts: std::collections::BTreeMap::new(),
        pins: std::collections::BTreeMap::new(),
        dist: None,
        tag: None,
        changelog: None,
    }
}

impl<'a> Component<'a> {
    fn value(&self, key: &str) -> Option<&'a Value> {
        self.own.get(key).or_else(|| self.all.get(key))
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.value(key).and_then(Value::as_str)
    }

    fn is_on(&self, key: &str) -> bool {
        self.value(key).and_then(Value::as_bool).unwrap_or_default()
    }

    fn place(&self, key: &str) -> String {
        self.source.place(key, self.own.contains_key(key).then_some(self.path))
    }

    /// The folder; `None` for the project's root.
    fn folder(&self) -> Result<Option<ProjectPath>, Failure> {
        let path = self.path.trim_start_matches("./").trim_matches('/');
        if matches!(path, "." | "") { Ok(None) } else { path.parse().map(Some) }
    }

    /// A path in the folder; one that starts with `/` is from the project's root.
    fn inside(&self, path: &str) -> Result<ProjectPath, Failure> {
        match (path.strip_prefix('/'), self.folder()?) {
            (Some(path), _) => path.parse(),
            (None, None) => path.parse(),
            (None, Some(folder)) => folder.join(path),
        }
    }

    /// The name of the Python package in the folder.
    fn package(&self, root: &Path) -> Result<String> {
        let folder = self.folder()?.map_or_else(|| root.to_path_buf(), |path| path.under(root));
        let name = find::name_of(&folder);
        Ok(name
            .with_context(|| format!("cannot read what {} names", self.source.place(self.path, None)))?
            .to_string())
    }

    /// The component as tags and titles name it.
    fn name(&self) -> &'a str {
        let include = self.value("include-component-in-tag").and_then(Value::as_bool).unwrap_or(true);
        let name = self.own.get("component").or_else(|| self.own.get("package-name"));
        name.and_then(Value::as_str).filter(|_| include).unwrap_or_default()
    }

    fn tag(&self) -> String {
        let v = self.value("include-v-in-tag").and_then(Value::as_bool).unwrap_or(true);
        let separator = self.text("tag-separator").unwrap_or("-");
        let name = self.name();
        let before = if name.is_empty() { String::new() } else { format!("{name}{separator}") };
        format!("{before}{}{{version}}", if v { "v" } else { "" })
    }

    /// The title of the pull request, which is that of the commit that merges it.
    fn title(&self, name: &str) -> String {
        let pattern = self
            .text("pull-request-title-pattern")
            .unwrap_or("chore${scope}: release${component} ${version}");
        let space = if self.is_on("component-no-space") { "" } else { " " };
        let component = if name.is_empty() { String::new() } else { format!("{space}{name}") };
        let words = [
            ("${scope}", "({branch})"),
            ("${component}", &component),
            ("${version}", "{version}"),
            ("${branch}", "{branch}"),
        ];
        words.iter().fold(pattern.to_owned(), |text, (word, value)| text.replace(word, value))
    }
}

impl Source<'_> {
    /// The line of a key, in the settings of a package where it stands there.
    fn place(&self, key: &str, package: Option<&str>) -> String {
        let after = |from: usize, key: &str| {
            let quoted = format!("\"{key}\"");
            self.text.get(from..).and_then(|rest| rest.find(&quoted)).map(|at| from + at)
        };
        let start = package.and_then(|package| after(0, package)).unwrap_or_default();
        match after(start, key).or_else(|| after(0, key)) {
            Some(at) => format!("`{}:{}` (`{key}`)", self.file, crate::toml_text::place(self.text, at).line),
            None => format!("`{}` (the default of `{key}`)", self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in(text: &str) -> Foreign {
        let folder = tempfile::tempdir().unwrap();
        read(folder.path(), &"release-please-config.json".parse().unwrap(), text).unwrap().unwrap()
    }

    #[test]
    fn reads_tag_title_and_policy() {
        for (own, tag, title) in [
            (r#""include-component-in-tag": false"#, "v{version}", "chore({branch}): release {version}"),
            (r#""package-name": "wagon""#, "wagon-v{version}", "chore({branch}): release wagon {version}"),
            (
                r#""component": "w", "package-name": "wagon", "tag-separator": "/", "include-v-in-tag": false"#,
                "w/{version}",
                "chore({branch}): release w {version}",
            ),
            (
                r#""pull-request-title-pattern": "chore: release ${version}""#,
                "v{version}",
                "chore: release {version}",
            ),
        ] {
            let foreign =
                read_in(&format!(r#"{{"bump-minor-pre-major": true, "packages": {{".": {{{own}}}}}}}"#));
            let project = &foreign.settings.project;
            assert_eq!((project.tag.as_str(), project.commit_message.as_str()), (tag, title));
            assert!(
                foreign.settings.auto.bump_minor_pre_major
                    && !foreign.settings.auto.bump_patch_for_minor_pre_major
            );
            assert!(foreign.problems.is_empty() && foreign.warnings.is_empty(), "{foreign:?}");
        }
    }

    #[test]
    fn a_package_wins_over_what_holds_for_all() {
        let foreign = read_in(
            "{\n\"changelog-path\": \"A.md\",\n\"release-as\": \"2.0.0\",\n\"plugins\": [\"sentence-case\"],\n\"packages\": {\n\".\": {\n\
             \"changelog-path\": \"B.md\",\n\"changelog-sections\": [{\"type\": \"feat\", \"section\": \"New\"}, {\"type\": \"docs\", \"section\": \"D\", \"hidden\": true}]}}}",
        );
        assert_eq!(foreign.settings.changelog.path.as_ref().map(ProjectPath::as_str), Some("B.md"));
        assert_eq!(
            foreign.origin("changelog.path"),
            Some("`release-please-config.json:7` (`changelog-path`)")
        );
        let expected = vec![section("feat", "New", false), section("docs", "D", true)];
        assert_eq!(foreign.settings.changelog.sections, Some(expected));
        assert_eq!(
            foreign.warnings,
            [
                "`release-please-config.json:3` (`release-as`): `bump-version auto` does not know it: name the version",
                "`release-please-config.json:4` (`plugins`): the plugin `sentence-case` is not run",
            ]
        );
    }
}
