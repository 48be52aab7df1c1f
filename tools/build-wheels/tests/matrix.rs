//! build-wheels over a matrix: a real C extension for several Pythons, a pure package, and other platforms.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use document::Release;
use support::native::PYTHONS;
use support::{Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");
const ALL: &str = "[build]\npythons = [\"3.10\", \"3.11\", \"3.12\", \"3.13\"]\n";

fn build(world: &World, arguments: &[&str]) -> Ran {
    world.run(TOOL, arguments, &world.document())
}

fn names(release: &Release) -> Vec<&str> {
    release.artifacts().unwrap().iter().map(|artifact| artifact.path.file_name()).collect()
}

fn wheel(python: &str) -> String {
    let digits = python.replace('.', "");
    format!("plough-0.5.0-cp{digits}-cp{digits}-linux_{}.whl", std::env::consts::ARCH)
}

#[test]
fn builds_an_extension_for_each_python_from_its_sdist() {
    let world = World::native(ALL);
    let ran = build(&world, &[]);
    let release = ran.document();
    let mut wanted: Vec<String> = PYTHONS.iter().map(|python| wheel(python)).collect();
    wanted.push("plough-0.5.0.tar.gz".to_owned());
    assert_eq!(names(&release), wanted);
    let faults = distribution::expected::faults(
        release.expected().unwrap(),
        release.artifacts().unwrap(),
        &release.packages[0].version,
    );
    assert_eq!(faults.unwrap(), [""; 0]);
    assert_eq!(ran.lines("build ")[1], "build dist/plough-0.5.0-*.whl for Python 3.10");
    assert!(world.exists(".git/wainwright/logs/build-plough.wheel-3.12.log"));
    for python in PYTHONS {
        let said =
            world.ask(&format!("dist/{}", wheel(python)), python, "import plough; print(plough.oxen())");
        assert_eq!(said, "1\n");
    }
    assert_eq!(build(&world, &[]).lines("skip: ").len(), 5);
    // Another recipe is another input, and a narrowed run keeps what else the document has.
    world.write("release.toml", &format!("{ALL}env = {{ OXEN = \"4\" }}\n"));
    let narrow = world.run(TOOL, &["--only", "plough.wheel-3.11"], &release);
    assert_eq!(narrow.lines("build "), ["build dist/plough-0.5.0-*.whl for Python 3.11"]);
    assert_eq!(names(&narrow.document()), wanted);
    let eleven = format!("dist/{}", wheel("3.11"));
    assert_eq!(world.ask(&eleven, "3.11", "import plough; print(plough.oxen())"), "4\n");
    let note = &narrow.lines(&format!("note: {eleven}"))[0];
    assert!(note.ends_with("in place of another build's"), "{note}");
}

#[test]
fn a_pure_wheel_is_built_once_for_all_pythons_and_platforms() {
    let world = World::new();
    let text = format!(
        "{}\n{ALL}\n[[platform]]\nname = \"windows-arm64\"\n\n[[platform]]\nname = \"linux-{}\"\n",
        support::RELEASE,
        std::env::consts::ARCH
    );
    world.write("release.toml", &text);
    world.commit();
    let ran = build(&world, &["--package", "da-vinci"]);
    let release = ran.document();
    assert_eq!(names(&release), ["da_vinci-0.5.0-py3-none-any.whl", "da_vinci-0.5.0.tar.gz"]);
    assert_eq!(
        ran.lines("skip: the wheel of `da-vinci` for Python 3.10 on windows-arm64: this machine").len(),
        1
    );
    let own: Vec<_> =
        release.expected().unwrap().iter().filter(|e| e.package.as_str() == "da-vinci").collect();
    assert_eq!(own.len(), 9);
    assert!(!world.exists(".git/wainwright/logs/build-da-vinci.wheel-3.11-windows-arm64.log"));
    let eleven = format!("da-vinci.wheel-3.11-linux-{}", std::env::consts::ARCH);
    assert!(!world.exists(&format!(".git/wainwright/logs/build-{eleven}.log")), "3.10 has served it");
    let note = format!("note: dist/da_vinci-0.5.0-py3-none-any.whl: serves {eleven}, da-vinci.wheel-3.12-");
    assert_eq!(ran.lines(&note).len(), 1, "{}", ran.stderr);
    // What is there serves an entry that no run has built.
    let one = build(&world, &["--only", &eleven]);
    assert_eq!((one.lines("build ").len(), names(&one.document()).len()), (0, 1), "{}", one.stderr);
    let clean = build(&world, &["--only", &eleven, "--clean"]);
    assert_eq!(clean.lines("remove ").len() + clean.lines("build ").len(), 0, "{}", clean.stderr);
    assert!(world.exists("dist/da_vinci-0.5.0-py3-none-any.whl"), "the run does not build it again");
    let elsewhere = build(&world, &["--only", "da-vinci.wheel-3.11-windows-arm64"]);
    let error = elsewhere.error(1);
    assert!(error.contains("it is for windows-arm64, and this machine builds for linux-"), "{error}");
}

#[test]
fn what_failed_is_built_again_and_nothing_else() {
    let world = World::native(ALL);
    world.replace("setup.py", "\n\n", "\nimport sys\n\n");
    world.replace(
        "setup.py",
        "macros =",
        "broken = sys.version_info[:2] == (3, 12) and not os.environ.get('MENDED')\n\
        if broken and 'bdist_wheel' in sys.argv:\n    sys.exit('the share is bent')\nmacros =",
    );
    world.commit();
    let first = build(&world, &["--jobs", "2"]);
    let error = first.error(1);
    assert!(
        error.starts_with(
            "cannot build `plough.wheel-3.12`: `setuptools.build_meta.build_wheel` ended with code "
        ),
        "{error}"
    );
    assert!(error.contains("the share is bent") && error.contains("build-plough.wheel-3.12.log"), "{error}");
    assert_eq!(first.lines("warning: plough.wheel-3.12 has failed after ").len(), 1, "{}", first.stderr);
    let begun = ["3.10", "3.11", "3.12", "3.13"].map(|python| format!("note: plough.wheel-{python} begins"));
    assert!(begun.iter().all(|line| first.lines(line).len() == 1), "{}", first.stderr);
    let log = world.root.join(".git/wainwright/logs/build-plough.wheel-3.13.log");
    std::fs::remove_file(&log).unwrap();
    let mut command = world.command(TOOL);
    command.env("MENDED", "1");
    let second = world.run_as(command, &[], &world.document());
    assert_eq!(second.lines("build "), ["build dist/plough-0.5.0-*.whl for Python 3.12"]);
    assert_eq!(names(&second.document()).len(), 5);
    assert!(!log.exists(), "what succeeded is not built again");
}

#[test]
fn arguments_narrow_a_build_and_wrong_ones_are_refused() {
    let world = World::native(ALL);
    let sdist = build(&world, &["--sdist"]);
    assert_eq!(names(&sdist.document()), ["plough-0.5.0.tar.gz"]);
    world.write("dist/plough-0.4.0-cp311-cp311-linux_x86_64.whl", "old");
    world.write("dist/plough-0.4.0-cp312-cp312-linux_x86_64.whl", "old");
    let one = world.run(TOOL, &["--python", "3.12", "--clean"], &sdist.document());
    assert_eq!(one.lines("remove "), ["remove dist/plough-0.4.0-cp312-cp312-linux_x86_64.whl"]);
    assert_eq!(names(&one.document()), [wheel("3.12"), "plough-0.5.0.tar.gz".to_owned()]);
    for (arguments, said) in [
        (&["--python", "3.9"][..], "hint: the Pythons are: 3.10, 3.11, 3.12, 3.13"),
        (&["--only", "plough.wheel"], "cannot build `plough.wheel`: the release has no entry of that name"),
        (&["--variant", "x"], "cannot build the variant `x`: release.toml has none of that name"),
        (&["--jobs", "0"], "--jobs"),
    ] {
        let ran = build(&world, arguments);
        assert!(ran.error(2).contains(said), "{}", ran.stderr);
    }
}

#[test]
fn a_command_builds_the_wheel_where_release_toml_has_one() {
    let run = "run = 'test -z \"$(ls -A {dist})\" && {python} -c \"import sys; print(sys.version)\" && \
        uv build --wheel --python {python} --out-dir {dist} . && echo $VERSION $OXEN $VARIANT.'\n";
    let world = World::native(&format!(
        "[build]\nsdist = false\npythons = [\"3.12\"]\nenv = {{ OXEN = '2' }}\n{run}"
    ));
    let ran = build(&world, &[]);
    assert_eq!(names(&ran.document()), [wheel("3.12")]);
    let log =
        std::fs::read_to_string(world.root.join(".git/wainwright/logs/build-plough.wheel-3.12.log")).unwrap();
    assert!(log.starts_with("3.12.") && log.ends_with("0.5.0 2 .\n"), "{log}");
    world.write("release.toml", "[build]\nsdist = false\nrun = \"echo nothing\\ntrue\"\n");
    let ran = build(&world, &[]);
    assert!(
        ran.error(1).contains("cannot use the build of `plough.wheel`: it made nothing, and not one wheel"),
        "{}",
        ran.stderr
    );
    world.write("release.toml", "[build]\nsdist = false\nrun = \"echo it broke >&2\\nexit 7\"\n");
    let ran = build(&world, &[]);
    let error = ran.error(1);
    assert!(
        error.starts_with(
            "cannot build `plough.wheel`: `echo it broke >&2 …` ended with code 7\n    it broke"
        ),
        "{error}"
    );
}

#[test]
fn a_wheel_of_another_platform_is_refused_unless_auditwheel_makes_it_one() {
    let processor = std::env::consts::ARCH;
    let tag = format!("manylinux_2_38_{processor}");
    let platform = format!("[[platform]]\nname = \"here\"\ntags = [\"manylinux*_{processor}\"]\n");
    let build_of = |more: &str| format!("{platform}\n[build]\npythons = [\"3.12\"]\n{more}");
    let world = World::native(&build_of("env = { OXEN = '3' }\n"));
    let ran = build(&world, &[]);
    let error = ran.error(1);
    assert!(
        error.contains(&format!(
            "of its tags cp312-cp312-linux_{processor} there is none of manylinux*_{processor}"
        )),
        "{error}"
    );
    world.write("release.toml", &build_of(&format!("auditwheel = [\"--plat\", \"{tag}\"]\n")));
    let ran = build(&world, &[]);
    let release = ran.document();
    assert!(names(&release)[0].contains("manylinux"), "{:?}", names(&release));
    let log =
        std::fs::read_to_string(world.root.join(".git/wainwright/logs/build-plough.wheel-3.12-here.log"))
            .unwrap();
    assert!(log.contains("Successfully built") && log.contains("Fixed-up wheel"), "{log}");
    world.write("release.toml", &build_of("auditwheel = [\"--plat\", \"manylinux_2_99_x\"]\n"));
    let error = build(&world, &[]);
    assert!(
        error.error(1).contains("`auditwheel repair --plat manylinux_2_99_x` ended with"),
        "{}",
        error.stderr
    );
}

#[test]
fn an_offline_build_takes_what_uv_has_and_tells_commands_so() {
    let world = World::new();
    let arguments = ["--package", "da-vinci"];
    let first = build(&world, &arguments).document();
    let offline = build(&world, &[&arguments[..], &["--offline", "--clean"]].concat());
    assert_eq!(offline.document(), first);
    world.replace("packages/core/pyproject.toml", "[\"hatchling\"]", "[\"hatchling==0.0.1.dev999\"]");
    world.commit();
    let absent = build(&world, &[&arguments[..], &["--offline"]].concat());
    assert!(absent.error(1).contains("hatchling"), "{}", absent.stderr);
    let run = "run = 'echo $UV_OFFLINE $PIP_NO_INDEX >&2; exit 1'";
    world.write("release.toml", &format!("{}\n[build]\nsdist = false\n{run}\n", support::RELEASE));
    let told = build(&world, &[&arguments[..], &["--offline"]].concat());
    assert!(told.error(1).contains("ended with code 1\n    1 1\n"), "{}", told.stderr);
    world.replace("release.toml", "sdist = false", "sdist = false\npythons = [\"3.1\"]");
    let absent = build(&world, &[&arguments[..], &["--offline"]].concat());
    let error = absent.error(1);
    assert!(
        error.starts_with("cannot find Python 3.1: it is not here, and `--offline` downloads none"),
        "{error}"
    );
}
