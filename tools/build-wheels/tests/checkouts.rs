//! What the builds see of git: a clean checkout with the filters and the tag of the project.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use support::{Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");

const PLAIN: &str = "[project]\nname = \"plough\"\nversion = \"0.5.0\"\nrequires-python = \">=3.10\"\n\n\
    [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";

/// A committed project of one package with these files.
fn world(files: &[(&str, &str)]) -> World {
    let world = World::new();
    std::fs::remove_dir_all(world.root.join("packages")).unwrap();
    world.write("release.toml", "");
    files.iter().for_each(|(path, text)| world.write(path, text));
    world.commit();
    world
}

fn build(world: &World) -> Ran {
    world.run(TOOL, &[], &world.document())
}

/// What a member of a built wheel holds.
fn member(world: &World, wheel: &str, name: &str) -> String {
    let read = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode(), end='')";
    project::run(world.command("python3").args(["-c", read, wheel, name])).unwrap()
}

#[test]
fn a_variant_has_the_version_of_the_tag_though_its_pyproject_is_edited() {
    let pyproject = "[project]\nname = \"plough\"\nrequires-python = \">=3.10\"\ndynamic = [\"version\"]\n\n\
        [build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n\n\
        [tool.hatch.version]\nsource = \"vcs\"\n\n[tool.hatch.build.targets.wheel]\npackages = [\"plough\"]\n";
    let settings = "[build]\nsdist = false\n\n[[version-file]]\npath = \"VERSION\"\nsearch = \"{version}\"\n\n\
        [[variant]]\nname = \"team\"\nkeywords = [\"oxen\"]\nconflicts = [\"plough\"]\n";
    let files = [("pyproject.toml", pyproject), ("plough/__init__.py", ""), ("VERSION", "0.5.0\n")];
    let world = world(&[&files[..], &[("release.toml", settings)]].concat());
    let release = build(&world).document();
    let paths: Vec<&str> =
        release.artifacts().unwrap().iter().map(|artifact| artifact.path.as_str()).collect();
    assert_eq!(paths, ["dist/plough-0.5.0-py3-none-any.whl", "dist/plough_team-0.5.0-py3-none-any.whl"]);
}

#[test]
fn files_are_checked_out_through_the_filters_of_the_repository() {
    let world = world(&[("pyproject.toml", PLAIN), ("plough/__init__.py", "")]);
    world.git(&["config", "filter.shout.clean", "tr A-Z a-z"]);
    world.git(&["config", "filter.shout.smudge", "tr a-z A-Z"]);
    world.write(".gitattributes", "*.txt filter=shout\n");
    world.write("plough/share.txt", "IRON\n");
    world.commit();
    assert_eq!(world.git(&["show", "HEAD:plough/share.txt"]), "iron\n");
    build(&world).document();
    assert_eq!(member(&world, "dist/plough-0.5.0-py3-none-any.whl", "plough/share.txt"), "IRON\n");
}

#[test]
fn a_repository_of_another_user_that_git_is_to_trust_is_built() {
    let world = world(&[("pyproject.toml", PLAIN), ("plough/__init__.py", "")]);
    let release = world.document();
    let root = world.root.to_str().unwrap();
    let checkouts = format!("{root}/.git/wainwright/checkout/{}", release.project.base);
    // Git takes every folder for another user's then, those of the checkouts too.
    for folder in [root.to_owned(), format!("{checkouts}/plough.sdist/tree")] {
        world.git(&["config", "--global", "--add", "safe.directory", &folder]);
    }
    let mut command = world.command(TOOL);
    command.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let ran = world.run_as(command, &[], &release);
    assert_eq!(ran.document().artifacts().unwrap().len(), 2);
}

#[test]
fn a_repository_that_a_hook_names_is_left_as_it_is() {
    let world = world(&[("pyproject.toml", PLAIN), ("plough/__init__.py", "")]);
    let release = world.document();
    let mut command = world.command(TOOL);
    command.env("GIT_DIR", world.root.join(".git")).env("GIT_INDEX_FILE", world.root.join(".git/index"));
    let ran = world.run_as(command, &[], &release);
    assert_eq!(ran.document().artifacts().unwrap().len(), 2);
    assert_eq!(world.git(&["branch", "--show-current"]), "main\n");
    assert_eq!(world.git(&["tag"]), "");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}
