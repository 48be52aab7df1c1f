//! Reading and replacing files of the project.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, Sha256};
use sha2::Digest;

/// Returns the SHA-256 digest of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(&sha2::Sha256::digest(bytes).into())
}

/// Reads a text file; what is no UTF-8 is an error with the place of its first wrong byte.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    String::from_utf8(bytes).map_err(|wrong| {
        let at = wrong.utf8_error().valid_up_to();
        let line = wrong.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let what = format!("cannot read `{}:{line}`: byte {at} is no UTF-8", path.display());
        Failure::new(what).hint("convert the file to UTF-8").into()
    })
}

/// Reads a file that may be absent.
pub fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Replaces a file atomically: writes beside, syncs, renames. The mode of an existing file is kept.
///
/// The file beside has a name of its own for each target, so that the run after a kill takes it away. The caller
/// holds the project's lock.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = folder_of(path);
    let beside = folder.join(format!(".{}.wainwright", path.file_name().unwrap_or_default().display()));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = File::create(&beside)?;
        if let Ok(metadata) = std::fs::metadata(path) {
            file.set_permissions(metadata.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| {
        // On a full disk the half-written file beside would only make things worse.
        let _ = std::fs::remove_file(&beside);
        format!("cannot write `{}`", path.display())
    })
}

/// Returns the folder of a file; that of a mere name is the current one.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a temporary file with the mode of an ordinary new file; it vanishes unless it is persisted.
pub fn new_file_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".wainwright-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_mere_name_lies_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("words.md")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/words.md")), Path::new("a"));
        assert_eq!(folder_of(Path::new("/words.md")), Path::new("/"));
    }

    #[cfg(unix)]
    #[test]
    fn keeps_the_mode_of_a_replaced_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.sh");
        std::fs::write(&path, "x").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        replace(&path, b"y").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn names_the_place_of_what_is_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.md");
        std::fs::write(&path, b"one\ntw\xff").unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert!(error.contains("x.md:2`: byte 6 is no UTF-8"), "{error}");
    }
}
