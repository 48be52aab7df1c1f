//! validate as a process, on real wheels, with real environments.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../build-wheels/tests/support/mod.rs"]
mod support;

mod recorded;

use document::{Artifact, CheckOutcome, Edit, Release};
use recorded::{built, details};
use support::{RELEASE, World};

const TOOL: &str = env!("CARGO_BIN_EXE_validate");
const CDK: &str = "dist/da_vinci_cdk-0.5.0-py3-none-any.whl";
const CORE: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";

/// A check of release.toml.
fn check(name: &str, run: &str, more: &str) -> String {
    format!("\n[[check]]\nname = \"{name}\"\nrun = '{run}'\n{more}\n")
}

/// The version of the Python that uv takes where none is named.
fn default_python() -> String {
    let path = uv::default_interpreter(&uv::Uv::find().unwrap()).unwrap().unwrap();
    let ask = "import platform; print(platform.python_version())";
    project::run(std::process::Command::new(path).args(["-I", "-c", ask])).unwrap().trim().to_owned()
}

#[test]
fn a_sound_release_passes_every_check() {
    let world = World::new();
    world.write("release.toml", &format!("{RELEASE}{}", check("uv", "uv --version && pwd && cat", "")));
    world.commit();
    let release = built(&world);
    let before: Vec<_> = world.everything().into_keys().filter(|path| !path.ends_with(".git")).collect();
    let ran = world.run(TOOL, &[], &release);
    let python = default_python();
    let expected = [
        "Passed artifacts: 4 files, all that the release promises",
        "Skipped changelog: the project keeps no changelog",
        "Skipped ci: there is no token: neither GH_TOKEN nor GITHUB_TOKEN is set",
        "Passed clashes: of 2 distributions none takes a file of another",
        "Passed clean tree: no changes",
        "Skipped drift da-vinci: nothing was released before",
        "Skipped drift da-vinci-cdk: nothing was released before",
        "Skipped fresh branch: `main` follows no branch of a remote",
        &format!("Passed install da-vinci: da_vinci in a fresh environment with Python {python}"),
        &format!("Passed install da-vinci-cdk: da_vinci_cdk in a fresh environment with Python {python}"),
        "Skipped manifest: the project has no manifest of Release Please",
        "Passed metadata: one for each package, in 4 files",
        "Passed required files da-vinci: da_vinci/Dockerfile",
        "Passed sdist da_vinci-0.5.0.tar.gz: as it was built, and sound",
        "Passed sdist da_vinci_cdk-0.5.0.tar.gz: as it was built, and sound",
        "Passed tag: v0.5.0 is free",
        "Passed uv: `uv --version && pwd && cat` ended with code 0",
        "Passed versions: 0.5.0 in 3 places of 2 files",
        "Passed wheel da_vinci-0.5.0-py3-none-any.whl: as it was built, and sound",
        "Passed wheel da_vinci_cdk-0.5.0-py3-none-any.whl: as it was built, and sound",
    ];
    assert_eq!(details(&ran.document()), expected, "{}", ran.stderr);
    let skipped = expected.iter().filter(|line| line.starts_with("Skipped ")).count();
    assert_eq!(ran.lines("ok: ").len(), expected.len() - skipped);
    assert_eq!(ran.lines("skip: ").len(), skipped, "each skip is told with its reason");
    assert!(ran.lines("ok: ")[0].starts_with("ok: artifacts: 4 files"), "{}", ran.stderr);
    let log = std::fs::read_to_string(world.root.join(".git/wainwright/logs/uv.log")).unwrap();
    assert!(log.starts_with("uv ") && log.trim_end().ends_with(world.root.to_str().unwrap()), "{log}");
    let in_tree =
        |path: &std::path::PathBuf| !path.strip_prefix(&world.root).unwrap().starts_with(".git/wainwright");
    let after: Vec<_> =
        world.everything().into_keys().filter(|path| !path.ends_with(".git")).filter(in_tree).collect();
    assert_eq!(after, before, "validate has changed the tree");
}

