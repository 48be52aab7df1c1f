//! The validation: every check is run, as many at once as pays, and all that fail are reported together.

use std::collections::BTreeSet;

use anyhow::Result;
use distribution::Levels;
use document::{Check, CheckOutcome, Failure, ProjectPath, Release};
use filter::Stage;
use project::{Lock, Project};
use rayon::prelude::*;
use uv::Uv;

use crate::install::{self, Named, Wheels};
use crate::plan::{self, Job, Planned, Request};
use crate::{artifacts, changelog, ci, clashes, command, drift, fresh, published, tag, together, tree};

/// Checks wait for programs more than they compute, so this many run at once even on a small machine.
const AT_ONCE: usize = 8;

/// What a check that did not fail has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Passed(String),
    /// There was nothing to check.
    Skipped(String),
    /// It is not as it should be, and does not stop the release.
    Warned(String),
}

impl Verdict {
    /// What passed but for warnings, of which each begins with its code. The first line names the codes, the further
    /// ones say all of it.
    pub fn with_warnings(said: String, warnings: &[String]) -> Self {
        if warnings.is_empty() {
            return Self::Passed(said);
        }
        let codes: BTreeSet<&str> =
            warnings.iter().filter_map(|text| Some(text.split_once(':')?.0)).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let lines: String = warnings.iter().map(|text| format!("\n    {text}")).collect();
        Self::Warned(format!("{said}, but for {}{lines}", codes.join(", ")))
    }
}

/// What every check may look at.
pub struct Context<'a> {
    /// The project.
    pub project: &'a Project,
    /// The release.
    pub release: &'a Release,
    /// Who is told what goes on.
    pub stage: &'a Stage,
    /// The right to change the project, which programs hold while they run.
    pub lock: &'a Lock,
    /// How much weight the problems of files have.
    pub levels: &'a Levels,
    /// uv, where a check needs it.
    pub uv: Option<Uv>,
    /// The built wheels.
    pub wheels: Wheels<'a>,
}

impl Context<'_> {
    /// uv; the checks that need it are known before the first one runs.
    pub fn uv(&self) -> Result<Uv> {
        self.uv.clone().map_or_else(Uv::find, Ok)
    }
}

/// The remote that the release goes to.
pub fn remote<'a>(context: &'a Context) -> Result<&'a str, Failure> {
    context.release.project.remote.as_deref().ok_or_else(|| {
        let name = &context.project.settings.project.remote;
        Failure::new(format!("cannot ask the remote `{name}`: the repository has none of that name"))
            .hint(format!("run `git remote add {name} URL`, or leave out `--check-remote`"))
    })
}

