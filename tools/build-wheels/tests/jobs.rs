//! The matrix for GitHub Actions: `build-wheels --plan`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use document::{Level, Release};
use serde_json::{Value, json};
use support::{RELEASE, Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");

/// Four Pythons on two machines, one entry left out, and a variant of a package that compiles.
const MATRIX: &str = "
[build]
pythons = [\"3.9\", \"3.12\", \"3.13t\"]
exclude = [{ python = \"3.13t\", platform = \"macos-arm64\" }]

[[platform]]
name = \"macos-arm64\"

[[platform]]
name = \"linux-x86_64\"

[[platform]]
name = \"lab\"
tags = [\"linux_riscv64\"]
runner = \"self-hosted-lab\"

[[variant]]
name = \"cuda\"
package = \"da-vinci\"
pythons = [\"3.12\"]
platforms = [\"lab\"]
";

fn world(settings: &str) -> World {
    let world = World::new();
    world.write("release.toml", &format!("{RELEASE}{settings}"));
    world.write("packages/core/setup.py", "");
    world.replace("packages/core/pyproject.toml", "hatchling.build", "setuptools.build_meta");
    world.commit();
    world
}

fn plan(world: &World, arguments: &[&str]) -> Ran {
    world.run(TOOL, &[&["--plan"], arguments].concat(), &world.document())
}

fn jobs(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let matrix: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(matrix.as_object().unwrap().len(), 1);
    matrix["include"].as_array().unwrap().clone()
}

fn ids(ran: &Ran) -> Vec<String> {
    jobs(ran).iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_entry_is_a_job_but_a_pure_wheel_is_one_alone() {
    let world = world(MATRIX);
    let ran = plan(&world, &[]);
    assert_eq!(
        ids(&ran),
        [
            "da-vinci-cdk.sdist",
            "da-vinci-cdk.wheel-3.12-linux-x86_64",
            "da-vinci-cuda.wheel-3.12-lab",
            "da-vinci.sdist",
            "da-vinci.wheel-3.12-lab",
            "da-vinci.wheel-3.12-linux-x86_64",
            "da-vinci.wheel-3.12-macos-arm64",
            "da-vinci.wheel-3.13t-lab",
            "da-vinci.wheel-3.13t-linux-x86_64",
            "da-vinci.wheel-3.9-lab",
            "da-vinci.wheel-3.9-linux-x86_64",
            "da-vinci.wheel-3.9-macos-arm64",
        ]
    );
    assert_eq!(
        ran.lines("note: "),
        [
            "note: da-vinci-cdk.wheel-3.12-linux-x86_64 stands for 8 entries: the wheel of `da-vinci-cdk` is pure, and serves them all"
        ]
    );
    let jobs = jobs(&ran);
    assert_eq!(
        jobs[2],
        json!({ "id": "da-vinci-cuda.wheel-3.12-lab", "package": "da-vinci-cuda", "variant": "cuda", "kind": "wheel",
                "python": "3.12", "platform": "lab", "runner": "self-hosted-lab" })
    );
    assert_eq!(
        jobs[3],
        json!({ "id": "da-vinci.sdist", "package": "da-vinci", "variant": null, "kind": "sdist",
                "python": null, "platform": null, "runner": "ubuntu-latest" })
    );
    assert_eq!(jobs[6]["runner"], "macos-latest");
    assert!(!world.exists("dist") && !world.exists(".git/wainwright"), "a plan writes nothing");
}

#[test]
fn the_line_for_github_holds_the_same_on_one_line() {
    let world = world(MATRIX);
    let line = plan(&world, &["--format", "github"]);
    let matrix = line.stdout.strip_prefix("matrix=").unwrap().strip_suffix('\n').unwrap();
    assert!(!matrix.contains('\n'));
    let json: Value = serde_json::from_str(&plan(&world, &["--format", "json"]).stdout).unwrap();
    assert_eq!(serde_json::from_str::<Value>(matrix).unwrap(), json);
}

#[test]
fn without_settings_there_is_one_wheel_and_one_sdist_of_each_package() {
    let world = World::new();
    let ran = plan(&world, &[]);
    assert_eq!(ids(&ran), ["da-vinci-cdk.sdist", "da-vinci-cdk.wheel", "da-vinci.sdist", "da-vinci.wheel"]);
    assert!(ran.lines("note: ").is_empty(), "{}", ran.stderr);
    assert_eq!(ids(&plan(&world, &["--package", "Da_Vinci"])), ["da-vinci.sdist", "da-vinci.wheel"]);
}

#[test]
fn the_plan_of_a_dry_run_is_the_plan_of_the_release() {
    let world = world(MATRIX);
    let mut release = world.document();
    release.version.level = Level::Minor;
    let refused = world.run(TOOL, &["--plan"], &release);
    assert!(refused.error(3).contains("hint: run `commit-release` first"), "{}", refused.stderr);
    release.dry_run = true;
    assert_eq!(world.run(TOOL, &["--plan"], &release).stdout, plan(&world, &[]).stdout);
    let document: Release = world.document();
    assert_eq!(world.run(TOOL, &["--plan", "--dry-run"], &document).stdout, plan(&world, &[]).stdout);
}

#[test]
fn refuses_more_jobs_than_github_runs_and_none() {
    let pythons: Vec<String> = (0..130).map(|minor| format!("\"3.{minor}\"")).collect();
    let platforms = "[[platform]]\nname = \"linux-x86_64\"\n[[platform]]\nname = \"linux-aarch64\"\n";
    let many = world(&format!("[build]\npythons = [{}]\n{platforms}", pythons.join(", ")));
    let refused = plan(&many, &[]);
    let error = refused.error(1);
    assert!(
        error.starts_with("cannot plan the jobs: they are 263, and GitHub Actions runs at most 256"),
        "{error}"
    );
    assert!(error.contains("hint: plan them in parts with `--package`"), "{error}");
    assert_eq!(ids(&plan(&many, &["--package", "da-vinci-cdk"])).len(), 2);
    let none = world("[build]\nsdist = false\npythons = [\"3.12\"]\nexclude = [{ python = \"3.12\" }]\n");
    let refused = plan(&none, &[]);
    assert!(
        refused.error(1).starts_with("cannot plan the jobs: no entry of the matrix is left"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_format_without_a_plan_is_wrong_usage() {
    let world = World::new();
    // The arguments are refused before anything is read.
    let refused = |arguments: &[&str]| support::ended(world.start(TOOL, arguments, "")).error(2).to_owned();
    assert!(refused(&["--plan", "--format", "yaml"]).contains("invalid value 'yaml'"));
    assert!(refused(&["--format", "github"]).contains("--plan"));
    assert!(refused(&["--plan", "--collect", "x.json"]).contains("cannot be used with"));
    assert!(refused(&["--collect"]).contains("a value is required"));
}