#[test]
fn a_changed_and_a_missing_file_are_refused_together() {
    let world = World::new();
    let release = built(&world);
    let mut bytes = std::fs::read(world.root.join(CDK)).unwrap();
    bytes.push(0);
    std::fs::write(world.root.join(CDK), bytes).unwrap();
    std::fs::remove_file(world.root.join(CORE)).unwrap();
    let ran = world.run(TOOL, &["--quick"], &release);
    let error = ran.error(1);
    assert!(error.starts_with("cannot validate `da-vinci` 0.5.0: 3 of "), "{error}");
    let changed = format!("  wheel da_vinci_cdk-0.5.0-py3-none-any.whl: cannot use `{CDK}`: its SHA-256 is ");
    assert!(error.contains(&changed) && error.contains(": it changed after `build-wheels`"), "{error}");
    let missing = format!("cannot use `{CORE}`: it is missing: it was removed after `build-wheels`");
    assert_eq!(error.matches(&missing).count(), 2, "the wheel's check and its required files: {error}");
    assert!(error.ends_with("hint: run `build-wheels` again, and all that follows it\n"), "{error}");
    assert_eq!(ran.lines("ok: ").len(), 7, "the others are reported too: {}", ran.stderr);
    let alone = world.run(TOOL, &["--quick", "--package", "da-vinci-cdk"], &release);
    assert!(alone.error(1).contains(": 1 of "), "{}", alone.stderr);
}

#[test]
fn an_unsound_wheel_is_refused_though_its_digest_is_recorded() {
    let world = World::new();
    let mut release = built(&world);
    let mut bytes = std::fs::read(world.root.join(CDK)).unwrap();
    bytes.extend(b"more");
    std::fs::write(world.root.join(CDK), bytes).unwrap();
    let (sha256, size) = distribution::digest(&world.root.join(CDK)).unwrap();
    let artifacts = release.artifacts.as_mut().unwrap();
    let artifact = artifacts.iter_mut().find(|artifact| artifact.path.as_str() == CDK).unwrap();
    (artifact.sha256, artifact.size) = (sha256, size);
    let ran = world.run(TOOL, &["--quick"], &release);
    let error = ran.error(1);
    assert!(error.contains("it is not sound\n    W003: 4 bytes follow the end of the archive"), "{error}");
}

#[test]
fn a_warning_is_told_and_refuses_nothing() {
    let world = World::new();
    world.write("packages/cdk/da_vinci_cdk/.netrc", "");
    world.commit();
    let ran = world.run(TOOL, &["--quick"], &built(&world));
    let said = "Warned wheel da_vinci_cdk-0.5.0-py3-none-any.whl: as it was built, and sound, but for W033";
    let told = "validate: warning: wheel da_vinci_cdk-0.5.0-py3-none-any.whl: as it was built, and sound, but for W033\n    \
                W033: `da_vinci_cdk/.netrc` has a name under which secrets are kept\n";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert!(details(&ran.document()).iter().any(|detail| detail == said), "{}", ran.stderr);
}

#[test]
fn a_missing_required_file_is_named() {
    let world = World::new();
    world.replace("release.toml", "da_vinci/Dockerfile", "da_vinci/Dockerfile.prod");
    world.commit();
    let ran = world.run(TOOL, &["--quick"], &built(&world));
    let said = format!("  required files da-vinci: cannot find `da_vinci/Dockerfile.prod` inside `{CORE}`\n");
    assert!(ran.error(1).contains(&said), "{}", ran.stderr);
}

#[test]
fn each_wheel_of_a_package_must_hold_the_required_files() {
    let world = World::new();
    built(&world);
    let other = CORE.replace("py3-none", "cp312-none");
    std::fs::rename(world.root.join(CORE), world.root.join(&other)).unwrap();
    let without = "[tool.hatch.build]\nexclude = [\"Dockerfile\"]\n\n[build-system]";
    world.replace("packages/core/pyproject.toml", "[build-system]", without);
    world.commit();
    let release = built(&world);
    let ran = world.run(TOOL, &["--only", "required files da-vinci"], &release);
    let said = format!("required files da-vinci: cannot find `da_vinci/Dockerfile` inside `{CORE}`\n");
    assert!(ran.error(1).contains(&said), "{}", ran.stderr);
}

#[test]
fn a_failing_import_is_shown_with_its_cause() {
    let world = World::new();
    world.write("packages/core/da_vinci/__init__.py", "raise RuntimeError('no canvas')\n");
    world.replace(
        "release.toml",
        "path = \"packages/core\"",
        "path = \"packages/core\"\nimports = [\"da_vinci\", \"sys\"]",
    );
    world.commit();
    let ran = world.run(TOOL, &[], &built(&world));
    let error = ran.error(1);
    assert!(
        error.contains("  install da-vinci: cannot import `da_vinci`: RuntimeError: no canvas\n    "),
        "{error}"
    );
    assert!(
        error.contains("  install da-vinci-cdk: cannot import `da_vinci_cdk`: RuntimeError: no canvas"),
        "{error}"
    );
    assert!(!error.contains("`sys`"), "{error}");
}

