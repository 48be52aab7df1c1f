//! Projects with the settings of another tool: the tool itself and `bump-version` change the same bytes.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tests::{Sandbox, oracle, repository, text};

const BUMP2VERSION: &str = "bump2version==1.0.1";
const BUMP_MY_VERSION: &str = "bump-my-version==1.8.1";
const COMMITIZEN: &str = "commitizen==4.19.3";
const SEMANTIC_RELEASE: &str = "python-semantic-release==10.7.0";

/// The tracked files of a project with their content.
fn tracked(sandbox: &Sandbox, folder: &str) -> Result<BTreeMap<String, String>> {
    let names = sandbox.shell(&format!("git -C ../{folder} ls-files"))?;
    let read = |name: &str| {
        let bytes = std::fs::read(sandbox.path(folder).join(name))?;
        Ok((name.to_owned(), text(&bytes)))
    };
    names.lines().map(read).collect()
}

/// Lets the other tool and us release copies of one project several times, and compares every tracked file each time,
/// and the commit and the tag of a tool that makes them.
///
/// `bumps` are our request and the tool's module with its arguments.
fn bump_both(setup: &str, pinned: &str, bumps: &[(&str, &str)]) -> Result<()> {
    let python = oracle::python(pinned)?;
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell("git remote set-url origin https://github.com/acme/wagon.git")?;
    sandbox.shell(setup)?;
    sandbox.shell("git add -A && git commit -qm 'chore: settings' && cp -r . ../theirs")?;
    for (ours, theirs) in bumps {
        let before = tracked(&sandbox, "project")?;
        let head = "git -C ../theirs rev-parse HEAD";
        let start = sandbox.shell(head)?;
        let mut command = sandbox.command("bash");
        command.current_dir(sandbox.path("theirs")).env("PYTHONPATH", &python);
        let output = command.args(["-c", &format!("python3 -m {theirs}")]).output()?;
        if !output.status.success() {
            bail!("{theirs} ended with {}:\n{}{}", output.status, text(&output.stdout), text(&output.stderr));
        }
        let commits = sandbox.shell(head)? != start;
        let document = sandbox.must("bump-version", &ours.split(' ').collect::<Vec<_>>(), "")?;
        if commits {
            let document = sandbox.must("changelog", &[], &document)?;
            sandbox.must("commit-release", &[], &document)?;
            let message = "log -1 --format=%B";
            assert_eq!(
                sandbox.shell(&format!("git {message}"))?,
                sandbox.shell(&format!("git -C ../theirs {message}"))?
            );
            let document: serde_json::Value = serde_json::from_str(&document)?;
            let tag = sandbox.shell("git -C ../theirs describe --tags --exact-match")?;
            assert_eq!(document["version"]["tag"], tag.trim_end());
            sandbox.shell(&format!("git tag -am x {tag}"))?;
        }
        let (ours, theirs) = (tracked(&sandbox, "project")?, tracked(&sandbox, "theirs")?);
        assert_ne!(ours, before, "nothing was bumped");
        for (name, text) in &theirs {
            snapbox::assert_data_eq!(
                format!("{name}\n{}", ours[name]),
                snapbox::Data::text(format!("{name}\n{text}")).raw()
            );
        }
        for folder in ["project", "theirs"] {
            sandbox.shell(&format!(
                "git -C ../{folder} diff --quiet || git -C ../{folder} commit -qam bumped"
            ))?;
        }
    }
    Ok(())
}

/// Files in which the version stands beside much that looks like one.
const FILES: &str = r#"
mkdir -p docs
printf '\xef\xbb\xbfWagon 1.2.3\r\nSince 1.2.2, not 11.2.3 or 1.2.30. See v1.2.3 and wagon-1.2.3.tar.gz' > docs/notes.txt
printf 'FROM python:3.12\nLABEL org.opencontainers.image.version="1.2.3" \\\n      base="1.2.3"\n' > Dockerfile
printf 'a: 1\nimage: wagon:1.2.3\nother: "1.2.3"\n' > docs/a.yaml
printf 'image: wagon:1.2.3\n' > docs/b.yaml
"#;

