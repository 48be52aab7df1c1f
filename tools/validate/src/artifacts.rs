//! The built files: as many as are promised, as they were built, sound, and with what must be inside.

use std::path::{Path, PathBuf};

use anyhow::Result;
use distribution::door::{self, Subject};
use distribution::wheel::Wheel;
use distribution::{FileName, Level};
use document::{Artifact, ArtifactKind, Failure, PackageName};
use project::ProjectPackage;

use crate::source;
use crate::validate::{Context, Verdict};

/// Checks that each file that these packages promise is there once, and that there is no other.
pub fn are_as_promised(context: &Context, packages: &[PackageName]) -> Result<Verdict> {
    let release = context.release;
    let wanted = |name: &PackageName| packages.contains(name) || release.package(name).is_none();
    let expected: Vec<_> = release.expected()?.iter().filter(|one| wanted(&one.package)).cloned().collect();
    let artifacts: Vec<_> = release.artifacts()?.iter().filter(|one| wanted(&one.package)).cloned().collect();
    let wrong = distribution::expected::faults(&expected, &artifacts, &release.version.current)?;
    if wrong.is_empty() {
        let files = if artifacts.len() == 1 { "file" } else { "files" };
        return Ok(Verdict::Passed(format!("{} {files}, all that the release promises", artifacts.len())));
    }
    let what = format!("cannot use the artifacts of the document: {}", wrong.join("; "));
    Err(Failure::new(what)
        .hint("run `build-wheels` again, or join what all jobs have built with `build-wheels --collect`")
        .into())
}

/// Checks that a file is the one that was built, that its name is right, and that it is sound inside.
pub fn is_sound(context: &Context, artifact: &Artifact) -> Result<Verdict> {
    let shown = &artifact.path;
    let root = &context.project.root;
    let file = FileName::of(&shown.under(root))?;
    let version = &context.release.version.current;
    if (&file.name, &file.version, file.kind()) != (&artifact.package, version, artifact.kind) {
        let what = format!(
            "cannot use `{shown}`: its name is that of a {} of {} {}, the document has a {} of {} {version}",
            file.kind(),
            file.name,
            file.version,
            artifact.kind,
            artifact.package
        );
        return Err(Failure::new(what).hint("run `build-wheels` again").into());
    }
    let mut problems = Subject::from(artifact).read(root, distribution::examine).map_err(changed)?.problems;
    // What cannot be opened is among the problems already.
    if let (ArtifactKind::Wheel, Ok(wheel)) = (artifact.kind, Wheel::open(&artifact.path.under(root))) {
        problems.extend(source::problems(context, artifact, &wheel)?);
    }
    let list = |level: Level| -> Vec<String> {
        let those = problems.iter().filter(|problem| context.levels.of(problem) == Some(level));
        those.map(ToString::to_string).collect()
    };
    let (errors, warnings) = (list(Level::Error), list(Level::Warning));
    if errors.is_empty() {
        return Ok(Verdict::with_warnings("as it was built, and sound".to_owned(), &warnings));
    }
    let list = [errors, warnings].concat().join("\n    ");
    Err(Failure::new(format!("cannot use `{shown}`: it is not sound\n    {list}"))
        .hint("mend the package's build, and build it again")
        .into())
}

/// Checks that each wheel of the package holds every file that release.toml requires.
pub fn holds_required_files(context: &Context, package: &ProjectPackage) -> Result<Verdict> {
    let mut lacking = Vec::new();
    let built = context.wheels.of_package(&package.name);
    for (artifact, built) in wheels_of(context, &package.name)?.into_iter().zip(built) {
        let wheel = Wheel::open(&built?.path)?;
        let missing: Vec<&str> =
            package.required_files.iter().map(String::as_str).filter(|file| !wheel.contains(file)).collect();
        if !missing.is_empty() {
            lacking.push(format!("`{}` inside `{}`", missing.join("`, `"), artifact.path));
        }
    }
    if lacking.is_empty() {
        return Ok(Verdict::Passed(package.required_files.join(", ")));
    }
    let what = format!("cannot find {}", lacking.join("; "));
    Err(Failure::new(what).hint("make the package's build backend ship it, or mend `required-files`").into())
}

/// The package's wheels, of which there is one at least.
pub fn wheels_of<'a>(context: &'a Context, package: &PackageName) -> Result<Vec<&'a Artifact>> {
    let artifacts = context.release.artifacts()?.iter();
    let wheels: Vec<_> =
        artifacts.filter(|a| a.kind == ArtifactKind::Wheel && a.package == *package).collect();
    if wheels.is_empty() {
        let what = format!("cannot find a wheel of `{package}`: the document has none");
        return Err(Failure::new(what).hint(format!("run `build-wheels --package {package}`")).into());
    }
    Ok(wheels)
}

/// Returns where a file is, when it is the one that was built: its size and its SHA-256 are the document's.
pub fn unchanged(root: &Path, artifact: &Artifact) -> Result<PathBuf> {
    Subject::from(artifact).read(root, distribution::digest).map_err(changed)?;
    Ok(artifact.path.under(root))
}

fn changed(problem: door::Problem) -> Failure {
    door::refusal("use", &[problem]).hint("run `build-wheels` again, and all that follows it")
}
