//! What goes wrong in the middle of a release: a clear error, and nothing is lost.

use std::fs;

use anyhow::Result;
use tests::{PIPELINE, ROLLBACK, Sandbox, text};

#[test]
fn every_filter_says_that_the_tool_before_failed_when_stdin_is_empty() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    for tool in PIPELINE[1..].iter().chain(&[ROLLBACK]) {
        let error = sandbox.refused(tool, &[], "", 3)?;
        assert!(error.contains("it is empty, the tool before failed"), "{tool}: {error}");
    }
    Ok(())
}

#[test]
fn a_stage_that_was_left_out_is_named() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let bumped = sandbox.must("bump-version", &["minor"], "")?;
    for (tool, missing) in [
        ("commit-release", "changelog"),
        ("build-wheels", "commit-release"),
        ("checksum", "build-wheels"),
        ("sign", "build-wheels"),
        ("tag-release", "changelog"),
        ("distribute", "build-wheels"),
        ("announce", "distribute"),
    ] {
        let error = sandbox.refused(tool, &[], &bumped, 3)?;
        assert!(error.contains(&format!("`{missing}` has not run")), "{tool}: {error}");
        assert!(error.ends_with(&format!("hint: run `{missing}` first\n")), "{tool}: {error}");
    }
    Ok(())
}

#[test]
fn a_refused_push_leaves_neither_branch_nor_tag_and_is_resumed() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let hook = sandbox.path("origin.git/hooks/update");
    fs::write(
        &hook,
        "#!/bin/sh\n[ \"$1\" != refs/heads/main ] || { echo 'main is protected' >&2; exit 1; }\n",
    )?;
    sandbox.shell("chmod +x ../origin.git/hooks/update")?;
    let refs = sandbox.shell("git ls-remote ../origin.git")?;
    let error = sandbox.refused("xtask", &["release", "minor"], "", 1)?;
    assert!(error.contains("main is protected") && error.contains("neither was taken"), "{error}");
    assert!(error.contains("cargo xtask release --resume"), "{error}");
    assert_eq!(sandbox.shell("git ls-remote ../origin.git")?, refs);
    assert_eq!(sandbox.shell("git tag --list v0.2.0")?, "");
    assert!(!sandbox.project().join("dist/index").exists(), "nothing is published before the push");
    let status = sandbox.must("xtask", &["status"], "")?;
    assert!(status.contains("v0.2.0: it stopped after sign (7 of 10)"), "{status}");
    let error = sandbox.refused("xtask", &["release", "minor"], "", 1)?;
    assert!(error.contains("v0.2.0 is not finished, it stopped after sign"), "{error}");
    fs::remove_file(hook)?;
    sandbox.must("xtask", &["release", "--resume"], "")?;
    assert!(sandbox.must("xtask", &["status"], "")?.contains("v0.2.0: it is finished"));
    Ok(())
}

#[test]
fn a_wheel_that_changed_between_two_stages_stops_each_later_one() -> Result<()> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    let mut documents = Vec::new();
    let mut document = String::new();
    for tool in &PIPELINE[..8] {
        document = sandbox.must(tool, if *tool == "bump-version" { &["minor"] } else { &[] }, &document)?;
        documents.push(document.clone());
    }
    let wheel = sandbox.project().join("dist/wagon_core-0.2.0-py3-none-any.whl");
    let mut bytes = fs::read(&wheel)?;
    *bytes.last_mut().unwrap_or(&mut 0) ^= 1;
    fs::write(&wheel, bytes)?;
    for (at, tool) in [(3, "validate"), (4, "checksum"), (5, "sign"), (7, "distribute")] {
        let error = sandbox.refused(tool, &[], &documents[at], 1)?;
        assert!(error.contains("dist/wagon_core-0.2.0-py3-none-any.whl"), "{tool}: {error}");
        assert!(error.contains("it changed after `build-wheels`"), "{tool}: {error}");
    }
    assert!(!sandbox.project().join("dist/index/simple").exists());
    Ok(())
}