/// Runs every check and returns those that passed or were skipped; `None` in a dry run.
pub fn validate(
    project: &Project,
    release: &Release,
    request: &Request,
    levels: &Levels,
    stage: &Stage,
) -> Result<Option<Vec<Check>>> {
    let lock =
        if stage.is_dry_run() { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    let targets = if request.published { published::targets(project, release, request)? } else { Vec::new() };
    let mut plan = match request.published {
        true => published::plan(project, release, &targets, request)?,
        false => plan::plan(project, release, request)?,
    };
    plan::narrow(&mut plan, request.only)?;
    // The wheels of one package are one promise before they are built, so the plan names them once.
    let mut named = plan.iter().collect::<Vec<_>>();
    named.dedup_by(|a, b| a.name == b.name);
    let mut others = 0;
    for check in named {
        match &check.job {
            // To name each would hide the few that are run.
            Job::Skip(plan::ONLY) => others += 1,
            Job::Skip(reason) => stage.skip(&check.name, reason),
            _ => stage.action(format!("check {}", check.name)),
        }
    }
    if others > 0 {
        stage.skip(format!("{others} other checks"), plan::ONLY);
    }
    let Some(lock) = lock else { return Ok(None) };
    let needs_uv = plan.iter().any(|check| {
        matches!(check.job, Job::Install(_) | Job::Drift(_) | Job::Metadata(_, true) | Job::Command(_))
    });
    let uv = if needs_uv { Some(Uv::find()?) } else { None };
    let wheels = Wheels::of(&project.root, release);
    let context = Context { project, release, stage, lock: &lock, levels, uv, wheels };
    let results = run_all(&context, &plan)?;
    let is_told =
        |name: &str| plan.iter().any(|check| check.name == name && matches!(check.job, Job::Skip(_)));
    for (name, result) in &results {
        if let Ok(Verdict::Skipped(reason)) = result
            && !is_told(name)
        {
            stage.skip(name, reason);
        }
    }
    let checks = conclude(release, results, stage)?;
    Ok(Some(match (&release.checks, request.published) {
        (Some(before), true) => published::merged(before, checks),
        _ => checks,
    }))
}

/// Runs the checks; the result of each stands under its full name, in the order of the names.
fn run_all(context: &Context, plan: &[Planned]) -> Result<Vec<Named>> {
    // The tree is looked at before any command has had a chance to change it.
    let is_first = |check: &&Planned| {
        matches!(check.job, Job::CleanTree | Job::Versions | Job::Manifest | Job::Changelog | Job::Skip(_))
    };
    let (first, rest): (Vec<&Planned>, Vec<&Planned>) = plan.iter().partition(is_first);
    let alone = |check: &&Planned| matches!(check.job, Job::Command(run) if run.check.exclusive);
    let (last, rest): (Vec<&Planned>, Vec<&Planned>) = rest.into_iter().partition(alone);
    let queues = queues(rest);
    let threads = queues.len().clamp(1, AT_ONCE.max(rayon::current_num_threads()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let one = |check: &&Planned| run(context, check);
    let queue = |queue: &Vec<&Planned>| match queue.first().map(|check| &check.job) {
        Some(Job::Drift(_)) => compare_all(context, queue),
        _ => queue.iter().flat_map(one).collect::<Vec<_>>(),
    };
    let mut results: Vec<Named> = first.iter().flat_map(one).collect();
    results.extend(pool.install(|| queues.par_iter().with_max_len(1).flat_map(queue).collect::<Vec<_>>()));
    results.extend(last.iter().flat_map(one));
    results.sort_by(|a, b| a.0.cmp(&b.0));
    // A wheel for another platform is met with each Python that it is for.
    let is_skipped = |result: &Result<Verdict>| matches!(result, Ok(Verdict::Skipped(_)));
    results.dedup_by(|a, b| a.0 == b.0 && is_skipped(&a.1) && is_skipped(&b.1));
    Ok(results)
}

/// The checks that may run at once; those of one queue leave the same coverage report, and wait for each other. The
/// comparisons with the release before are one queue.
///
/// What takes longest is begun first.
fn queues<'a>(mut checks: Vec<&'a Planned<'a>>) -> Vec<Vec<&'a Planned<'a>>> {
    checks.sort_by_key(|check| !matches!(check.job, Job::Command(_) | Job::Drift(_)));
    let is_drift = |check: &Planned| matches!(check.job, Job::Drift(_));
    let mut queues: Vec<(Option<&ProjectPath>, Vec<&Planned>)> = Vec::new();
    for check in checks {
        let report = match &check.job {
            Job::Command(run) => run.check.coverage.as_ref().map(|coverage| &coverage.report),
            _ => None,
        };
        let joins = |of: &Option<&ProjectPath>, queue: &[&Planned]| {
            report.is_some() && *of == report || is_drift(check) && queue.iter().any(|other| is_drift(other))
        };
        match queues.iter_mut().find(|(of, queue)| joins(of, queue)) {
            Some((_, queue)) => queue.push(check),
            None => queues.push((report, vec![check])),
        }
    }
    queues.into_iter().map(|(_, queue)| queue).collect()
}

/// Runs the comparisons with the release before as one job.
fn compare_all(context: &Context, queue: &[&Planned]) -> Vec<Named> {
    let comparisons: Vec<_> = queue
        .iter()
        .filter_map(|check| match &check.job {
            Job::Drift(comparison) => Some(comparison),
            _ => None,
        })
        .collect();
    let names = queue.iter().map(|check| full_name(check));
    names.zip(drift::compare(context, &comparisons)).collect()
}

/// A promise's name is a pattern; the result has the name of the file.
fn full_name(check: &Planned) -> String {
    match check.job {
        Job::File(Some(artifact)) => plan::name_of_file(artifact.kind, artifact.path.as_str()),
        _ => check.name.clone(),
    }
}

fn run(context: &Context, check: &Planned) -> Vec<Named> {
    let verdict = match &check.job {
        Job::Skip(reason) => Ok(Verdict::Skipped((*reason).to_owned())),
        Job::CleanTree => tree::is_clean(context),
        Job::Versions => tree::has_one_version(context),
        Job::Manifest => tree::has_one_manifest(context),
        Job::Changelog => changelog::agrees(context),
        Job::Tag(reach) => tag::is_free(context, *reach),
        Job::Fresh(reach) => fresh::is_fresh(context, *reach),
        Job::Ci => ci::is_green(context),
        Job::Artifacts(packages) => artifacts::are_as_promised(context, packages),
        Job::Clashes => clashes::are_declared(context),
        Job::Metadata(packages, render) => together::fit(context, packages, *render),
        Job::File(Some(artifact)) => artifacts::is_sound(context, artifact),
        Job::File(None) => Ok(Verdict::Skipped("it is not built yet".to_owned())),
        Job::RequiredFiles(package) => artifacts::holds_required_files(context, package),
        Job::Install(job) => return install::install(context, job),
        Job::Drift(_) => return compare_all(context, &[check]),
        Job::Stored(package, target) => published::is_stored(context, package, target),
        Job::Served(package, target) => published::is_served(context, package, target),
        Job::Kept(target) => published::is_kept(context, target),
        Job::Assets(target) => published::are_there(context, target),
        Job::Command(run) => match command::succeeds(context, *run) {
            Err(error) if !run.check.blocking => Ok(Verdict::Warned(format!("{error:#}"))),
            verdict => verdict,
        },
    };
    vec![(full_name(check), verdict)]
}

/// Says what was found; one failed check is enough for an error, which lists all of them.
fn conclude(release: &Release, results: Vec<Named>, stage: &Stage) -> Result<Vec<Check>> {
    let is_other =
        |result: &Result<Verdict>| matches!(result, Ok(Verdict::Skipped(why)) if why == plan::ONLY);
    let all = results.iter().filter(|(_, result)| !is_other(result)).count();
    let (mut checks, mut failures) = (Vec::new(), Vec::new());
    for (name, result) in results {
        let (outcome, detail) = match result {
            Ok(Verdict::Passed(said)) => {
                stage.action(format!("ok: {name}: {said}"));
                (CheckOutcome::Passed, first_line(&said))
            }
            Ok(Verdict::Skipped(said)) => (CheckOutcome::Skipped, first_line(&said)),
            Ok(Verdict::Warned(said)) => {
                stage.warn(format!("{name}: {said}"));
                (CheckOutcome::Warned, first_line(&said))
            }
            Err(error) => {
                failures.push((name, error));
                continue;
            }
        };
        checks.push(Check { name, outcome, detail });
    }
    if failures.is_empty() {
        checks.sort();
        return Ok(checks);
    }
    let list: String = failures.iter().map(|(name, error)| format!("\n  {name}: {error:#}")).collect();
    let (name, version) = (&release.project.name, &release.version.current);
    let failed = failures.len();
    let checks = if all == 1 { "check" } else { "checks" };
    let what = format!("cannot validate `{name}` {version}: {failed} of {all} {checks} failed{list}");
    let hint = failures.iter().find_map(|(_, error)| Failure::of(error).0);
    Err(Failure::new(what).hint(hint.unwrap_or("mend them, and run `validate` again")).into())
}

/// What stands in the document: what a program said, and where files are, may differ from run to run.
fn first_line(said: &str) -> String {
    said.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Run;
    use project::Settings;

    #[test]
    fn what_leaves_the_same_report_waits_and_nothing_else() {
        let coverage = |report: &str| format!("coverage = {{ report = \"{report}\", minimum = 0 }}");
        let check =
            |name: &str, more: &str| format!("[[check]]\nname = \"{name}\"\nrun = \"true\"\n{more}\n");
        let text = [
            check("a", &coverage("a.xml")),
            check("b", &coverage("b.xml")),
            check("c", ""),
            check("d", &coverage("a.xml")),
            check("e", ""),
        ];
        let settings = Settings::parse(&text.concat()).unwrap();
        let job = |check| Job::Command(Run { check, python: None });
        let versions = Planned { name: "versions".to_owned(), job: Job::Versions };
        let commands: Vec<Planned> = settings
            .check
            .iter()
            .map(|check| Planned { name: check.name.clone(), job: job(check) })
            .collect();
        let queues = queues(std::iter::once(&versions).chain(&commands).collect());
        let names: Vec<Vec<&str>> =
            queues.iter().map(|queue| queue.iter().map(|check| check.name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["a", "d"], vec!["b"], vec!["c"], vec!["e"], vec!["versions"]]);
    }
}