#[test]
fn a_package_that_does_not_declare_the_other_does_not_import_alone() {
    let world = World::new();
    world.replace("packages/cdk/pyproject.toml", "dependencies = [\"da-vinci==0.5.0\"]", "");
    world.replace("release.toml", "pins = { da-vinci = \"==\" }", "");
    world.commit();
    let ran = world.run(TOOL, &[], &built(&world));
    let error = ran.error(1);
    assert!(
        error.contains("install da-vinci-cdk: cannot import `da_vinci_cdk`: ModuleNotFoundError"),
        "{error}"
    );
    assert!(error.contains(": 1 of "), "the other one imports: {error}");
}

#[test]
fn a_pin_of_another_version_does_not_install() {
    let world = World::new();
    world.replace("packages/cdk/pyproject.toml", "da-vinci==0.5.0", "da-vinci==0.4.0");
    world.replace("release.toml", "pins = { da-vinci = \"==\" }", "");
    world.commit();
    let ran = world.run(TOOL, &[], &built(&world));
    let error = ran.error(1);
    assert!(
        error.contains("install da-vinci-cdk: cannot install `da-vinci-cdk` into a fresh environment: "),
        "{error}"
    );
    assert!(error.contains("da-vinci==0.4.0"), "{error}");
}

#[test]
fn quick_leaves_out_what_is_slow_and_says_so() {
    let world = World::new();
    let checks = format!("{}{}", check("tests", "exit 1", "slow = true"), check("lint", "true", ""));
    world.write("release.toml", &format!("{RELEASE}{checks}"));
    world.commit();
    let release = built(&world);
    let ran = world.run(TOOL, &["--quick"], &release);
    let checks = ran.document().checks.unwrap();
    let left_out: Vec<_> = checks.iter().filter(|check| check.detail == "left out by `--quick`").collect();
    let names: Vec<_> = left_out.iter().map(|check| check.name.as_str()).collect();
    let first = ["ci", "drift da-vinci", "drift da-vinci-cdk"];
    assert_eq!(names, [&first[..], &["install da-vinci", "install da-vinci-cdk", "tests"]].concat());
    assert!(left_out.iter().all(|check| check.outcome == CheckOutcome::Skipped));
    assert!(ran.stderr.contains("skip: tests: left out by `--quick`\n") && ran.stderr.contains("ok: lint: "));
    assert!(world.run(TOOL, &[], &release).error(1).contains("  tests: cannot pass: `exit 1`"));
}

#[test]
fn a_changed_tree_is_refused_unless_it_may_be_dirty_or_the_release_changed_it() {
    let world = World::new();
    let file = "packages/core/da_vinci/__init__.py";
    world.write(file, "changed = True\n");
    world.write("new.txt", "");
    let mut release = world.document();
    let refused = world.run(TOOL, &[], &release);
    let said = format!("  clean tree: cannot release a changed tree: not committed: new.txt, {file}\n");
    assert!(refused.error(1).contains(&said), "{}", refused.stderr);
    let allowed = world.run(TOOL, &["--allow-dirty"], &release);
    let said = "Skipped clean tree: left out by `--allow-dirty`".to_owned();
    assert!(details(&allowed.document()).contains(&said), "{}", allowed.stdout);
    assert!(allowed.stderr.contains("skip: clean tree: left out by `--allow-dirty`\n"), "{}", allowed.stderr);
    // The edits of a bump that is not committed yet are what is to be released.
    std::fs::remove_file(world.root.join("new.txt")).unwrap();
    let digest = |text: &str| project::files::sha256(text.as_bytes());
    let (before, after) = (digest("old"), digest("changed = True\n"));
    release.edits = vec![Edit { path: file.parse().unwrap(), before, after, changes: Vec::new() }];
    let own = world.run(TOOL, &[], &release);
    let said = "Passed clean tree: no changes but those of the release".to_owned();
    assert!(details(&own.document()).contains(&said), "{}", own.stdout);
    world.write(file, "changed = 'again'\n");
    assert!(world.run(TOOL, &[], &release).error(1).contains(file));
}

