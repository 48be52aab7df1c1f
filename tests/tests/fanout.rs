//! The matrix on GitHub Actions: this repository's workflow, run by act, builds what one machine builds.

use std::path::Path;

use anyhow::{Context, Result};
use document::{ArtifactKind, Release};
use tests::{Sandbox, act, text};

/// A project with an extension in C, for four Pythons, and for two of them also as a variant.
fn compiled() -> Result<Sandbox> {
    let sandbox = Sandbox::new("compiled")?;
    act::copy(&sandbox, &["build-wheels.yml"])?;
    Ok(sandbox)
}

fn document(path: &Path) -> Result<Release> {
    Ok(Release::from_json(&std::fs::read(path).with_context(|| path.display().to_string())?)?)
}

#[test]
fn the_jobs_of_the_workflow_build_what_one_machine_builds() -> Result<()> {
    let sandbox = compiled()?;
    let output = act::run(&sandbox, "build-wheels.yml", &[])?;
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let mut jobs: Vec<String> = std::fs::read_dir(sandbox.path("artifacts"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    jobs.sort();
    assert_eq!(
        jobs,
        [
            "built",
            "built-axle-speed-steam.wheel-3.10",
            "built-axle-speed-steam.wheel-3.13",
            "built-axle-speed.sdist",
            "built-axle-speed.wheel-3.10",
            "built-axle-speed.wheel-3.11",
            "built-axle-speed.wheel-3.12",
            "built-axle-speed.wheel-3.13",
            "release"
        ],
        "{said}"
    );
    let collected = document(&sandbox.path("artifacts/built/release.json"))?;
    assert_eq!(collected.artifacts()?.len(), 7);
    // The same on one machine, in another folder.
    sandbox.shell("git clone -q . ../whole")?;
    let release = std::fs::read_to_string(sandbox.path("artifacts/release/release.json"))?;
    let whole = sandbox.must("build-wheels", &["--project", "../whole"], &release)?;
    let whole = Release::from_json(whole.as_bytes())?;
    for (ours, theirs) in collected.artifacts()?.iter().zip(whole.artifacts()?) {
        assert_eq!((&ours.path, &ours.package, ours.kind), (&theirs.path, &theirs.package, theirs.kind));
        if ours.kind == ArtifactKind::Wheel {
            assert_eq!(ours, theirs, "the same commit gives the same bytes on every machine");
        }
    }
    // No backend but the sdist's own says when its files were made: setuptools takes the time of the build.
    sandbox.shell(
        "for place in artifacts/built whole/dist; do
           mkdir ../$place.sdist && tar -xzf ../$place/axle_speed-0.1.0.tar.gz -C ../$place.sdist
         done && diff -r ../artifacts/built.sdist ../whole/dist.sdist",
    )?;
    let without = |release: &Release| Release { artifacts: None, ..release.clone() };
    assert_eq!(without(&collected), without(&whole));
    // What was collected is a release that every later tool takes: here it is checked, file by file.
    sandbox.shell("cp -R ../artifacts/built dist")?;
    let handed = std::fs::read_to_string(sandbox.path("artifacts/built/release.json"))?;
    let validated = sandbox.must("validate", &["--quick"], &handed)?;
    assert!(validated.contains("7 files, all that the release promises"), "{validated}");
    Ok(())
}

#[test]
fn f25_a_set_with_a_part_missing_or_doubled_is_neither_valid_nor_published() -> Result<()> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    let whole = sandbox.pipeline("minor", "tag-release")?;
    let changed = |change: &dyn Fn(&mut Vec<document::Artifact>)| -> Result<String> {
        let mut release = Release::from_json(whole.as_bytes())?;
        change(release.artifacts.as_mut().context("artifacts")?);
        Ok(release.to_json()?)
    };
    let renamed = |tags: &str| {
        let path = format!("dist/wagon_core-0.2.0-{tags}.whl");
        move |artifacts: &mut Vec<document::Artifact>| {
            let mut wheel =
                artifacts.iter().find(|one| one.path.as_str().contains("wagon_core-0.2.0-py3")).cloned();
            wheel
                .iter_mut()
                .for_each(|wheel| wheel.path = path.parse().unwrap_or_else(|_| wheel.path.clone()));
            artifacts.extend(wheel);
        }
    };
    for (document, wrong) in [
        (
            changed(&|artifacts| artifacts.retain(|one| !one.path.as_str().ends_with("cdk-0.2.0.tar.gz")))?,
            "the sdist of `wagon-cdk` is missing",
        ),
        (
            changed(&renamed("py2.py3-none-any"))?,
            "`dist/wagon_core-0.2.0-py3-none-any.whl`, `dist/wagon_core-0.2.0-py2.py3-none-any.whl` are more than one file for the wheel of `wagon-core`",
        ),
    ] {
        for (tool, hint) in [("validate", ""), ("distribute", ", and the tools after it")] {
            let options: &[&str] = if tool == "validate" { &["--quick"] } else { &[] };
            let error = sandbox.refused(tool, options, &document, 1)?;
            assert!(error.contains(wrong), "{tool}: {error}");
            let hint = format!(
                "hint: run `build-wheels` again, or join what all jobs have built with `build-wheels --collect`{hint}\n"
            );
            assert!(error.contains(&hint), "{tool}: {error}");
        }
    }
    assert!(!sandbox.project().join("dist/index/simple").exists());
    Ok(())
}

#[test]
fn a_collection_that_is_killed_leaves_whole_files_and_goes_on() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let document = sandbox.pipeline("current", "build-wheels")?;
    sandbox.shell("mkdir ../job && mv dist ../job")?;
    std::fs::write(sandbox.path("job/built.json"), &document)?;
    let built = sandbox.files("job/dist")?;
    let tool = sandbox.programs().join("build-wheels");
    for call in ["rename", "fsync"] {
        let killing = format!(
            "strace -f -qq -o /dev/null -e inject={call}:signal=KILL:when=2 {} --collect ../job",
            tool.display()
        );
        let mut kills = 0;
        let said = loop {
            let output = sandbox.command("sh").args(["-c", &killing]).output()?;
            for (name, bytes) in sandbox.files("project/dist")? {
                let is_half = name.starts_with('.') && name.ends_with(".wainwright");
                assert!(is_half || built.get(&name) == Some(&bytes), "{call}: {name} is not whole");
            }
            if output.status.success() {
                break text(&output.stdout);
            }
            assert!(output.stdout.is_empty(), "a killed tool hands nothing on");
            kills += 1;
            assert!(kills < 10, "{call}: {}", text(&output.stderr));
        };
        assert!(kills >= 3, "{call}: it was killed {kills} times");
        assert_eq!(said, document);
        assert_eq!(sandbox.files("project/dist")?, built, "{call}: nothing is left beside");
        sandbox.shell("rm -r dist")?;
    }
    Ok(())
}
