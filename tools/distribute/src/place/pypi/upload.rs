//! Uploads through `uv publish`, until all is there or the server has said why not.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use document::{Failure, PackageName, Sha256};
use filter::Stage;
use project::Lock;
use uv::Uv;
use web::Secrets;

use super::arrival;
use super::credentials::Credentials;
use super::refusal::{Refusal, Sort};
use super::server::Server;

/// How often a call is made again that made no progress because the server was busy or away.
const TRIES: u32 = 5;
/// How long a file may stay unseen that the server says it has.
const UNSEEN: Duration = Duration::from_secs(60);

/// A file that is to be on a server.
#[derive(Debug, Clone)]
pub struct Item {
    /// The package.
    pub package: PackageName,
    /// The name that it is published under.
    pub name: String,
    /// Where it lies on the disk.
    pub source: PathBuf,
    /// Its digest as it was built.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// Where its attestation lies on the disk, where it is sent with it.
    pub attestation: Option<PathBuf>,
}

/// Who uploads, and where to.
#[derive(Debug)]
pub struct Upload<'a> {
    /// The program.
    pub uv: &'a Uv,
    /// The server.
    pub server: &'a Server,
    /// The right to upload.
    pub credentials: &'a Credentials,
    /// The root of the project, whose settings of uv count.
    pub root: &'a Path,
    /// The target's name.
    pub place: &'a str,
    /// What no other tool works beside.
    pub lock: Option<&'a Lock>,
}

/// How one call ended: the files that the server has taken for certain, and why it took no more.
struct Call {
    taken: Vec<String>,
    refusal: Option<Refusal>,
}

impl Upload<'_> {
    /// Brings files there, wheels of a package before its sdist. A file that the server turns out to have with the same
    /// bytes is as good as uploaded, whatever was answered.
    pub fn bring(&self, items: &[Item], stage: &Stage) -> Result<()> {
        let mut missing: Vec<&Item> = items.iter().collect();
        let mut tries = 0;
        while !missing.is_empty() {
            let call = self.publish(&missing, stage)?;
            let Some(refusal) = call.refusal else { return Ok(()) };
            let before = missing.len();
            // The one that was refused is the first that was not taken.
            missing.retain(|item| !call.taken.contains(&item.name));
            let file = missing.first().map_or_else(|| items[0].name.clone(), |item| item.name.clone());
            missing = self.unseen(missing, &refusal)?;
            let has_progress = missing.len() < before;
            // A new call has a new token, where the old one lasted for some of the files alone.
            if has_progress && (refusal.is_passing() || refusal.sort == Sort::Credentials) {
                stage.note(format!("{} is stopped at `{file}`, and goes on", self.place));
                tries = 0;
            } else if has_progress && refusal.sort == Sort::Exists {
                stage.note(format!("`{file}` is at {} already, with the same bytes", self.place));
            } else if refusal.is_passing() && tries < TRIES {
                std::thread::sleep(Duration::from_millis(500 << tries));
                tries += 1;
            } else if !missing.is_empty() {
                return Err(self.failure(&refusal, &file, items.len() - missing.len(), items.len()).into());
            }
        }
        Ok(())
    }

    fn failure(&self, refusal: &Refusal, file: &str, there: usize, all: usize) -> Failure {
        let failure = refusal.failure(file, self.place, self.credentials);
        if there == 0 {
            return failure;
        }
        let hint = failure.given_hint().unwrap_or_default().to_owned();
        Failure::new(format!("{failure}; {there} of {all} files are there")).hint(hint)
    }

    /// The files that the index does not show with our bytes; one with other bytes is an error.
    fn unseen<'b>(&self, missing: Vec<&'b Item>, refusal: &Refusal) -> Result<Vec<&'b Item>> {
        let look = || arrival::missing(self.server, missing.iter().copied());
        // A server that has a file may take a while to list it.
        let patience = if refusal.sort == Sort::Exists { UNSEEN } else { Duration::ZERO };
        let left = arrival::poll(patience, || {
            let left = look()?;
            Ok((left.len() < missing.len() || left.is_empty()).then_some(left))
        })?;
        match left {
            Some(left) => Ok(left),
            None => look(),
        }
    }

    /// Calls uv once, and says which file it sends.
    fn publish(&self, items: &[&Item], stage: &Stage) -> Result<Call> {
        let mut command = command(self.uv, self.root);
        self.credentials.hand_to(&mut command);
        command.env("UV_PUBLISH_URL", self.upload_url(items)?);
        // uv looks there before each file, so that what came meanwhile is no error. Not with a right of its own: who reads
        // without one is sent on without one. Nor where it would take files of PyPI for those of the server.
        let has_own_right = matches!(self.credentials, Credentials::Kept(_) | Credentials::Keyring { .. });
        let nothing = tempfile::tempdir().context("cannot make a temporary folder")?;
        if !has_own_right && self.serves_itself(items) {
            command.env("UV_PUBLISH_CHECK_URL", self.server.simple());
        } else if !has_own_right {
            // Without any it would take the `check-url` of the project, which may be that of PyPI.
            command.env("UV_PUBLISH_CHECK_URL", nothing.path());
        }
        if items.iter().all(|item| item.attestation.is_none()) {
            command.arg("--no-attestations");
        }
        // Killed, this tool leaves uv behind, which sends the rest: the next tool must not begin before its end.
        if let Some(lock) = self.lock {
            command.stdin(lock.stdin()?);
        }
        command.arg("--");
        for item in items {
            command.arg(pattern(&item.source));
            command.args(item.attestation.as_deref().map(pattern));
        }
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run `{}`", self.uv.path().display()))?;
        let (mut said, mut taken, mut sending) = (String::new(), Vec::new(), None::<String>);
        for line in child.stderr.take().map(BufReader::new).into_iter().flat_map(|stderr| stderr.split(b'\n'))
        {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if let Some(name) = named(&line, "Uploading ", " (") {
                taken.extend(sending.replace(name.to_owned()));
                let size = items.iter().find(|item| item.name == name).map_or(0, |item| item.size);
                let size = distribution::readable_size(size);
                stage.note(format!(
                    "{name} ({size}) goes to {}, {} of {}",
                    self.place,
                    taken.len() + 1,
                    items.len()
                ));
            } else if let Some(name) = named(&line, "File ", " already exists, skipping") {
                taken.extend(sending.take());
                taken.push(name.to_owned());
            }
            said += &line;
            said.push('\n');
        }
        if child.wait()?.success() {
            return Ok(Call { taken: items.iter().map(|item| item.name.clone()).collect(), refusal: None });
        }
        let refusal = Refusal::read(&said, &self.credentials.secrets(self.server));
        Ok(Call { taken, refusal: Some(refusal) })
    }

    /// Says whether all pages come from the server itself; one that cannot be read does not.
    fn serves_itself(&self, items: &[&Item]) -> bool {
        let packages: BTreeSet<&PackageName> = items.iter().map(|item| &item.package).collect();
        let is_own = |package: &PackageName| self.server.own_files(package).is_ok_and(|own| own.is_some());
        packages.into_iter().all(is_own)
    }

    /// The URL of uploads; that of PyPI is the one that uv knows, whatever the project has set for others.
    fn upload_url(&self, items: &[&Item]) -> Result<String> {
        match &self.server.upload {
            Some(url) => Ok(url.clone()),
            None => known_url(self.uv, self.root, &items[0].source, self.place),
        }
    }
}

