//! Builds in kept environments, held against those of `uv build`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::path::Path;
use std::process::Command;

use document::Release;
use support::{Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");

/// Prints the name, the permissions and the digest of each member.
const LIST: &str = "import hashlib, sys, tarfile, zipfile\n\
    digest = lambda data: hashlib.sha256(data).hexdigest()\n\
    if sys.argv[1].endswith('.whl'):\n    \
    file = zipfile.ZipFile(sys.argv[1])\n    \
    print(*[(one.filename, oct(one.external_attr >> 16), digest(file.read(one))) for one in file.infolist()], sep='\\n')\n\
    else:\n    \
    file = tarfile.open(sys.argv[1])\n    \
    print(*[(one.name, oct(one.mode), one.isfile() and digest(file.extractfile(one).read())) for one in file], sep='\\n')\n";

/// A backend in the tree, whose hooks need more than the backend itself does, and say where they run.
const OWN: &str = "import json, os, sys, zipfile, tarfile, io\n\n\n\
    def get_requires_for_build_wheel(settings):\n    \
    assert os.path.basename(sys.prefix) != 'project', sys.prefix\n    \
    return ['idna']\n\n\n\
    def build_sdist(folder, settings):\n    \
    assert '' not in sys.path and os.getcwd() not in sys.path, sys.path\n    \
    name = 'da_own-0.5.0'\n    \
    with tarfile.open(f'{folder}/{name}.tar.gz', 'w:gz') as file:\n        \
    for path in ['pyproject.toml', 'hooks/own.py']:\n            \
    file.add(path, f'{name}/{path}')\n        \
    text = b'Metadata-Version: 2.1\\nName: da-own\\nVersion: 0.5.0\\n'\n        \
    info = tarfile.TarInfo(f'{name}/PKG-INFO')\n        \
    info.size = len(text)\n        \
    file.addfile(info, io.BytesIO(text))\n    \
    return f'{name}.tar.gz'\n\n\n\
    def build_wheel(folder, settings, metadata=None):\n    \
    import idna\n    \
    name = 'da_own-0.5.0'\n    \
    with zipfile.ZipFile(f'{folder}/{name}-py3-none-any.whl', 'w') as file:\n        \
    text = json.dumps([settings, idna.__name__, os.environ['OX'], os.path.exists('PKG-INFO')])\n        \
    file.writestr('da_own.json', text)\n        \
    file.writestr(f'{name}.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: da-own\\nVersion: 0.5.0\\n')\n        \
    file.writestr(f'{name}.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n        \
    file.writestr(f'{name}.dist-info/RECORD', '')\n    \
    return f'{name}-py3-none-any.whl'\n";

fn build(world: &World, variable: (&str, &str), arguments: &[&str]) -> Ran {
    let mut command = world.command(TOOL);
    command.env(variable.0, variable.1);
    world.run_as(command, arguments, &world.document())
}

/// What uv does anyhow; a variable that we do not know sends every build to it.
const BY_UV: (&str, &str) = ("UV_RESOLUTION", "highest");
const BY_US: (&str, &str) = ("UV_NO_PROGRESS", "1");

fn project(world: &World, name: &str, system: &str) {
    let module = name.replace('-', "_");
    let folder = format!("packages/{name}");
    world.write(
        &format!("{folder}/pyproject.toml"),
        &format!("[project]\nname = \"{name}\"\nversion = \"0.5.0\"\ndescription = \"One\"\n\n{system}"),
    );
    world.write(&format!("{folder}/src/{module}/__init__.py"), "\"\"\"One.\"\"\"\n");
    world.write(&format!("{folder}/src/{module}/data.txt"), "data\r\n");
}

fn system(requires: &str, backend: &str) -> String {
    format!("[build-system]\nrequires = [{requires}]\nbuild-backend = \"{backend}\"\n")
}

/// Packages of each kind, in one project.
fn world() -> (World, Vec<&'static str>) {
    let world = World::new();
    std::fs::remove_dir_all(world.root.join("packages")).unwrap();
    let backends = [
        ("da-hatch", "\"hatchling\"", "hatchling.build"),
        ("da-tools", "'setuptools>=61', \"wheel\"", "setuptools.build_meta"),
        ("da-flit", "\"flit_core>=3.11,<4\"", "flit_core.buildapi"),
        ("da-poetry", "\"poetry-core>=2\"", "poetry.core.masonry.api"),
        ("da-pdm", "\"pdm-backend\"", "pdm.backend"),
        ("da-uv", "\"uv_build\"", "uv_build"),
    ];
    for (name, requires, backend) in backends {
        project(&world, name, &system(requires, backend));
    }
    project(&world, "da-none", "");
    world
        .write("packages/da-none/setup.py", "from setuptools import setup\nsetup(setup_requires=['idna'])\n");
    project(&world, "da-own", &format!("{}backend-path = [\"hooks\"]\n", system("", "own")));
    world.write("packages/da-own/hooks/own.py", OWN);
    let names: Vec<&str> = backends.iter().map(|(name, ..)| *name).chain(["da-none", "da-own"]).collect();
    let packages =
        names.iter().map(|name| format!("[[package]]\nname = \"{name}\"\npath = \"packages/{name}\"\n\n"));
    let build = "[build]\nenv = { OX = \"grey\" }\nconfig-settings = { ox = [\"1\", \"2\"], cart = \"3\" }\n";
    world.write("release.toml", &format!("{}{build}", packages.collect::<String>()));
    world.commit();
    (world, names)
}

fn members(root: &Path, release: &Release) -> Vec<(String, String)> {
    let list = |artifact: &document::Artifact| {
        let path = artifact.path.under(root);
        let said = project::run(Command::new("python3").args(["-c", LIST]).arg(path)).unwrap();
        (artifact.path.to_string(), said)
    };
    release.artifacts().unwrap().iter().map(list).collect()
}

#[test]
fn gives_the_same_files_as_uv_build_for_every_backend() {
    let (world, names) = world();
    let log = |id: &str| {
        std::fs::read_to_string(world.root.join(format!(".git/wainwright/logs/build-{id}.log"))).unwrap()
    };
    let is_by_uv = |id: &str| log(id).contains("Building ");
    let ours = build(&world, BY_US, &[]).document();
    for name in &names {
        for kind in ["sdist", "wheel"] {
            let id = format!("{name}.{kind}");
            assert_eq!(is_by_uv(&id), *name == "da-uv", "{id}: {}", log(&id));
        }
    }
    let own = members(&world.root, &ours);
    assert_eq!(own.len(), 2 * names.len());
    let theirs = build(&world, BY_UV, &["--clean"]).document();
    assert!(is_by_uv("da-hatch.sdist") && is_by_uv("da-own.wheel"));
    for ((path, ours), (other, theirs)) in own.iter().zip(members(&world.root, &theirs)) {
        assert_eq!((path, ours), (&other, &theirs));
    }
}

/// A backend that writes beside itself, and stops where another build has done so.
const MESSY: &str = "import importlib.util, os, sysconfig\nimport own\nfrom own import get_requires_for_build_wheel\n\n\n\
    def touch():\n    \
    assert importlib.util.find_spec('mess') is None, 'another build was here'\n    \
    open(os.path.join(sysconfig.get_path('purelib'), 'mess.py'), 'w').close()\n\n\n\
    def build_sdist(*arguments):\n    \
    touch()\n    return own.build_sdist(*arguments)\n\n\n\
    def build_wheel(*arguments):\n    \
    touch()\n    return own.build_wheel(*arguments)\n";

#[test]
fn a_build_that_writes_into_its_environment_harms_no_other() {
    let world = World::new();
    std::fs::remove_dir_all(world.root.join("packages")).unwrap();
    project(&world, "da-own", &format!("{}backend-path = [\"hooks\"]\n", system("", "messy")));
    world.write(
        "packages/da-own/hooks/own.py",
        &OWN.replace("'hooks/own.py'", "'hooks/own.py', 'hooks/messy.py'"),
    );
    world.write("packages/da-own/hooks/messy.py", MESSY);
    world.write(
        "release.toml",
        "[[package]]\nname = \"da-own\"\npath = \"packages/da-own\"\n[build]\nenv = { OX = \"grey\" }\n",
    );
    world.commit();
    // The environments of the user are shared with other tests.
    let cache = tempfile::tempdir().unwrap();
    let run = || {
        let mut command = world.command(TOOL);
        command.env("XDG_CACHE_HOME", cache.path());
        command.env("PATH", uv::Uv::find().unwrap().folder_on_path().unwrap());
        world.run_as(command, &["--clean"], &world.document()).document()
    };
    for _ in 0..2 {
        run();
        let log = |kind: &str| {
            let log = world.root.join(format!(".git/wainwright/logs/build-da-own.{kind}.log"));
            std::fs::read_to_string(log).unwrap()
        };
        assert!(log("sdist").starts_with("Successfully"), "{}", log("sdist"));
        assert!(log("wheel").starts_with("Building "), "{}", log("wheel"));
    }
}
