//! A whole release: each tool gets the document of the one before, and every document is kept.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use document::{Failure, Release};

use crate::pipeline::STAGES;
use crate::progress::{Progress, human};
use crate::record::{self, Record, Records};
use crate::tools::{Ended, Tools, failure_with_code};
use crate::verify;

/// The tool that finds out with `--check` what the targets would refuse. It is asked before anything changes, and again
/// with the files before the first public step.
const PUBLISH: &str = "distribute";
/// The first public step.
const FIRST_PUBLIC: &str = "tag-release";

/// `cargo xtask release`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to release: major, minor, patch, or auto for what the commits ask for; alpha, beta, rc or dev for the next pre-release, alone or behind one of
    /// these three (`minor rc`); release to end a pre-release; post; a version (PEP 440); or current for no bump
    #[arg(value_name = "LEVEL|VERSION", required_unless_present = "resume", num_args = 1..)]
    request: Vec<String>,
    /// The project's folder, or one inside it [default: the current folder]
    #[arg(long, value_name = "DIR", env = "WAINWRIGHT_PROJECT")]
    project: Option<PathBuf>,
    /// The package to release, where the packages of the project version apart
    #[arg(long, value_name = "NAME", conflicts_with = "resume")]
    package: Option<String>,
    /// Release this variant too, where release.toml calls it optional; may be given again
    #[arg(long = "with", value_name = "VARIANT", conflicts_with = "resume")]
    variants: Vec<String>,
    /// Where there is nothing to release, do nothing, and call that a success: with auto where no commit counts, else
    /// where there is none since the last release
    #[arg(long, conflicts_with = "resume")]
    allow_none: bool,
    /// Print every action that the release would do, and write nothing
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Go on with the release that was interrupted
    #[arg(long, conflicts_with = "request")]
    resume: bool,
    /// At the end, check what was published where it is, and install it from there
    #[arg(long)]
    verify: bool,
    /// Do not ask on a terminal
    #[arg(long)]
    yes: bool,
}

/// A release that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// The last document.
    pub release: Release,
    /// What it is called on the command line.
    pub called: String,
    /// How long each stage took; those of an earlier run are absent.
    pub times: Vec<(&'static str, Duration)>,
}

/// Releases a project, or goes on with an interrupted release.
pub fn run(arguments: &Arguments) -> Result<()> {
    let tools = Tools::ready()?.on(arguments.project.as_deref());
    if arguments.resume {
        let records = Records::of(&tools)?;
        let _driving = records.drive()?;
        let Some(record) = records.unfinished()? else { return Err(nothing_to_resume().into()) };
        return conclude(&tools, arguments, &go_on(&tools, record)?);
    }
    let request = arguments.first_stage();
    let request = request.as_slice();
    if arguments.dry_run {
        return dry_run(&tools, request).map(|_| ());
    }
    let ask = !arguments.yes && filter::can_ask();
    if ask {
        if dry_run(&tools, request)? == Plan::Nothing {
            return Ok(());
        }
        confirm("Release it?")?;
    }
    release(&tools, request)?.map_or(Ok(()), |finished| conclude(&tools, arguments, &finished))
}

impl Arguments {
    /// What the first stage is told; the record of the release keeps it.
    fn first_stage(&self) -> Vec<&str> {
        let words = self.request.iter().map(String::as_str);
        let package = self.package.iter().flat_map(|name| ["--package", name.as_str()]);
        let variants = self.variants.iter().flat_map(|name| ["--with", name.as_str()]);
        words.chain(package).chain(variants).chain(self.allow_none.then_some("--allow-none")).collect()
    }
}

/// What a dry run came to.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// Every stage has its actions.
    Release,
    /// There is nothing to release.
    Nothing,
}

/// Releases a project from the beginning; `None` where there is nothing to release, and that is allowed.
pub fn release(tools: &Tools, request: &[&str]) -> Result<Option<Finished>> {
    let records = Records::of(tools)?;
    let _driving = records.drive()?;
    if let Some(open) = records.unfinished()? {
        let what =
            format!("cannot start a release: {} is not finished, {}", open.tag, where_it_stands(&open));
        let version = open.called();
        let hint = format!(
            "`cargo xtask release --resume` goes on with it, `cargo xtask rollback {version}` takes it back"
        );
        return Err(Failure::new(what).hint(hint).into());
    }
    // The tag names the record, and the record must stand before anything changes.
    let arguments = [request, &["--check-remote", "--dry-run"]].concat();
    let planned = tools.run(STAGES[0], &arguments, &[], None)?;
    if planned.code != 0 {
        return Err(refused(&planned, "nothing is changed").into());
    }
    if planned.stdout.is_empty() {
        filter::print_text(planned.stderr.trim_end());
        return Ok(None);
    }
    let asked = tools.run(PUBLISH, &["--check"], &planned.stdout, None)?;
    if asked.code != 0 {
        return Err(refused(&asked, "a target would refuse it; nothing is changed").into());
    }
    let planned = Release::from_json(&planned.stdout)?;
    let record = records.start(&planned, request)?;
    go_on(tools, record).map(Some)
}

