//! validate as a process: what it says of all files of a release together, and beside the source tree.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod recorded;
#[path = "../../build-wheels/tests/support/mod.rs"]
mod support;

use std::path::Path;

use document::Release;
use recorded::{built, details};
use support::{RELEASE, World};

const TOOL: &str = env!("CARGO_BIN_EXE_validate");
const PYPROJECT: &str = "packages/core/pyproject.toml";
/// A description in reStructuredText with a link that leads nowhere.
const BROKEN: &str = "Painter\n=======\n\nSee `here`_.\n";

#[test]
fn a_warning_refuses_where_release_toml_makes_it_an_error() {
    let world = World::new();
    world.write("packages/cdk/da_vinci_cdk/.netrc", "");
    world.write("release.toml", &format!("{RELEASE}\n[validate]\nlevels = {{ W033 = \"error\" }}\n"));
    world.commit();
    let release = built(&world);
    let ran = world.run(TOOL, &["--quick"], &release);
    let error = ran.error(1);
    assert!(error.contains("it is not sound\n    W033: `da_vinci_cdk/.netrc` has a name"), "{error}");
    let ran = world.run(TOOL, &["--quick", "--level", "W033=off"], &release);
    assert!(details(&ran.document()).iter().all(|detail| !detail.contains("W033")), "{}", ran.stderr);
}

/// Asserts that the detail of a check ends so.
#[track_caller]
fn assert_said(release: &Release, check: &str, end: &str) {
    let details = details(release);
    assert!(details.iter().any(|detail| detail.contains(check) && detail.ends_with(end)), "{details:#?}");
}

fn with_readme(text: &str) -> World {
    let world = World::new();
    world.replace(PYPROJECT, "[build-system]", "readme = \"README.rst\"\n\n[build-system]");
    world.write("packages/core/README.rst", text);
    world.commit();
    world
}

#[test]
fn a_description_that_cannot_be_shown_is_told_for_each_file() {
    let world = with_readme(BROKEN);
    let release = built(&world);
    let ran = world.run(TOOL, &[], &release);
    let told = "    M041: `dist/da_vinci-0.5.0.tar.gz`: the description cannot be shown as `text/x-rst`: \
                line 4: (ERROR/3) Unknown target name: \"here\".";
    assert!(ran.stderr.lines().any(|line| line == told), "{}", ran.stderr);
    assert!(ran.stderr.contains("\n    M041: `dist/da_vinci-0.5.0-py3"), "{}", ran.stderr);
    assert_said(&ran.document(), "metadata", "one for each package, in 4 files, but for M041");
    let ran = world.run(TOOL, &["--for", "pypi", "--level", "M042=off"], &release);
    assert!(
        ran.error(1).contains("metadata: cannot use the metadata of the files:\n    M041: `dist/da_vinci-0")
    );
    let ran = world.run(TOOL, &["--for", "pypi", "--quick"], &release);
    assert_said(&ran.document(), "metadata", "one for each package, in 4 files");
}

#[test]
fn files_are_judged_for_pypi_with_their_descriptions() {
    let world = with_readme(BROKEN);
    built(&world);
    let file = "dist/da_vinci-0.5.0-py3-none-any.whl";
    let judge = |arguments: &[&str]| {
        let output = world.command(TOOL).args(arguments).arg(file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(judge(&[]), (Some(0), format!("validate: {file}: ok\n")));
    let (code, said) = judge(&["--for", "pypi"]);
    assert!(
        code == Some(1) && said.contains(&format!("{file}: E M041: the description cannot be shown")),
        "{said}"
    );
    assert_eq!(judge(&["--for", "pypi", "--level", "M041=off"]).0, Some(0));
}

#[test]
fn a_description_is_not_rendered_where_the_renderer_cannot_be_had() {
    let world = with_readme("Painter\n");
    built(&world);
    let mut command = world.command(TOOL);
    command.args(["--for", "pypi", "dist/da_vinci-0.5.0.tar.gz"]);
    let output =
        command.env("UV_OFFLINE", "1").env("UV_CACHE_DIR", world.root.join("dist/none")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let reason = "validate: skip: descriptions: `readme_renderer[md]==46.0` cannot be had or run here\n";
    assert!(output.status.success() && said.starts_with(reason), "{said}");
}

#[test]
fn files_of_one_release_with_other_metadata_are_told() {
    let world = World::new();
    let wheel = Path::new("dist/da_vinci-0.5.0-py3-none-any.whl");
    built(&world);
    std::fs::rename(world.root.join(wheel), world.root.join("kept")).unwrap();
    world.replace(PYPROJECT, ">=3.9", ">=3.10");
    world.commit();
    built(&world);
    std::fs::rename(world.root.join("kept"), world.root.join(wheel)).unwrap();
    let args = ["dist/da_vinci-0.5.0.tar.gz", "dist/da_vinci-0.5.0-py3-none-any.whl"];
    let output = world.command(TOOL).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "whl: E M042: its metadata differ from those of `da_vinci-0.5.0.tar.gz` in `Requires-Python` \
                    (>=3.9, there >=3.10)\n";
    assert!(output.status.code() == Some(1) && said.contains(expected), "{said}");
}

#[test]
fn files_that_the_commit_has_and_the_wheel_has_not_are_told() {
    let world = World::new();
    world.write("packages/core/da_vinci/palette.json", "{}");
    world.write("packages/core/da_vinci/tests/test_paint.py", "");
    world.write("packages/core/da_vinci/.style", "");
    // A submodule, whose files are tracked in a repository of its own.
    world.write("packages/core/da_vinci/far/spoke.py", "");
    let far = world.root.join("packages/core/da_vinci/far");
    let far = far.to_str().unwrap();
    world.git(&["init", "-q", far]);
    world.git(&["-C", far, "add", "-A"]);
    world.git(&["-C", far, "commit", "-q", "-m", "a spoke"]);
    let build = "[tool.hatch.build]\nexclude = [\"*.json\", \"tests\"]\n\n\
                 [tool.hatch.build.targets.wheel.force-include]\n\"pyproject.toml\" = \"da_vinci/own.toml\"\n\n[build-system]";
    world.replace(PYPROJECT, "[build-system]", build);
    world.write("release.toml", &format!("{RELEASE}\n[validate]\nlevels = {{ M042 = \"off\" }}\n"));
    world.commit();
    let release = built(&world);
    let ran = world.run(TOOL, &["--quick"], &release);
    let told = "as it was built, and sound, but for W101, W102\n    \
                W101: the wheel lacks `da_vinci/palette.json` of the commit\n    \
                W102: the wheel has `da_vinci/own.toml`, and the commit has not\n";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    let told = "as it was built, and sound, but for W101, W102";
    assert_said(&ran.document(), "wheel da_vinci-0.5.0", told);
}
