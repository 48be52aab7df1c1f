//! Fuzzing: what reads and edits files is given texts that grow odder and odder, until one of them is too odd.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use document::Failure;
use xshell::{Shell, cmd};

use crate::house::{find_on_path, repository};

/// `cargo xtask fuzz`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// For how long, all targets together
    seconds: u64,
    /// Only that target: a file in `tests/fuzz/targets`, without its ending
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// The package of the targets, seen from the top folder.
const PACKAGE: &str = "tests/fuzz";
/// Where everything that is made goes.
const OUTPUT: &str = "target/fuzz";
/// The longest input in bytes: no file of a version has to be longer to be odd.
const LONGEST: usize = 4096;

/// Runs the targets one after the other, and stops at the first text for which something does not hold.
pub fn run(arguments: &Arguments) -> Result<()> {
    let shell = repository()?;
    let targets = chosen(&shell, arguments.target.as_deref())?;
    let share = arguments.seconds / targets.len() as u64;
    if share == 0 {
        let what = format!("cannot share {} seconds among {} targets", arguments.seconds, targets.len());
        let hint = "give more seconds, or choose one with `--target NAME`";
        return Err(Failure::usage(what).hint(hint).into());
    }
    refuse_missing(&shell)?;
    let built = build(&shell, arguments.target.as_deref())?;
    for (at, target) in targets.iter().enumerate() {
        filter::print_text(&format!("{target}: {share} s ({} of {})", at + 1, targets.len()));
        let seeds = seed(&shell, target)?;
        fuzz(&shell, &built.join(target), target, Duration::from_secs(share), seeds)?;
    }
    filter::print_text("nothing was found");
    Ok(())
}

/// The names of the targets that are to run.
fn chosen(shell: &Shell, wanted: Option<&str>) -> Result<Vec<String>> {
    let files = shell.read_dir(Path::new(PACKAGE).join("targets"))?;
    let names = files.iter().filter_map(|file| file.file_stem());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    match wanted {
        None => Ok(names),
        Some(wanted) if names.iter().any(|name| name == wanted) => Ok(vec![wanted.to_owned()]),
        Some(wanted) => Err(Failure::usage(format!("cannot find the target `{wanted}`"))
            .hint(format!("the targets are: {}", names.join(", ")))
            .into()),
    }
}

fn refuse_missing(shell: &Shell) -> Result<(), Failure> {
    let missing = |what: &str, hint: &str| Err(Failure::new(format!("cannot fuzz: {what}")).hint(hint));
    if find_on_path("cargo-fuzz").is_none() {
        return missing("there is no `cargo-fuzz`", "run `cargo install cargo-fuzz`");
    }
    let nightly = cmd!(shell, "rustup run nightly rustc --version").quiet().ignore_stderr();
    if nightly.read().is_err() {
        return missing("there is no nightly toolchain", "run `rustup toolchain install nightly`");
    }
    Ok(())
}

/// Builds the targets. Returns the folder that they are in.
fn build(shell: &Shell, target: Option<&str>) -> Result<PathBuf> {
    // What is fuzzed stands on the same libraries as what is released.
    shell.copy_file("Cargo.lock", PACKAGE)?;
    // The code is safe Rust, in which the sanitizer of addresses would find little and cost half of the runs.
    cmd!(
        shell,
        "rustup run nightly cargo fuzz build --sanitizer none --fuzz-dir {PACKAGE} --target-dir {OUTPUT} {target...}"
    )
    .run()
    .context("cannot build the targets")?;
    let version = cmd!(shell, "rustup run nightly rustc -vV").quiet().read()?;
    let host =
        version.lines().find_map(|line| line.strip_prefix("host: ")).context("no host in `rustc -vV`")?;
    Ok(shell.current_dir().join(OUTPUT).join(host).join("release"))
}

/// Puts the files that have the name of a target before it, with other line ends too. Returns the folder.
fn seed(shell: &Shell, target: &str) -> Result<PathBuf> {
    let folder = shell.current_dir().join(OUTPUT).join("seeds").join(target);
    shell.remove_path(&folder)?;
    shell.create_dir(&folder)?;
    let files =
        cmd!(shell, "git ls-files -z --cached --others --exclude-standard -- tests").quiet().read()?;
    let own = files.split('\0').filter(|path| name_of(path) == target);
    for (at, path) in own.enumerate() {
        let bytes = shell.read_binary_file(path)?;
        // An archive is no text, and has no other form.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            shell.write_file(folder.join(format!("{at}-crlf")), text.replace('\n', "\r\n"))?;
            shell.write_file(folder.join(format!("{at}-bom")), format!("\u{feff}{}", text.trim_end()))?;
        }
        shell.write_file(folder.join(at.to_string()), bytes)?;
    }
    Ok(folder)
}

/// The target that reads the files of a name: `uv_lock` reads `uv.lock`.
fn name_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// Runs one target. What it found before stays in its corpus, and is where it goes on.
fn fuzz(shell: &Shell, program: &Path, target: &str, time: Duration, seeds: PathBuf) -> Result<()> {
    let [corpus, artifacts] = ["corpus", "artifacts"].map(|kind| format!("{OUTPUT}/{kind}/{target}"));
    shell.create_dir(&corpus)?;
    shell.remove_path(&artifacts)?;
    shell.create_dir(&artifacts)?;
    let seconds = time.as_secs().to_string();
    let longest = LONGEST.to_string();
    let words = format!("{PACKAGE}/words.dict");
    let output = cmd!(
        shell,
        "{program} -max_total_time={seconds} -max_len={longest} -timeout=10 -dict={words} -artifact_prefix={artifacts}/ {corpus} {seeds}"
    )
    // Most texts are refused, and a backtrace of each refusal would take most of the time.
    .env("RUST_BACKTRACE", "0")
    .quiet()
    .ignore_status()
    .output()?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    let Some(input) = shell.read_dir(&artifacts)?.pop() else {
        let last = lines[lines.len().saturating_sub(10)..].join("\n");
        let what = format!("cannot run the target `{target}`: it ended with {}\n{last}", output.status);
        return Err(Failure::new(what).hint(format!("run `{} {corpus}`", program.display())).into());
    };
    let input = format!("{artifacts}/{}", input.file_name().unwrap_or_default().display());
    let panicked = lines.iter().skip_while(|line| !line.contains("panicked at"));
    let panicked: Vec<&str> =
        panicked.take_while(|line| !line.starts_with("note:") && !line.starts_with("==")).copied().collect();
    let what = format!("`{target}` does not hold for `{input}`\n{}", panicked.join("\n"));
    let again = format!("cargo run --manifest-path {PACKAGE}/Cargo.toml --bin {target} -- {input}");
    Err(Failure::new(what).hint(format!("run `{again}`")).into())
}
