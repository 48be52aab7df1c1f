//! The sources of a release as one file: what the tagged commit has, in a tarball that is made the same each time.
//!
//! GitHub offers archives of each tag too; their bytes have changed before, and no checksum covers them.

use std::io::Read;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use document::{Failure, Sha256, Tag};
use flate2::{Compression, GzBuilder};
use project::Git;
use tempfile::{NamedTempFile, TempDir};

use super::words;
use crate::shipment::Shipment;

/// The tarball, in a temporary file that goes away with it.
#[derive(Debug)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// The file.
    pub file: NamedTempFile,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// The folder in the tarball of the sources.
fn stem(shipment: &Shipment) -> String {
    format!("{}-{}", words::name(shipment), shipment.document.version.current)
}

/// The name of the tarball of the sources; an sdist has it without `-source`.
pub fn name(shipment: &Shipment) -> String {
    github::asset_name(&format!("{}-source.tar.gz", stem(shipment)))
}

impl Source {
    /// Packs what the commit of a tag has of the project's folder.
    pub fn pack(shipment: &Shipment, tag: &Tag) -> Result<Self> {
        let commit = tag.commit.as_str();
        let (project, stem) = (shipment.project, stem(shipment));
        let mut file = tempfile::Builder::new()
            .prefix(&stem)
            .suffix(".tar.gz")
            .tempfile()
            .context("cannot make a temporary file for the sources")?;
        // Settings of a user would make other bytes of the same commit.
        let same = ["-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "tar.umask=0022"];
        let folder = format!("--prefix={stem}/");
        let alone = Alone::holding(&project.git, tag)?;
        let arguments =
            [&alone.arguments()[..], &same[..], &["archive", "--format=tar", &folder, commit]].concat();
        // No name and no time stand in the head of the file, as with `gzip -n`, nor the system that made it.
        let mut gzip =
            GzBuilder::new().mtime(0).operating_system(255).write(file.as_file_mut(), Compression::default());
        archive(&mut project.git.command(&arguments)?, &mut gzip)
            .with_context(|| format!("cannot pack the sources of {commit}"))?;
        gzip.finish().context("cannot pack the sources")?;
        let (sha256, size) = distribution::digest(file.path())?;
        Ok(Self { name: name(shipment), file, size, sha256 })
    }
}

/// A repository with the objects of another one, and no ref but one tag.
///
/// Files may ask for the names of the commit (`export-subst`, as for setuptools-scm): these are other ones in each
/// clone, and after each commit. Here the tag is the only one.
#[derive(Debug)]
struct Alone {
    folder: String,
    top: String,
    _folder: TempDir,
}

impl Alone {
    fn holding(git: &Git, tag: &Tag) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder for the sources")?;
        let path = folder.path().to_string_lossy().into_owned();
        let about = [
            "rev-parse",
            "--path-format=absolute",
            "--show-toplevel",
            "--git-path",
            "objects",
            "--show-object-format",
        ];
        let about = git.read(&about)?;
        let [top, objects, format] = about.lines().collect::<Vec<_>>()[..] else {
            return Err(Failure::new(format!("cannot pack the sources: git told of {about:?}")).into());
        };
        let (top, format) = (top.to_owned(), format!("--object-format={format}"));
        git.read(&["init", "--quiet", "--bare", "--template=", &format, &path])?;
        let alternates = folder.path().join("objects/info/alternates");
        std::fs::create_dir_all(alternates.with_file_name(""))
            .and_then(|()| std::fs::write(&alternates, format!("{objects}\n")))
            .with_context(|| format!("cannot write `{}`", alternates.display()))?;
        // A clone without tags has the commit alone.
        let has_object = git.ask(&["cat-file", "-e", tag.object.as_str()])?.is_some();
        let object = if has_object { &tag.object } else { &tag.commit };
        let alone = Self { folder: path, top, _folder: folder };
        let name = format!("refs/tags/{}", tag.name);
        git.read(&[&alone.arguments()[..], &["update-ref", &name, object.as_str()]].concat())?;
        Ok(alone)
    }

    fn arguments(&self) -> [&str; 4] {
        ["--git-dir", &self.folder, "--work-tree", &self.top]
    }
}

/// Runs git, and takes its stdout to the end.
fn archive(git: &mut Command, to: &mut impl std::io::Write) -> Result<()> {
    let mut child = git.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut said = String::new();
    // Read beside stdout: a program that says more than a pipe holds would wait for us, and we for it.
    let copied = std::thread::scope(|scope| {
        scope.spawn(|| stderr.map_or(Ok(0), |mut stderr| stderr.read_to_string(&mut said)));
        stdout.map_or(Ok(0), |mut stdout| std::io::copy(&mut stdout, to))
    });
    let status = child.wait()?;
    copied?;
    if status.success() {
        return Ok(());
    }
    let last = said.lines().last().unwrap_or_default();
    Err(Failure::new(format!("`git archive` ended with {status}: {last}")).hint("fetch the commit").into())
}
