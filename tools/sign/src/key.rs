//! The secret key: where it is, how it is read, and that no error shows any of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use document::Failure;
use minisign::{PublicKey, SecretKey, SecretKeyBox};
use project::Project;

/// The variable with the secret key: its file, or its text.
pub const KEY_VARIABLE: &str = "WAINWRIGHT_SIGN_KEY";
/// The variable with the password of the secret key.
pub const PASSWORD_VARIABLE: &str = "WAINWRIGHT_SIGN_PASSWORD";

/// The length of a decoded secret key, and where its parts are (see the source of minisign).
const KEY_BYTES: usize = 158;
const KDF: std::ops::Range<usize> = 2..4;
const CHECKSUM: std::ops::Range<usize> = 126..158;

/// A secret key that can sign, with its public key. It has no `Debug`, so that it is never printed.
pub struct Key {
    /// The secret key, decrypted.
    pub secret: SecretKey,
    /// The public key.
    pub public: PublicKey,
}

/// The text of a key, and how an error names the place that it is from. It has no `Debug` either.
struct Source {
    text: String,
    place: String,
}

/// Reads the key that the environment or release.toml names; `None` when neither does.
pub fn configured(project: &Project) -> Result<Option<Key>> {
    let setting = project.settings.sign.key.as_deref();
    let Some(source) = source(std::env::var_os(KEY_VARIABLE), setting, &project.root)? else {
        return Ok(None);
    };
    Ok(Some(source.key(password()?)?))
}

/// The password in the environment; an empty one is none, as where a workflow's secret is not set.
pub fn password() -> Result<Option<String>, Failure> {
    let Some(password) = std::env::var_os(PASSWORD_VARIABLE).filter(|password| !password.is_empty()) else {
        return Ok(None);
    };
    // The value must not reach the error, so the cause is not repeated.
    password.into_string().map(Some).map_err(|_| {
        Failure::new(format!("cannot use the password in {PASSWORD_VARIABLE}: it is no UTF-8"))
            .hint(format!("set {PASSWORD_VARIABLE} again"))
    })
}

fn source(variable: Option<OsString>, setting: Option<&str>, root: &Path) -> Result<Option<Source>, Failure> {
    if let Some(value) = variable.filter(|value| !value.is_empty()) {
        let place = format!("the secret key in {KEY_VARIABLE}");
        return match value.to_str().map(str::trim) {
            Some(text) if is_key_text(text) => Ok(Some(Source { text: text.to_owned(), place })),
            Some(path) => read(&expand(path), place).map(Some),
            None => read(Path::new(&value), place).map(Some),
        };
    }
    let Some(setting) = setting else { return Ok(None) };
    if is_key_text(setting) {
        let what = "cannot use `[sign] key` of release.toml: it holds the key itself, not its file";
        return Err(Failure::new(what).hint("take the key out of the repository, and make a new one"));
    }
    read(&root.join(expand(setting)), format!("the secret key `{setting}`")).map(Some)
}

/// Says whether a text is that of a secret key, whole or damaged, and no path; then it is never repeated.
pub fn is_key_text(text: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    // A public key starts alike and has 56 characters.
    let damaged = text.starts_with("RW") && text.len() > 60 && text.bytes().all(base64);
    text.contains('\n') || text.starts_with("untrusted comment:") || damaged || decoded(text).is_some()
}

fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

/// Reads a key file. The path is not repeated: a variable may hold a damaged key that looks like a path.
fn read(path: &Path, place: String) -> Result<Source, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Source { text, place }),
        Err(cause) => Err(Failure::new(format!("cannot read {place}: {cause}")).hint(format!(
            "set {KEY_VARIABLE} to the key's file or its text, or `[sign] key` in release.toml to its file"
        ))),
    }
}

/// The bytes of the first word that is a secret key: comments stand before it, and line breaks may be lost.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut words = text.split_whitespace().filter_map(|word| STANDARD.decode(word).ok());
    words.find(|bytes| bytes.len() == KEY_BYTES && bytes.starts_with(b"Ed"))
}

impl Source {
    fn key(&self, password: Option<String>) -> Result<Key, Failure> {
        let place = &self.place;
        let Some(bytes) = decoded(&self.text) else {
            return Err(Failure::new(format!("cannot use {place}: it is no minisign secret key"))
                .hint("make one with `sign --new-key PATH` or `minisign -G`"));
        };
        let secret = match &bytes[KDF] {
            [0, 0] => unencrypted(&bytes),
            _ => Some(self.decrypted(&bytes, password)?),
        };
        let key = secret.and_then(|secret| {
            let public = PublicKey::from_secret_key(&secret).ok()?;
            // The halves of a damaged key do not fit each other; a signature of nothing shows it.
            let probe = minisign::sign(None, &secret, &b""[..], Some(""), Some("")).ok()?;
            minisign::verify(&public, &probe, std::io::empty(), true, false, false).ok()?;
            Some(Key { secret, public })
        });
        key.ok_or_else(|| {
            Failure::new(format!("cannot use {place}: it is damaged")).hint("take the key from its backup")
        })
    }

