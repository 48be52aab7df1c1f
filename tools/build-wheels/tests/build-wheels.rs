//! build-wheels as a process, with real git, real uv and a real build backend.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::path::Path;

use distribution::wheel::Wheel;
use document::{Level, Release};
use support::{Ran, World, ended};

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");
const CDK: &str = "dist/da_vinci_cdk-0.5.0-py3-none-any.whl";
const CDK_SDIST: &str = "dist/da_vinci_cdk-0.5.0.tar.gz";
const CORE: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";
const CORE_SDIST: &str = "dist/da_vinci-0.5.0.tar.gz";

fn build(world: &World, arguments: &[&str]) -> Ran {
    world.run(TOOL, arguments, &world.document())
}

fn paths(release: &Release) -> Vec<String> {
    release.artifacts().unwrap().iter().map(|artifact| artifact.path.to_string()).collect()
}

fn members(wheel: &Path) -> Vec<String> {
    Wheel::open(wheel).unwrap().entries().into_iter().map(|entry| entry.name).collect()
}

#[test]
fn builds_every_package_once_and_skips_it_the_second_time() {
    let world = World::new();
    let first = build(&world, &[]);
    assert_eq!(paths(&first.document()), [CORE, CORE_SDIST, CDK, CDK_SDIST]);
    assert_eq!(
        first.lines("build "),
        [
            "build dist/da_vinci-0.5.0.tar.gz",
            "build dist/da_vinci-0.5.0-*.whl",
            "build dist/da_vinci_cdk-0.5.0.tar.gz",
            "build dist/da_vinci_cdk-0.5.0-*.whl",
        ]
    );
    for artifact in first.document().artifacts().unwrap() {
        let (sha256, size) = distribution::digest(&artifact.path.under(&world.root)).unwrap();
        assert_eq!((&artifact.sha256, artifact.size), (&sha256, size));
        assert_eq!(first.lines(&format!("note: {}: ", artifact.path)).len(), 1, "{}", first.stderr);
        assert!(distribution::problems(&artifact.path.under(&world.root)).unwrap().is_empty());
    }
    assert!(!world.exists(".git/wainwright/checkout"), "the checkout is removed");
    let second = build(&world, &[]);
    assert_eq!(second.stdout, first.stdout);
    assert_eq!(second.lines("build ").len(), 0);
    let short = world.document().project.base.short().to_owned();
    assert_eq!(second.lines("skip: ")[0], format!("skip: {CORE}: built from {short} already"));
    // A file that is gone is built again, and what is there is left alone.
    std::fs::remove_file(world.root.join(CORE)).unwrap();
    let third = build(&world, &[]);
    assert_eq!((third.lines("build ").len(), third.lines("skip: ").len()), (1, 3), "{}", third.stderr);
    assert_eq!(third.stdout, first.stdout, "a commit gives the same bytes each time");
}

#[test]
fn what_is_not_committed_is_not_in_the_build_and_is_noted() {
    let world = World::new();
    world.write("packages/core/da_vinci/secret.txt", "untracked");
    world.write("packages/core/da_vinci/__init__.py", "changed = True\n");
    world.write("dist/da_vinci-0.4.0-py3-none-any.whl", "stale");
    let ran = build(&world, &[]);
    assert_eq!(paths(&ran.document()), [CORE, CORE_SDIST, CDK, CDK_SDIST], "a stale wheel is no part of it");
    let note = "note: what is not committed is not in the build: \
                packages/core/da_vinci/__init__.py, packages/core/da_vinci/secret.txt";
    assert_eq!(ran.lines("note: what"), [note]);
    let members = members(&world.root.join(CORE));
    assert!(members.contains(&"da_vinci/Dockerfile".to_owned()), "{members:?}");
    assert!(!members.iter().any(|name| name.contains("secret")), "{members:?}");
    let read = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())";
    let unpacked =
        project::run(world.command("python3").args(["-c", read, CORE, "da_vinci/__init__.py"])).unwrap();
    assert!(unpacked.contains("Mona Lisa"), "{unpacked}");
}

