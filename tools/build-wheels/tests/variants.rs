//! Variants of one tree: other names, other metadata and another compilation, edited in the clean checkout alone.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use distribution::wheel::Wheel;
use support::World;
use support::native::PYTHONS;

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");

const VARIANTS: &str = "[build]\npythons = [\"3.10\", \"3.11\", \"3.12\", \"3.13\"]\n\n\
    [[variant]]\nname = \"pair\"\ndistribution = \"plough\"\nenv = { OXEN = \"2\" }\n\n\
    [[variant]]\nname = \"team\"\nsdist = true\ndescription-suffix = \", for four oxen\"\nkeywords = [\"oxen\"]\n\
    dependencies = { replace = { idna = \"idna>=3.4\" }, add = [\"six\"] }\nrequires-python = \">=3.9\"\n\
    env = { OXEN = \"4\" }\nconflicts = [\"plough\"]\n";

#[test]
fn two_variants_are_built_for_four_pythons() {
    let world = World::native(VARIANTS);
    let ran = world.run(TOOL, &[], &world.document());
    let release = ran.document();
    let artifacts = release.artifacts().unwrap();
    assert_eq!(artifacts.len(), 9, "{}", ran.stderr);
    let version = &release.packages[0].version;
    let faults = distribution::expected::faults(release.expected().unwrap(), artifacts, version);
    assert_eq!(faults.unwrap(), [""; 0]);
    for python in PYTHONS {
        for (name, oxen) in [("plough", "2\n"), ("plough_team", "4\n")] {
            let digits = python.replace('.', "");
            let file =
                format!("dist/{name}-0.5.0-cp{digits}-cp{digits}-linux_{}.whl", std::env::consts::ARCH);
            assert_eq!(world.ask(&file, python, "import plough; print(plough.oxen())"), oxen);
        }
    }
    let file = format!("dist/plough_team-0.5.0-cp312-cp312-linux_{}.whl", std::env::consts::ARCH);
    let metadata = Wheel::open(&world.root.join(file)).unwrap().metadata_bytes().unwrap();
    let metadata = String::from_utf8(metadata).unwrap();
    for line in [
        "Name: plough-team",
        "Summary: Ploughs, for four oxen",
        "Keywords: field,oxen",
        "Requires-Dist: idna>=3.4",
        "Requires-Dist: six",
        "Requires-Python: >=3.9",
    ] {
        assert!(metadata.lines().any(|own| own == line), "{line}: {metadata}");
    }
    assert_eq!(world.git(&["status", "--porcelain"]), "", "the tree itself is not edited");
    // One variant alone, of which a setting has changed.
    world.replace("release.toml", "OXEN = \"4\"", "OXEN = \"6\"");
    let one = world.run(TOOL, &["--variant", "team", "--python", "3.13"], &release);
    assert_eq!(one.lines("build "), ["build dist/plough_team-0.5.0-*.whl for Python 3.13"]);
    assert_eq!(one.document().artifacts().unwrap().len(), 9);
    assert_eq!(world.run(TOOL, &["--variant", "pair"], &release).lines("build ").len(), 0);
}

#[test]
fn an_edit_that_does_not_fit_fails_alone_and_names_its_place() {
    let text = "[build]\npythons = [\"3.12\"]\nsdist = false\n\n[[variant]]\nname = \"team\"\n\
        dependencies = { drop = [\"torch\"] }\n";
    let world = World::native(text);
    let ran = world.run(TOOL, &[], &world.document());
    let error = ran.error(1);
    assert!(
        error.starts_with("cannot make the variant `team` of `plough`: `pyproject.toml:7` has no `torch` in its `dependencies`\n"),
        "{error}"
    );
    assert!(
        error.contains("hint: mend `drop` and `replace` in `dependencies` of the [[variant]] `team`"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(world.root.join("dist")).unwrap().count(), 1, "the package itself is built");
    assert!(!world.exists(".git/wainwright/checkout"));
}

#[test]
fn a_setup_py_may_take_its_name_from_the_environment() {
    let world = World::new();
    std::fs::remove_dir_all(world.root.join("packages")).unwrap();
    let setup = "import os\nfrom setuptools import setup\n\n\
        setup(name='plough' + os.environ.get('SUFFIX', ''), version='0.5.0', py_modules=['plough'])\n";
    world.write("setup.py", setup);
    world.write("plough.py", "");
    world.write(
        "release.toml",
        "[[package]]\nname = \"plough\"\n\n[build]\nsdist = false\n\n\
        [[variant]]\nname = \"team\"\nenv = { SUFFIX = \"-team\" }\n\n[[variant]]\nname = \"mute\"\n",
    );
    world.commit();
    let ran = world.run(TOOL, &["--variant", "team"], &world.document());
    assert_eq!(
        ran.document().artifacts().unwrap()[0].path.as_str(),
        "dist/plough_team-0.5.0-py3-none-any.whl"
    );
    let ran = world.run(TOOL, &["--variant", "mute"], &world.document());
    assert!(ran.error(1).contains("`pyproject.toml` does not name the distribution"), "{}", ran.stderr);
}
