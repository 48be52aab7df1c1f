//! Where files of a release are, or may be: what the document says, and what a run that was cut short may have left.

use anyhow::Result;
use document::{PackageName, ProjectPath, Release, Sha256};
use github::GitHub;
use project::{Project, TargetKind, TargetSettings};

/// A target as the document, or release.toml, knows it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in release.toml.
    pub name: String,
    /// What it is, in the words of release.toml.
    pub kind: String,
    /// Where it is, in the words of the release document.
    pub location: String,
    /// Where people find it, where the document says that.
    pub url: Option<String>,
    /// The files.
    pub files: Vec<Candidate>,
}

/// A file that a target holds, or may hold.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where it is below the target's location.
    pub path: ProjectPath,
    /// The package that it belongs to; `None` for what belongs to the release as a whole.
    pub package: Option<PackageName>,
    /// The digest that it was built with.
    pub sha256: Sha256,
    /// The document says that it was published; else a `distribute` that was cut short may have put it there.
    pub is_stated: bool,
}

impl Target {
    /// A file in the words of the document.
    pub fn what(&self, file: &Candidate) -> String {
        format!("{} on {}", file.path, self.name)
    }

    /// What is published last is taken back first: what people find first, and what takes them longest to leave.
    fn rank(&self) -> u8 {
        match self.kind.as_str() {
            "github" => 0,
            "pypi" => 1,
            _ => 2,
        }
    }
}

/// The targets of the document, and those of release.toml with the files that a cut-short run may have left; what was
/// published last comes first. `bucket` is that of the target in S3 where it is not the one of release.toml.
pub fn all(project: Option<&Project>, release: &Release, bucket: Option<&str>) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for publication in release.publications.iter().flatten() {
        let stated = publication.files.iter().map(|file| Candidate {
            path: file.path.clone(),
            package: file.package.clone(),
            sha256: file.sha256.clone(),
            is_stated: true,
        });
        targets.push(Target {
            name: publication.target.clone(),
            kind: publication.kind.clone(),
            location: publication.location.clone(),
            url: publication.url.clone(),
            files: stated.collect(),
        });
    }
    if let Some(project) = project {
        for settings in project::in_bucket(project.targets(), bucket)? {
            add_unstated(&mut targets, project, release, &settings)?;
        }
    }
    targets.reverse();
    targets.sort_by_key(Target::rank);
    Ok(targets)
}

/// Where a target is; `None` where nobody has said it, as for a bucket that has no name.
pub fn location(project: &Project, settings: &TargetSettings) -> Option<String> {
    if settings.kind != TargetKind::Github {
        return settings.location().ok();
    }
    // The remote and the environment have a say in it too.
    let (api, repository) = (settings.api.as_deref(), settings.repository.as_deref());
    let remote = &project.settings.project.remote;
    GitHub::location_named(&project.git, remote, api, repository).ok()
}

/// Says whether a target of the document is that of release.toml, which leaves the URLs of an index to the settings of uv.
fn is_of(target: &Target, settings: &TargetSettings, location: &str) -> bool {
    let is_same_index = || {
        let index = target.location.split_once('?').map(|(index, _)| index);
        target.name == settings.name && settings.kind == TargetKind::Pypi && index == Some(location)
    };
    target.location == location
        || target.name == settings.name && settings.is_server_at(&target.location)
        || is_same_index()
}

fn add_unstated(
    targets: &mut Vec<Target>,
    project: &Project,
    release: &Release,
    settings: &TargetSettings,
) -> Result<()> {
    // Nothing is published elsewhere before the tag.
    if settings.folder().is_none() && release.tag.is_none() {
        return Ok(());
    }
    let Some(location) = location(project, settings) else { return Ok(()) };
    let kind = settings.kind.to_string();
    let known = targets.iter().position(|target| is_of(target, settings, &location));
    let at = known.unwrap_or_else(|| {
        targets.push(Target { name: settings.name.clone(), kind, location, url: None, files: Vec::new() });
        targets.len() - 1
    });
    for artifact in release.artifacts.iter().flatten() {
        let name = artifact.path.file_name();
        let path: ProjectPath = match settings.kind {
            TargetKind::Github => format!("{}/{name}", release.version.tag).parse()?,
            _ => format!("simple/{}/{name}", artifact.package).parse()?,
        };
        if targets[at].files.iter().all(|file| file.path != path) {
            let (package, sha256) = (Some(artifact.package.clone()), artifact.sha256.clone());
            targets[at].files.push(Candidate { path, package, sha256, is_stated: false });
        }
    }
    Ok(())
}
