//! Whole releases on real git, uv, pip and minisign: by the orchestrator, and by the tools in a pipe.

use anyhow::Result;
use tests::{PIPELINE, ROLLBACK, Sandbox, repository, text};

/// The lines of stderr that name an action: no skips, notes, warnings or results, no other program's words.
fn actions(stderr: &str) -> Vec<String> {
    let lines = stderr.lines().filter_map(|line| line.strip_prefix("  ")).map(str::trim_end);
    let other = ["note: ", "warning: ", "skip: ", "ok: "];
    lines
        .filter(|line| !line.starts_with(' ') && !other.iter().any(|start| line.starts_with(start)))
        .map(str::to_owned)
        .collect()
}

fn stages_of_the_readme() -> Result<Vec<String>> {
    let readme = std::fs::read_to_string(repository().join("README.md"))?;
    let rows =
        readme.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next());
    Ok(rows.filter(|name| repository().join("tools").join(name).is_dir()).map(str::to_owned).collect())
}

#[test]
fn the_orchestrator_and_the_pipe_give_the_same_documents_byte_for_byte() -> Result<()> {
    let (mut one, mut other) = (Sandbox::new("lockstep")?, Sandbox::new("lockstep")?);
    one.make_key()?;
    other.set("WAINWRIGHT_SIGN_KEY", &one.path("minisign.key").to_string_lossy());
    one.must("xtask", &["release", "minor"], "")?;
    let script = repository().join("scripts/release.sh");
    let last = other.shell(&format!("{} minor staging", script.display()))?;
    for (at, tool) in PIPELINE.iter().enumerate() {
        let name = format!("{:02}-{tool}.json", at + 1);
        let kept = std::fs::read_to_string(one.project().join(".git/wainwright/v0.2.0").join(&name))?;
        let by_hand = std::fs::read_to_string(other.project().join("dist/documents").join(&name))?;
        assert!(by_hand == kept, "{name} differs:\n{kept}\n{by_hand}");
    }
    let kept = std::fs::read_to_string(one.project().join(".git/wainwright/v0.2.0/10-announce.json"))?;
    assert_eq!(last, kept);
    other.shell(&format!("! {} 0.2.0", script.display()))?;
    let earlier = other.shell("cat dist/documents.*/10-announce.json")?;
    assert_eq!(earlier, kept, "a second run keeps the documents of the first");
    Ok(())
}