    fn decrypted(&self, bytes: &[u8], password: Option<String>) -> Result<SecretKey, Failure> {
        let place = &self.place;
        // Without a password the crate asks for one on the terminal.
        let Some(password) = password else {
            let what = format!("cannot decrypt {place}: it is encrypted and {PASSWORD_VARIABLE} is not set");
            return Err(Failure::new(what).hint(format!("set {PASSWORD_VARIABLE}")));
        };
        boxed(bytes).into_secret_key(Some(password)).map_err(|_| {
            Failure::new(format!("cannot decrypt {place}: the password is wrong, or the key is damaged"))
                .hint(format!("set {PASSWORD_VARIABLE} to the password that the key was made with"))
        })
    }
}

/// A key without a password. The `minisign` command leaves its checksum zero, which the crate takes for damage.
fn unencrypted(bytes: &[u8]) -> Option<SecretKey> {
    if bytes[CHECKSUM].iter().all(|byte| *byte == 0) {
        return SecretKey::from_bytes(bytes).ok();
    }
    boxed(bytes).into_unencrypted_secret_key().ok()
}

fn boxed(bytes: &[u8]) -> SecretKeyBox {
    SecretKeyBox::from(format!("untrusted comment: key\n{}\n", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    fn text(password: Option<&str>) -> String {
        let pair = match password {
            Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
            None => KeyPair::generate_unencrypted_keypair(),
        };
        pair.unwrap().sk.to_box(None).unwrap().into_string()
    }

    fn key(text: &str, password: Option<&str>) -> Result<Key, String> {
        let source = Source { text: text.to_owned(), place: "the key".to_owned() };
        source.key(password.map(str::to_owned)).map_err(|failure| failure.to_string())
    }

    fn changed(text: &str, at: usize) -> String {
        let mut bytes = decoded(text).unwrap();
        bytes[at] ^= 1;
        boxed(&bytes).into_string()
    }

    #[test]
    fn the_environment_wins_over_release_toml() {
        let root = tempfile::tempdir().unwrap();
        let (file, secret) = (root.path().join("a.key"), text(None));
        std::fs::write(&file, "of the file").unwrap();
        let source = |variable: Option<&str>, setting| source(variable.map(Into::into), setting, root.path());
        let found = |variable, setting| source(variable, setting).unwrap().map(|source| source.text);
        assert_eq!(found(None, None), None);
        assert_eq!(found(Some(""), None), None);
        assert_eq!(found(Some(""), Some("a.key")).unwrap(), "of the file");
        assert_eq!(found(Some(file.to_str().unwrap()), Some("none")).unwrap(), "of the file");
        assert_eq!(found(Some(&secret), Some("a.key")).unwrap(), secret.trim());
        let line = secret.lines().nth(1).unwrap();
        assert_eq!(found(Some(line), None).unwrap(), line);
    }

    #[test]
    fn no_error_repeats_what_may_be_a_key() {
        let root = tempfile::tempdir().unwrap();
        let secret = text(None);
        let line = secret.lines().nth(1).unwrap();
        let failure = source(Some(line[2..].into()), None, root.path()).err().unwrap();
        let message = format!("{failure:?}");
        assert!(message.contains("cannot read the secret key in WAINWRIGHT_SIGN_KEY: "), "{message}");
        assert!(!message.contains(&line[84..104]), "{message}");
        for key in [line, &line[..line.len() - 9]] {
            let failure = source(None, Some(key), root.path()).err().unwrap();
            assert!(failure.to_string().contains("it holds the key itself"), "{failure}");
            assert!(!format!("{failure:?}").contains(&line[84..104]), "{failure}");
        }
    }

    #[test]
    fn a_key_is_read_from_its_file_its_line_and_a_text_that_lost_its_line_breaks() {
        let secret = text(None);
        for form in [
            &secret,
            secret.lines().nth(1).unwrap(),
            &secret.replace('\n', " "),
            &secret.replace('\n', "\r\n"),
        ] {
            assert!(key(form, None).is_ok());
            assert!(is_key_text(form));
        }
        assert!(!is_key_text("keys/release.key"));
    }

    #[test]
    fn a_password_is_needed_and_must_be_right() {
        let secret = text(Some("right"));
        assert!(key(&secret, Some("right")).is_ok());
        assert_eq!(
            key(&secret, Some("wrong")).err().unwrap(),
            "cannot decrypt the key: the password is wrong, or the key is damaged"
        );
        assert_eq!(
            key(&secret, None).err().unwrap(),
            "cannot decrypt the key: it is encrypted and WAINWRIGHT_SIGN_PASSWORD is not set"
        );
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let secret = text(None);
        assert_eq!(key("nonsense", None).err().unwrap(), "cannot use the key: it is no minisign secret key");
        let mut zeroed = decoded(&secret).unwrap();
        zeroed[CHECKSUM].fill(0);
        let zeroed = boxed(&zeroed).into_string();
        assert!(key(&zeroed, None).is_ok());
        // The seed starts at byte 62, the public half at byte 94, the checksum at byte 126.
        for damaged in
            [changed(&secret, 130), changed(&secret, 62), changed(&zeroed, 62), changed(&zeroed, 94)]
        {
            assert_eq!(key(&damaged, None).err().unwrap(), "cannot use the key: it is damaged");
        }
    }
}