#[test]
fn a_broken_package_is_reported_with_its_log_and_the_other_is_built() {
    let world = World::new();
    world.replace("packages/core/pyproject.toml", "\"hatchling.build\"", "\"no_such_backend\"");
    world.commit();
    let ran = build(&world, &[]);
    let error = ran.error(1);
    assert!(
        error.starts_with("cannot build `da-vinci.sdist`: `no_such_backend.build_sdist` ended with code "),
        "{error}"
    );
    assert!(error.contains("no_such_backend"), "{error}");
    let log = error.split("all of its output is in `").nth(1).unwrap().split('`').next().unwrap();
    assert!(std::fs::read_to_string(log).unwrap().contains("no_such_backend"));
    assert!(world.exists(CDK) && world.exists(CDK_SDIST) && !world.exists(CORE));
    world.replace("packages/cdk/pyproject.toml", "\"hatchling.build\"", "\"no_such_backend\"");
    world.commit();
    let both = build(&world, &[]);
    let error = both.error(1);
    assert!(error.starts_with("cannot build 2 of 4 files\n"), "{error}");
    assert!(
        error.contains("cannot build `da-vinci.sdist`: ")
            && error.contains("cannot build `da-vinci-cdk.sdist`: "),
        "{error}"
    );
}

#[test]
fn a_backend_that_asks_git_is_told_nothing_of_the_repository_around_an_sdist() {
    let world = World::new();
    let poetry = "[tool.poetry]\nname = \"da-vinci-cdk\"\nversion = \"0.5.0\"\ndescription = \"x\"\nauthors = []\n\
        packages = [{ include = \"da_vinci_cdk\" }]\n[tool.poetry.dependencies]\npython = \">=3.9\"\n\n\
        [build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";
    world.write("packages/cdk/pyproject.toml", poetry);
    world.replace("release.toml", "pins = { da-vinci = \"==\" }\n", "");
    world.commit();
    let ran = build(&world, &["--package", "da-vinci-cdk"]);
    assert_eq!(paths(&ran.document()), [CDK, CDK_SDIST]);
    let members = members(&world.root.join(CDK));
    assert!(members.iter().any(|name| name == "da_vinci_cdk/__init__.py"), "{members:?}");
}

#[test]
fn a_build_of_another_version_is_refused() {
    let world = World::new();
    let mut release = world.document();
    for package in &mut release.packages {
        package.version = "0.6.0".parse().unwrap();
    }
    let ran = world.run(TOOL, &["--package", "da_vinci"], &release);
    let error = ran.error(1);
    assert!(error.contains("the release has da-vinci 0.6.0, the build made da-vinci 0.5.0"), "{error}");
    assert!(!world.exists("dist"));
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let world = World::new();
    world.write("dist/da_vinci-0.4.0.tar.gz", "stale");
    world.write("dist/SHA256SUMS", "stale");
    world.write("dist/keep.txt", "not ours");
    world.write("dist/index/da_vinci-0.4.0.tar.gz", "published");
    let before = world.everything();
    let dry = build(&world, &["--clean", "--dry-run"]);
    assert!(dry.document().artifacts.is_none() && dry.document().dry_run);
    assert!(world.everything() == before, "a dry run has written");
    let real = build(&world, &["--clean"]);
    assert_eq!(paths(&real.document()).len(), 4);
    assert_eq!(dry.lines("remove "), ["remove dist/SHA256SUMS", "remove dist/da_vinci-0.4.0.tar.gz"]);
    for start in ["remove ", "build ", "skip: "] {
        assert_eq!(dry.lines(start), real.lines(start));
    }
    assert!(!world.exists("dist/SHA256SUMS") && world.exists("dist/keep.txt"));
    assert!(world.exists("dist/index/da_vinci-0.4.0.tar.gz"), "only what lies directly in it goes");
    // A dry run of a whole release has no commit, and plans all the same.
    let mut planned = dry.document();
    planned.version.level = Level::Minor;
    assert_eq!(world.run(TOOL, &[], &planned).lines("build "), real.lines("build "));
}

