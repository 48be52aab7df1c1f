//! Install tests with several Pythons, with a real C extension, and with scripts of every kind.
//!
//! The Pythons 3.10 to 3.13 must be there, by pyenv or otherwise: an absent one is an error and no skip.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../build-wheels/tests/support/mod.rs"]
mod support;

mod recorded;

use std::path::PathBuf;

use document::Release;
use recorded::{details, recorded};
use support::World;
use uv::Uv;

const TOOL: &str = env!("CARGO_BIN_EXE_validate");
const PYTHONS: [&str; 4] = ["3.10", "3.11", "3.12", "3.13"];

/// A C extension with a console script, whose name and ABI the environment says: two variants of one tree.
const SETUP: &str = r#"
import os
from setuptools import Extension, setup
stable = bool(os.environ.get("STABLE"))
macros = [("Py_LIMITED_API", "0x030a0000")] if stable else []
setup(
    name="spokes-stable" if stable else "spokes",
    version="1.2.0",
    python_requires=">=3.10",
    packages=["spokes"],
    package_dir={"": "src"},
    ext_modules=[Extension("spokes._wheel", ["src/spokes/_wheel.c"], define_macros=macros, py_limited_api=stable)],
    entry_points={"console_scripts": ["spokes = spokes:main"]},
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if stable else {},
)
"#;