#[test]
fn a_full_disk_loses_nothing() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let before = sandbox.shell("git diff; git rev-parse HEAD")?;
    let folder = sandbox.programs().to_path_buf();
    // Every write to that one file fails, as on a disk that has no block left.
    let full = |file: &str, tool: &str| {
        let tool = folder.join(tool);
        format!("strace -f -qq -o /dev/null -P {file} -e inject=write:error=ENOSPC {}", tool.display())
    };
    let journal =
        format!("{} minor", full("$PWD/.git/wainwright/.bump-journal.json.wainwright", "bump-version"));
    let output = sandbox.command("sh").args(["-c", &journal]).output()?;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("No space left on device"), "{}", text(&output.stderr));
    assert_eq!(sandbox.shell("git diff; git rev-parse HEAD")?, before);
    // In the middle of the files: those that were written are as they were before.
    let middle = format!("{} minor", full("$PWD/packages/core/pyproject.toml", "bump-version"));
    let output = sandbox.command("sh").args(["-c", &middle]).output()?;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("cannot write `packages/core/pyproject.toml`"), "{said}");
    // The next run, with room again, bumps everything.
    let bumped = sandbox.must("bump-version", &["minor"], "")?;
    assert_eq!(sandbox.shell("grep -rl '0\\.2\\.0' packages uv.lock | wc -l")?.trim(), "6");
    // A document that cannot be handed on is a failure, and the same tool can be run again.
    let handed_on_to_nobody = |script: &str, input: &str| -> Result<()> {
        fs::write(sandbox.path("input"), input)?;
        let stdin = fs::File::open(sandbox.path("input"))?;
        let output =
            sandbox.command("sh").args(["-c", &format!("{script} > /dev/full")]).stdin(stdin).output()?;
        assert_eq!(output.status.code(), Some(1), "{script}");
        let said = text(&output.stderr);
        assert!(said.contains("cannot hand on the release document"), "{script}: {said}");
        Ok(())
    };
    handed_on_to_nobody("bump-version minor", "")?;
    assert_eq!(sandbox.must("bump-version", &["minor"], "")?, bumped);
    handed_on_to_nobody("changelog", &bumped)?;
    let noted = sandbox.must("changelog", &[], &bumped)?;
    handed_on_to_nobody("commit-release", &noted)?;
    let committed = sandbox.must("commit-release", &[], &noted)?;
    assert!(committed.contains("chore: release 0.2.0"));
    Ok(())
}

#[test]
fn a_hook_that_rewrites_a_file_undoes_the_commit() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let hook = sandbox.project().join(".git/hooks/pre-commit");
    fs::write(
        &hook,
        "#!/bin/sh\necho '# formatted' >> packages/core/pyproject.toml\ngit add packages/core/pyproject.toml\n",
    )?;
    sandbox.shell("chmod +x .git/hooks/pre-commit")?;
    let head = sandbox.shell("git rev-parse HEAD")?;
    let bumped = sandbox.must("bump-version", &["minor"], "")?;
    let noted = sandbox.must("changelog", &[], &bumped)?;
    let error = sandbox.refused("commit-release", &[], &noted, 1)?;
    assert!(
        error.contains("cannot commit `packages/core/pyproject.toml` as planned: a hook rewrote it"),
        "{error}"
    );
    assert_eq!(sandbox.shell("git rev-parse HEAD")?, head);
    Ok(())
}

#[test]
fn a_branch_that_moved_since_the_bump_is_refused() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let bumped = sandbox.must("bump-version", &["minor"], "")?;
    let noted = sandbox.must("changelog", &[], &bumped)?;
    sandbox.shell("git commit -q --allow-empty -m 'feat: in between'")?;
    let error = sandbox.refused("commit-release", &[], &noted, 1)?;
    assert!(error.contains("main has moved from"), "{error}");
    Ok(())
}

#[test]
fn a_tag_at_another_commit_is_never_moved() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let committed = sandbox.pipeline("minor", "commit-release")?;
    sandbox.shell("git tag v0.2.0 HEAD~1")?;
    let error = sandbox.refused("tag-release", &[], &committed, 1)?;
    assert!(error.contains("as v0.2.0: the tag exists at"), "{error}");
    Ok(())
}

#[test]
fn the_document_of_another_project_of_the_repository_is_refused() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let document = sandbox.must("bump-version", &["current"], "")?;
    sandbox.shell(
        "mkdir other && printf '[project]\\nname = \"other\"\\nversion = \"0.1.0\"\\n' > other/pyproject.toml &&
         touch other/release.toml && git add other && git commit -qm 'feat: another project'",
    )?;
    for tool in PIPELINE[1..].iter().chain(&[ROLLBACK]) {
        let error = sandbox.refused(tool, &["--project", "other"], &document, 3)?;
        assert!(error.contains("and this is `other`"), "{tool}: {error}");
    }
    Ok(())
}
