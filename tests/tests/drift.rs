//! What changed against the release before is found in real wheels, and judged by the step of the version.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::{Sandbox, text};

/// The first state of the package: what stands in it is public, unless a name, `__all__` or a stub says otherwise.
const BEFORE: &str = r#"
cat > src/plain/__init__.py <<'PY'
"""One package."""
from typing import TYPE_CHECKING
from plain._brush import brush, roller
from plain.shapes import Circle
if TYPE_CHECKING:
    from plain._brush import Color

__version__ = "1.2.3"

def main():
    """Does nothing."""
PY
cat > src/plain/_brush.py <<'PY'
Color = str
def brush(color, size=1, *, dry=False): ...
def roller(color): ...
def unseen(): ...
PY
cat > src/plain/shapes.py <<'PY'
class Shape:
    corners = 0
    def area(self): ...
    def _secret(self): ...
class Circle(Shape):
    def __init__(self, radius, fill=None):
        self.radius = radius
class Square(Shape): ...
def scale(shape, factor, smooth): ...
PY
cat > src/plain/listed.py <<'PY'
__all__ = ["shown", "moved"]
def shown(): ...
def moved(): ...
def unlisted(): ...
PY
printf 'def f(a, b, c): ...\n' > src/plain/stubbed.py
printf 'def f(a: int, b: int = 1) -> int: ...\n' > src/plain/stubbed.pyi
printf 'def gone(): ...\n' > src/plain/old.py
printf 'def test_it(): ...\n' > src/plain/conftest.py
printf '1 2 3' > src/plain/data.txt
cat >> pyproject.toml <<'TOML'
dependencies = ["idna>=2", "typing-extensions; python_version < '3.11'"]

[project.optional-dependencies]
Art_Deco = []

[project.scripts]
plain = "plain:main"
paint = "plain:main"
TOML
git add -A; git commit -qm 'feat: shapes'; git push -q origin main
"#;

/// The second state: nearly everything that can break is broken.
const AFTER: &str = r#"
sed -i -e 's/brush, roller/brush/' -e '/TYPE_CHECKING/d' -e '/import Color/d' src/plain/__init__.py
cat > src/plain/_brush.py <<'PY'
def brush(color, width=1, *, wet): ...
PY
cat > src/plain/shapes.py <<'PY'
class Shape:
    def area(self, unit="cm"): ...
class Circle(Shape):
    def __init__(self, radius, fill="red"):
        self.size = radius
def scale(shape, smooth, factor): ...
def turn(shape): ...
PY
sed -i -e '/def unlisted/d' -e 's/def moved.*/from plain._moved import moved/' src/plain/listed.py
printf 'def moved(): ...\n' > src/plain/_moved.py
printf 'def f(): ...\n' > src/plain/stubbed.py
git rm -q src/plain/old.py src/plain/conftest.py src/plain/data.txt
sed -i -e 's/idna>=2/idna>=2.5", "six/' -e "s/< '3.11'/< '3.10'/" -e '/Art_Deco/d' -e '/paint =/d' -e 's/>=3.9/>=3.10/' \
  pyproject.toml
git add -A; git commit -qm 'fix: less of everything'; git push -q origin main
"#;

/// A project that was released once, and whose next state is committed.
fn released() -> Result<Sandbox> {
    let mut sandbox = Sandbox::new("plain")?;
    sandbox.make_key()?;
    sandbox.shell(BEFORE)?;
    sandbox.pipeline("minor", "distribute")?;
    sandbox.shell(AFTER)?;
    Ok(sandbox)
}

/// The outcome and the detail of the comparison, as the document has them.
fn drift(document: &str) -> Result<(String, String)> {
    let document: Value = serde_json::from_str(document)?;
    let checks = document["checks"].as_array().context("checks")?;
    let check = checks.iter().find(|check| check["name"] == "drift plain").context("no drift")?;
    let word = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    Ok((word("outcome"), word("detail")))
}

