//! Projects with the settings of another tool: the tool itself and `bump-version` change the same bytes.

#[path = "foreign/same.rs"]
mod same;

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use same::init_says_the_same;
use tests::{Sandbox, oracle, text};

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
    init_says_the_same(&sandbox, &bumps[0].0.split(' ').collect::<Vec<_>>())?;
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
