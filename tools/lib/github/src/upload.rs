//! Files on their way to a release.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use document::{Failure, Sha256};
use sha2::Digest as _;
use web::Answer;

use crate::releases::ATTEMPTS;
use crate::{Asset, Release, Releases};

/// A file that is to hang on a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAsset {
    /// Its name on the release, as [`asset_name`] has it.
    pub name: String,
    /// What people see in place of the name.
    pub label: Option<String>,
    /// Where it lies on the disk.
    pub source: PathBuf,
    /// The size in bytes.
    pub size: u64,
    /// The digest.
    pub sha256: Sha256,
}

/// The name that GitHub gives to a file: what is no letter, digit, `.`, `-`, `_` or `+` becomes a dot.
pub fn asset_name(file_name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-_+.".contains(c);
    let name: String = file_name.chars().map(|c| if kept(c) { c } else { '.' }).collect();
    name.trim_matches('.').to_owned()
}

impl Releases {
    /// Uploads a file, and finds it there with its size and its digest. A lost answer, and one that broke off, end in
    /// one whole file as well.
    pub fn upload(&self, release: &Release, new: &NewAsset) -> Result<(), Failure> {
        let what = self.what(&format!("upload `{}` to the release `{}`", new.name, release.tag_name), "of");
        let address = self.upload_address(release, new, &what)?;
        let request = self.github.request("POST", &address).file("application/octet-stream", &new.source);
        let mut last = self.github.failure(&what, "it arrives with other bytes each time");
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(250 << attempt));
            }
            match self.github.send(&request, &what) {
                Ok(answer) if answer.is_success() => self.refuse_renamed(&answer, new, &what)?,
                Ok(answer) if answer.status < 500 && !is_there(&answer) => {
                    return Err(self.github.refusal(&answer, &what));
                }
                Ok(answer) => last = self.github.refusal(&answer, &what),
                Err(failure) => last = failure,
            }
            if self.has_arrived(release, new, &what)? {
                return Ok(());
            }
        }
        Err(last)
    }

    /// Says whether an asset has the bytes of a file; where the server does not tell the digest, it is read.
    pub fn holds(&self, asset: &Asset, new: &NewAsset) -> Result<bool, Failure> {
        if !asset.is_whole() || asset.size != new.size {
            return Ok(false);
        }
        let sha256 = match asset.sha256() {
            Some(sha256) => sha256,
            None => self.read_digest(asset)?,
        };
        Ok(sha256 == new.sha256)
    }

    /// The digest of an asset, of all its bytes as they are served.
    pub fn read_digest(&self, asset: &Asset) -> Result<Sha256, Failure> {
        let mut hasher = Hasher(sha2::Sha256::new());
        self.asset(asset, &mut hasher)?;
        Ok(Sha256::from_bytes(&hasher.0.finalize().into()))
    }

    /// Refuses a file that GitHub calls otherwise than everybody who was told its name, and removes it.
    fn refuse_renamed(&self, answer: &Answer, new: &NewAsset, what: &str) -> Result<(), Failure> {
        let asset: Asset = self.typed(self.github.read(answer, what)?, what)?;
        if asset.name == new.name {
            return Ok(());
        }
        self.delete_asset(&asset)?;
        let cause = format!("GitHub calls it `{}`", asset.name);
        Err(self
            .github
            .failure(what, &cause)
            .hint("give the file a name of plain letters, digits, `.`, `-` and `_`"))
    }

    /// Looks whether a file is there, whole; else what is there of it is removed, so that it can be sent again.
    fn has_arrived(&self, release: &Release, new: &NewAsset, what: &str) -> Result<bool, Failure> {
        let Some(asset) = self.assets(release)?.into_iter().find(|asset| asset.name == new.name) else {
            return Ok(false);
        };
        if self.holds(&asset, new)? {
            return Ok(true);
        }
        // Who has published the release may have put it there, and people may have it.
        if !release.draft && asset.is_whole() {
            return Err(self.github.failure(what, "other bytes have that name there"));
        }
        self.delete_asset(&asset)?;
        Ok(false)
    }

    /// Where the file goes. The answer that named it decides who is shown the token, so it must lead to the same server.
    fn upload_address(&self, release: &Release, new: &NewAsset, what: &str) -> Result<String, Failure> {
        let base = release.upload_url.split('{').next().unwrap_or_default();
        if !is_trusted(self.github.api(), base) {
            let cause = format!("its files go to {}, which is another server", web::server(base));
            return Err(self
                .github
                .failure(what, &cause)
                .hint("set GITHUB_API_URL to the address of that server"));
        }
        let mut address = format!("{base}?name={}", web::encoded(&new.name));
        if let Some(label) = &new.label {
            address.push_str(&format!("&label={}", web::encoded(label)));
        }
        Ok(address)
    }
}

/// Says whether files may go there with the token for this interface: to the same server, or to the one for uploads
/// beside it.
fn is_trusted(api: &str, upload: &str) -> bool {
    let (api, upload) = (web::server(api), web::server(upload));
    let beside = api.strip_prefix("https://api.").map(|domain| format!("https://uploads.{domain}"));
    api == upload || beside.is_some_and(|beside| beside == upload)
}

/// Says whether a file was refused because its name is taken, as it is where the answer to the first try was lost.
fn is_there(answer: &Answer) -> bool {
    let json = answer.json().unwrap_or_default();
    let errors = json.get("errors").and_then(|errors| errors.as_array()).into_iter().flatten();
    answer.status == 422
        && errors.into_iter().any(|error| error.get("code").is_some_and(|code| code == "already_exists"))
}

/// Hashes what is written to it.
struct Hasher(sha2::Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_github_gives() {
        for (name, given) in [
            ("a-1.0-py3-none-any.whl", "a-1.0-py3-none-any.whl"),
            ("a-1.0+cu12-py3-none-any.whl", "a-1.0+cu12-py3-none-any.whl"),
            ("a-1!2.0.tar.gz", "a-1.2.0.tar.gz"),
            ("release notes~.txt.", "release.notes..txt"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(asset_name(name), given);
        }
    }

    #[test]
    fn files_go_to_the_server_of_the_interface_alone() {
        let public = "https://api.acme.example";
        assert!(is_trusted(public, "https://uploads.acme.example/repos/o/r/releases/1/assets"));
        assert!(is_trusted("https://git.example/api/v3", "https://git.example/api/uploads/repos"));
        assert!(is_trusted("http://127.0.0.1:8000", "http://127.0.0.1:8000/x"));
        for foreign in [
            "https://uploads.acme.example.evil.example/",
            "http://uploads.acme.example/",
            "https://uploads.acme.example@evil.example/",
            "https://evil.example/",
            "",
        ] {
            assert!(!is_trusted(public, foreign), "{foreign}");
        }
        assert!(!is_trusted("http://127.0.0.1:8000", "http://127.0.0.1:8001/x"));
    }
}
