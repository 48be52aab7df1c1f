//! Killed at any point and resumed, a release ends as if nothing had happened.
//!
//! `strace` delivers SIGKILL at the N-th system call that can change something, for growing N, to each tool and
//! to the orchestrator. Nothing here depends on time.

#![expect(clippy::unwrap_used, reason = "a helper of tests that cannot return an error")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use tests::{PIPELINE, ROLLBACK, Sandbox, programs, text};

/// The system calls at which a kill can leave something half done.
const CALLS: &str = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,fsync,fdatasync,write,ftruncate,vfork,clone,clone3";

/// What must be the same after any crash: the files of the project and what git has, here and at the origin.
type State = BTreeMap<String, String>;

/// A signing key that all releases of this test share, so that their documents can be compared.
fn key() -> &'static Path {
    static KEY: OnceLock<(Sandbox, PathBuf)> = OnceLock::new();
    let (_, path) = KEY.get_or_init(|| {
        let mut sandbox = Sandbox::new("plain").unwrap();
        sandbox.make_key().unwrap();
        let path = sandbox.path("minisign.key");
        (sandbox, path)
    });
    path
}

fn sandbox() -> Result<Sandbox> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.set("WAINWRIGHT_SIGN_KEY", &key().to_string_lossy());
    // The changelog is made by the release, for a new file has more ways to be half there than a changed one.
    sandbox.shell(
        "printf '\n[changelog]\npath = \"NEWS.md\"\n' >> release.toml &&
         git commit -qam 'chore: name a changelog' && git push -q origin main",
    )?;
    Ok(sandbox)
}

fn state(sandbox: &Sandbox) -> Result<State> {
    let mut state = State::new();
    let root = sandbox.path("").canonicalize()?.to_string_lossy().into_owned();
    for (path, content) in sandbox.files("project")? {
        let document = path.starts_with(".git/wainwright/v") && path.ends_with(".json");
        // Git's own bookkeeping differs from run to run, as do signatures, and a build's record has no successor.
        if (path.starts_with(".git/") && !document) || path == ".git" {
            continue;
        }
        // The request names the project's folder, and each sandbox has its own.
        let content = match path.ends_with(".minisig") {
            true => String::new(),
            false if document => text(&content).replace(&root, "[ROOT]"),
            false => content.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        state.insert(path, content);
    }
    let git =
        "git log --format='%H %s' ; git for-each-ref ; git status --porcelain ; git ls-remote ../origin.git";
    state.insert("git".to_owned(), sandbox.shell(git)?);
    let leftovers = "ls .git/wainwright .git/wainwright/checkout 2>/dev/null || true; find .git -name '*.lock' ! -path '.git/wainwright/*'; find . -name '*.wainwright'";
    state.insert("leftovers".to_owned(), sandbox.shell(leftovers)?);
    Ok(state)
}

/// The state after a release that nothing has interrupted.
fn undisturbed() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let sandbox = sandbox().unwrap();
        sandbox.must("xtask", &["release", "minor"], "").unwrap();
        state(&sandbox).unwrap()
    })
}

/// The state after a release that was taken back, and nothing has interrupted that.
fn taken_back() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let sandbox = sandbox().unwrap();
        sandbox.must("xtask", &["release", "minor"], "").unwrap();
        sandbox.must("xtask", &["rollback", "0.2.0", "--yes"], "").unwrap();
        state(&sandbox).unwrap()
    })
}

/// A folder of programs in which one tool is killed at the system call that `KILL_AT` counts.
fn programs_with_a_victim(sandbox: &Sandbox, victim: &str, children: bool) -> Result<PathBuf> {
    let (real, folder) = (programs()?, sandbox.path("programs"));
    fs::create_dir(&folder)?;
    for program in PIPELINE.iter().chain(&[ROLLBACK]).filter(|program| **program != victim) {
        symlink(real.join(program), folder.join(program))?;
    }
    let follow = if children { "-f " } else { "" };
    let script = format!(
        "#!/bin/sh\nif [ -z \"$KILL_AT\" ]; then exec {real}/{victim} \"$@\"; fi\n\
         exec strace -qq {follow}-o /dev/null -e trace={CALLS} -e inject={CALLS}:signal=KILL:when=$KILL_AT {real}/{victim} \"$@\"\n",
        real = real.display()
    );
    // The orchestrator looks for the tools beside its real self, so a link would not do.
    let is_itself = victim == "xtask";
    let orchestrator = if is_itself { "xtask-itself" } else { "xtask" };
    let script = if is_itself {
        script.replace(&format!("{}/xtask", real.display()), &format!("{}/{orchestrator}", folder.display()))
    } else {
        script
    };
    // Another process writes the programs: while a test in another thread starts one, it holds what this one has open,
    // and a program that is open for writing cannot be run.
    fs::write(sandbox.path("victim"), script)?;
    sandbox.shell(&format!(
        "cp {real}/xtask {folder}/{orchestrator} && cp ../victim {folder}/{victim} && chmod +x {folder}/{victim}",
        real = real.display(),
        folder = folder.display()
    ))?;
    Ok(folder)
}