/// The rows of the table on stderr.
fn rows(said: &str) -> Vec<String> {
    let is_row = |line: &&str| line.starts_with("    ") && line.get(5..7) == Some(" D");
    let squeeze = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    said.lines().filter(is_row).map(squeeze).collect()
}

#[test]
fn a_patch_that_breaks_its_users_is_told_row_by_row() -> Result<()> {
    let sandbox = released()?;
    let built = sandbox.pipeline("patch", "build-wheels")?;
    let output = sandbox.run("validate", &[], &built)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let sentence = "a patch after 1.3.0: 3 lost files, 1 new file, 1 new requirement, 1 dropped requirement, \
                    1 narrowed requirement, 1 narrowed range of Pythons, 1 removed extra, 1 removed entry point, \
                    5 removed names, 4 names that break their users, 1 changed default, 2 new names";
    assert_eq!(drift(&text(&output.stdout))?, ("warned".to_owned(), sentence.to_owned()));
    let expected = [
        "E D004 six is required: `six`",
        "E D007 Requires-Python is `>=3.10`, was `>=3.9`",
        "E D008 art-deco is no extra now",
        "E D009 paint is gone from `console_scripts`",
        "E D011 plain.Circle.radius attribute is gone",
        "E D011 plain.old module is gone",
        "E D011 plain.roller is gone",
        "E D011 plain.shapes.Shape.corners attribute is gone",
        "E D011 plain.shapes.Square class is gone",
        "E D012 plain.brush the new parameter `wet` has no default",
        "E D012 plain.brush the parameter `dry` is gone",
        "E D012 plain.brush the parameter `size` is now `width`",
        "E D012 plain.shapes.scale `factor`, `smooth` have another position",
        "W D001 plain/conftest.py 19 bytes",
        "W D001 plain/data.txt 5 bytes",
        "W D001 plain/old.py 16 bytes",
        "W D006 idna allows less: `idna>=2.5`, was: `idna>=2`",
        "W D013 plain.Circle.__init__ `fill` defaults to `'red'`, and to `None` before",
        "- D002 plain/_moved.py 17 bytes",
        "- D005 typing-extensions is not required everywhere that it was, was: `typing-extensions; python_version < '3.11'`",
        "- D014 plain.Circle.size is new",
        "- D014 plain.shapes.turn is new",
    ];
    assert_eq!(rows(&said), expected[..20], "{said}");
    let log = sandbox.shell("cat .git/wainwright/logs/drift/plain.log")?;
    let squeezed: Vec<String> =
        log.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(squeezed[3..], expected);
    assert!(said.contains("    … and 2 more, all of them in `"), "{said}");
    let twice = sandbox.must("validate", &[], &built)?;
    assert_eq!(twice, text(&output.stdout), "the document is the same each time");
    Ok(())
}

#[test]
fn what_it_stops_is_a_setting() -> Result<()> {
    let sandbox = released()?;
    let built = sandbox.pipeline("patch", "build-wheels")?;
    let with = |drift: &str| -> Result<(bool, String)> {
        sandbox.shell(&format!("printf '[validate]\ndrift = {{ {drift} }}\n' > release.toml"))?;
        let output = sandbox.run("validate", &["--allow-dirty"], &built)?;
        Ok((output.status.success(), text(&output.stderr)))
    };
    let (passed, said) = with("level = \"error\"")?;
    assert!(
        !passed && said.contains("\n  drift plain: cannot accept a patch after 1.3.0: 3 lost files, "),
        "{said}"
    );
    assert!(said.contains("E D011  plain.old "), "{said}");
    assert!(
        said.contains("\nhint: mend it, release a larger step, or name it in `allow` of `drift`"),
        "{said}"
    );
    let names = [
        "six",
        "Requires-Python",
        "art-deco",
        "paint",
        "plain.Circle",
        "plain.old",
        "plain.roller",
        "plain.brush",
        "plain.shapes",
    ];
    let allow = format!("allow = [\"{}\"]", names.join("\", \""));
    let (passed, said) = with(&format!("level = \"error\", {allow}"))?;
    assert!(
        passed && said.contains("warning: drift plain: ") && said.contains("- D011  plain.old "),
        "{said}"
    );
    let (passed, said) = with(&format!("level = \"strict\", {allow}"))?;
    assert!(!passed && said.contains("\n    W D001  plain/conftest.py "), "{said}");
    let (passed, said) = with("level = \"off\"")?;
    assert!(passed && said.contains("skip: drift plain: `drift` of [validate] is off\n"), "{said}");
    Ok(())
}

