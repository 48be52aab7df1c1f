//! Process D: release branches with candidates that are voted on, several services under one chart, and an SDK.

use anyhow::Result;
use tests::{Sandbox, text};

/// What one release after another is told by.
const FOOTERS: &str = "feat!: one gateway for all

BREAKING CHANGE: callers name their tenant
Highlight: one gateway in place of three
Upgrade: set `tenant` in values.yaml
Known-issue: the ledger starts slowly";

/// The project after 1.2.0, whose candidates were tagged as other tools did, on the branch of the next release.
fn branch() -> Result<Sandbox> {
    let sandbox = Sandbox::new("charts")?;
    sandbox.shell(
        "git tag 1.2.0-RC1 v1.2.0 && git tag v1.2.0-RC2 v1.2.0 && git push -q origin --tags &&
         git switch -qc release/1.3.0",
    )?;
    commit(&sandbox, FOOTERS)?;
    Ok(sandbox)
}

fn commit(sandbox: &Sandbox, message: &str) -> Result<()> {
    std::fs::write(sandbox.path("message"), message)?;
    sandbox.shell("git commit -q --allow-empty -F ../message").map(drop)
}

/// Releases up to the tag, and returns the document.
fn release(sandbox: &Sandbox, request: &[&str]) -> Result<serde_json::Value> {
    let bumped = sandbox.must("bump-version", &[request, &["--date", "2026-03-01"]].concat(), "")?;
    let noted = sandbox.must("changelog", &[], &bumped)?;
    let committed = sandbox.must("commit-release", &[], &noted)?;
    Ok(serde_json::from_str(&sandbox.must("tag-release", &[], &committed)?)?)
}

/// The lines that the last commit changed in everything but the notes, as they are now.
fn changed(sandbox: &Sandbox) -> Result<String> {
    sandbox.shell("git show --format= -U0 -- ':!RELEASE_NOTES.md' | sed -n -e 's|^+++ b/||p' -e 's/^+\\([^+]\\)/  \\1/p'")
}

const FIRST: &str = r#"helm/darwin/Chart.lock
    version: 1.3.0-rc.1
    version: 1.3.0-rc.1
  digest: sha256:97e29280c60ac7548662c47ef236bb300646ea6dad6c28756c2b66bc8c1f2fa1
helm/darwin/Chart.yaml
  version: 1.3.0-rc.1
  appVersion: "1.3.0-rc.1"
      version: 1.3.0-rc.1
      version: 1.3.0-rc.1
helm/darwin/charts/gateway/Chart.yaml
  version: 1.3.0-rc.1
  appVersion: "1.3.0-rc.1"
helm/darwin/charts/ledger/Chart.yaml
  version: 1.3.0-rc.1
  appVersion: "1.3.0-rc.1"
sdk/pyproject.toml
  version = "1.3.0rc1"
sdk/src/darwin_sdk/__init__.py
  __version__ = "1.3.0rc1"
services.yaml
  release: 1.3.0-rc.1
      image: registry.example.invalid/darwin/gateway:1.3.0-rc.1
      image: "registry.example.invalid/darwin/ledger:1.3.0-rc.1"   # the books
services/gateway/Dockerfile
  ARG VERSION=1.3.0-rc.1
        org.opencontainers.image.version="1.3.0-rc.1"
services/ledger/Dockerfile
  ARG VERSION=1.3.0-rc.1
        org.opencontainers.image.version="1.3.0-rc.1"
"#;

#[test]
fn d6_d7_d14_d21_each_candidate_and_the_release_are_spelled_as_each_file_has_it() -> Result<()> {
    let sandbox = branch()?;
    for (request, python, semver) in [
        (&["minor", "rc"][..], "1.3.0rc1", "1.3.0-rc.1"),
        (&["rc"], "1.3.0rc2", "1.3.0-rc.2"),
        (&["release"], "1.3.0", "1.3.0"),
    ] {
        let document = release(&sandbox, request)?;
        assert_eq!(document["version"]["current"], python);
        let expected = FIRST.replace("1.3.0-rc.1", semver).replace("1.3.0rc1", python);
        let without_digest = |text: &str| {
            let kept = text.lines().filter(|line| !line.contains("digest: "));
            kept.map(|line| format!("{line}\n")).collect::<String>()
        };
        let changed = changed(&sandbox)?;
        if semver == "1.3.0-rc.1" {
            assert_eq!(changed, FIRST);
        }
        assert_eq!(without_digest(&changed), without_digest(&expected));
        // The chart and the image of others have the same number, and keep it.
        let others =
            sandbox.shell("git grep -h -B1 -A1 '1\\.2\\.0' -- helm/darwin/Chart.yaml services.yaml")?;
        assert_eq!(
            others,
            "  - name: cache\n    version: 1.2.0\n    repository: https://charts.example.invalid/stable\n--\n\
             \x20 - name: cache\n    image: registry.example.invalid/library/cache:1.2.0\n"
        );
        assert_eq!(
            sandbox.shell("git -C ../origin.git tag --points-at release/1.3.0")?,
            format!("v{python}\n")
        );
        commit(&sandbox, "fix: a blocker")?;
    }
    Ok(())
}