#[test]
fn before_a_build_the_files_are_skipped() {
    let world = World::new();
    let ran = world.run(TOOL, &["--quick", "--allow-dirty"], &world.document());
    let details = details(&ran.document());
    for name in [
        "artifacts",
        "required files da-vinci",
        "wheel da_vinci-0.5.0-*.whl",
        "sdist da_vinci_cdk-0.5.0.tar.gz",
    ] {
        assert!(details.contains(&format!("Skipped {name}: nothing is built yet")), "{details:?}");
        assert!(ran.stderr.contains(&format!("skip: {name}: nothing is built yet\n")), "{}", ran.stderr);
    }
    let full = world.run(TOOL, &[], &world.document());
    assert!(full.stderr.contains("skip: install da-vinci: nothing is built yet\n"), "{}", full.stderr);
}

#[test]
fn versions_that_disagree_are_listed() {
    let world = World::new();
    let release = world.document();
    world.replace("packages/cdk/pyproject.toml", "version = \"0.5.0\"", "version = \"0.4.0\"");
    let ran = world.run(TOOL, &["--allow-dirty"], &release);
    let error = ran.error(1);
    assert!(error.contains("packages/core/pyproject.toml:3 has 0.5.0"), "{error}");
    assert!(error.contains("packages/cdk/pyproject.toml:3 has 0.4.0"), "{error}");
    world.replace("packages/cdk/pyproject.toml", "0.4.0", "0.5.0");
    for file in ["core", "cdk"] {
        world.replace(&format!("packages/{file}/pyproject.toml"), "0.5.0", "0.6.0");
    }
    let ran = world.run(TOOL, &["--allow-dirty"], &release);
    assert!(
        ran.error(1).contains("  versions: cannot release 0.5.0: the files have 0.6.0"),
        "{}",
        ran.stderr
    );
}

#[test]
fn missing_double_and_foreign_artifacts_are_refused() {
    let world = World::new();
    let mut release = built(&world);
    let artifacts = release.artifacts.as_mut().unwrap();
    let wheel = artifacts.iter().find(|artifact| artifact.path.as_str() == CDK).unwrap().clone();
    artifacts.retain(|artifact| artifact.path.as_str() != CORE);
    artifacts.push(Artifact { path: CDK.replace("py3", "py2.py3").parse().unwrap(), ..wheel.clone() });
    artifacts.push(Artifact { package: "other".parse().unwrap(), ..wheel });
    let ran = world.run(TOOL, &["--quick"], &release);
    let error = ran.error(1);
    assert!(error.contains("the wheel of `da-vinci` is missing"), "{error}");
    assert!(
        error.contains("are more than one file for the wheel of `da-vinci-cdk`")
            && error.contains("is da-vinci-cdk 0.5.0, and the release has other 0.5.0"),
        "{error}"
    );
    assert!(error.contains("the document has a wheel of other 0.5.0"), "{error}");
}

#[test]
fn a_dry_run_names_the_checks_and_writes_nothing() {
    let world = World::new();
    world.write("release.toml", &format!("{RELEASE}{}", check("tests", "touch ran.txt", "")));
    world.commit();
    let release = built(&world);
    let before = world.everything();
    let dry = world.run(TOOL, &["--dry-run"], &release);
    assert!(dry.document().checks.is_none());
    assert!(world.everything() == before, "a dry run has written");
    assert_eq!(dry.lines("ok: ").len(), 0);
    let planned = Release { dry_run: true, artifacts: None, ..release.clone() };
    let planned = world.run(TOOL, &[], &planned);
    assert!(world.everything() == before, "a dry run has written");
    let real = world.run(TOOL, &[], &release);
    assert!(real.document().checks.unwrap().len() > 10);
    assert!(dry.lines("check ").len() > 10);
    assert_eq!(dry.lines("check "), real.lines("check "));
    assert_eq!(planned.lines("check "), real.lines("check "), "a dry run of a whole release says the same");
    assert!(real.stderr.find("check wheel").unwrap() < real.stderr.find("ok: ").unwrap());
}

#[test]
fn two_clones_give_equal_documents() {
    let origin = World::new();
    origin.write("release.toml", &format!("{RELEASE}{}", check("tests", "pwd", "")));
    origin.commit();
    let [one, two] = ["one", "another place/ä"].map(|name| origin.clone_to(name));
    let documents = [&one, &two].map(|world| world.run(TOOL, &[], &built(world)));
    assert!(documents[0].document().checks.unwrap().len() > 10);
    assert_eq!(documents[0].stdout, documents[1].stdout);
}