#[test]
fn a_minor_release_may_do_more_and_a_major_one_all_of_it() -> Result<()> {
    for (request, outcome, row) in [
        ("minor", "warned", "W D011 plain.old module is gone"),
        ("major", "passed", "- D011 plain.old module is gone"),
    ] {
        let sandbox = released()?;
        let built = sandbox.pipeline(request, "build-wheels")?;
        let output = sandbox.run("validate", &[], &built)?;
        let said = text(&output.stderr);
        assert_eq!(drift(&text(&output.stdout))?.0, outcome, "{said}");
        assert!(rows(&said).iter().any(|line| line == row), "{said}");
        assert!(!said.contains(" D014 "), "what is new is expected there: {said}");
    }
    Ok(())
}

/// A project without dependencies that was released once, and what the next patch of it has built.
fn built_without_dependencies(change: &str) -> Result<(Sandbox, String)> {
    let mut sandbox = Sandbox::new("plain")?;
    sandbox.make_key()?;
    sandbox.shell(
        "echo 'def f(): ...' >> src/plain/__init__.py; git commit -qam 'feat: f'; git push -q origin main",
    )?;
    sandbox.pipeline("minor", "distribute")?;
    sandbox.shell(&format!("{change}; git commit -qam 'fix: a word'; git push -q origin main"))?;
    let built = sandbox.pipeline("patch", "build-wheels")?;
    // From here on nothing can be had that is not there already.
    sandbox.set("UV_OFFLINE", "1");
    sandbox.set("UV_CACHE_DIR", &sandbox.path("empty").to_string_lossy());
    Ok((sandbox, built))
}

#[test]
fn a_release_that_changes_its_version_alone_has_no_drift_and_needs_no_program() -> Result<()> {
    let (sandbox, built) = built_without_dependencies("echo more >> README.md")?;
    let expected = ("passed".to_owned(), "a patch after 1.3.0: no change that users see".to_owned());
    assert_eq!(drift(&sandbox.must("validate", &[], &built)?)?, expected);
    Ok(())
}

#[test]
fn what_cannot_be_had_offline_is_a_stated_skip() -> Result<()> {
    let (sandbox, built) = built_without_dependencies("sed -i '/^def f/d' src/plain/__init__.py")?;
    let output = sandbox.run("validate", &[], &built)?;
    let said = text(&output.stderr);
    let detail = "a patch after 1.3.0: no change that users see, not all public names compared";
    assert_eq!(drift(&text(&output.stdout))?, ("passed".to_owned(), detail.to_owned()), "{said}");
    assert!(said.contains("\n    not compared: griffe cannot be had: cannot finish `"), "{said}");
    let wheel = sandbox.path("plain-1.3.0-py3-none-any.whl").to_string_lossy().into_owned();
    sandbox.shell(&format!(
        "mv dist/index/simple/plain/plain-1.3.0-py3-none-any.whl {wheel}; rm -r dist/index"
    ))?;
    let output = sandbox.run("validate", &[], &built)?;
    let said = text(&output.stderr);
    let expected = ("skipped".to_owned(), "no wheel of 1.3.0 can be had".to_owned());
    assert_eq!(drift(&text(&output.stdout))?, expected, "{said}");
    let skip = "validate: skip: drift plain: no wheel of 1.3.0 can be had\n    the target `index` has no wheel of it\n    the index: ";
    assert!(said.contains(skip), "{said}");
    let named = sandbox.must("validate", &["--previous", &wheel], &built)?;
    assert_eq!(drift(&named)?.1, detail);
    let quick = sandbox.must("validate", &["--quick", "--previous", &wheel], &built)?;
    assert_eq!(drift(&quick)?.1, "left out by `--quick`");
    let sdist = wheel.replace("-py3-none-any.whl", ".tar.gz");
    let said = sandbox.refused("validate", &["--previous", &sdist], &built, 2)?;
    assert!(said.contains("plain-1.3.0.tar.gz`: it is an sdist\n"), "{said}");
    let said = sandbox.refused("validate", &["--previous", "other-1.0-py3-none-any.whl"], &built, 2)?;
    assert!(said.contains(": `other` is no package of this release\n"), "{said}");
    let absent = "plain-1.2.9-py3-none-any.whl";
    let said = sandbox.refused("validate", &["--previous", absent], &built, 1)?;
    assert!(said.contains(&format!("drift plain: cannot read `{absent}`: ")), "{said}");
    Ok(())
}

