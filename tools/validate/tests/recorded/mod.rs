//! The document of a project with the files that lie in `dist`, and what its checks say.

#![allow(dead_code, reason = "each test file uses its part")]

use distribution::FileName;
use document::{Artifact, Release};
use project::Project;

use crate::support::World;

/// The document of the project, with every wheel and sdist in `dist`.
pub fn recorded(world: &World) -> Release {
    let mut release = world.document();
    let mut artifacts = Vec::new();
    for entry in std::fs::read_dir(world.root.join("dist")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(name) = FileName::of(&path) else { continue };
        let (sha256, size) = distribution::digest(&path).unwrap();
        let path = format!("dist/{}", path.file_name().unwrap().to_str().unwrap()).parse().unwrap();
        artifacts.push(Artifact { path, kind: name.kind(), package: name.name, size, sha256 });
    }
    artifacts.sort();
    release.expected = Some(Project::find(Some(&world.root)).unwrap().expected(&release.packages).unwrap());
    release.artifacts = Some(artifacts);
    release
}

/// Each check as one line.
pub fn details(release: &Release) -> Vec<String> {
    let checks = release.checks.as_ref().unwrap();
    checks.iter().map(|check| format!("{:?} {}: {}", check.outcome, check.name, check.detail)).collect()
}

/// The document of the project with both packages built into `dist`.
pub fn built(world: &World) -> Release {
    let uv = uv::Uv::find().unwrap();
    for package in &world.document().packages {
        let folder = package.path.as_ref().unwrap().as_str();
        let mut build = world.command(uv.path());
        build.args(["build", "-q", folder, "--out-dir", "dist"]).env("SOURCE_DATE_EPOCH", "1750000000");
        project::run(&mut build).unwrap();
    }
    recorded(world)
}
