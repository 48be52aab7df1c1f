//! Projects with a configuration of Release Please: its pull request and our commit change the same bytes.

#[path = "foreign/same.rs"]
mod same;

use anyhow::{Result, bail};
use same::init_says_the_same;
use tests::{Sandbox, oracle};

/// Releases with each request, each time from the same start, and compares title and files with Release Please.
fn release_both(setup: &str, config: &str, manifest: &str, requests: &[&[&str]]) -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell("git tag -d v1.2.3 && git remote set-url origin https://github.com/acme/wagon.git")?;
    sandbox.shell(&format!("{setup}\ntrue"))?;
    let start = sandbox.shell("git rev-parse HEAD")?;
    let theirs = oracle::pull_requests(&sandbox, config, manifest)?;
    assert_eq!(theirs.len(), requests.len(), "{theirs:#?}");
    for request in requests {
        init_says_the_same(&sandbox, &[&["auto", "--date", "2026-03-01"], *request].concat())?;
        sandbox.shell(&format!("git reset -q --hard {start}"))?;
        let arguments = [&["auto", "--date", "2026-03-01"], *request].concat();
        let document = sandbox.must("bump-version", &arguments, "")?;
        let document = sandbox.must("changelog", &[], &document)?;
        sandbox.must("commit-release", &[], &document)?;
        let title = sandbox.shell("git log -1 --format=%s")?;
        let titles: Vec<&str> = theirs.iter().map(|their| their.title.as_str()).collect();
        let Some(their) = theirs.iter().find(|their| their.title == title.trim_end()) else {
            bail!("{title} is none of {titles:?}");
        };
        their.assert_is_head(&sandbox)?;
    }
    Ok(())
}

#[test]
fn release_please_changes_the_same_bytes() -> Result<()> {
    let setup = r#"
mkdir docs charts
printf '# Changelog\n\n## 1.2.3 (2026-01-01)\n\n* first\n' > docs/CHANGES.md
printf 'release = "1.2.3" # x-release-please-version\nother = "1.2.3"\n' > docs/conf.py
printf '<!-- x-release-please-start-version -->\nUse 1.2.3.\n<!-- x-release-please-end -->\nNot 1.2.3.\n' > docs/use.md
printf '{\n  "name": "docs",\n  "engines": {\n    "wagon": "1.2.3"\n  }\n}\n' > docs/site.json
printf 'name: wagon\nversion: 1.2.3\n' > charts/values.yaml
printf '[tool.docs]\nversion = "1.2.3"\n' > docs/docs.toml
cat > .release-please-config.json <<'END'
{
  "bump-minor-pre-major": true,
  "packages": {
    ".": {
      "release-type": "python",
      "component": "wagon",
      "tag-separator": "@",
      "changelog-path": "docs/CHANGES.md",
      "changelog-sections": [
        { "type": "feat", "section": "New" },
        { "type": "fix", "section": "Mended", "hidden": false },
        { "type": "chore", "section": "Other", "hidden": true }
      ],
      "extra-files": [
        "docs/conf.py",
        { "type": "generic", "path": "docs/use.md" },
        { "type": "json", "path": "docs/site.json", "jsonpath": "$['engines'].wagon" },
        { "type": "toml", "path": "docs/docs.toml", "jsonpath": "$.tool.docs.version" },
        "charts/values.yaml"
      ]
    }
  }
}
END
printf '{\n  ".": "1.2.3"\n}\n' > release-please-manifest.json
git add -A && git commit -qm 'chore: settings' && git tag -am x wagon@v1.2.3
git commit -q --allow-empty -m 'feat: a lamp (#4)' && git commit -q --allow-empty -m 'fix(axle): grease' &&
git commit -q --allow-empty -m 'chore: tidy'"#;
    release_both(setup, ".release-please-config.json", "release-please-manifest.json", &[&[]])
}

#[test]
fn release_please_with_packages_that_version_apart_changes_the_same_bytes() -> Result<()> {
    let setup = r#"
for name in core tools; do
  mkdir -p packages/$name/src/wagon_$name
  printf '[project]\nname = "wagon-%s"\nversion = "0.4.0"\n' $name > packages/$name/pyproject.toml
  printf '__version__ = "0.4.0"\n' > packages/$name/src/wagon_$name/__init__.py
  printf '# Changelog\n\n## 0.4.0 (2026-01-01)\n\n* first\n' > packages/$name/CHANGELOG.md
done
printf 'see 0.4.0 x-release-please-version\n' > packages/tools/USE.txt
git rm -qr pyproject.toml src
cat > release-please-config.json <<'END'
{
  "separate-pull-requests": true,
  "release-type": "python",
  "bump-patch-for-minor-pre-major": true,
  "packages": {
    "packages/core": { "component": "wagon-core", "tag-separator": "/" },
    "packages/tools": { "package-name": "wagon-tools", "extra-files": ["USE.txt"] }
  }
}
END
printf '{\n  "packages/core": "0.4.0",\n  "packages/tools": "0.4.0"\n}\n' > .release-please-manifest.json
git add -A && git commit -qm 'chore: settings' && git tag -am x wagon-core/v0.4.0 && git tag -am x wagon-tools-v0.4.0
echo 1 > packages/core/one.txt && git add -A && git commit -qm 'feat: a lamp'
echo 2 > packages/tools/two.txt && git add -A && git commit -qm 'fix!: grease'"#;
    let requests: &[&[&str]] = &[&["--package", "wagon-core"], &["--package", "wagon-tools"]];
    release_both(setup, "release-please-config.json", ".release-please-manifest.json", requests)
}
