//! Bumps the version in every place of a Python project that carries it, and starts the release document.

mod auto;
mod bump;
mod edit;
mod init;
mod journal;
mod next;
mod remarks;
mod strays;
mod used;

use std::process::ExitCode;

use bump::Planned;
use document::Failure;
use filter::Output;
use project::Project;

/// Bumps the version everywhere at once, and prints the release document that the other tools fill in.
///
/// All files change together or not at all. What stands around a version is left byte for byte.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// What to release: major, minor, patch, or auto for what the commits ask for; alpha, beta, rc or dev for the next pre-release, alone or behind one of
    /// these three (`minor rc`); release to end a pre-release; post; a version (PEP 440); or current for no bump
    #[arg(value_name = "LEVEL|VERSION", num_args = 1.., required_unless_present_any = ["check", "root", "init"])]
    request: Vec<next::Request>,
    /// The date of the release, YYYY-MM-DD [default: today in UTC]
    #[arg(long, value_parser = date)]
    date: Option<String>,
    /// The package to release, where the packages of the project version apart
    #[arg(long, value_name = "NAME", conflicts_with = "root")]
    package: Option<String>,
    /// Release this variant too, where release.toml calls it optional; may be given again
    #[arg(long = "with", value_name = "VARIANT", conflicts_with_all = ["check", "root"])]
    variants: Vec<String>,
    /// End without a document where there is nothing to release, and call that a success: with auto where no commit
    /// counts, else where there is none since the last release
    #[arg(long, conflicts_with_all = ["check", "root"])]
    allow_none: bool,
    /// Ask the remote first: its branch must not be ahead, and the tag must be free there
    #[arg(long)]
    check_remote: bool,
    /// Only check: one version in every place, and no other place in a tracked file that holds it
    #[arg(long, conflicts_with_all = ["request", "date", "check_remote"])]
    check: bool,
    /// Only print the folder of the project
    #[arg(long, conflicts_with_all = ["request", "date", "check_remote", "check"])]
    root: bool,
    /// Write a release.toml from what is found in the project, with the reason for each setting
    #[arg(long, conflicts_with_all = ["request", "date", "package", "variants", "allow_none", "check_remote", "check", "root"])]
    init: bool,
}

fn main() -> ExitCode {
    filter::run("bump-version", |arguments: &Arguments, stage| {
        if arguments.init {
            return init::run(stage);
        }
        let project = Project::find(stage.project())?;
        if arguments.root {
            return Ok(Output::Text(format!("{}\n", project.root.display())));
        }
        bump::report_foreign(&project, stage);
        if arguments.check {
            let parts = project.parts(arguments.package.as_deref())?;
            parts.iter().try_for_each(|part| bump::check(part, stage))?;
            return Ok(Output::Nothing);
        }
        let project = project.released(arguments.package.as_deref())?.with_variants(&arguments.variants)?;
        let request = next::Request::of(&arguments.request)?;
        let date = arguments.date.clone().unwrap_or_else(project::today);
        let planned = bump::plan(&project, &request, date)?;
        let bump = match if arguments.allow_none { planned.unless_empty(&project)? } else { planned } {
            Planned::Bump(bump) => bump,
            Planned::Nothing(nothing) if arguments.allow_none => {
                stage.skip("release", nothing.summary());
                nothing.lines().into_iter().for_each(|line| stage.note(line));
                return Ok(Output::Nothing);
            }
            Planned::Nothing(nothing) => return Err(Failure::from(nothing).into()),
        };
        if arguments.check_remote {
            used::check_remote(&project, &bump.release)?;
        }
        bump::apply(&project, &bump, stage)?;
        Ok(bump.release.into())
    })
}

fn date(text: &str) -> Result<String, String> {
    project::is_date(text).then(|| text.to_owned()).ok_or_else(|| "write a date as YYYY-MM-DD".to_owned())
}
