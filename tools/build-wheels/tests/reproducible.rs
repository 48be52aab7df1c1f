//! build-wheels --reproducible: builds that give the same bytes twice, and builds that do not.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use support::World;

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");
const WHEEL: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";
const SDIST: &str = "dist/da_vinci-0.5.0.tar.gz";

#[test]
fn a_reproducible_package_is_built_twice_and_then_known_as_one() {
    let world = World::new();
    let one = |arguments: &[&str]| {
        let arguments = [&["--package", "da-vinci"], arguments].concat();
        world.run(TOOL, &arguments, &world.document())
    };
    let plain = one(&[]).document();
    let twice = one(&["--reproducible"]);
    assert_eq!(
        twice.lines("build "),
        [format!("build {WHEEL} once more, to compare"), format!("build {SDIST} once more, to compare")]
    );
    assert_eq!(twice.document(), plain);
    for file in [WHEEL, SDIST] {
        assert_eq!(
            twice.lines(&format!("note: {file}: a second build gives the same bytes")).len(),
            1,
            "{}",
            twice.stderr
        );
    }
    assert!(world.exists(".git/wainwright/logs/build-da-vinci.wheel.again.log"));
    let known = one(&["--reproducible"]);
    assert_eq!((known.lines("build ").len(), known.lines("skip: ").len()), (0, 2));
    let fresh = one(&["--reproducible", "--clean"]);
    assert_eq!(fresh.document(), plain);
    assert_eq!(fresh.lines("note: dist/").len(), 4, "{}", fresh.stderr);
    assert!(!world.exists(".git/wainwright/checkout"));
}

#[test]
fn what_differs_is_named_with_its_reason() {
    let world = World::new();
    let hook = "import os, pathlib, time\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n\
        class CustomBuildHook(BuildHookInterface):\n    def initialize(self, version, build_data):\n        \
        text = f'HERE = {os.getcwd()!r}\\n'\n        \
        pathlib.Path(self.root, 'da_vinci', 'place.py').write_text(text)\n        \
        pathlib.Path(self.root, 'da_vinci', 'age.py').write_text(f'BUILT = {time.time()}\\n')\n";
    world.write("packages/core/hatch_build.py", hook);
    world.replace(
        "packages/core/pyproject.toml",
        "[build-system]",
        "[tool.hatch.build.hooks.custom]\n\n[build-system]",
    );
    world.commit();
    let ran = world.run(TOOL, &["--reproducible", "--jobs", "1"], &world.document());
    let error = ran.error(1);
    assert!(
        error.starts_with(
            "cannot build 2 of 4 files\n  cannot build `da-vinci.sdist` twice with the same bytes:\n"
        ),
        "{error}"
    );
    assert!(error.contains("\n  cannot build `da-vinci.wheel` twice with the same bytes:\n"), "{error}");
    let said = |start: &str| error.lines().filter(|line| line.trim_start().starts_with(start)).count();
    assert_eq!(
        said("`da_vinci/place.py`: the path of the build's folder is in it: at line 1 `HERE = '"),
        1,
        "{error}"
    );
    assert_eq!(said("`da_vinci/age.py`: the time of the build is in it: at line 1 `BUILT = "), 1, "{error}");
    assert_eq!(
        said("`da_vinci-0.5.0/da_vinci/place.py`: the path of the build's folder is in it"),
        1,
        "{error}"
    );
    assert!(error.contains("-once-more-in-another-folder"), "{error}");
    assert!(error.contains("hint: let the build take times from SOURCE_DATE_EPOCH"), "{error}");
    assert!(error.ends_with("; what is built is not built again\n"), "{error}");
    assert_eq!(
        ran.lines("note: dist/da_vinci_cdk-0.5.0.tar.gz: a second build gives the same bytes").len(),
        1
    );
}
