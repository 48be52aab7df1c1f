//! Trees with links, submodules and files that git does not track: a bump writes only what its commit can hold.

use anyhow::Result;
use tests::Sandbox;

/// A project of one package at 1.2.3, changed by a script and committed.
fn changed(script: &str) -> Result<Sandbox> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell(script)?;
    sandbox.shell("git add -A && git commit -qm 'chore: another tree'")?;
    Ok(sandbox)
}

#[test]
fn a_link_leads_to_the_file_that_is_committed() -> Result<()> {
    let sandbox = changed(
        r#"
        echo '__version__ = "1.2.3"' > version.txt && ln -s ../../version.txt src/plain/_version.py
        printf '[[version-file]]\npath = "version.txt"\nsearch = "\\"{version}\\""\n' > release.toml
        "#,
    )?;
    sandbox.pipeline("minor", "commit-release")?;
    assert_eq!(
        sandbox.shell("git status --porcelain; cat src/plain/_version.py")?,
        "__version__ = \"1.3.0\"\n"
    );
    let committed = sandbox.shell("git show --format= --name-only")?;
    assert!(committed.contains("\nversion.txt\n") && !committed.contains("_version.py"), "{committed}");
    // Again, with the bump still to be committed.
    let sandbox = changed(
        "mkdir real && git mv src/plain/__init__.py real/ && ln -s ../../real/__init__.py src/plain/",
    )?;
    sandbox.must("bump-version", &["minor"], "")?;
    sandbox.must("bump-version", &["major"], "")?;
    assert!(sandbox.shell("cat real/__init__.py")?.contains("2.0.0"));
    Ok(())
}

#[test]
fn refuses_to_write_outside_the_project() -> Result<()> {
    let sandbox = changed("mv src/plain/__init__.py .. && ln -s ../../../__init__.py src/plain/")?;
    let before = sandbox.shell("cat ../__init__.py")?;
    let error = sandbox.refused("bump-version", &["minor"], "", 1)?;
    assert!(error.contains("cannot bump `src/plain/__init__.py`: it is a link to `"), "{error}");
    assert_eq!(sandbox.shell("git status --porcelain; cat ../__init__.py")?, before);
    Ok(())
}

#[test]
fn a_submodule_is_let_alone_and_refused_where_it_is_named() -> Result<()> {
    let add = r#"
        mkdir ../chart && cd ../chart && git init -q && printf 'name: x\nversion: 1.2.3\n' > Chart.yaml
        git add -A && git commit -qm 'feat: a chart' && cd -
        git -c protocol.file.allow=always submodule -q add "$(realpath ../chart)" chart
    "#;
    let sandbox = changed(add)?;
    sandbox.pipeline("minor", "commit-release")?;
    assert_eq!(sandbox.shell("git status --porcelain; cat chart/Chart.yaml")?, "name: x\nversion: 1.2.3\n");
    let named = r#"printf '[[version-file]]\npath = "chart/Chart.yaml"\nkey = "version"\n' > release.toml"#;
    let sandbox = changed(&format!("{add}\n{named}"))?;
    let error = sandbox.refused("bump-version", &["minor"], "", 1)?;
    assert!(error.contains("`chart` is a git repository of its own, and no commit holds it"), "{error}");
    Ok(())
}

#[test]
fn what_git_ignores_is_made_again_or_refused() -> Result<()> {
    let ignored = "echo _version.py >> .gitignore; echo '__version__ = \"1.2.3\"' > src/plain/_version.py";
    let sandbox = changed(ignored)?;
    sandbox.pipeline("minor", "commit-release")?;
    let named = r#"
        echo out.txt >> .gitignore && echo 1.2.3 > out.txt
        printf '[[version-file]]\npath = "out.txt"\nsearch = "{version}"\n' > release.toml
    "#;
    let sandbox = changed(named)?;
    let error = sandbox.refused("bump-version", &["minor"], "", 1)?;
    assert!(error.contains("`out.txt` holds the version, and git does not track it"), "{error}");
    Ok(())
}

#[test]
fn a_lock_file_without_a_diff_follows() -> Result<()> {
    let sandbox = changed(
        r#"
        printf 'package-lock.json -diff\n' > .gitattributes
        for file in package.json package-lock.json; do echo '{"name": "x", "version": "1.2.3"}' > $file; done
        git config grep.column true && git config grep.fullName true
        "#,
    )?;
    sandbox.must("bump-version", &["minor"], "")?;
    assert!(sandbox.shell("cat package-lock.json")?.contains("1.3.0"));
    Ok(())
}

#[test]
fn the_crates_of_two_packages_may_share_a_lock_file() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell(
        r#"
        git rm -rq . && echo 'version = 4' > Cargo.lock
        for name in one two; do
            mkdir $name
            printf '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n\n[project]\nname = "%s"\nversion = "1.2.3"\n' $name > $name/pyproject.toml
            printf '[package]\nname = "%s"\nversion = "1.2.3"\n' $name > $name/Cargo.toml
            printf '\n[[package]]\nname = "%s"\nversion = "1.2.3"\n' $name >> Cargo.lock
            printf '[[package]]\nname = "%s"\npath = "%s"\n' $name $name >> release.toml
        done
        git add -A && git commit -qm 'feat: two crates'
        "#,
    )?;
    sandbox.must("bump-version", &["minor"], "")?;
    assert_eq!(sandbox.shell("grep -c 1.3.0 Cargo.lock")?, "2\n");
    Ok(())
}

#[test]
fn each_worktree_remembers_its_own_bump() -> Result<()> {
    let sandbox = changed("git worktree add -q ../other -b other && echo >> src/plain/__init__.py")?;
    sandbox.must("bump-version", &["minor"], "")?;
    let other = sandbox.path("other").to_string_lossy().into_owned();
    sandbox.must("bump-version", &["patch", "--project", &other], "")?;
    sandbox.must("bump-version", &["major"], "")?;
    assert!(sandbox.shell("cat pyproject.toml")?.contains("\"2.0.0\""));
    assert!(sandbox.shell("cat ../other/pyproject.toml")?.contains("\"1.2.4\""));
    Ok(())
}

#[test]
fn crates_may_have_the_version_of_their_workspace() -> Result<()> {
    let sandbox = changed(
        r#"
        printf '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n\n[project]\nname = "plain"\ndynamic = ["version"]\n\n[tool.maturin]\nmanifest-path = "rust/crates/py/Cargo.toml"\n' > pyproject.toml
        git rm -q src/plain/__init__.py && mkdir -p rust/crates/{py,core,own}
        printf '[workspace]\nmembers = ["crates/*"]\n\n[workspace.package]\nversion = "1.2.3"\n' > rust/Cargo.toml
        for name in py core; do printf '[package]\nname = "%s"\nversion.workspace = true\n' $name > rust/crates/$name/Cargo.toml; done
        printf '[package]\nname = "own"\nversion = "1.2.3"\n' > rust/crates/own/Cargo.toml
        for name in core own py; do printf '\n[[package]]\nname = "%s"\nversion = "1.2.3"\n' $name >> rust/Cargo.lock; done
        "#,
    )?;
    sandbox.must("bump-version", &["minor"], "")?;
    assert!(sandbox.shell("cat rust/Cargo.toml")?.ends_with("version = \"1.3.0\"\n"));
    let lock = sandbox.shell("grep -A1 name rust/Cargo.lock | grep -o '\".*\"' | tr '\\n' ' '")?;
    assert_eq!(lock, "\"core\" \"1.3.0\" \"own\" \"1.2.3\" \"py\" \"1.3.0\" ");
    Ok(())
}
