//! A published release, and what the world looks like around it.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

#[path = "../../../distribute/tests/support/mod.rs"]
pub mod support;

use std::fs;
use std::path::{Path, PathBuf};

use document::{Fate, Publication, PublishedFile, Release};
use index::Index;
use support::{Ran, SETTINGS, Stage, sha256, wheel};

pub const TOOL: &str = env!("CARGO_BIN_EXE_rollback");
pub const OLD: &str = "da_vinci-0.4.0-py3-none-any.whl";

/// Puts the files of the release into the index, beside an older version.
pub fn publish(stage: &Stage, release: &mut Release) {
    let old = wheel("da-vinci", "0.4.0", &[]);
    let mut index = Index::open(&stage.root().join("dist/index")).unwrap();
    stage.write("dist/old.whl", &old);
    let source = stage.root().join("dist/old.whl");
    index.add(&"da-vinci".parse().unwrap(), &source, OLD, &sha256(&old)).unwrap();
    let mut files = Vec::new();
    for artifact in release.artifacts.as_ref().unwrap() {
        let (source, name) = (artifact.path.under(&stage.root()), artifact.path.file_name());
        index.add(&artifact.package, &source, name, &artifact.sha256).unwrap();
        let signature = format!("{name}.minisig");
        index.add_side_file(&artifact.package, &source.with_file_name(&signature), &signature).unwrap();
        files.push(PublishedFile {
            path: format!("simple/{}/{name}", artifact.package).parse().unwrap(),
            package: Some(artifact.package.clone()),
            sha256: artifact.sha256.clone(),
        });
    }
    index.write_pages().unwrap();
    release.publications = Some(vec![Publication {
        target: "staging".to_owned(),
        kind: "directory".to_owned(),
        location: "dist/index".to_owned(),
        url: None,
        files,
    }]);
}

pub fn published() -> (Stage, Release) {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.tagged();
    publish(&stage, &mut release);
    (stage, release)
}

pub fn rollback(stage: &Stage, release: &Release) -> Ran {
    stage.run(TOOL, &["--yes", "--reason", "wings fall off"], release)
}

pub fn fates(release: &Release) -> Vec<(String, Fate)> {
    release.withdrawals.iter().flatten().map(|entry| (entry.what.clone(), entry.fate)).collect()
}

/// The reasons of the yanked files in the index, by package.
pub fn yanked(stage: &Stage) -> Vec<String> {
    let index = Index::read(&stage.root().join("dist/index"));
    let files = index.packages().unwrap().into_iter().flat_map(|package| index.files(&package).unwrap());
    files.filter_map(|file| file.yanked).collect()
}

/// What the world looks like: refs here and there, the working tree, the index.
pub fn world(stage: &Stage) -> Vec<String> {
    let refs =
        ["for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/heads", "refs/tags"];
    let mut files: Vec<String> = stage
        .files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(stage.root().join("dist")) && !path.ends_with(".lock"))
        .map(|(path, digest)| format!("{} {digest}", path.strip_prefix(stage.root()).unwrap().display()))
        .collect();
    files.extend([stage.git(&refs), stage.origin(&refs), stage.git(&["status", "--porcelain"])]);
    files
}

/// Has the origin refuse pushes of its main branch, by a hook of that name; returns the hook.
#[cfg(unix)]
pub fn refuse_pushes(stage: &Stage, hook: &str) -> PathBuf {
    let hook = stage.path("origin.git/hooks").join(hook);
    // `pre-receive` has no arguments and refuses the whole push, `update` is asked about each ref.
    let condition = "[ -z \"$1\" ] || [ \"$1\" = refs/heads/main ] || exit 0";
    write_program(&hook, &format!("{condition}\necho 'main is protected' >&2\nexit 1\n"));
    hook
}

/// Returns a PATH with a `git` that, where the condition holds for call `$n`, does that and kills its tool.
#[cfg(unix)]
pub fn deadly_git(stage: &Stage, condition: &str, last_deed: &str) -> String {
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join("git"))
        .find(|path| path.is_file())
        .unwrap();
    let (folder, count) = (stage.path("bin"), stage.path("count"));
    let script = format!(
        "n=$(($(cat '{0}' 2>/dev/null || echo 0) + 1))\necho $n > '{0}'\n\
         if {condition}; then {last_deed}; kill -9 $PPID; exit 1; fi\nexec '{1}' \"$@\"\n",
        count.display(),
        real.display()
    );
    write_program(&folder.join("git"), &script);
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[cfg(unix)]
fn write_program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
