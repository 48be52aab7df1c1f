//! The members of a wheel or an sdist with all that their archive says of them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};
use document::Sha256;
use flate2::read::GzDecoder;
use sha2::Digest;
use zip::ZipArchive;

/// One member of an archive, in words that can be compared and shown.
pub struct Member {
    /// Its path in the archive.
    pub name: String,
    /// When it was changed.
    pub time: String,
    /// Its permissions, with the kind of the file.
    pub mode: String,
    /// Whose it is.
    pub owner: String,
    /// How it is compressed.
    pub method: String,
    /// The digest of its content.
    pub digest: Sha256,
}

/// The members in the order in which they stand.
pub fn read(path: &Path) -> Result<Vec<Member>> {
    let read = || if is_wheel(path) { of_wheel(path) } else { of_sdist(path) };
    read().with_context(|| format!("cannot read `{}`", path.display()))
}

/// The content of the member in that place.
pub fn content(path: &Path, at: usize) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    if is_wheel(path) {
        zip(path)?.by_index(at)?.read_to_end(&mut content)?;
    } else if let Some(entry) = tar(path)?.entries()?.nth(at) {
        entry?.read_to_end(&mut content)?;
    }
    Ok(content)
}

/// What differs where every member is the same.
pub fn frame(first: &Path, second: &Path) -> Result<String> {
    let time = |path: &Path| -> Result<[u8; 4]> {
        let mut head = [0; 8];
        File::open(path)?.read_exact(&mut head)?;
        Ok([head[4], head[5], head[6], head[7]])
    };
    // RFC 1952: the time of the original file stands in bytes 4 to 7.
    if !is_wheel(first) && time(first)? != time(second)? {
        return Ok("the time in the header of the gzip file".to_owned());
    }
    Ok("the bytes of the archive around its members, as another compression gives them".to_owned())
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "whl")
}

fn zip(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    Ok(ZipArchive::new(BufReader::new(File::open(path)?))?)
}

fn tar(path: &Path) -> Result<tar::Archive<GzDecoder<BufReader<File>>>> {
    Ok(tar::Archive::new(GzDecoder::new(BufReader::new(File::open(path)?))))
}

fn of_wheel(path: &Path) -> Result<Vec<Member>> {
    let mut archive = zip(path)?;
    let mut members = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at)?;
        members.push(Member {
            name: file.name()?.into_owned(),
            time: file.last_modified().map(|time| time.to_string()).unwrap_or_default(),
            mode: file.unix_mode().map(|mode| format!("{mode:o}")).unwrap_or_default(),
            owner: String::new(),
            method: file.compression().to_string(),
            digest: digest(&mut file)?,
        });
    }
    Ok(members)
}

fn of_sdist(path: &Path) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for entry in tar(path)?.entries()? {
        let mut entry = entry?;
        let header = entry.header();
        let word = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let owner = format!(
            "{}:{} ({}:{})",
            header.uid()?,
            header.gid()?,
            word(header.username_bytes()),
            word(header.groupname_bytes())
        );
        let (time, mode) = (header.mtime()?.to_string(), format!("{:o}", header.mode()?));
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        members.push(Member { name, time, mode, owner, method: String::new(), digest: digest(&mut entry)? });
    }
    Ok(members)
}

fn digest(input: &mut impl Read) -> Result<Sha256> {
    let mut sha256 = sha2::Sha256::new();
    let mut block = [0; 1 << 16];
    loop {
        let count = input.read(&mut block)?;
        if count == 0 {
            return Ok(Sha256::from_bytes(&sha256.finalize().into()));
        }
        sha256.update(&block[..count]);
    }
}
