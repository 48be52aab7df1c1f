//! Checks everything about a release that can be checked before it is published.

mod artifacts;
mod changelog;
mod ci;
mod clashes;
mod command;
mod coverage;
mod descriptions;
mod drift;
mod explain;
mod files;
mod fresh;
mod install;
mod levels;
mod list;
mod plan;
mod published;
mod report;
mod source;
mod tag;
mod together;
mod told;
mod tree;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use filter::Output;
use project::Project;

use levels::Index;
use report::Format;

/// Checks the tree, the versions, the built files, their installs, and what release.toml asks for as [[check]].
///
/// Every failure is reported at once. Nothing is changed but by the commands of the checks themselves.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Leave out installs, the CI and the checks that release.toml calls slow; with FILE, the data of members
    #[arg(long)]
    quick: bool,
    /// Do not ask for a clean tree
    #[arg(long)]
    allow_dirty: bool,
    /// Ask the remote too whether the tag is free and the branch is fresh
    #[arg(long)]
    check_remote: bool,
    /// Run this check alone; may be given again
    #[arg(long, value_name = "CHECK", conflicts_with = "files")]
    only: Vec<String>,
    /// List the checks of the project as it stands, and run none
    #[arg(long, conflicts_with_all = ["only", "files"])]
    list: bool,
    /// Check the files of this package alone; may be given again
    #[arg(long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Check what was published where it is, and install it from there, in place of what was built
    #[arg(long, conflicts_with_all = ["allow_dirty", "check_remote", "list", "files"])]
    published: bool,
    /// With `--published`: a target that the release was published to; may be given again [default: every one]
    #[arg(long, value_name = "NAME", requires = "published")]
    to: Vec<String>,
    /// With `--published`: for how many seconds files that an index does not serve yet are waited for
    #[arg(long, value_name = "SECONDS", requires = "published", default_value_t = 0)]
    wait: u64,
    /// Say what the check of a code such as W017 asks for, and how to mend what breaks it
    #[arg(long, value_name = "CODE", conflicts_with_all = ["quick", "allow_dirty", "check_remote", "only", "list", "packages", "published", "files"])]
    explain: Option<String>,
    /// How the problems of each FILE are printed
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "files")]
    format: Format,
    /// The index that the files are meant for: what it refuses is an error
    #[arg(long = "for", value_name = "INDEX")]
    index: Option<Index>,
    /// Give the problems of a code another level: error, warning or off; may be given again
    #[arg(long = "level", value_name = "CODE=LEVEL")]
    levels: Vec<String>,
    /// A wheel of the release before, to compare with; may be given again
    #[arg(long = "previous", value_name = "WHEEL", conflicts_with_all = ["explain", "published"])]
    previous: Vec<PathBuf>,
    /// A wheel or an sdist to check by itself; needs no project and no document
    #[arg(value_name = "FILE", conflicts_with_all = ["allow_dirty", "check_remote", "packages"])]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    filter::run("validate", |arguments: &Arguments, stage| {
        if let Some(code) = &arguments.explain {
            return Ok(Output::Text(explain::explain(code)?));
        }
        if !arguments.files.is_empty() {
            let levels = levels::chosen(arguments.index, None, &arguments.levels)?;
            let (format, quick) = (arguments.format, arguments.quick);
            files::check(stage, &arguments.files, &levels, format, &arguments.previous, quick)?;
            return Ok(Output::Nothing);
        }
        let project = Project::find(stage.project())?;
        let levels = levels::chosen(arguments.index, Some(&project.settings.validate), &arguments.levels)?;
        let release =
            if arguments.list { project.current()? } else { stage.release(|| project.current())? };
        let (project, mut release) = project.of(release)?;
        let request = plan::Request {
            packages: &arguments.packages,
            quick: arguments.quick,
            allow_dirty: arguments.allow_dirty,
            check_remote: arguments.check_remote,
            only: &arguments.only,
            published: arguments.published,
            to: &arguments.to,
            wait: Duration::from_secs(arguments.wait),
            previous: &arguments.previous,
        };
        if arguments.list {
            return Ok(Output::Text(list::list(&project, &release, &request)?));
        }
        if let Some(checks) = validate::validate(&project, &release, &request, &levels, stage)? {
            release.checks = Some(checks);
        }
        Ok(release.into())
    })
}