#[test]
fn one_package_is_built_alone_and_the_others_stay_in_the_document() {
    let world = World::new();
    let whole = build(&world, &[]).document();
    let alone = world.run(TOOL, &["--package", "da_vinci.cdk", "--clean"], &whole);
    assert_eq!(alone.lines("remove "), [format!("remove {CDK}"), format!("remove {CDK_SDIST}")]);
    assert_eq!(alone.document(), whole);
    let fresh = build(&world, &["--package", "da-vinci-cdk"]);
    assert_eq!(paths(&fresh.document()), [CDK, CDK_SDIST]);
    let unknown = build(&world, &["--package", "da-vinci-typo"]);
    assert!(
        unknown.error(2).contains("hint: the packages are: da-vinci, da-vinci-cdk"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_file_of_another_commit_is_replaced_with_a_note() {
    let world = World::new();
    let old = build(&world, &[]).document();
    world.write("packages/core/da_vinci/__init__.py", "better = True\n");
    world.commit();
    let ran = build(&world, &[]);
    let new = ran.document();
    let note = &ran.lines(&format!("note: {CORE}"))[0];
    assert!(note.ends_with("in place of another build's"), "{note}");
    assert_ne!(new.artifacts().unwrap()[0].sha256, old.artifacts().unwrap()[0].sha256);
    // The release commit of the document counts, not what is checked out now.
    let again = world.run(TOOL, &[], &old);
    assert_eq!(again.document().artifacts, old.artifacts);
}

#[test]
fn builds_the_release_commit_with_the_releases_tag() {
    let world = World::new();
    let hook = "import subprocess\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n\
        class CustomBuildHook(BuildHookInterface):\n    def initialize(self, version, build_data):\n        \
        if self.target_name == 'sdist':\n            \
        print('TAG', subprocess.check_output(['git', 'describe', '--tags'], cwd=self.root, text=True))\n";
    world.write("packages/core/hatch_build.py", hook);
    world.replace(
        "packages/core/pyproject.toml",
        "[build-system]",
        "[tool.hatch.build.hooks.custom]\n\n[build-system]",
    );
    world.commit();
    let ran = build(&world, &["--package", "da-vinci"]);
    assert_eq!(paths(&ran.document()), [CORE, CORE_SDIST]);
    let log =
        std::fs::read_to_string(world.root.join(".git/wainwright/logs/build-da-vinci.sdist.log")).unwrap();
    assert!(log.contains("TAG v0.5.0\n"), "{log}");
    assert_eq!(world.git(&["tag"]), "", "the tag is in the checkout alone");
}

#[test]
fn refuses_a_bumped_release_without_a_commit_and_a_commit_that_is_not_here() {
    let world = World::new();
    let mut release = world.document();
    release.version.level = Level::Minor;
    assert!(world.run(TOOL, &[], &release).error(3).contains("hint: run `commit-release` first"));
    assert!(world.run(TOOL, &["--dry-run"], &release).error(3).contains("`commit` is null"));
    release.version.level = Level::Current;
    release.project.base = "ab".repeat(20).parse().unwrap();
    assert!(world.run(TOOL, &[], &release).error(1).contains("this repository does not have it"));
}

#[test]
fn two_clones_give_equal_documents() {
    let origin = World::new();
    let [one, two] = ["one", "another/place"].map(|name| origin.clone_to(name));
    let documents = [&one, &two].map(|world| build(world, &[]).stdout);
    assert!(documents[0].contains(CDK_SDIST));
    assert_eq!(documents[0], documents[1]);
}

#[test]
fn builds_in_a_shallow_clone_with_a_detached_head_and_in_a_worktree() {
    let origin = World::new();
    let world = origin.clone_to("unused");
    let from = format!("file://{}", origin.root.display());
    world.git(&["clone", "-q", "--depth", "1", &from, "shallow"]);
    world.git(&["-C", "shallow", "checkout", "-q", "--detach"]);
    world.git(&["worktree", "add", "-q", "tree"]);
    for folder in ["shallow", "tree"] {
        let project = world.root.join(folder);
        let release = project::Project::find(Some(&project)).unwrap().current().unwrap();
        let ran = world.run(TOOL, &["--project", folder], &release);
        assert_eq!(paths(&ran.document()).len(), 4);
        assert!(project.join(CORE).is_file());
    }
}

#[test]
fn builds_a_project_below_the_top_of_its_repository() {
    let world = World::new();
    std::fs::remove_dir_all(world.root.join(".git")).unwrap();
    world.git(&["init", "-q", "-b", "main", ".."]);
    world.git(&["add", "-A", ".."]);
    world.git(&["commit", "-q", "-m", "all"]);
    let ran = build(&world, &[]);
    assert_eq!(paths(&ran.document()), [CORE, CORE_SDIST, CDK, CDK_SDIST]);
    assert!(members(&world.root.join(CORE)).contains(&"da_vinci/Dockerfile".to_owned()));
}

#[test]
fn submodules_are_built_at_the_commits_that_they_are_pinned_to() {
    let world = World::new();
    let place = tempfile::tempdir().unwrap();
    let far = place.path().join("wheelwright");
    let inner = place.path().join("nails");
    let commit = |folder: &Path, file: &str, text: &str| {
        std::fs::create_dir_all(folder).unwrap();
        let folder = folder.to_str().unwrap();
        world.git(&["init", "-q", "-b", "main", folder]);
        std::fs::write(Path::new(folder).join(file), text).unwrap();
        world.git(&["-C", folder, "add", "-A"]);
        world.git(&["-C", folder, "commit", "-q", "-m", text]);
    };
    let add = |within: &str, from: &Path, to: &str| {
        let from = from.to_str().unwrap();
        let add = ["-C", within, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from, to];
        world.git(&add);
    };
    commit(&inner, "nail.py", "n = 1");
    commit(&far, "spoke.py", "s = 1");
    add(far.to_str().unwrap(), &inner, "nails");
    commit(&far, "spoke.py", "s = 2");
    let root = world.root.to_str().unwrap();
    add(root, &far, "packages/core/da_vinci/far");
    world.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]);
    world.commit();
    // What the submodule's folder has by now is not what the commit pins.
    std::fs::write(world.root.join("packages/core/da_vinci/far/spoke.py"), "s = 3").unwrap();
    let ran = build(&world, &["--package", "da-vinci"]);
    let wheel = paths(&ran.document()).into_iter().find(|path| path.ends_with(".whl")).unwrap();
    let held = members(&world.root.join(&wheel));
    for file in ["da_vinci/far/spoke.py", "da_vinci/far/nails/nail.py"] {
        assert!(held.contains(&file.to_owned()), "{held:?}");
    }
    let mut wheel = std::fs::File::open(world.root.join(wheel)).map(zip::ZipArchive::new).unwrap().unwrap();
    let spoke = std::io::read_to_string(wheel.by_name("da_vinci/far/spoke.py").unwrap()).unwrap();
    assert_eq!(spoke, "s = 2");
    world.git(&["submodule", "--quiet", "deinit", "--force", "packages/core/da_vinci/far"]);
    let release = world.document();
    let ran = world.run(TOOL, &["--package", "da-vinci", "--clean"], &release);
    let error = ran.error(1);
    assert!(
        error.contains("the submodule `packages/core/da_vinci/far` is not in the working tree")
            && error.contains("hint: run `git submodule update --init --recursive`"),
        "{error}"
    );
}

#[test]
fn goes_on_after_it_was_killed_in_the_middle() {
    let world = World::new();
    // A build that says when it has begun, and ends when it is told to, so that nothing depends on time.
    let hook = "import pathlib, time\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n\
        class CustomBuildHook(BuildHookInterface):\n    def initialize(self, version, build_data):\n        \
        here = pathlib.Path(PLACE)\n        (here / 'begun').touch()\n        \
        while not (here / 'go').exists():\n            time.sleep(0.01)\n";
    let place = format!("{:?}", world.root.parent().unwrap());
    world.write("packages/core/hatch_build.py", &hook.replace("PLACE", &place));
    world.replace(
        "packages/core/pyproject.toml",
        "[build-system]",
        "[tool.hatch.build.hooks.custom]\n\n[build-system]",
    );
    world.commit();
    let text = world.document().to_json().unwrap();
    let mut killed = world.start(TOOL, &[], &text);
    while !world.exists("../begun") {
        assert!(killed.try_wait().unwrap().is_none(), "{:?}", ended(killed));
        std::thread::yield_now();
    }
    killed.kill().unwrap();
    assert_eq!(ended(killed).code, None);
    assert!(world.exists(".git/wainwright/checkout"));
    let lock = std::fs::File::open(world.root.join(".git/wainwright/lock")).unwrap();
    assert!(lock.try_lock().is_err(), "the build that goes on must hold the lock");
    let next = world.start(TOOL, &[], &text);
    world.write("../go", "");
    let next = ended(next);
    assert_eq!(paths(&next.document()), [CORE, CORE_SDIST, CDK, CDK_SDIST]);
    assert!(!world.exists(".git/wainwright/checkout"));
    assert_eq!(next.stdout, build(&world, &[]).stdout);
}
