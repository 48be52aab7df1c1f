//! The checks by name, for people who run one of them by itself.

use anyhow::Result;
use document::Release;
use project::Project;

use crate::plan::{self, Job, Request};

/// Lists the checks of a release, a line each: the name, and what it does.
pub fn list(project: &Project, release: &Release, request: &Request) -> Result<String> {
    // Their files are not built yet, and are listed all the same.
    let planned = Release { dry_run: true, ..release.clone() };
    let mut lines: Vec<String> = plan::plan(project, &planned, request)?
        .iter()
        .map(|check| format!("{}: {}\n", check.name, what(&check.job)))
        .collect();
    lines.dedup();
    Ok(lines.concat())
}

fn what(job: &Job) -> String {
    let text = match job {
        Job::Skip(reason) => return format!("none, {reason}"),
        Job::CleanTree => "the tree has no changes but those of the release",
        Job::Versions => "every place has the version of the release",
        Job::Manifest => "the manifest of Release Please has the version",
        Job::Changelog => "the changelog says what the notes do",
        Job::Tag(_) => "the tag is free, or stands at the commit of the release",
        Job::Fresh(_) => "the release holds what its branch follows",
        Job::Ci => "the CI has passed the commit",
        Job::Artifacts(_) => "the files are those that the release promises",
        Job::File(_) => "the file is as it was built, and sound",
        Job::Metadata(..) => "the metadata of the files fit together, and their descriptions are shown",
        Job::Clashes => "distributions that ship the same files are declared",
        Job::RequiredFiles(_) => "the wheel holds the files that it must",
        Job::Install(_) => "the wheel installs, imports and runs in a fresh environment",
        Job::Drift(_) => "the wheel is compared with the one of the release before",
        Job::Stored(..) | Job::Served(..) | Job::Assets(_) => "what was built is there",
        Job::Kept(_) => "the release document is there",
        Job::Command(run) => {
            let mut text = format!("`{}`", run.first_line());
            let marks = [
                (run.check.slow, "slow"),
                (!run.check.blocking, "informs"),
                (run.check.exclusive, "exclusive"),
            ];
            for (_, mark) in marks.iter().filter(|(is_marked, _)| *is_marked) {
                text.push_str(&format!(", {mark}"));
            }
            return text;
        }
    };
    text.to_owned()
}