#[test]
fn real_releases_are_compared_by_their_files() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    let fetch = |what: &str| {
        let pip = "python3 -m pip download -q --no-deps --only-binary :all: -d ../wheels";
        sandbox.shell(&format!("{pip} {what}"))
    };
    ["click==8.0.4", "click==8.1.0", "click==8.1.7", "click==8.1.8"]
        .into_iter()
        .try_for_each(|what| fetch(what).map(drop))?;
    let wheel = |version: &str| {
        sandbox.path(&format!("wheels/click-{version}-py3-none-any.whl")).to_string_lossy().into_owned()
    };
    let compared = |old: &str, new: &str| -> Result<String> {
        let output = sandbox.run("validate", &[&wheel(new), "--previous", &wheel(old)], "")?;
        assert!(output.status.success(), "{}", text(&output.stderr));
        Ok(text(&output.stderr))
    };
    let said = compared("8.0.4", "8.1.0")?;
    assert_eq!(
        rows(&said),
        [
            "W D011 click.MultiCommand.resultcallback function is gone",
            "W D011 click.get_os_args is gone",
            "W D011 click.get_terminal_size is gone",
            "W D011 click.termui.get_terminal_size function is gone",
            "W D011 click.utils.get_os_args function is gone",
            "W D012 click.Parameter.__init__ the parameter `autocompletion` is gone",
            "W D012 click.Path.__init__ `writable`, `readable`, `resolve_path`, `allow_dash`, `path_type` have another position",
            "- D001 click/_unicodefun.py 3.2 kB",
            "- D007 Requires-Python is `>=3.7`, was `>=3.6`",
            "- D013 click.Option.__init__ `show_default` defaults to `None`, and to `False` before",
        ],
        "{said}"
    );
    let said = compared("8.1.7", "8.1.8")?;
    let new = ["click.ClickException.show_color", "click.HelpOption", "click.decorators.HelpOption"];
    assert_eq!(rows(&said), new.map(|name| format!("- D014 {name} is new")), "{said}");
    let said =
        sandbox.refused("validate", &[&wheel("8.1.8"), "--previous", "six-1.0-py3-none-any.whl"], "", 2)?;
    assert!(said.contains("`six-1.0-py3-none-any.whl`: no FILE is a wheel of the same package\n"), "{said}");
    Ok(())
}

