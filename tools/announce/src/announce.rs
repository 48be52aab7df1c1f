//! Each announcement is sent once: marked before its command runs, and marked as sent after it.

use std::fmt;
use std::io::{Seek, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use document::{Announcement, Failure, Release};
use filter::{Outcome, Stage, Step};
use project::{AnnouncementSettings, Project};

use crate::marker::{Marker, Progress};
use crate::text;

/// What the person says about announcements that were started before.
#[derive(Debug)]
pub struct Wishes {
    again: Vec<String>,
    sent: Vec<String>,
}

/// What is done about one announcement.
enum Action<'a> {
    Send { settings: &'a AnnouncementSettings, subject: &'a str },
    TakeAsSent { name: &'a str },
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { settings, subject } => write!(f, "announce {subject} by {}", settings.name),
            Self::TakeAsSent { name } => write!(f, "take the announcement by {name} as sent"),
        }
    }
}

impl Wishes {
    /// Checks that each name is one of release.toml, and that no announcement is to be both sent and not sent.
    pub fn new(project: &Project, again: &[String], sent: &[String]) -> Result<Self, Failure> {
        let known: Vec<&str> =
            project.settings.announcement.iter().map(|settings| settings.name.as_str()).collect();
        for name in again.iter().chain(sent) {
            if !known.contains(&name.as_str()) {
                let what = format!("cannot find the announcement `{name}` in release.toml");
                let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Failure::usage(what).hint(format!("the announcements are: {list}")));
            }
        }
        if let Some(both) = again.iter().find(|name| sent.contains(name)) {
            let what = format!("cannot take the announcement `{both}` as sent and send it again");
            return Err(Failure::usage(what).hint(format!("give either `--again {both}` or `--sent {both}`")));
        }
        Ok(Self { again: again.to_vec(), sent: sent.to_vec() })
    }
}

/// Sends the announcements in the order of release.toml; in a dry run the section stays as it is.
pub fn announce(
    project: &Project,
    release: &Release,
    wishes: &Wishes,
    stage: &Stage,
) -> Result<Option<Vec<Announcement>>> {
    let is_dry = stage.is_dry_run();
    if !is_dry {
        release.publications()?;
        release.notes()?;
    }
    let _lock = if is_dry { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    let all = &project.settings.announcement;
    if all.is_empty() {
        stage.skip("announce", "release.toml has no [[announcement]]");
    }
    let subject = text::subject(release);
    let plan = plan(project, release, wishes, &subject)?;
    let publications = release.publications.as_deref().unwrap_or_default();
    stage.perform(&plan, |action| {
        match action {
            Action::TakeAsSent { name } => Marker::of(project, &release.version.tag, name).finish()?,
            Action::Send { settings, subject } => {
                let body = text::body(project, release, publications, settings.limit)?;
                send(project, release, settings, subject, &body)?;
            }
        }
        Ok(Outcome::Done)
    })?;
    if is_dry {
        return Ok(release.announcements.clone());
    }
    let entry = |name: &str| Announcement { name: name.to_owned(), subject: subject.clone() };
    let mut sent: Vec<_> = all.iter().map(|settings| entry(&settings.name)).collect();
    sent.sort();
    Ok(Some(sent))
}

/// Plans every announcement before the first one is sent.
fn plan<'a>(
    project: &'a Project,
    release: &Release,
    wishes: &Wishes,
    subject: &'a str,
) -> Result<Vec<Step<Action<'a>>>> {
    let mut steps = Vec::new();
    for settings in &project.settings.announcement {
        let name = &settings.name;
        let send = Action::Send { settings, subject };
        let progress = Marker::of(project, &release.version.tag, name).progress()?;
        steps.push(if wishes.again.contains(name) {
            Step::Do(send)
        } else {
            match progress {
                Progress::Sent => Step::skip(send, "it was sent already"),
                _ if wishes.sent.contains(name) => Step::Do(Action::TakeAsSent { name }),
                Progress::Unsent => Step::Do(send),
                Progress::Started => {
                    let what = format!(
                        "cannot announce {subject} by `{name}`: its command was started and cut off, so it may have been sent"
                    );
                    return Err(Failure::new(what)
                        .hint(format!("look there, then give `--again {name}` to send it, or `--sent {name}`"))
                        .into());
                }
            }
        });
    }
    Ok(steps)
}

fn send(
    project: &Project,
    release: &Release,
    settings: &AnnouncementSettings,
    subject: &str,
    body: &str,
) -> Result<()> {
    let marker = Marker::of(project, &release.version.tag, &settings.name);
    // A file and no pipe: a command that reads nothing, or writes before it reads, stops nobody.
    let mut input = tempfile::tempfile().context("cannot make a temporary file")?;
    input
        .write_all(body.as_bytes())
        .and_then(|()| input.rewind())
        .context("cannot write the text of the announcement")?;
    let mut command = Command::new("sh");
    command.args(["-c", &settings.run]).current_dir(&project.root).stdin(Stdio::from(input));
    command.env("SUBJECT", subject).env("VERSION", release.version.current.to_string());
    command.env("TAG", &release.version.tag);
    marker.start()?;
    let Err(error) = project::run(&mut command) else { return marker.finish() };
    marker.forget()?;
    let cause = without_secrets(&settings.run, format!("{error:#}"));
    let what = format!("cannot announce {subject} by `{}`: {cause}", settings.name);
    Err(Failure::new(what).hint("mend the command in release.toml, and run `announce` again").into())
}

/// Writes `$NAME` for the value of each variable that the command names: a token in what it said stays secret.
fn without_secrets(command: &str, mut said: String) -> String {
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| value.len() >= 8 && names_variable(command, name))
        .collect();
    // The longest value first, for one may hold another.
    variables.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    for (name, value) in variables {
        said = said.replace(&value, &format!("${name}"));
    }
    said
}

fn names_variable(command: &str, name: &str) -> bool {
    command.match_indices('$').any(|(at, _)| {
        let rest = &command[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        rest.strip_prefix(name).is_some_and(|after| !after.starts_with(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_variables_that_a_command_names() {
        let command = "curl -H \"Authorization: $TOKEN\" ${HOOK_URL}/x";
        assert!(names_variable(command, "TOKEN") && names_variable(command, "HOOK_URL"));
        assert!(!names_variable(command, "TOK") && !names_variable(command, "HOOK"));
    }
}