#[test]
fn d13_a_candidate_tells_what_is_new_in_it_and_the_release_tells_everything() -> Result<()> {
    let sandbox = branch()?;
    let notes = |document: &serde_json::Value| document["notes"]["body"].as_str().map(str::to_owned);
    let first = release(&sandbox, &["minor", "rc"])?;
    assert_eq!(first["version"]["previous_tag"], "v1.2.0");
    commit(&sandbox, "fix: a blocker")?;
    let second = release(&sandbox, &["rc"])?;
    assert_eq!(
        notes(&second).as_deref(),
        Some("### Fixes\n\n- a blocker\n\n### Contributors\n\n- A Tester\n")
    );
    let last = release(&sandbox, &["release"])?;
    assert_eq!(
        (&last["version"]["previous"], &last["version"]["previous_tag"]),
        (&"1.2.0".into(), &"v1.2.0".into())
    );
    let file = sandbox.shell("sed -n '1,/## 1.3.0rc2/p' RELEASE_NOTES.md")?;
    assert_eq!(
        file,
        "# Release notes\n\n## 1.3.0 (2026-03-01)\n\n\
         ### Highlights\n\n- one gateway in place of three\n\n\
         ### Features\n\n- one gateway for all\n- say more\n\n\
         ### Fixes\n\n- a blocker\n- spell it right\n\n\
         ### Breaking changes\n\n- one gateway for all\n\n\
         ### Upgrade notes\n\n- set `tenant` in values.yaml\n- callers name their tenant\n\n\
         ### Known issues\n\n- the ledger starts slowly\n\n\
         ### Contributors\n\n- A Tester\n\n\
         ## 1.3.0rc2 (2026-03-01)\n"
    );
    assert!(file.contains(&notes(&last).unwrap_or_default()));
    assert!(sandbox.shell("cat RELEASE_NOTES.md")?.ends_with("- The gateway forgets its first caller\n"));
    Ok(())
}

#[test]
fn a_candidate_may_be_named_as_the_vote_names_it() -> Result<()> {
    let sandbox = branch()?;
    let said = text(&sandbox.run("bump-version", &["1.3.0-RC1", "--dry-run"], "")?.stderr);
    assert!(said.contains("sdk/pyproject.toml:3: version 1.2.0 -> 1.3.0rc1"), "{said}");
    assert!(said.contains("helm/darwin/Chart.yaml:6: appVersion 1.2.0 -> 1.3.0-rc.1"), "{said}");
    release(&sandbox, &["1.3.0-RC1"])?;
    // What was voted on is neither given out again nor left out.
    let said = sandbox.refused("bump-version", &["1.3.0-RC1"], "", 1)?;
    assert!(said.contains("1.3.0rc1"), "{said}");
    let next = sandbox.must("bump-version", &["1.3.0-RC2", "--dry-run"], "")?;
    assert!(next.contains("\"current\": \"1.3.0rc2\"") && next.contains("\"tag\": \"v1.3.0rc2\""), "{next}");
    Ok(())
}

#[test]
fn d28_a_hotfix_is_cut_from_the_tag_and_leaves_out_what_main_has() -> Result<()> {
    let sandbox = branch()?;
    release(&sandbox, &["1.3.0"])?;
    sandbox.shell("git switch -q main && git merge -q --no-edit release/1.3.0 && git push -q origin main")?;
    commit(&sandbox, "feat: half of a feature")?;
    sandbox.shell("git switch -qc hotfix/1.3.1 v1.3.0")?;
    commit(&sandbox, "fix(ledger): mend a leak")?;
    let document = release(&sandbox, &["patch"])?;
    assert_eq!(
        (&document["version"]["current"], &document["version"]["tag"]),
        (&"1.3.1".into(), &"v1.3.1".into())
    );
    let notes = document["notes"]["body"].as_str().unwrap_or_default();
    assert!(notes.contains("- **ledger:** mend a leak") && !notes.contains("half of a feature"), "{notes}");
    // Main goes on with the next minor version, and neither branch takes the number of the other.
    sandbox.shell("git switch -q main")?;
    let next = sandbox.must("bump-version", &["minor", "rc", "--dry-run"], "")?;
    assert!(next.contains("\"current\": \"1.4.0rc1\""), "{next}");
    let said = sandbox.refused("bump-version", &["patch", "--dry-run"], "", 1)?;
    assert!(said.contains("1.3.1") && said.contains("v1.3.1"), "{said}");
    Ok(())
}