/// Kills the victim at its N-th call and resumes. Returns false when it came to its end before that call.
fn killed_at(victim: &str, children: bool, call: usize) -> Result<bool> {
    let mut sandbox = sandbox()?;
    let folder = programs_with_a_victim(&sandbox, victim, children)?;
    sandbox.use_programs(&folder);
    sandbox.set("KILL_AT", &call.to_string());
    let first = sandbox.run("xtask", &["release", "minor"], "")?;
    sandbox.set("KILL_AT", "");
    if first.status.success() {
        check(&sandbox, undisturbed(), victim, call)?;
        return Ok(false);
    }
    let resumed = sandbox.run("xtask", &["release", "--resume"], "")?;
    if !resumed.status.success() {
        // Killed before the request was on record: nothing has happened, and a release starts anew.
        let said = text(&resumed.stderr);
        if !said.contains("no release of this project was interrupted") {
            bail!("{victim} killed at call {call}: {said}\nthe first run had said\n{}", text(&first.stderr));
        }
        sandbox.must("xtask", &["release", "minor"], "")?;
    }
    check(&sandbox, undisturbed(), victim, call)?;
    Ok(true)
}

/// Kills a rollback at its N-th call and runs it again. Returns false when it came to its end before that call.
fn rollback_killed_at(_: &str, children: bool, call: usize) -> Result<bool> {
    let mut sandbox = sandbox()?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    let folder = programs_with_a_victim(&sandbox, ROLLBACK, children)?;
    sandbox.use_programs(&folder);
    // The plan comes first, and is made by the same program.
    sandbox.set("KILL_AT", &call.to_string());
    let first = sandbox.run("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    sandbox.set("KILL_AT", "");
    if !first.status.success() {
        sandbox.must("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    }
    check(&sandbox, taken_back(), ROLLBACK, call)?;
    Ok(!first.status.success())
}

fn check(sandbox: &Sandbox, expected: &State, victim: &str, call: usize) -> Result<()> {
    let found = state(sandbox)?;
    for name in expected.keys().chain(found.keys()) {
        if expected.get(name) != found.get(name) {
            let (expected, found) = (expected.get(name), found.get(name));
            bail!("{victim} killed at call {call}: `{name}` differs: expected {expected:?}, found {found:?}");
        }
    }
    Ok(())
}

/// Kills the victim at calls that lie ever further apart, until it survives.
fn survives(victim: &str, children: bool) -> Result<()> {
    let kill = if victim == ROLLBACK { rollback_killed_at } else { killed_at };
    let (mut call, mut kills) = (1, 0);
    while kill(victim, children, call).with_context(|| format!("{victim} at call {call}"))? {
        kills += 1;
        call += 1 + call / 4;
    }
    if kills < 1 {
        bail!("{victim} was never killed: is strace at work?");
    }
    Ok(())
}

macro_rules! survives {
    ($($test:ident: $victim:literal, $children:literal;)*) => {
        $(#[test]
        fn $test() -> Result<()> {
            survives($victim, $children)
        })*
    };
}

survives! {
    a_killed_bump_is_finished_by_resume: "bump-version", false;
    a_killed_changelog_is_finished_by_resume: "changelog", false;
    a_killed_commit_is_finished_by_resume: "commit-release", false;
    a_killed_git_below_commit_is_finished_by_resume: "commit-release", true;
    a_killed_build_is_finished_by_resume: "build-wheels", false;
    a_killed_validation_is_finished_by_resume: "validate", false;
    killed_checksums_are_finished_by_resume: "checksum", false;
    a_killed_signature_is_finished_by_resume: "sign", false;
    a_killed_tag_is_finished_by_resume: "tag-release", false;
    a_killed_git_below_tag_is_finished_by_resume: "tag-release", true;
    a_killed_publication_is_finished_by_resume: "distribute", false;
    a_killed_announcement_is_finished_by_resume: "announce", false;
    a_killed_rollback_is_finished_by_another: "rollback", false;
    a_killed_git_below_rollback_is_finished_by_another: "rollback", true;
    a_killed_orchestrator_is_finished_by_resume: "xtask", false;
}
