//! The rules of this repository: what the README says is so, and no crate knows more than it should.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result};
use tests::{Sandbox, repository, text};

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(repository().join(path)).with_context(|| path.to_owned())
}

/// The rows of the table below a heading row, each as its cells.
fn table(markdown: &str, first_heading: &str) -> Vec<Vec<String>> {
    let start = format!("| {first_heading} |");
    let lines = markdown.lines().skip_while(|line| !line.starts_with(&start)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    })
    .collect()
}

fn names(markdown: &str, first_heading: &str) -> Vec<String> {
    table(markdown, first_heading).into_iter().map(|row| row[0].clone()).collect()
}

/// The commands in the shell blocks, line by line.
fn commands(markdown: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

#[test]
fn the_tool_tables_name_each_folder_of_tools() -> Result<()> {
    let folders: BTreeSet<String> = std::fs::read_dir(repository().join("tools"))?
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().join("Cargo.toml").is_file()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    for path in ["README.md", "tools/README.md"] {
        let listed: BTreeSet<String> = names(&read(path)?, "tool").into_iter().collect();
        assert_eq!(listed, folders, "{path}");
    }
    assert_eq!(names(&read("README.md")?, "tool"), names(&read("tools/README.md")?, "tool"));
    Ok(())
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_code() -> Result<()> {
    let source = read("tools/lib/document/src/failure.rs")?;
    let variants = source
        .split_once("pub enum Exit {")
        .and_then(|(_, rest)| rest.split_once('}'))
        .map_or("", |(body, _)| body);
    let codes: BTreeMap<&str, &str> =
        variants.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" = ")).collect();
    let table_in_code: Vec<Vec<String>> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(Exit::")?.split_once(", \""))
        .map(|(variant, meaning)| {
            vec![codes[variant].to_owned(), meaning.trim_end_matches("\"),").to_owned()]
        })
        .collect();
    assert_eq!(table_in_code.len(), 4);
    assert_eq!(table(&read("README.md")?, "code"), table_in_code);
    Ok(())
}

#[test]
fn no_tool_links_another_and_xtask_links_none() -> Result<()> {
    let cargo = std::env::var_os("CARGO").context("CARGO")?;
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(repository())
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let tools: BTreeSet<String> = names(&read("README.md")?, "tool").into_iter().collect();
    let packages = metadata["packages"].as_array().context("packages")?;
    assert!(packages.len() > tools.len());
    for package in packages {
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            let linked = dependency["name"].as_str().unwrap_or_default();
            assert!(!tools.contains(linked), "{} links the tool {linked}", package["name"]);
        }
    }
    Ok(())
}

#[test]
fn the_members_stand_in_the_order_of_the_pipeline() -> Result<()> {
    let manifest = read("Cargo.toml")?;
    let members: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"tools/")?.strip_suffix("\","))
        .collect();
    let tools: Vec<String> = members
        .iter()
        .filter(|member| !member.starts_with("lib/"))
        .map(|member| (*member).to_owned())
        .collect();
    assert_eq!(tools, names(&read("README.md")?, "tool"));
    Ok(())
}

#[test]
fn every_command_of_the_readme_is_run() -> Result<()> {
    let ci = read(".ci/run")?;
    let demo_test = read("tests/tests/demo.rs")?;
    let (mut own, mut rest) = (Vec::new(), Vec::new());
    for command in commands(&read("README.md")?) {
        let by_demo = command == "cargo xtask demo" && demo_test.contains("\"demo\"");
        if ci.lines().any(|line| line == command) || by_demo { own.push(command) } else { rest.push(command) }
    }
    assert_eq!(own, ["cargo build --workspace", "cargo xtask setup", "cargo xtask demo", "cargo xtask ci"]);
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell("mkdir -p ~/src && ln -s \"$PWD\" ~/src/my-project")?;
    assert!(rest.len() >= 7, "{rest:#?}");
    let top = repository();
    let mut folder = top.clone();
    for command in rest {
        if let Some(place) = command.strip_prefix("cd ~/") {
            folder = sandbox.path("home").join(place);
            continue;
        }
        if command.contains("--resume") {
            // What a crash just before the end of the last stage leaves.
            sandbox.shell("rm .git/wainwright/v1.3.0/10-announce.json")?;
        }
        let output = sandbox
            .command("bash")
            .args(["-euo", "pipefail", "-c", &command])
            .current_dir(if command.starts_with("cargo ") { &top } else { &folder })
            .env("CARGO_HOME", cargo_home())
            .env("RUSTUP_HOME", rustup_home())
            .output()?;
        assert!(
            output.status.success(),
            "`{command}` ended with {}:\n{}",
            output.status,
            text(&output.stderr)
        );
    }
    sandbox.shell("git -C ../origin.git rev-parse v1.4.0 withdrawn/v1.3.0")?;
    Ok(())
}

#[test]
fn only_the_filter_reads_stdin_prints_and_decides_exit_codes() -> Result<()> {
    let mut seen = 0;
    for top in ["tools", "xtask"] {
        for entry in walkdir::WalkDir::new(repository().join(top)) {
            let entry = entry?;
            let path = entry.path().to_string_lossy().into_owned();
            let source = path.ends_with(".rs") && path.contains("/src/") && !path.contains("/lib/filter/");
            if !source {
                continue;
            }
            seen += 1;
            let text = std::fs::read_to_string(entry.path())?;
            for call in
                ["io::stdin()", "io::stdout()", "println!", "eprint", "process::exit", "ExitCode::from"]
            {
                assert!(!text.contains(call), "{path} calls {call}");
            }
        }
    }
    assert!(seen > 60, "only {seen} files were read");
    Ok(())
}

#[test]
fn no_registry_and_no_machine_is_named() -> Result<()> {
    let files = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository())
        .output()?;
    // Put together here, so that this file does not hold what it looks for.
    let domains: Vec<String> = [
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("crates", ".io"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("debian", ".org"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    let mut seen = 0;
    for path in text(&files.stdout).split('\0').filter(|path| !path.is_empty() && *path != "Cargo.lock") {
        let Ok(content) = std::fs::read_to_string(repository().join(path)) else { continue };
        seen += 1;
        for domain in &domains {
            assert!(!content.contains(domain.as_str()), "{path} names {domain}");
        }
        for home in ["/ro", "/wo"].iter().zip(["ot/", "rk/"]).map(|(a, b)| format!("{a}{b}")) {
            assert!(!content.contains(&home), "{path} names a path of one machine, {home}");
        }
    }
    assert!(seen > 80, "only {seen} files were read");
    Ok(())
}

fn cargo_home() -> std::path::PathBuf {
    std::env::var_os("CARGO_HOME")
        .map_or_else(|| std::env::home_dir().unwrap_or_default().join(".cargo"), Into::into)
}

fn rustup_home() -> std::path::PathBuf {
    std::env::var_os("RUSTUP_HOME")
        .map_or_else(|| std::env::home_dir().unwrap_or_default().join(".rustup"), Into::into)
}
