//! A new key pair, in two files that the `minisign` command can use; a file that exists is never overwritten.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use document::Failure;
use filter::{Outcome, Stage, Step};
use minisign::KeyPair;
use tempfile::NamedTempFile;

use crate::key::{self, PASSWORD_VARIABLE};
use crate::signature;

/// The pair of files to make.
struct Pair {
    secret: PathBuf,
    public: PathBuf,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "make the key pair {} and {}", self.secret.display(), self.public.display())
    }
}

/// Makes a key pair; it is encrypted when the environment has a password.
pub fn make(stage: &Stage, path: &Path) -> Result<()> {
    let pair = Pair { secret: path.to_owned(), public: path.with_extension("pub") };
    if pair.public == pair.secret {
        let what = format!("cannot make the key `{}`: this is the name of a public key", path.display());
        return Err(Failure::usage(what).hint("name a file without the extension `pub`").into());
    }
    for file in [&pair.secret, &pair.public] {
        if file.symlink_metadata().is_ok() {
            return Err(refusal(file, "the file exists").into());
        }
    }
    let password = key::password()?;
    let encrypted = password.is_some();
    stage.perform(&[Step::Do(pair)], |pair| write(pair, password.clone()))?;
    if !encrypted {
        stage.warn(format!(
            "the secret key has no password, as {PASSWORD_VARIABLE} is not set: whoever reads the file can sign"
        ));
    }
    Ok(())
}

fn write(pair: &Pair, password: Option<String>) -> Result<Outcome> {
    let made = match password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password)),
        None => KeyPair::generate_unencrypted_keypair(),
    };
    let made = made.and_then(|made| Ok((made.sk.to_box(Some("minisign encrypted secret key"))?, made.pk)));
    let (secret, public) = made.map_err(|cause| refusal(&pair.secret, &cause.to_string()))?;
    let line = public.to_base64();
    // The crate's own text has a colon more than that of the command.
    let public =
        format!("untrusted comment: minisign public key {}\n{line}\n", signature::key_id(public.keynum()));
    // A temporary file has the mode 0600 from its first moment.
    put(&pair.secret, secret.to_string().as_bytes(), |folder| NamedTempFile::new_in(folder))?;
    put(&pair.public, public.as_bytes(), project::files::new_file_in).inspect_err(|_| {
        // A secret key whose public key nobody has is of no use, and would be in the way of the next attempt.
        let _ = std::fs::remove_file(&pair.secret);
    })?;
    Ok(Outcome::Noted(format!("the public key is {line}")))
}

fn put(
    path: &Path,
    bytes: &[u8],
    new_file: impl FnOnce(&Path) -> std::io::Result<NamedTempFile>,
) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = new_file(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)?;
        Ok(())
    };
    write().map_err(|cause| refusal(path, &cause.to_string()))
}

fn refusal(path: &Path, cause: &str) -> Failure {
    Failure::new(format!("cannot make the key `{}`: {cause}", path.display()))
        .hint("name a new file in a folder that you can write to; a key is never overwritten")
}
