//! A real project with a C extension, which release.toml builds for several Pythons.

use super::World;

/// The Pythons that the tests build for; each must be on this machine.
pub const PYTHONS: [&str; 4] = ["3.10", "3.11", "3.12", "3.13"];

const PYPROJECT: &str = "[project]\nname = \"plough\"\nversion = \"0.5.0\"\ndescription = \"Ploughs\"\n\
    requires-python = \">=3.10\"\nkeywords = [\"field\"]\ndependencies = [\n    \"idna>=3\",  # names of fields\n]\n\n\
    [build-system]\nrequires = [\"setuptools==80.9.0\"]\nbuild-backend = \"setuptools.build_meta\"\n\n\
    [tool.setuptools]\npackages = [\"plough\"]\n";
const SETUP: &str = "import os\n\nfrom setuptools import Extension, setup\n\n\
    macros = [(\"OXEN\", os.environ.get(\"OXEN\", \"1\"))]\n\
    setup(ext_modules=[Extension(\"plough._share\", [\"plough/share.c\"], define_macros=macros)])\n";
const SHARE: &str = "#include <Python.h>\n\nstatic PyObject *oxen(PyObject *self, PyObject *none) {\n    \
    return PyLong_FromLong(OXEN);\n}\n\nstatic PyMethodDef methods[] = {{\"oxen\", oxen, METH_NOARGS, NULL}, {NULL}};\n\
    static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, \"_share\", NULL, -1, methods};\n\n\
    PyMODINIT_FUNC PyInit__share(void) {\n    return PyModule_Create(&module);\n}\n";

impl World {
    /// A committed project with a C extension at version 0.5.0, built as release.toml says.
    pub fn native(release: &str) -> Self {
        let world = World::new();
        std::fs::remove_dir_all(world.root.join("packages")).unwrap();
        world.write("release.toml", release);
        world.write("pyproject.toml", PYPROJECT);
        world.write("setup.py", SETUP);
        world.write("plough/__init__.py", "from plough._share import oxen\n");
        world.write("plough/share.c", SHARE);
        world.write("MANIFEST.in", "include plough/*.c\n");
        world.commit();
        world
    }

    /// Lets a built wheel speak: installs it for that Python, and returns what the code prints.
    pub fn ask(&self, wheel: &str, python: &str, code: &str) -> String {
        let (uv, folder) = (uv::Uv::find().unwrap(), tempfile::tempdir().unwrap());
        let python = uv::interpreter(&uv, python).unwrap();
        let mut unpack = std::process::Command::new(&python);
        let extract = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
        project::run(unpack.args(["-c", extract]).arg(self.root.join(wheel)).arg(folder.path())).unwrap();
        let mut ask = std::process::Command::new(&python);
        project::run(ask.args(["-c", code]).current_dir(folder.path())).unwrap()
    }
}
