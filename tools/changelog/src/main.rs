//! Writes the section of the changelog and the notes of a release.

mod changelog;
mod history;
mod passage;
mod release_notes;
mod release_please;
mod section;
mod template;

use std::process::ExitCode;

use filter::Output;
use history::History;
use project::{Project, Repository};

/// Writes the release's section into the changelog, and its notes into the release document.
///
/// What stands below [Unreleased] becomes the section; where nothing does, the commits since the last release
/// are grouped by their type (Conventional Commits 1.0).
///
/// --unreleased, --all, --from, --to and --rebuild read no document, and work in any git repository.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("history").multiple(true))]
struct Arguments {
    /// Check that the changelog names the version, and write nothing
    #[arg(long, conflicts_with = "history")]
    check: bool,
    /// Print the section that a release now would get, with its next version
    #[arg(long, group = "history", conflicts_with_all = ["all", "from", "to"])]
    unreleased: bool,
    /// Print the sections of all releases, made from the commits
    #[arg(long, group = "history", conflicts_with_all = ["from", "to"])]
    all: bool,
    /// Write a section into the changelog for each release that has none there, and leave all else
    #[arg(long, group = "history", conflicts_with_all = ["unreleased", "all", "from", "to"])]
    rebuild: bool,
    /// Print the sections of the releases after this tag, version or commit
    #[arg(long, group = "history", value_name = "TAG")]
    from: Option<String>,
    /// Print the sections of the releases up to this tag, version or commit [default with --from: the current commit]
    #[arg(long, group = "history", value_name = "TAG")]
    to: Option<String>,
    /// Print the history of this package, where the packages version apart
    #[arg(long, value_name = "NAME", requires = "history")]
    package: Option<String>,
}

fn main() -> ExitCode {
    filter::run("changelog", |arguments: &Arguments, stage| {
        let (from, to) = (arguments.from.as_deref(), arguments.to.as_deref());
        let is_history = arguments.unreleased || arguments.all || arguments.rebuild;
        if is_history || from.is_some() || to.is_some() {
            let repository = Repository::find(stage.project(), arguments.package.as_deref())?;
            let history = History::open(&repository, stage)?;
            if arguments.rebuild {
                return history.rebuild().map(|()| Output::Nothing);
            }
            return Ok(Output::Text(match (arguments.unreleased, arguments.all) {
                (true, _) => history.unreleased()?,
                (_, true) => history.all()?,
                _ => history.range(from, to)?,
            }));
        }
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        if arguments.check {
            return changelog::check(&project, &release, stage).map(|()| Output::Nothing);
        }
        release.notes = Some(changelog::write(&project, &release, stage)?);
        Ok(release.into())
    })
}
