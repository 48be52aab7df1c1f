//! What stands in the way of an upload, found before anything is sent: files, metadata, attestations, limits.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use distribution::{Code, Level, Levels};
use document::Failure;
use index::{Offered, ServedFile};
use project::{ProblemLevel, Project};
use serde_json::Value;

use super::server::Server;
use super::upload::Item;
use crate::parcel::File;
use crate::shipment::Shipment;

/// How many problems are told of one file.
const MOST: usize = 5;

/// The files of a shipment as a server gets them, each found to be what PyPI takes. With `attestations` each file must
/// have one; where that is left open, those that are there are taken; with `false` none is.
pub fn items(shipment: &Shipment, place: &str, attestations: Option<bool>) -> Result<Vec<Item>> {
    let levels = levels(shipment.project)?;
    let mut items = Vec::new();
    for (parcel, file) in shipment.files() {
        refuse_faulty(file, place, &levels)?;
        let size = fs::metadata(&file.source).with_context(|| format!("cannot read `{}`", file.path))?.len();
        let attestation = attestation(file, place, attestations)?;
        items.push(Item {
            package: parcel.package.clone(),
            name: file.name().to_owned(),
            source: file.source.clone(),
            sha256: file.sha256.clone(),
            size,
            attestation,
        });
    }
    Ok(items)
}

/// The levels for PyPI, with those that the project chose.
fn levels(project: &Project) -> Result<Levels, Failure> {
    let mut levels = Levels::new(true);
    for (code, level) in &project.settings.validate.levels {
        let level = match level {
            ProblemLevel::Error => Some(Level::Error),
            ProblemLevel::Warning => Some(Level::Warning),
            ProblemLevel::Off => None,
        };
        levels.choose(Code::read(code, "use `levels` of [validate] in release.toml")?, level);
    }
    Ok(levels)
}

/// Refuses what the server would refuse, at a glance: the archive and the metadata, but not what is packed.
fn refuse_faulty(file: &File, place: &str, levels: &Levels) -> Result<()> {
    let problems = distribution::glance(&file.source)?;
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| levels.of(problem) == Some(Level::Error))
        .map(ToString::to_string)
        .collect();
    let Some(first) = errors.first() else { return Ok(()) };
    let more = match errors.len() {
        len if len > MOST => format!("; and {} more", len - MOST),
        _ => String::new(),
    };
    let list = errors.iter().take(MOST).cloned().collect::<Vec<_>>().join("; ");
    let what = format!("cannot publish `{}` to `{place}`: PyPI refuses it: {list}{more}", file.path);
    let code = first.split(':').next().unwrap_or_default();
    let hint = format!(
        "`validate --explain {code}` says how to mend it; where the server takes it, write `levels = {{ {code} = \"warning\" }}` into [validate]"
    );
    Err(Failure::new(what).hint(hint).into())
}

/// The attestation beside a file, found to be about this very file (PEP 740).
fn attestation(file: &File, place: &str, wanted: Option<bool>) -> Result<Option<PathBuf>> {
    if wanted == Some(false) {
        return Ok(None);
    }
    let path = file.source.with_added_extension("publish.attestation");
    let Some(bytes) = project::files::read_if_present(&path)? else {
        if wanted.is_none() {
            return Ok(None);
        }
        let what = format!("cannot publish `{}` to `{place}`: it has no attestation beside it", file.path);
        let hint = "make them in the workflow with `pypi-attestations sign`, or drop `attestations` from the [[target]]";
        return Err(Failure::new(what).hint(hint).into());
    };
    match subject(&bytes) {
        Some((name, sha256)) if name == file.name() && sha256 == file.sha256.as_str() => Ok(Some(path)),
        found => {
            let of = found.map_or("nothing".to_owned(), |(name, sha256)| {
                format!("`{}` with {sha256}", name.escape_debug())
            });
            let what = format!(
                "cannot publish `{}` to `{place}`: its attestation is about {of}, and not about the file",
                file.path
            );
            Err(Failure::new(what)
                .hint("make it again with `pypi-attestations sign`, after the last build")
                .into())
        }
    }
}

/// The name and the SHA-256 of the one file that an attestation is about.
fn subject(bytes: &[u8]) -> Option<(String, String)> {
    let attestation: Value = serde_json::from_slice(bytes).ok()?;
    let statement = BASE64_STANDARD.decode(attestation["envelope"]["statement"].as_str()?).ok()?;
    let statement: Value = serde_json::from_slice(&statement).ok()?;
    let [subject] = statement["subject"].as_array()?.as_slice() else { return None };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(&subject["name"])?, text(&subject["digest"]["sha256"])?))
}

/// Refuses a package whose files a server will not take, judged by what it serves; returns the files that are missing.
pub fn missing<'a>(
    server: &Server,
    items: &[&'a Item],
    shipment: &Shipment,
    place: &str,
) -> Result<Vec<&'a Item>> {
    let Some(first) = items.first() else { return Ok(Vec::new()) };
    let package = &first.package;
    let mut existing = server.own_files(package)?.unwrap_or_default();
    // Where the index does not say the digest, the bytes do.
    for file in existing.iter_mut().filter(|file| items.iter().any(|item| item.name == file.file_name)) {
        file.sha256 = Some(server.served.digest(file)?);
    }
    let offered: Vec<Offered> = items
        .iter()
        .map(|item| Offered { file_name: &item.name, sha256: &item.sha256, size: item.size })
        .collect();
    let version = &shipment.document.version.current;
    let faults = index::readiness(&existing, version, &offered, &server.limits, SystemTime::now());
    if let Some(first) = faults.first() {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let what = format!("cannot publish `{package}` {version} to `{place}`: {}", list.join("; "));
        return Err(Failure::new(what).hint(first.hint()).into());
    }
    let is_there = |item: &Item| existing.iter().any(|file: &ServedFile| file.file_name == item.name);
    Ok(items.iter().copied().filter(|item| !is_there(item)).collect())
}