/// Runs the stages that are left, and keeps the document after each.
fn go_on(tools: &Tools, record: Record) -> Result<Finished> {
    let done = match record.progress() {
        record::Progress::Stopped(done) => done,
        _ => STAGES.len(),
    };
    let mut document = if done > 0 { record.document(done - 1)? } else { Vec::new() };
    let mut progress = Progress::new();
    let mut times = Vec::new();
    if done > 0 {
        progress.print(&format!("{}: going on after {}", record.tag, STAGES[done - 1]));
    }
    for (at, stage) in STAGES.iter().enumerate().skip(done) {
        if *stage == FIRST_PUBLIC {
            let asked = tools.run(PUBLISH, &["--check"], &document, None)?;
            if asked.code != 0 {
                progress.print(asked.stderr.trim_end());
                progress.finish();
                return Err(stopped(&record, &format!("{PUBLISH} --check"), &asked).into());
            }
        }
        progress.begin(stage);
        let first = || [&record.request()[..], &["--check-remote", "--date", record.date()]].concat();
        let arguments = if at == 0 { first() } else { Vec::new() };
        let ended = tools.run(stage, &arguments, &document, Some(&progress))?;
        times.push((*stage, progress.end()));
        if ended.code != 0 {
            progress.finish();
            return Err(stopped(&record, stage, &ended).into());
        }
        Release::from_json(&ended.stdout)?;
        record.keep(at, &ended.stdout)?;
        document = ended.stdout;
    }
    progress.finish();
    Ok(Finished { release: Release::from_json(&document)?, called: record.called(), times })
}

/// Prints every action of a release, tool by tool, each with the document of the one before.
fn dry_run(tools: &Tools, request: &[&str]) -> Result<Plan> {
    let mut progress = Progress::new();
    progress.print("dry run: nothing is written");
    let mut document = Vec::new();
    for (at, stage) in STAGES.iter().enumerate() {
        progress.begin(stage);
        let arguments =
            if at == 0 { [request, &["--check-remote", "--dry-run"]].concat() } else { vec!["--dry-run"] };
        let ended = tools.run(stage, &arguments, &document, Some(&progress))?;
        progress.end();
        if ended.code != 0 {
            progress.finish();
            return Err(
                failure_with_code(ended.code, format!("cannot plan the release: `{stage}` refused")).into()
            );
        }
        document = ended.stdout;
        if document.is_empty() {
            progress.finish();
            return Ok(Plan::Nothing);
        }
    }
    progress.finish();
    Ok(Plan::Release)
}

/// Asks on the terminal; everything but a yes ends the program with nothing done.
pub fn confirm(question: &str) -> Result<()> {
    if filter::ask(question)? {
        return Ok(());
    }
    Err(Failure::new("cannot go on: the answer was not yes, nothing is changed")
        .hint("`--yes` does not ask")
        .into())
}

/// Says how far an unfinished release has come.
pub fn where_it_stands(record: &Record) -> String {
    match record.progress() {
        record::Progress::Stopped(0) => "it stopped before the first stage was done".to_owned(),
        record::Progress::Stopped(done) => {
            format!("it stopped after {} ({done} of {})", STAGES[done - 1], STAGES.len())
        }
        record::Progress::Finished => "it is finished".to_owned(),
        record::Progress::TakenBack => "it was taken back".to_owned(),
    }
}

fn stopped(record: &Record, stage: &str, ended: &Ended) -> Failure {
    let what = format!("cannot finish the release {}: `{stage}` ended with code {}", record.tag, ended.code);
    let version = record.called();
    let (resume, rollback) = ("`cargo xtask release --resume`", format!("`cargo xtask rollback {version}`"));
    // From the build on, everything is made of the release commit: a file that is mended now is not in it.
    let hint = if matches!(stage, "build-wheels" | "validate") {
        format!(
            "{resume} tries it again; if a file of the project has to change, {rollback}, mend it and release again"
        )
    } else {
        format!("mend the cause and run {resume}, or take it back with {rollback}")
    };
    failure_with_code(ended.code, what).hint(hint)
}

/// The error of a release that is not begun, after what the tool has said that was asked.
fn refused(asked: &Ended, why: &str) -> Failure {
    filter::print_text(asked.stderr.trim_end());
    failure_with_code(asked.code, format!("cannot start the release: {why}"))
}

fn nothing_to_resume() -> Failure {
    Failure::new("cannot resume: no release of this project was interrupted")
        .hint("`cargo xtask status` lists the releases; `cargo xtask release LEVEL` starts one")
}

/// Says what was released, and looks at it where it was published if that is asked for.
fn conclude(tools: &Tools, arguments: &Arguments, finished: &Finished) -> Result<()> {
    report(finished);
    if !arguments.verify {
        return Ok(());
    }
    let release = &finished.release;
    verify::check(tools, &release.version.tag, &[], release.to_json()?.as_bytes())
}

fn report(finished: &Finished) {
    let release = &finished.release;
    let mut text = format!(
        "\nreleased {} {} as {}\n",
        release.project.name, release.version.current, release.version.tag
    );
    let total: Duration = finished.times.iter().map(|(_, time)| *time).sum();
    for (stage, time) in &finished.times {
        text.push_str(&format!("  {stage:<15} {:>9}\n", human(*time)));
    }
    text.push_str(&format!("  {:<15} {:>9}\n", "together", human(total)));
    for publication in release.publications.iter().flatten() {
        let (count, target) = (publication.files.len(), &publication.target);
        let found_at = publication.url.as_ref().unwrap_or(&publication.location);
        text.push_str(&format!("  {count} files in {target} ({found_at})\n"));
    }
    text.push_str(&format!("  look at what people get with: cargo xtask verify {}\n", finished.called));
    text.push_str(&format!("  take it back with: cargo xtask rollback {}", finished.called));
    filter::print_text(&text);
}