/// Where PyPI takes uploads, as uv says it of any file.
pub fn known_url(uv: &Uv, root: &Path, file: &Path, place: &str) -> Result<String> {
    let mut command = command(uv, root);
    // It needs no right for this, and asks for none.
    Credentials::Kept(Secrets::default()).hand_to(&mut command);
    command.env_remove("UV_CONFIG_FILE").args(["--dry-run", "--no-config", "--"]).arg(pattern(file));
    let output = project::run_quietly(&mut command)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let url = said
        .lines()
        .find_map(|line| line.strip_prefix("Checking ")?.split_once(" against "))
        .map(|(_, url)| url);
    let url = url.filter(|url| url.starts_with("https://"));
    url.map(|url| url.trim().to_owned()).ok_or_else(|| {
        let what =
            format!("cannot publish to `{place}`: uv does not say where PyPI takes uploads: {}", said.trim());
        Failure::new(what).hint("use a newer uv").into()
    })
}

fn command(uv: &Uv, root: &Path) -> Command {
    let mut command = uv.command();
    command.arg("publish").current_dir(root);
    // What it says is read.
    command.env_remove("RUST_LOG").env_remove("UV_QUIET").env("NO_COLOR", "1");
    command
}

/// A path as uv takes it, where it is no pattern.
fn pattern(path: &Path) -> String {
    let mut text = String::new();
    for c in path.to_string_lossy().chars() {
        match c {
            '*' | '?' | '[' => text.extend(['[', c, ']']),
            c => text.push(c),
        }
    }
    text
}

/// What stands in a line between a start and the last such end.
fn named<'a>(line: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(start)?;
    rest.rsplit_once(end).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pypi_takes_uploads_where_uv_knows_it_whatever_the_project_has_set() {
        let folder = tempfile::tempdir().unwrap();
        let settings = "[tool.uv]\npublish-url = \"https://elsewhere.example/\"\n";
        std::fs::write(folder.path().join("pyproject.toml"), settings).unwrap();
        let source = folder.path().join("a-1.0-py3-none-any.whl");
        std::fs::write(&source, "").unwrap();
        let url = known_url(&Uv::find().unwrap(), folder.path(), &source, "pypi").unwrap();
        assert!(url.starts_with("https://") && !url.contains("elsewhere"), "{url}");
    }

    #[test]
    fn a_path_is_no_pattern_and_a_line_names_its_file() {
        assert_eq!(pattern(Path::new("/a[b]*/x.whl")), "/a[[]b][*]/x.whl");
        assert_eq!(named("Uploading a-1.whl (862B)", "Uploading ", " ("), Some("a-1.whl"));
        assert_eq!(named("Hashing a-1.whl (862B)", "Uploading ", " ("), None);
    }
}
