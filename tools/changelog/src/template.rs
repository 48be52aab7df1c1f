//! Notes by a template of the project, in the language of Jinja.

use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, VersionStep};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use notes::starts_a_section;
use project::files;
use serde::Serialize;

/// A template, and the name of its file for errors.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    name: String,
}

/// What a template may use.
#[derive(Debug, Serialize)]
pub struct Notes<'a> {
    /// The version; none for what is not released yet.
    pub version: Option<String>,
    /// Its tag.
    pub tag: Option<&'a str>,
    /// The date, `YYYY-MM-DD`.
    pub date: Option<&'a str>,
    /// The version before.
    pub previous: Option<String>,
    /// The tag of the version before.
    pub previous_tag: Option<&'a str>,
    /// The web address of the repository.
    pub repository: Option<&'a str>,
    /// The web address of what changed since the version before.
    pub compare: Option<String>,
    /// The groups that hold entries, in the order of the sections.
    pub groups: Vec<Group<'a>>,
    /// All entries that break something, also of hidden types.
    pub breaking: Vec<Entry<'a>>,
    /// All commits, the newest first.
    pub commits: Vec<Raw<'a>>,
}

/// A group of entries.
#[derive(Debug, Serialize)]
pub struct Group<'a> {
    /// Its heading.
    pub name: &'a str,
    /// The entries, the newest first.
    pub entries: Vec<Entry<'a>>,
}

/// A change.
#[derive(Debug, Clone, Serialize)]
pub struct Entry<'a> {
    /// The type, or the area.
    pub kind: &'a str,
    /// The scope.
    pub scope: Option<&'a str>,
    /// The subject without type and scope.
    pub description: &'a str,
    /// What breaks.
    pub breaking: Option<&'a str>,
    /// The numbers of the issues and pull requests that the message names.
    pub issues: Vec<&'a str>,
    /// Its commit.
    #[serde(flatten)]
    pub commit: Raw<'a>,
}

/// A commit.
#[derive(Debug, Clone, Serialize)]
pub struct Raw<'a> {
    /// The id.
    pub id: &'a str,
    /// The first seven digits of the id.
    pub short_id: &'a str,
    /// The name of the author.
    pub author: &'a str,
    /// The first line of the message.
    pub subject: &'a str,
    /// The whole message.
    pub message: &'a str,
}

impl Template {
    /// Reads a template from its text, or from a file of the project.
    pub fn read(setting: &str, root: &Path) -> Result<Self> {
        let is_text = setting.contains("{{") || setting.contains("{%");
        let (name, text) = if is_text {
            ("[changelog] template".to_owned(), setting.to_owned())
        } else {
            let read = files::read_text(&root.join(setting));
            (
                setting.to_owned(),
                read.context("cannot read the template that `template` of [changelog] names")?,
            )
        };
        let mut environment = Environment::new();
        // A misspelt name is an error and no gap in the notes.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // A line that holds a block alone leaves no empty line in the notes.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|wrong| refusal(&name, &wrong))?);
        environment.add_template_owned("notes", text).map_err(|wrong| refusal(&name, &wrong))?;
        Ok(Self { environment, name })
    }

    /// Writes the notes of a release.
    pub fn write(&self, notes: &Notes<'_>) -> Result<String> {
        let written =
            self.environment.get_template("notes").and_then(|template| template.render(Serde(notes)));
        let written = written.map_err(|wrong| refusal(&self.name, &wrong))?;
        let text = written.trim_end().trim_start_matches(['\n', '\r']);
        if let Some(line) = starts_a_section(text) {
            let what = format!(
                "cannot use the template `{}`: its line `{line}` would start the section of another release",
                self.name
            );
            return Err(Failure::new(what).hint("give the groups headings of the third level, `###`").into());
        }
        Ok(if text.is_empty() { String::new() } else { format!("{text}\n") })
    }
}

impl<'a> Notes<'a> {
    /// Notes of a release without its commits yet.
    pub fn of(step: Option<&'a VersionStep>, repository: Option<&'a str>) -> Self {
        let compare = step.and_then(|step| {
            let previous = step.previous_tag.as_ref()?;
            Some(format!("{}/compare/{previous}...{}", repository?, step.tag))
        });
        Self {
            version: step.map(|step| step.current.to_string()),
            tag: step.map(|step| step.tag.as_str()),
            date: step.map(|step| step.date.as_str()),
            previous: step.and_then(|step| Some(step.previous.as_ref()?.to_string())),
            previous_tag: step.and_then(|step| step.previous_tag.as_deref()),
            repository,
            compare,
            groups: Vec::new(),
            breaking: Vec::new(),
            commits: Vec::new(),
        }
    }
}

/// The numbers behind `#` in a message, each once.
pub fn issues(message: &str) -> Vec<&str> {
    let mut numbers: Vec<&str> = Vec::new();
    for (at, _) in message.match_indices('#') {
        let rest = &message[at + 1..];
        let number = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
        if !number.is_empty() && !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

fn refusal(name: &str, wrong: &minijinja::Error) -> Failure {
    let place = wrong.line().map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    let cause = wrong.detail().map_or_else(|| wrong.kind().to_string(), str::to_owned);
    Failure::new(format!("cannot use the template `{place}`: {cause}"))
        .hint("what a template may use is listed in tools/README.md")
}
