//! The web address of the repository, for links.

use anyhow::Result;

use crate::git::Git;

impl Git {
    /// The web address of the repository, where the remote's address tells it: `https://host/owner/name`.
    pub fn web_address(&self, remote: &str) -> Result<Option<String>> {
        Ok(self.config()?.remote_url(remote).and_then(of_remote))
    }
}

fn of_remote(url: &str) -> Option<String> {
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    let rest = ["https://", "http://", "ssh://", "git://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let (host, path) = match rest {
        Some(rest) => rest.split_once('/')?,
        // The short form of ssh, `git@host:owner/name`; a local path has no colon before its first slash.
        None => url.split_once(':').filter(|(host, path)| !host.contains('/') && !path.starts_with('/'))?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?;
    (host.contains('.') && path.contains('/')).then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_tells_its_of_remote() {
        for url in [
            "https://host.example/o/r.git",
            "git@host.example:o/r.git",
            "ssh://git@host.example:22/o/r",
            "https://me:token@host.example/o/r",
        ] {
            assert_eq!(of_remote(url).as_deref(), Some("https://host.example/o/r"), "{url}");
        }
        for url in ["/srv/git/r.git", "file:///srv/r.git", "../origin.git", "C:/x/y"] {
            assert_eq!(of_remote(url), None, "{url}");
        }
    }
}
