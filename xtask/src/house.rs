//! The housekeeping of this repository: the programs that its tests use, and its checks.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::Failure;
use xshell::{Shell, cmd};

/// The checkers of workflows, from PyPI, pinned.
const CHECKERS: [&str; 2] = ["zizmor==1.32.0", "check-jsonschema==0.39.0"];
/// The programs that the tests run, from Debian where they are not there.
const PROGRAMS: [&str; 5] = ["minisign", "nginx-light", "npm", "shellcheck", "strace"];

/// Installs what the tests use: Debian packages where they are missing, checkers and uv below `target/`.
pub fn setup() -> Result<()> {
    let shell = repository()?;
    // The package of nginx with the fewest modules has another name than the program, which lies where not everybody's
    // shell looks.
    let is_missing = |package: &&str| {
        let program = package.trim_end_matches("-light");
        find_on_path(program).is_none() && !Path::new("/usr/sbin").join(program).is_file()
    };
    let missing: Vec<&str> = PROGRAMS.into_iter().filter(is_missing).collect();
    if !missing.is_empty() {
        install_programs(&shell, &missing)?;
    }
    let venv = checkers();
    if !venv.join("complete").is_file() {
        cmd!(shell, "python3 -m venv --clear {venv}")
            .run()
            .context("cannot make an environment for the checkers")?;
        let python = venv.join("bin/python");
        cmd!(shell, "{python} -m pip install --quiet {CHECKERS...}")
            .run()
            .context("cannot install the checkers")?;
        shell.write_file(venv.join("complete"), "")?;
    }
    let uv = uv::Uv::find()?;
    filter::print_text(&format!(
        "ready: {}, {}, uv at {}",
        PROGRAMS.join(", "),
        CHECKERS.join(", "),
        uv.path().display()
    ));
    Ok(())
}

/// Runs every check of this repository.
pub fn ci() -> Result<()> {
    let shell = repository()?;
    let bin = checkers().join("bin");
    if !bin.join("zizmor").is_file() {
        return Err(Failure::new("cannot run the checks: the checkers are not installed")
            .hint("run `cargo xtask setup`")
            .into());
    }
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo fmt --manifest-path tests/fuzz/Cargo.toml --check").run()?;
    cmd!(shell, "cargo clippy --workspace --all-targets --quiet -- --deny warnings").run()?;
    let mut scripts = shell.read_dir("scripts")?;
    scripts.retain(|script| script.extension().is_some_and(|extension| extension == "sh"));
    cmd!(shell, "shellcheck {scripts...} .ci/run").run()?;
    let workflows = shell.read_dir(".github/workflows")?;
    let (zizmor, schema) = (bin.join("zizmor"), bin.join("check-jsonschema"));
    cmd!(shell, "{zizmor} --offline --quiet .github").run()?;
    cmd!(shell, "{schema} --quiet --builtin-schema vendor.github-workflows {workflows...}").run()?;
    cmd!(shell, "{schema} --quiet --builtin-schema vendor.github-actions .github/actions/tools/action.yml")
        .run()?;
    cmd!(shell, "cargo build --workspace --bins --quiet").run()?;
    cmd!(shell, "cargo test --workspace --no-fail-fast").run()?;
    Ok(())
}

/// A shell in the top folder of this repository.
pub fn repository() -> Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    Ok(shell)
}

fn checkers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/checkers")
}

fn install_programs(shell: &Shell, missing: &[&str]) -> Result<()> {
    let by_hand = || {
        Failure::new(format!("cannot install {}", missing.join(", ")))
            .hint("install them with the package manager of this system")
    };
    if find_on_path("apt-get").is_none() {
        return Err(by_hand().into());
    }
    let root = cmd!(shell, "id -u").quiet().read()? == "0";
    let as_root = if root { "env" } else { "sudo" };
    cmd!(shell, "{as_root} apt-get update -qq").run().with_context(by_hand)?;
    cmd!(shell, "{as_root} apt-get install -y -qq --no-install-recommends {missing...}")
        .run()
        .with_context(by_hand)?;
    Ok(())
}

/// Where a program is that can be called by its name.
pub fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}