#[test]
fn bump2version_changes_the_same_bytes() -> Result<()> {
    let setup = format!(
        r#"{FILES}
cat > .bumpversion.cfg <<'END'
[bumpversion]
current_version = 1.2.3
commit = False
parse = (?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)((?P<pre>a|b|rc)(?P<n>\d+))?
serialize = 
	{{major}}.{{minor}}.{{patch}}{{pre}}{{n}}
	{{major}}.{{minor}}.{{patch}}

[bumpversion:part:pre]
optional_value = final
values = 
	a
	b
	rc
	final

[bumpversion:part:n]
first_value = 1

[bumpversion:file:pyproject.toml]
search = version = "{{current_version}}"
replace = version = "{{new_version}}"

[bumpversion:file:src/plain/__init__.py]

[bumpversion:file(notes):docs/notes.txt]
search = Wagon {{current_version}}
	Since
replace = Wagon {{new_version}}
	Since

[bumpversion:file(rest):docs/notes.txt]
search = wagon-{{current_version}}
replace = wagon-{{new_version}}

[bumpversion:file:Dockerfile]
search = image.version="{{current_version}}"
replace = image.version="{{new_version}}"

[bumpversion:glob:docs/*.yaml]
search = wagon:{{current_version}}
replace = wagon:{{new_version}}
END
"#
    );
    let bumps = [
        ("patch", "bumpversion --new-version 1.2.4 patch"),
        ("minor rc", "bumpversion --new-version 1.3.0rc1 minor"),
        ("rc", "bumpversion n"),
        ("release", "bumpversion pre"),
        ("major", "bumpversion --new-version 2.0.0 major"),
    ];
    bump_both(&setup, BUMP2VERSION, &bumps)
}

#[test]
fn bump2version_in_setup_cfg_changes_the_same_bytes() -> Result<()> {
    let setup = format!(
        "{FILES}
printf '[bumpversion]\\ncurrent_version = 1.2.3\\nfiles = pyproject.toml src/plain/__init__.py\\n\\n[metadata]\\nname = plain\\n' > setup.cfg"
    );
    let bumps =
        [("minor", "bumpversion minor"), ("patch", "bumpversion patch"), ("major", "bumpversion major")];
    bump_both(&setup, BUMP2VERSION, &bumps)
}

#[test]
fn bump_my_version_changes_the_same_bytes() -> Result<()> {
    let settings = r#"
[tool.bumpversion]
current_version = "1.2.3" # kept
tag_name = "{new_version}"
ignore_missing_version = false

[[tool.bumpversion.files]]
filename = "src/plain/__init__.py"
search = "__version__ = \"{current_version}\""
replace = "__version__ = \"{new_version}\""

[[tool.bumpversion.files]]
filename = "docs/notes.txt"

[[tool.bumpversion.files]]
filename = "Dockerfile"
search = '^      base="{current_version}"$'
replace = '      base="{new_version}"'
regex = true

[[tool.bumpversion.files]]
glob = "docs/*.yaml"
glob_exclude = ["docs/b.yaml"]

[[tool.bumpversion.files]]
filename = "absent.txt"
ignore_missing_file = true
"#;
    let notes = "printf 'Wagon 1.2.3\\r\\nsee v1.2.3 and wagon-1.2.3.tar.gz' > docs/notes.txt";
    let bumps = [("minor", "bumpversion bump minor"), ("patch", "bumpversion bump patch")];
    let pyproject = format!("{FILES}{notes}\ncat >> pyproject.toml <<'END'\n{settings}END\n");
    bump_both(&pyproject, BUMP_MY_VERSION, &bumps)?;
    let rest = "[[tool.bumpversion.files]]\nfilename = \"pyproject.toml\"\nsearch = \"version = \\\"{current_version}\\\"\"\n\
                replace = \"version = \\\"{new_version}\\\"\"\n";
    let own = format!("{FILES}{notes}\ncat >> .bumpversion.toml <<'END'\n{settings}{rest}END\n");
    bump_both(&own, BUMP_MY_VERSION, &bumps)
}

#[test]
fn commitizen_changes_the_same_bytes() -> Result<()> {
    let settings = r#"
[tool.commitizen]
version = "1.2.3"
version_files = [
    "pyproject.toml:^version",
    "src/plain/__init__.py:__version__",
    "docs/*.yaml:image",
    "docs/use.txt",
]
tag_format = "rel-$version"
"#;
    let setup = format!(
        "{FILES}printf 'use 1.2.3\nor 1.2.3' > docs/use.txt\ncat >> pyproject.toml <<'END'\n{settings}END\n"
    );
    let bumps = [
        ("minor", "commitizen bump --yes --increment MINOR"),
        ("patch", "commitizen bump --yes --increment PATCH"),
        ("major", "commitizen bump --yes --increment MAJOR"),
    ];
    bump_both(&setup, COMMITIZEN, &bumps)?;
    let setup = "printf '[tool.commitizen]\nversion_provider = \"pep621\"\nversion_files = [\"src/plain/__init__.py\"]\n\
                 bump_message = \"to $new_version from ${current_version}\"\n' > .cz.toml";
    bump_both(setup, COMMITIZEN, &bumps[..2])
}

#[test]
fn python_semantic_release_changes_the_same_bytes() -> Result<()> {
    let settings = r#"
[tool.semantic_release]
version_toml = ["pyproject.toml:project.version", "docs/docs.toml:tool.docs.version"]
version_variables = ["src/plain/__init__.py:__version__", "docs/site.json:wagon", "docs/action.yaml:acme/wagon:tf"]
allow_zero_version = true
"#;
    let setup = format!(
        r#"{FILES}
printf '[tool.docs]\nversion = "1.2.3"\nother = "1.2.3"\n' > docs/docs.toml
printf '{{\n  "wagons": "1.2.3",\n  "wagon": "1.2.3"\n}}\n' > docs/site.json
printf 'uses: acme/wagon@v1.2.3\n' > docs/action.yaml
cat >> pyproject.toml <<'END'
{settings}END
"#
    );
    let release = |level: &str| {
        format!("semantic_release version --{level} --no-push --no-vcs-release --no-changelog --skip-build")
    };
    let (minor, patch) = (release("minor"), release("patch"));
    bump_both(&setup, SEMANTIC_RELEASE, &[("minor", &minor), ("patch", &patch)])
}

/// A pull request of Release Please: its title, which the merged commit has, and the files that it changes.
#[derive(Debug, Deserialize)]
struct PullRequest {
    title: String,
    files: BTreeMap<String, String>,
}

/// What Release Please would do with a project as it stands.
fn release_please_would(sandbox: &Sandbox, config: &str, manifest: &str) -> Result<Vec<PullRequest>> {
    let log = sandbox.shell("git log --format=%x00%H%x01%B%x01 --name-only")?;
    let commits = log.split('\0').skip(1).filter_map(|commit| {
        let mut parts = commit.splitn(3, '\x01');
        let (sha, message, files) = (parts.next()?, parts.next()?, parts.next()?);
        let files: Vec<&str> = files.lines().filter(|line| !line.is_empty()).collect();
        Some(serde_json::json!({ "sha": sha, "message": message.trim_end(), "files": files }))
    });
    let tags = sandbox
        .shell("git for-each-ref refs/tags --format='%(refname:short) %(*objectname)%(objectname)'")?;
    let tags = tags.lines().filter_map(|line| line.split_once(' '));
    let tags = tags.map(|(name, sha)| serde_json::json!({ "name": name, "sha": &sha[..40] }));
    let asked = serde_json::json!({
        "folder": sandbox.project(), "config": config, "manifest": manifest,
        "commits": commits.collect::<Vec<_>>(), "tags": tags.collect::<Vec<_>>(),
    });
    std::fs::write(sandbox.path("asked.json"), asked.to_string())?;
    let script = std::fs::read_to_string(repository().join("tests/tests/foreign/release-please.js"))?;
    let mut node = Command::new("node");
    node.args(["-e", &script]).current_dir(oracle::release_please()?).env("LC_ALL", "C.UTF-8");
    let output =
        node.stdin(std::fs::File::open(sandbox.path("asked.json"))?).output().context("cannot run node")?;
    if !output.status.success() {
        bail!("node ended with {}:\n{}", output.status, text(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Releases with each request, each time from the same start, and compares title and files with Release Please.
fn release_both(setup: &str, config: &str, manifest: &str, requests: &[&[&str]]) -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell("git tag -d v1.2.3 && git remote set-url origin https://github.com/acme/wagon.git")?;
    sandbox.shell(&format!("{setup}\ntrue"))?;
    let start = sandbox.shell("git rev-parse HEAD")?;
    let theirs = release_please_would(&sandbox, config, manifest)?;
    assert_eq!(theirs.len(), requests.len(), "{theirs:#?}");
    for request in requests {
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
        let changed = sandbox.shell("git show --format= --name-only")?;
        assert_eq!(changed.lines().collect::<Vec<_>>(), their.files.keys().collect::<Vec<_>>());
        for (name, text) in &their.files {
            let ours = std::fs::read_to_string(sandbox.project().join(name))?;
            snapbox::assert_data_eq!(
                format!("{name}\n{ours}"),
                snapbox::Data::text(format!("{name}\n{text}")).raw()
            );
        }
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
