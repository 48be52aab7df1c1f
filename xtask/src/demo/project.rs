//! The demo's project: two packages in lockstep with a history, in a git repository with a bare origin.

use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

macro_rules! files {
    ($($source:literal => $target:literal),* $(,)?) => {
        [$(($target, include_str!(concat!("../../demo-project/", $source)))),*]
    };
}

/// The files of the project, as of its first release. The lock file is uv's to make.
const FILES: [(&str, &str); 15] = files![
    "release.toml" => "release.toml",
    "pyproject.toml" => "pyproject.toml",
    "gitignore" => ".gitignore",
    "CHANGELOG.md" => "CHANGELOG.md",
    "README.md" => "README.md",
    "packages/core/pyproject.toml" => "packages/core/pyproject.toml",
    "packages/core/README.md" => "packages/core/README.md",
    "packages/core/src/wagon_core/__init__.py" => "packages/core/src/wagon_core/__init__.py",
    "packages/core/src/wagon_core/wheels.py" => "packages/core/src/wagon_core/wheels.py",
    "packages/core/src/wagon_core/Dockerfile" => "packages/core/src/wagon_core/Dockerfile",
    "packages/core/tests/test_wheels.py" => "packages/core/tests/test_wheels.py",
    "packages/cdk/pyproject.toml" => "packages/cdk/pyproject.toml",
    "packages/cdk/README.md" => "packages/cdk/README.md",
    "packages/cdk/src/wagon_cdk/__init__.py" => "packages/cdk/src/wagon_cdk/__init__.py",
    "packages/cdk/tests/test_wagon.py" => "packages/cdk/tests/test_wagon.py",
];

/// The commits since the first release: subject, file, and what is added to it.
const HISTORY: [(&str, &str, &str); 4] = [
    (
        "feat(core): count the rims",
        "packages/core/src/wagon_core/wheels.py",
        "\n\ndef rims(wheels: int) -> int:\n    \"\"\"Return how many rims that many wheels have.\"\"\"\n    return wheels\n",
    ),
    (
        "test(core): cover the rims",
        "packages/core/tests/test_wheels.py",
        "\n\ndef test_each_wheel_has_a_rim():\n    from wagon_core.wheels import rims\n\n    assert rims(4) == 4\n",
    ),
    (
        "fix(cdk): end the file with a remark",
        "packages/cdk/src/wagon_cdk/__init__.py",
        "\n\n# That is all a wagon is.\n",
    ),
    ("docs: say where wagons come from", "README.md", "\nWagons come from wainwrights.\n"),
];

/// Makes the project and its origin. `uv` makes the lock file.
pub fn make(project: &Path, origin: &Path, uv: &Path, cache: &str) -> Result<()> {
    let shell = Shell::new()?;
    shell.create_dir(project)?;
    shell.change_dir(project);
    shell.set_var("UV_CACHE_DIR", cache);
    for (path, text) in FILES {
        shell.write_file(path, text)?;
    }
    cmd!(shell, "git init --quiet --initial-branch main").quiet().run()?;
    for (key, value) in [("user.name", "A Wainwright"), ("user.email", "wainwright@example.invalid")] {
        cmd!(shell, "git config {key} {value}").quiet().run()?;
    }
    // A signing habit of the user has nothing to do with the demo's commits.
    for key in ["commit.gpgsign", "tag.gpgsign"] {
        cmd!(shell, "git config {key} false").quiet().run()?;
    }
    cmd!(shell, "{uv} lock --quiet").quiet().run().context("cannot make the lock file of the demo")?;
    commit(&shell, "chore: start")?;
    cmd!(shell, "git tag --annotate --message 'wagon 0.1.0' v0.1.0").quiet().run()?;
    for (subject, path, addition) in HISTORY {
        let text = shell.read_file(path)?;
        shell.write_file(path, text + addition)?;
        commit(&shell, subject)?;
    }
    cmd!(shell, "git init --quiet --bare --initial-branch main {origin}").quiet().run()?;
    cmd!(shell, "git remote add origin {origin}").quiet().run()?;
    cmd!(shell, "git push --quiet --set-upstream origin main v0.1.0").quiet().ignore_stderr().run()?;
    Ok(())
}

fn commit(shell: &Shell, subject: &str) -> Result<()> {
    cmd!(shell, "git add --all").quiet().run()?;
    cmd!(shell, "git commit --quiet --no-verify --message {subject}").quiet().run()?;
    Ok(())
}