const EXTENSION: &str = r#"
#include <Python.h>
static PyObject *count(PyObject *self, PyObject *args) { return PyLong_FromLong(48); }
static PyMethodDef methods[] = {{"count", count, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_wheel", NULL, -1, methods};
PyMODINIT_FUNC PyInit__wheel(void) { return PyModule_Create(&module); }
"#;

const MODULE: &str = "import argparse\nfrom spokes._wheel import count\n\n\n\
    def main():\n    argparse.ArgumentParser(description=str(count())).parse_args()\n";

fn uv() -> Uv {
    Uv::find().unwrap()
}

fn pythons() -> Vec<PathBuf> {
    uv::interpreters(&uv(), &PYTHONS).unwrap()
}

/// A project without packages, but with these files.
fn world(files: &[(&str, &str)]) -> World {
    let world = World::new();
    std::fs::remove_dir_all(world.root.join("packages")).unwrap();
    for (path, text) in files {
        world.write(path, text);
    }
    world.commit();
    world
}

fn extension(settings: &str) -> World {
    world(&[
        ("release.toml", settings),
        (".gitignore", "dist/\nbuild/\n*.egg-info/\n"),
        (
            "pyproject.toml",
            "[build-system]\nrequires = [\"setuptools>=77\"]\nbuild-backend = \"setuptools.build_meta\"\n",
        ),
        ("setup.py", SETUP),
        ("src/spokes/__init__.py", MODULE),
        ("src/spokes/_wheel.c", EXTENSION),
    ])
}

fn build(world: &World, python: &PathBuf, stable: bool) {
    let uv = uv();
    let mut command = world.command(uv.path());
    command.args(["build", "-q", "--wheel", "--out-dir", "dist", "--python"]).arg(python);
    if stable {
        command.env("STABLE", "1");
    }
    project::run(&mut command).unwrap();
}

/// The lines about what was installed.
fn installs(release: &Release) -> Vec<String> {
    let about = |line: &String| line.contains(" install ") || line.contains(" published ");
    details(release).into_iter().filter(about).collect()
}

/// The lines without the patch numbers of the Pythons.
fn without_patches(lines: &[String]) -> Vec<String> {
    let cut = |line: &String| match line.rsplit_once(" with Python ") {
        Some((start, version)) => {
            format!("{start} with Python {}", version.rsplit_once('.').unwrap().0)
        }
        None => line.clone(),
    };
    lines.iter().map(cut).collect()
}

#[test]
fn a_c_extension_in_two_variants_is_installed_with_every_python() {
    let world = extension(
        "[build]\npythons = [\"3.10\", \"3.11\", \"3.12\", \"3.13\"]\nsdist = false\n\n\
         [[package]]\nname = \"spokes\"\n\n\
         [[variant]]\nname = \"stable\"\ndistribution = \"spokes-stable\"\nenv = { STABLE = \"1\" }\nconflicts = [\"spokes\"]\n",
    );
    let pythons = pythons();
    pythons.iter().for_each(|python| build(&world, python, false));
    build(&world, &pythons[0], true);
    let release = recorded(&world);
    assert_eq!(release.artifacts.as_ref().unwrap().len(), 5);
    let ran = world.run(TOOL, &[], &release);
    let mut expected = Vec::new();
    for name in ["spokes", "spokes-stable"] {
        expected.extend(PYTHONS.map(|python| {
            format!(
                "Passed install {name} on Python {python}: spokes, `spokes --help` in a fresh environment with Python {python}"
            )
        }));
    }
    assert_eq!(without_patches(&installs(&ran.document())), expected, "{}", ran.stderr);
    let planned = Release { dry_run: true, artifacts: None, expected: None, ..release };
    assert_eq!(world.run(TOOL, &[], &planned).lines("check install"), ran.lines("check install"));
}

#[test]
fn an_extension_that_fails_on_one_python_is_told_for_that_one() {
    let world = extension(
        "[build]\npythons = [\"3.11\", \"3.12\"]\nsdist = false\n\n[[package]]\nname = \"spokes\"\n",
    );
    let raising = "import sys\nfrom spokes._wheel import count\nif sys.version_info >= (3, 12):\n    import distutils\n";
    world.write("src/spokes/__init__.py", &format!("{raising}{MODULE}"));
    world.commit();
    pythons()[1..3].iter().for_each(|python| build(&world, python, false));
    let ran = world.run(TOOL, &[], &recorded(&world));
    let error = ran.error(1);
    let said = "  install spokes on Python 3.12: cannot import `spokes`: ModuleNotFoundError: No module named 'distutils'\n";
    assert!(error.contains(said), "{error}");
    let script = "cannot run the script `spokes --help`: the module `distutils` is missing\n";
    assert!(error.contains(script) && !error.contains("install spokes on Python 3.11"), "{error}");
    assert!(
        error.ends_with(
            "hint: declare the dependency that brings `distutils`, or import it only where it is used\n"
        ),
        "{error}"
    );
    assert_eq!(ran.lines("ok: install spokes on Python 3.11").len(), 1, "{}", ran.stderr);
}

#[test]
fn a_wheel_for_another_platform_or_python_is_a_stated_skip() {
    let own = format!("linux-{}", std::env::consts::ARCH);
    let world = extension(&format!(
        "[build]\npythons = [\"3.11\", \"3.12\"]\nsdist = false\nexclude = [{{ python = \"3.11\", platform = \"{own}\" }}]\n\n\
         [[platform]]\nname = \"{own}\"\n\n[[platform]]\nname = \"macos-arm64\"\n\n\
         [[package]]\nname = \"spokes\"\n"
    ));
    let pythons = pythons();
    build(&world, &pythons[1], false);
    build(&world, &pythons[2], false);
    let uv = uv();
    let mut retag = world.command(uv.path());
    retag.args(["run", "-q", "--no-project", "--with", "wheel", "bash", "-c"]);
    retag.arg("wheel tags --platform-tag macosx_11_0_arm64 dist/*.whl && rm dist/*-cp311-*-linux_*.whl");
    project::run(&mut retag).unwrap();
    let ran = world.run(TOOL, &[], &recorded(&world));
    let found = installs(&ran.document());
    let other = |python: &str| {
        format!(
            "Skipped install spokes-1.2.0-cp{python}-cp{python}-macosx_11_0_arm64.whl: \
             its platform is macosx_11_0_arm64, and this is Linux on {}",
            std::env::consts::ARCH
        )
    };
    assert!(
        found[0].starts_with("Skipped install spokes on Python 3.11: no wheel of it can be installed here: "),
        "{found:#?}"
    );
    assert!(
        found[1].starts_with("Passed install spokes on Python 3.12: spokes, `spokes --help` in "),
        "{found:#?}"
    );
    assert!(
        found[2].starts_with(&other("311")) && found[2].ends_with("(cp311-cp311-macosx_11_0_arm64)"),
        "{found:#?}"
    );
    assert!(found[3].starts_with(&other("312")) && found.len() == 4, "{found:#?}");
    assert_eq!(ran.lines("skip: install spokes").len(), 3, "{}", ran.stderr);
    // Where no Python is named, each wheel is tried with one that it is for.
    world.write("release.toml", "[build]\nsdist = false\n\n[[package]]\nname = \"spokes\"\n");
    world.commit();
    let ran = world.run(TOOL, &[], &recorded(&world));
    assert!(ran.error(1).contains(" checks failed\n  artifacts: "), "{}", ran.stderr);
    assert_eq!(ran.lines("skip: install spokes-1.2.0-cp31").len(), 2, "{}", ran.stderr);
    let said = "ok: install spokes: spokes, `spokes --help` in a fresh environment with Python 3.12.";
    assert_eq!(ran.lines(said).len(), 1, "{}", ran.stderr);
}

const SCRIPTS: &str = "[project]\nname = \"tools\"\nversion = \"1.0\"\nrequires-python = \">=3.8\"\n\
    optional-dependencies = { extra = [\"rich\"] }\n\n\
    [project.scripts]\nfine = \"tools:fine\"\nversioned = \"tools:versioned\"\nbroken = \"tools.broken:main\"\n\
    served = \"tools:served\"\nextra = \"tools.broken:main [extra]\"\n\n[project.gui-scripts]\nwindow = \"tools:window\"\n\n\
    [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n\
    [tool.hatch.build.targets.wheel.shared-scripts]\n\"shell.sh\" = \"shell\"\n";

const TOOLS: &str = "import sys\n\n\ndef fine():\n    pass\n\n\n\
    def versioned():\n    sys.exit(0 if sys.argv[1:] == ['-q', '--version'] else 'usage: versioned -q --version')\n\n\n\
    def served():\n    sys.exit(3)\n\n\ndef window():\n    raise RuntimeError('there is no screen')\n";

fn scripts(settings: &str) -> World {
    let world = world(&[
        ("release.toml", settings),
        ("pyproject.toml", SCRIPTS),
        ("tools/__init__.py", TOOLS),
        ("tools/broken.py", "import absent_module\n"),
        ("shell.sh", "#!/bin/sh\necho \"usage: $0\" && test \"$VIRTUAL_ENV\" && fine\n"),
    ]);
    let uv = uv();
    project::run(world.command(uv.path()).args(["build", "-q", "--wheel", "--out-dir", "dist"])).unwrap();
    world
}

#[test]
fn each_script_is_tried_as_release_toml_says() {
    let calls = "broken = false, versioned = \"-q --version\", served = false";
    let world = scripts(&format!(
        "[build]\nsdist = false\n\n[[package]]\nname = \"tools\"\nscripts = {{ {calls} }}\n"
    ));
    let ran = world.run(TOOL, &[], &recorded(&world));
    let found = installs(&ran.document());
    let said = "Passed install tools: tools, `fine --help`, `shell --help`, `versioned -q --version`, `window (loaded)`, \
                without `broken`, as release.toml says, without `extra`, which needs an extra: tools.broken:main [extra], \
                without `served`, as release.toml says in a fresh environment with Python 3.";
    assert!(found[0].starts_with(said), "{found:#?}");
}

#[test]
fn scripts_that_do_not_start_are_listed_with_their_cause() {
    let settings = "[build]\nsdist = false\n\n[[package]]\nname = \"tools\"\nscripts = { fien = false, served = \"\" }\n";
    let world = scripts(settings);
    let error = world.run(TOOL, &[], &recorded(&world));
    let error = error.error(1);
    for said in [
        "release.toml: `scripts` names `fien`, which the package does not install",
        "cannot run the script `broken --help`: the module `absent_module` is missing\n",
        "cannot run the script `served`: it ended with code 3",
        "cannot run the script `versioned --help`: it ended with code 1\n    usage: versioned -q --version",
        "hint: the scripts are: broken, extra, fine, served, shell, versioned, window\n",
    ] {
        assert!(error.contains(said), "{said}\n\n{error}");
    }
    assert!(!error.contains("`fine") && !error.contains("`window") && !error.contains("`extra"), "{error}");
}

#[test]
fn what_does_not_fit_together_is_told_as_pip_check_tells_it() {
    let world = scripts("[build]\nsdist = false\n\n[[package]]\nname = \"tools\"\nimports = []\n");
    world.replace(
        "pyproject.toml",
        "version = \"1.0\"",
        "version = \"1.0\"\ndependencies = [\"iniconfig>=2\"]",
    );
    world.write("pins.txt", "iniconfig==1.1.1\n");
    std::fs::remove_dir_all(world.root.join("dist")).unwrap();
    world.commit();
    let uv = uv();
    project::run(world.command(uv.path()).args(["build", "-q", "--wheel", "--out-dir", "dist"])).unwrap();
    let mut command = world.command(TOOL);
    // What a user forces upon uv may be something else than the package asks for.
    command.env("UV_OVERRIDE", world.root.join("pins.txt"));
    std::fs::write(world.root.join(".git/document.json"), recorded(&world).to_json().unwrap()).unwrap();
    command.stdin(std::fs::File::open(world.root.join(".git/document.json")).unwrap());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot use `tools` as it is installed: `uv pip check` found\n"), "{said}");
    assert!(said.contains("iniconfig>=2") && said.contains("1.1.1"), "{said}");
    assert!(said.contains("hint: mend the dependencies of the package, and build it again"), "{said}");
}