#[test]
fn a_released_package_installs_from_its_index_with_pip_and_uv() -> Result<()> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    sandbox.shell(
        "test \"$(git rev-parse v0.2.0^{commit})\" = \"$(git rev-parse HEAD)\"
         test \"$(git -C ../origin.git rev-parse main)\" = \"$(git rev-parse HEAD)\"
         test \"$(git -C ../origin.git rev-parse v0.2.0)\" = \"$(git rev-parse v0.2.0)\"
         test \"$(git cat-file -t v0.2.0)\" = tag
         test -z \"$(git status --porcelain)\"
         grep -q '## \\[0.2.0\\] - ' CHANGELOG.md
         (cd dist && sha256sum --quiet -c SHA256SUMS && sha512sum --quiet -c SHA512SUMS)
         for f in dist/*.whl dist/*.tar.gz dist/SHA*SUMS; do minisign -Vqm $f -p ../minisign.pub; done
         python3 -m zipfile -l dist/wagon_core-0.2.0-py3-none-any.whl | grep -q wagon_core/Dockerfile
         index=file://$PWD/dist/index/simple/
         python3 -m venv ../by-pip && ../by-pip/bin/pip install -q --index-url $index wagon-cdk
         ../by-pip/bin/python -c 'import wagon_cdk, wagon_core; assert wagon_cdk.__version__ == wagon_core.__version__ == \"0.2.0\"'",
    )?;
    let uv = tests::uv();
    sandbox.shell(&format!(
        "{uv} lock --check -q
         {uv} venv -q ../by-uv && {uv} pip install -q --python ../by-uv/bin/python --default-index file://$PWD/dist/index/simple wagon-cdk
         ../by-uv/bin/python -c 'import wagon_cdk; assert \"48 spokes\" in wagon_cdk.wagon()'"
    ))?;
    Ok(())
}

#[test]
fn an_ordinary_project_needs_no_release_toml() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    let output = sandbox.run("xtask", &["release", "patch"], "")?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    sandbox.shell(
        "git show HEAD:pyproject.toml | grep -q 'version = \"1.2.4\"'
         git show HEAD:src/plain/__init__.py | grep -q '__version__ = \"1.2.4\"'
         git -C ../origin.git rev-parse v1.2.4
         python3 -m pip install -q --target ../installed --index-url file://$PWD/dist/index/simple/ plain
         PYTHONPATH=../installed python3 -c 'import plain; assert plain.__version__ == \"1.2.4\"'",
    )?;
    Ok(())
}

#[test]
fn a_project_with_a_setup_py_is_released_too() -> Result<()> {
    let sandbox = Sandbox::new("setup-py")?;
    let output = sandbox.run("xtask", &["release", "minor"], "")?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("warning: Dockerfile:2 holds 0.4.0 and is not configured"), "{said}");
    sandbox.shell(
        "git show HEAD:Dockerfile | grep -q 'image.version=\"0.5.0\"'
         git show HEAD:oneflow_demo/__init__.py | grep -c $'\\r' | grep -qx 3
         python3 -m pip install -q --target ../installed --index-url file://$PWD/dist/index/simple/ oneflow-demo
         PYTHONPATH=../installed python3 -c 'import oneflow_demo; assert oneflow_demo.__version__ == \"0.5.0\"'",
    )?;
    Ok(())
}

#[test]
fn a_dry_run_writes_nothing_and_says_exactly_what_the_release_then_does() -> Result<()> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    let before = (sandbox.files("project")?, sandbox.files("origin.git")?, sandbox.files("home")?);
    let planned = sandbox.run("xtask", &["release", "minor", "--dry-run"], "")?;
    assert!(planned.status.success(), "{}", text(&planned.stderr));
    let after = (sandbox.files("project")?, sandbox.files("origin.git")?, sandbox.files("home")?);
    assert_eq!(before.0.keys().collect::<Vec<_>>(), after.0.keys().collect::<Vec<_>>());
    assert!(before == after, "a dry run has changed the content of a file");
    let done = sandbox.run("xtask", &["release", "minor"], "")?;
    assert!(done.status.success(), "{}", text(&done.stderr));
    let (planned, done) = (actions(&text(&planned.stderr)), actions(&text(&done.stderr)));
    assert!(planned.len() > 20, "{planned:#?}");
    // What is printed behind the last stage is the summary.
    assert_eq!(planned, done[..planned.len()]);
    Ok(())
}

#[test]
fn a_second_release_of_a_version_is_refused() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.must("xtask", &["release", "patch"], "")?;
    let error = sandbox.refused("xtask", &["release", "1.2.4"], "", 1)?;
    assert!(error.contains("cannot release 1.2.4: it is released already (tag v1.2.4)"), "{error}");
    assert!(error.contains("the next free version is 1.2.5"), "{error}");
    Ok(())
}

#[test]
fn a_release_that_was_asked_for_in_two_words_is_resumed_with_both() -> Result<()> {
    let mut sandbox = Sandbox::new("plain")?;
    let (real, folder) = (sandbox.programs().to_path_buf(), sandbox.path("programs"));
    // A bump that ends after it was planned and before it is done leaves nothing but the record.
    let stopping = format!(
        "#!/bin/sh\ncase \" $* \" in *' --dry-run '*|*' --root '*) ;; *) [ ! -e ../stop ] || exit 1 ;; esac\nexec {}/bump-version \"$@\"\n",
        real.display()
    );
    sandbox.shell(&format!(
        "mkdir ../programs && for tool in {} {ROLLBACK}; do ln -s {real}/$tool ../programs/; done
         cp {real}/xtask ../programs/ && touch ../stop",
        PIPELINE[1..].join(" "),
        real = real.display()
    ))?;
    std::fs::write(folder.join("bump-version"), stopping)?;
    sandbox.shell("chmod +x ../programs/bump-version")?;
    sandbox.use_programs(&folder);
    let error = sandbox.refused("xtask", &["release", "minor", "rc"], "", 1)?;
    assert!(
        error.contains("cannot finish the release v1.3.0rc1: `bump-version` ended with code 1"),
        "{error}"
    );
    let record = sandbox.shell("cat .git/wainwright/v1.3.0rc1/00-request.json && rm ../stop")?;
    assert!(record.contains("\"request\": \"minor rc\""), "{record}");
    sandbox.must("xtask", &["release", "--resume"], "")?;
    sandbox.shell("git -C ../origin.git rev-parse v1.3.0rc1")?;
    sandbox.must("xtask", &["release", "release"], "")?;
    sandbox.shell("git -C ../origin.git rev-parse v1.3.0")?;
    Ok(())
}

#[test]
fn nothing_follows_a_failed_tool_in_a_pipe() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let head = sandbox.shell("git rev-parse HEAD")?;
    let script = "bump-version 0.0.1 | changelog | commit-release | build-wheels | validate | checksum | sign | tag-release | distribute";
    let output = sandbox.command("sh").args(["-c", script]).output()?;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    assert_eq!(text(&output.stderr).matches("it is empty, the tool before failed").count(), 8);
    assert_eq!(sandbox.shell("git rev-parse HEAD && git status --porcelain")?, head);
    assert!(!sandbox.project().join("dist").exists());
    Ok(())
}

#[test]
fn the_list_of_stages_is_the_order_of_the_readme() -> Result<()> {
    let readme = stages_of_the_readme()?;
    assert_eq!(readme[..PIPELINE.len()], PIPELINE);
    assert_eq!(readme[PIPELINE.len()..], [ROLLBACK]);
    Ok(())
}

#[test]
fn a_changelog_that_is_named_is_made_and_taken_back() -> Result<()> {
    let mut sandbox = Sandbox::new("plain")?;
    sandbox.make_key()?;
    sandbox.set("SOURCE_DATE_EPOCH", "1772366400");
    let settings = "[changelog]\npath = \"docs/CHANGES.md\"\n";
    std::fs::write(sandbox.project().join("release.toml"), settings)?;
    sandbox.shell("git add -A && git commit -qm 'chore: settings' && git push -q origin main")?;
    let rehearsed = sandbox.run("xtask", &["release", "patch", "--dry-run"], "")?;
    let ran = sandbox.run("xtask", &["release", "patch"], "")?;
    let said = text(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert!(actions(&said).starts_with(&actions(&text(&rehearsed.stderr))));
    assert!(said.contains("write docs/CHANGES.md: a new file with the section 1.2.4"), "{said}");
    let committed = sandbox.shell("git show v1.2.4:docs/CHANGES.md")?;
    assert_eq!(
        committed.trim_end(),
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.4] - 2026-03-01\n\n### Added\n\n- say more\n\n### Fixed\n\n- spell it right"
    );
    assert_eq!(sandbox.shell("git status --porcelain")?, "");
    sandbox.must("xtask", &["rollback", "1.2.4", "--yes"], "")?;
    assert_eq!(sandbox.shell("git status --porcelain; ls docs 2>/dev/null || true")?, "");
    Ok(())
}

#[test]
fn a_new_changelog_leaves_no_trace_where_the_commit_is_refused_or_taken_back() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    std::fs::write(sandbox.project().join("release.toml"), "[changelog]\nstyle = \"release-notes\"\n")?;
    sandbox.shell(
        "git add -A && git commit -qm 'chore: settings' && printf '#!/bin/sh\nexit 1\n' > .git/hooks/pre-commit &&
         chmod +x .git/hooks/pre-commit",
    )?;
    let document = sandbox.pipeline("patch", "changelog")?;
    sandbox.refused("commit-release", &[], &document, 1)?;
    let changed = sandbox.shell("git status --porcelain")?;
    assert!(changed.trim_end().ends_with("?? RELEASE_NOTES.md") && changed.starts_with(" M "), "{changed}");
    // What a kill between the two calls of git leaves.
    sandbox.shell("rm .git/hooks/pre-commit && git add --intent-to-add RELEASE_NOTES.md")?;
    sandbox.must("rollback", &["--yes"], &document)?;
    assert_eq!(sandbox.shell("git status --porcelain")?, "");
    // Once more: what there is of it is committed, and nothing else that is new.
    let document = sandbox.pipeline("minor", "changelog")?;
    sandbox.shell("git add --intent-to-add RELEASE_NOTES.md && touch else.txt")?;
    sandbox.must("commit-release", &[], &document)?;
    assert_eq!(sandbox.shell("git status --porcelain")?.trim_end(), "?? else.txt");
    assert!(sandbox.shell("git show --name-status --format=")?.contains("A\tRELEASE_NOTES.md"));
    Ok(())
}