#[test]
fn odd_sources_lose_no_name_that_is_still_there() -> Result<()> {
    let mut sandbox = Sandbox::new("plain")?;
    sandbox.make_key()?;
    let commit = "git add -A; git commit -qm 'fix: a word'; git push -q origin main";
    sandbox.shell(&format!(
        "cd src/plain; for name in bom latin broken; do printf 'def f(): ...\\n' > $name.py; done
         printf 'def asked_for(): ...\\ndef gone(): ...\\n' > lazy.py; {commit}"
    ))?;
    sandbox.pipeline("minor", "distribute")?;
    sandbox.shell(&format!(
        r#"cd src/plain
           printf '\xef\xbb\xbfdef f(): ...\r\n' > bom.py
           printf '# coding: latin-1\nX = "\xe4"\ndef f(): ...' > latin.py
           printf 'def f(:\n' > broken.py
           printf 'def __getattr__(name):\n    if name == "asked_for":\n        return 1\n' > lazy.py
           {commit}"#
    ))?;
    let built = sandbox.pipeline("patch", "build-wheels")?;
    let output = sandbox.run("validate", &[], &built)?;
    let said = text(&output.stderr);
    assert_eq!(rows(&said), ["E D011 plain.lazy.gone function is gone"], "{said}");
    let unread = "\n    not compared: this Python cannot read plain.broken, plain.latin\n";
    assert!(said.contains(unread), "{said}");
    Ok(())
}

/// A project with the name of a public package, which has published its last version there.
fn named_like(name: &str, version: &str, file: &str) -> Result<(Sandbox, String)> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell(&format!(
        "sed -i -e 's/name = \"plain\"/name = \"{name}\"/' -e 's/1.2.3/{version}/' pyproject.toml
         git rm -rq src; printf 'def PY3(): ...\\n' > {file}
         printf '[tool.hatch.build.targets.wheel]\\nonly-include = [\"{file}\"]\\n' >> pyproject.toml
         git add -A; git commit -qm 'feat: a name'; git tag v{version}
         echo more >> README.md; git commit -qam 'fix: a word'; git push -q origin main --tags"
    ))?;
    let built = sandbox.pipeline("patch", "build-wheels")?;
    Ok((sandbox, built))
}

#[test]
fn the_release_before_is_taken_from_the_index_of_the_user() -> Result<()> {
    let (sandbox, built) = named_like("six", "1.16.0", "six.py")?;
    let output = sandbox.run("validate", &[], &built)?;
    let said = text(&output.stderr);
    let found = rows(&said);
    assert!(said.contains("six-1.16.1-py3-none-any.whl compared with six 1.16.0 of the index\n"), "{said}");
    assert!(found.iter().any(|line| line == "E D011 six.MAXSIZE attribute is gone"), "{said}");
    let log = sandbox.shell("cat .git/wainwright/logs/drift/six.log")?;
    assert!(log.contains(" is function, and was attribute\n") && !log.contains("six.__path__"), "{log}");
    assert!(text(&output.stdout).contains("a patch after 1.16.0: "), "{said}");
    Ok(())
}

#[test]
fn a_stranger_of_the_same_name_is_no_release_before() -> Result<()> {
    let (sandbox, built) = named_like("six", "1.16.0", "sixth.py")?;
    let output = sandbox.run("validate", &[], &built)?;
    let said = text(&output.stderr);
    let skip = "skip: drift six: no wheel of 1.16.0 can be had\n    the target `index` has no wheel of it\n    \
                what the index has under its name shares no file with it\n";
    assert!(output.status.success() && said.contains(skip), "{said}");
    Ok(())
}

#[test]
fn the_names_are_read_by_a_python_of_pyenv_where_the_usual_one_is_too_old() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    let pack = "import zipfile
for version, code in ('1.0', 'def f(): ...'), ('1.0.1', ''):
    metadata = f'Metadata-Version: 2.1\\nName: p\\nVersion: {version}\\nRequires-Python: >=3.13\\n'
    with zipfile.ZipFile(f'p-{version}-py3-none-any.whl', 'w') as wheel:
        wheel.writestr('p.py', code)
        wheel.writestr(f'p-{version}.dist-info/METADATA', metadata)";
    sandbox.shell(&format!("python3 - <<'PY'\n{pack}\nPY"))?;
    let files = ["p-1.0.1-py3-none-any.whl", "--previous", "p-1.0-py3-none-any.whl"];
    let output = sandbox.run("validate", &files, "")?;
    assert_eq!(rows(&text(&output.stderr)), ["E D011 p.f function is gone"], "{}", text(&output.stderr));
    Ok(())
}
