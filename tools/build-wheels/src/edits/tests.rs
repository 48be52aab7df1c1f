//! The edits of one text, byte by byte.

use super::*;

const TEXT: &str = "# a plough\n[build-system]\nrequires = [\"hatchling\"]\n\n[project]\nname = 'Plough'  # the name\n\
    description = \"Ploughs\"\nkeywords = [\"field\"]\nrequires-python = \">=3.9\"\nclassifiers = [\n    \
    \"Environment :: GPU\",  # not everywhere\n    \"Topic :: Utilities\",\n]\n\
    dependencies = [\"idna>=3\", \"torch>=2; os_name == 'posix'\", \"torch>=1; os_name == 'nt'\"]\n\n\
    [project.optional-dependencies]\nall = [\"plough[gpu]\", \"idna\"]\n";

fn variant(text: &str) -> VariantSettings {
    let folder = tempfile::tempdir().unwrap();
    let release = format!("[[package]]\nname = 'plough'\n[[variant]]\nname = 'cuda'\n{text}");
    std::fs::write(folder.path().join("release.toml"), release).unwrap();
    project::Settings::read(folder.path()).unwrap().variant.remove(0)
}

fn edited(before: &str, settings: &str) -> Result<String> {
    let variant = variant(settings);
    let (path, base) = ("pyproject.toml".parse()?, "plough".parse()?);
    let name = "plough-cuda".parse()?;
    Edit { path: &path, base: &base, name: &name, variant: &variant, names_itself: false }.of(before)
}

#[track_caller]
fn lines(before: &str, settings: &str) -> Vec<String> {
    let after = edited(before, settings).unwrap();
    let old: Vec<&str> = before.lines().collect();
    after.lines().filter(|line| !old.contains(line)).map(str::to_owned).collect()
}

#[track_caller]
fn refusal(before: &str, settings: &str) -> (String, String) {
    let error = edited(before, settings).unwrap_err();
    (error.to_string(), Failure::of(&error).0.unwrap().to_owned())
}

#[test]
fn changes_what_is_named_and_keeps_every_other_byte() {
    let settings = "description-suffix = ' for CUDA'\nkeywords = ['cuda', 'field']\nrequires-python = '>=3.10'\n\
        classifiers = { drop = ['Topic :: Utilities'], add = ['Environment :: GPU :: NVIDIA CUDA'] }\n\
        dependencies = { replace = { torch = 'torch-cuda>=2' }, drop = ['idna>=3'] }";
    let after = edited(TEXT, settings).unwrap();
    assert_eq!(
        after,
        TEXT.replace("'Plough'", "\"plough-cuda\"")
            .replace("\"Ploughs\"", "\"Ploughs for CUDA\"")
            .replace("[\"field\"]", "[\"field\", \"cuda\"]")
            .replace(">=3.9", ">=3.10")
            .replace("    \"Topic :: Utilities\",\n", "    \"Environment :: GPU :: NVIDIA CUDA\",\n")
            .replace(
                "[\"idna>=3\", \"torch>=2; os_name == 'posix'\", \"torch>=1; os_name == 'nt'\"]",
                "[\"torch-cuda>=2\"]"
            )
            .replace("plough[gpu]", "plough-cuda[gpu]")
    );
    // Windows line ends, a byte order mark and no last newline are somebody's own.
    let odd = format!("\u{feff}{}", TEXT.trim_end().replace('\n', "\r\n"));
    let wanted = format!("\u{feff}{}", after.trim_end().replace('\n', "\r\n"));
    assert_eq!(edited(&odd, settings).unwrap(), wanted);
}

#[test]
fn adds_what_is_not_there_behind_the_name() {
    let settings = "description-suffix = ' For CUDA'\nkeywords = ['cuda']\nrequires-python = '>=3.10'\n\
        dependencies = { add = ['torch'] }";
    let wanted = "[project]\nname = \"plough-cuda\"\ndescription = \"For CUDA\"\nkeywords = [\"cuda\"]\n\
        requires-python = \">=3.10\"\ndependencies = [\"torch\"]\n";
    assert_eq!(edited("[project]\nname = \"plough\"\n", settings).unwrap(), wanted);
    assert_eq!(edited("[project]\nname = \"plough\"", settings).unwrap(), wanted.trim_end());
    assert_eq!(
        edited("project = { name = 'plough', version = '1' }\n", "keywords = ['a']").unwrap(),
        "project = { name = \"plough-cuda\", keywords = [\"a\"], version = '1' }\n"
    );
    assert_eq!(
        edited("project.name = 'plough'\nproject.version = '1'\n", "keywords = ['a']").unwrap(),
        "project.name = \"plough-cuda\"\nproject.keywords = [\"a\"]\nproject.version = '1'\n"
    );
}

