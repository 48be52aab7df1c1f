//! validate as a process: distributions of one release that ship the same files.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod recorded;
#[path = "../../build-wheels/tests/support/mod.rs"]
mod support;

use recorded::{built, details, recorded};
use support::{RELEASE, World};

const TOOL: &str = env!("CARGO_BIN_EXE_validate");
const CORE: &str = "packages/core/pyproject.toml";

/// What the check says of the wheels in `dist`.
fn said(world: &World) -> String {
    let ran = world.run(TOOL, &["--quick"], &recorded(world));
    let details = details(&ran.document());
    details.into_iter().find(|detail| detail.contains(" clashes: ")).unwrap()
}

#[test]
fn distributions_of_their_own_do_not_clash_and_one_that_takes_a_file_does() {
    let world = World::new();
    built(&world);
    assert_eq!(said(&world), "Passed clashes: of 2 distributions none takes a file of another");
    world.write("packages/cdk/da_vinci/__init__.py", "");
    world.replace(
        "packages/cdk/pyproject.toml",
        "[build-system]",
        "[tool.hatch.build.targets.wheel]\npackages = [\"da_vinci\", \"da_vinci_cdk\"]\n\n[build-system]",
    );
    world.commit();
    built(&world);
    assert_eq!(
        said(&world),
        "Warned clashes: `da-vinci` and `da-vinci-cdk` both ship `da_vinci/__init__.py`, and whoever installs both \
         gets one of each; ship it in one of them"
    );
}

#[test]
fn a_variant_clashes_until_it_is_declared() {
    let variant = "\n[[variant]]\nname = \"oil\"\npackage = \"da-vinci\"\n";
    let world = World::new();
    world.replace(
        CORE,
        "[build-system]",
        "[tool.hatch.build.targets.wheel]\npackages = [\"da_vinci\"]\n\n[build-system]",
    );
    world.commit();
    built(&world);
    // The variant as build-wheels makes it, from a tree with its name.
    world.replace(CORE, "\"da-vinci\"", "\"da-vinci-oil\"");
    let uv = uv::Uv::find().unwrap();
    let mut build = world.command(uv.path());
    project::run(build.args(["build", "-q", "--wheel", "packages/core", "--out-dir", "dist"])).unwrap();
    world.git(&["checkout", "-q", CORE]);
    world.write("release.toml", &format!("{RELEASE}{variant}"));
    world.commit();
    assert_eq!(
        said(&world),
        "Warned clashes: `da-vinci` and `da-vinci-oil` both ship `da_vinci/Dockerfile` and 1 more, and whoever \
         installs both gets one of each; if nobody is to, write `conflicts = [\"da-vinci\"]` in the [[variant]] `oil`"
    );
    world.write("release.toml", &format!("{RELEASE}{variant}conflicts = [\"Da_Vinci\"]\n"));
    world.commit();
    assert_eq!(said(&world), "Passed clashes: of 3 distributions none takes a file of another");
}
