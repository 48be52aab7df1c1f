//! Putting a file in its place: whole or not at all, and where it matters never over another.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::Result;
use document::{Failure, Sha256};
use sha2::Digest;
use tempfile::NamedTempFile;

/// What the names of temporary files start with.
const PREFIX: &str = ".incoming-";

/// The error of a file or folder that the system does not let us handle.
pub(crate) fn failure(verb: &str, path: &Path, cause: &io::Error) -> anyhow::Error {
    let message = format!("cannot {verb} `{}`: {cause}", path.display());
    Failure::new(message).hint("mend the folder's permissions or make room on its disk").into()
}

/// Copies a file to a temporary one in `folder`, on the disk when this returns, with the digest of the copy.
pub(crate) fn copy(source: &Path, folder: &Path) -> Result<(NamedTempFile, Sha256)> {
    let mut from = File::open(source).map_err(|cause| failure("read", source, &cause))?;
    let mut to = temporary(folder)?;
    let mut sha256 = sha2::Sha256::new();
    let mut block = vec![0; 256 * 1024];
    loop {
        let length = from.read(&mut block).map_err(|cause| failure("read", source, &cause))?;
        if length == 0 {
            break;
        }
        sha256.update(&block[..length]);
        to.write_all(&block[..length]).map_err(|cause| failure("write", to.path(), &cause))?;
    }
    to.as_file().sync_all().map_err(|cause| failure("write", to.path(), &cause))?;
    Ok((to, Sha256::from_bytes(&sha256.finalize().into())))
}

/// Writes bytes to a temporary file in `folder`, on the disk when this returns.
pub(crate) fn write(bytes: &[u8], folder: &Path) -> Result<NamedTempFile> {
    let file = written(bytes, folder)?;
    file.as_file().sync_all().map_err(|cause| failure("write", file.path(), &cause))?;
    Ok(file)
}

/// Writes bytes to a temporary file in `folder`.
pub(crate) fn written(bytes: &[u8], folder: &Path) -> Result<NamedTempFile> {
    let mut to = temporary(folder)?;
    to.write_all(bytes).map_err(|cause| failure("write", to.path(), &cause))?;
    Ok(to)
}

/// Gives a temporary file its name unless something has it already; false when something has.
pub(crate) fn publish(file: NamedTempFile, target: &Path) -> Result<bool> {
    match file.persist_noclobber(target) {
        Ok(_) => sync_folder(target).map(|()| true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(failure("write", target, &refused.error)),
    }
}

/// Replaces a page in one step when its bytes differ; says whether they did.
pub(crate) fn replace(target: &Path, folder: &Path, bytes: &[u8]) -> Result<bool> {
    match fs::read(target) {
        Ok(present) if present == bytes => return Ok(false),
        Ok(_) => {}
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(failure("read", target, &cause)),
    }
    write(bytes, folder)?.persist(target).map_err(|refused| failure("write", target, &refused.error))?;
    sync_folder(target).map(|()| true)
}

/// Removes a file; false when there was none.
pub(crate) fn remove(target: &Path) -> Result<bool> {
    match fs::remove_file(target) {
        Ok(()) => sync_folder(target).map(|()| true),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(failure("remove", target, &cause)),
    }
}

/// Makes a folder below `root`, on the disk when this returns.
pub(crate) fn make_folder(root: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|cause| failure("make the folder", folder, &cause))?;
    folder.ancestors().take_while(|above| *above != root).try_for_each(sync_folder)
}

/// Removes what a run that was killed left behind of these names in a folder. Only the holder of the lock may call it.
pub(crate) fn sweep(folder: &Path, names: &[String]) -> Result<()> {
    for name in names.iter().filter(|name| name.starts_with(PREFIX)) {
        remove(&folder.join(name))?;
    }
    Ok(())
}

/// A name is on the disk only when its folder is.
fn sync_folder(target: &Path) -> Result<()> {
    let Some(folder) = target.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|cause| failure("write", folder, &cause))
}

fn temporary(folder: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    // Temporary files are private by default, and a web server runs as somebody else.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).map_err(|cause| failure("write in", folder, &cause))
}