#[test]
fn lists_stay_as_they_are_written() {
    let edit = |array: &str, drop: &[&str], add: &[&str]| {
        let all = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect();
        let edits = ListEdits { drop: all(drop), add: all(add), ..ListEdits::default() };
        lists::edited(array, &edits, true).unwrap()
    };
    assert_eq!(edit("[]", &[], &["a", "b"]), "[\"a\", \"b\"]");
    assert_eq!(edit("['a']", &["a"], &["b"]), "[\"b\"]");
    assert_eq!(edit("['a', 'b']", &["b"], &[]), "['a']");
    assert_eq!(edit("[\n  'a'\n]", &[], &["b"]), "[\n  'a',\n  \"b\"\n]");
    assert_eq!(edit("[\n  'a',\n]", &[], &["b"]), "[\n  'a',\n  \"b\",\n]");
    assert_eq!(edit("[\n  'a', # one\n  'b', # two\n]", &["a"], &["c"]), "[\n  'b', # two\n  \"c\",\n]");
    assert_eq!(edit("[\n  'a', # one\n  'b'\n]", &["b"], &[]), "[\n  'a' # one\n]");
    assert_eq!(edit("[\n  'a', # one\n  'b', # two\n]", &["b"], &[]), "[\n  'a', # one\n]");
    assert_eq!(edit("['a', # x\n]", &[], &["b"]), "['a', # x\n \"b\",\n]");
    assert_eq!(edit("['a' # x\n]", &[], &["b"]), "['a', # x\n \"b\"\n]");
    assert_eq!(edit("['Some.Thing >= 2', 'x']", &["some-thing"], &[]), "['x']");
}

#[test]
fn poetry_has_tables_of_its_own() {
    let text = "[tool.poetry]\nname = \"plough\"\ndescription = \"Ploughs\"\n\n[tool.poetry.dependencies]\n\
        python = \"^3.9\"\nTorch = {version = \"^2\"}  # large\nidna = \"*\"\n\n[build-system]\n";
    let settings = "requires-python = '>=3.10'\ndescription-suffix = '!'\n\
        dependencies = { drop = ['idna'], replace = { torch = 'torch-cuda[nccl]>=2 ; os_name == \"posix\"' }, add = ['numpy (>=1)', 'x', 'y @ file:///y'] }";
    assert_eq!(
        edited(text, settings).unwrap(),
        "[tool.poetry]\nname = \"plough-cuda\"\ndescription = \"Ploughs!\"\n\n[tool.poetry.dependencies]\n\
         python = \">=3.10\"\ntorch-cuda = { version = \">=2\", extras = [\"nccl\"], markers = 'os_name == \"posix\"' }  # large\n\
         numpy = \">=1\"\nx = \"*\"\ny = { url = \"file:///y\" }\n\n[build-system]\n"
    );
    let (what, _) = refusal(text, "dependencies = { drop = ['numpy'] }");
    assert_eq!(
        what,
        "cannot make the variant `cuda` of `plough`: `pyproject.toml` has no `numpy` in its `dependencies`"
    );
    // Poetry 2 has both tables, and the name in either.
    let both = "[project]\nname = 'plough'\ndependencies = ['idna']\n[tool.poetry]\nname = 'plough'\n[tool.poetry.dependencies]\nidna = '*'\n";
    let said = lines(both, "dependencies = { drop = ['idna'] }");
    assert_eq!(said, ["name = \"plough-cuda\"", "dependencies = []", "name = \"plough-cuda\""]);
}

#[test]
fn what_is_not_there_cannot_be_dropped_or_replaced() {
    let (what, hint) = refusal(TEXT, "classifiers = { drop = ['Topic :: Games'] }");
    assert_eq!(
        what,
        "cannot make the variant `cuda` of `plough`: `pyproject.toml:10` has no `Topic :: Games` in its `classifiers`"
    );
    assert_eq!(hint, "mend `drop` and `replace` in `classifiers` of the [[variant]] `cuda` in release.toml");
    let (what, _) = refusal(TEXT, "dependencies = { replace = { numpy = 'x' } }");
    assert!(what.contains("`pyproject.toml:14` has no `numpy` in its `dependencies`"), "{what}");
    let (what, _) = refusal("[project]\nname = 'plough'\n", "dependencies = { drop = ['numpy'] }");
    assert!(what.ends_with("`pyproject.toml` has no `numpy` in its `dependencies`"), "{what}");
}

#[test]
fn what_the_build_gives_and_what_other_files_say_cannot_be_edited() {
    let text = "[project]\nname = 'plough'\ndynamic = [\n  'version', 'dependencies',\n]\n";
    let (what, hint) = refusal(text, "dependencies = { add = ['numpy'] }");
    assert_eq!(
        what,
        "cannot make the variant `cuda` of `plough`: `pyproject.toml:4` says that the build gives the `dependencies`"
    );
    assert!(hint.starts_with("state `dependencies` in [project]"), "{hint}");
    let (what, hint) = refusal("", "");
    assert_eq!(
        what,
        "cannot make the variant `cuda` of `plough`: `pyproject.toml` does not name the distribution, and no other file is edited"
    );
    assert!(hint.starts_with("move the name from setup.py"), "{hint}");
    let (what, _) = refusal("[project]\nname = 'plough'\nname = 'x'\n", "");
    assert!(what.starts_with("cannot read `pyproject.toml:3`: duplicate key"), "{what}");
    let variant = variant("keywords = ['a']");
    let (path, base, name) =
        ("pyproject.toml".parse().unwrap(), "plough".parse().unwrap(), "plough-cuda".parse().unwrap());
    let edit = Edit { path: &path, base: &base, name: &name, variant: &variant, names_itself: true };
    let what = edit.of("[build-system]\n").unwrap_err().to_string();
    assert!(what.ends_with("has no table with the name, and its `keywords` cannot be edited"), "{what}");
}
