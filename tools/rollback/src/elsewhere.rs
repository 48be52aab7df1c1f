//! The git part where no clone of the repository is: nothing is done, and it is said what is left and how to do it.

use document::{Fate, Release, Withdrawal};
use filter::Step;
use project::TagPattern;
use project::shell::quoted;

/// What is left alone, with its entries of the document.
pub fn plan(release: &Release) -> (Vec<Step<String>>, Vec<Withdrawal>) {
    const REASON: &str = "no clone of the repository is here";
    let commit = release.commit.as_ref().filter(|commit| !commit.files.is_empty());
    let mut steps: Vec<Step<String>> = Vec::new();
    let mut withdrawals = Vec::new();
    let mut keep = |what: String, detail: String| {
        withdrawals.push(Withdrawal { what, fate: Fate::Kept, detail });
    };
    let version = &release.version;
    if let Some(commit) = commit {
        let what = format!("commit {}", commit.id.short());
        steps.push(Step::skip(format!("revert {what}"), REASON));
        keep(what, format!("{REASON}; it is reverted in one"));
    }
    steps.push(Step::skip(format!("delete the tag {}", version.tag), REASON));
    keep(format!("tag {}", version.tag), format!("{REASON}; it is deleted in one"));
    let memory = TagPattern::withdrawn(&version.tag);
    steps.push(Step::skip(format!("remember the version as used, by the tag {memory}"), REASON));
    let detail = format!("it is never used again once {memory} remembers it, which is made in a clone");
    keep(format!("version {}", version.current), detail);
    (steps, withdrawals)
}

/// How the rest is done: by these tools in a clone, or by hand.
pub fn advice(release: &Release, reason: Option<&str>) -> Vec<String> {
    let tag = &release.version.tag;
    let reason = reason.map(|reason| format!(" --reason {}", quoted(reason))).unwrap_or_default();
    let mut lines = vec![format!(
        "the commit and the tag of {} are taken back in a clone of its repository: `rollback --yes{reason} < \
         document.json` there, or `rollback --yes{reason} --release {}`",
        release.project.name,
        quoted(tag)
    )];
    if let Some(commit) = &release.commit {
        // They are for people to paste, and a document may hold anything.
        let remote = quoted(release.tag.as_ref().map_or("origin", |tag| tag.remote.as_str()));
        let branch = release.tag.as_ref().map_or(&release.project.branch, |tag| &tag.branch);
        let branch = branch.as_ref().map(|branch| format!("{} ", quoted(branch))).unwrap_or_default();
        let memory = quoted(&TagPattern::withdrawn(tag));
        let gone = quoted(&format!(":refs/tags/{tag}"));
        let revert = match commit.files.is_empty() {
            true => String::new(),
            false => format!("git revert --no-edit {} && ", commit.id.short()),
        };
        lines.push(format!(
            "by hand: {revert}git tag -a -m 'taken back' {memory} {} && git push --atomic {remote} \
             {branch}{memory} {gone}",
            commit.id.short()
        ));
    }
    lines
}
