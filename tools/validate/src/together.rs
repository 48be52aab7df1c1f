//! All files of a release together: one set of metadata, pins that fit, descriptions that can be shown.

use anyhow::Result;
use distribution::siblings::{self, Sibling};
use distribution::{FileName, Level, Problem};
use document::{Failure, PackageName};

use crate::descriptions::{self, Rendered};
use crate::validate::{Context, Verdict};

/// Compares the metadata of the files of these packages, and renders their descriptions unless that is left out.
pub fn fit(context: &Context, packages: &[PackageName], render: bool) -> Result<Verdict> {
    let mut files = Vec::new();
    for artifact in context.release.artifacts()?.iter().filter(|one| packages.contains(&one.package)) {
        let path = artifact.path.under(&context.project.root);
        // What is gone, was changed or cannot be read is the matter of the check of that file.
        let (Ok(file), Ok(metadata)) = (FileName::of(&path), distribution::metadata(&path)) else { continue };
        files.push(Sibling { shown: artifact.path.to_string(), file, metadata });
    }
    let mut found = siblings::differences(&files);
    found.extend(siblings::unsatisfied(&files));
    let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
    let mut said = vec![format!("one for each package, in {count}")];
    if render {
        match descriptions::render(|| context.uv(), &context.project.root, &files)? {
            Rendered::Checked(problems) => found.extend(problems),
            Rendered::Skipped(reason) => said.push(format!("descriptions are not rendered: {reason}")),
        }
    }
    let list = |level: Level| -> Vec<String> {
        let those = found.iter().filter(|(_, problem)| context.levels.of(problem) == Some(level));
        those.map(|(at, problem)| one(&files[*at], problem)).collect()
    };
    let (errors, warnings) = (list(Level::Error), list(Level::Warning));
    if errors.is_empty() {
        return Ok(Verdict::with_warnings(said.join("; "), &warnings));
    }
    let list = [errors, warnings].concat().join("\n    ");
    Err(Failure::new(format!("cannot use the metadata of the files:\n    {list}"))
        .hint("mend pyproject.toml or the build, and build the files again")
        .into())
}

fn one(file: &Sibling, problem: &Problem) -> String {
    format!("{}: `{}`: {}", problem.code, file.shown, problem.message)
}
