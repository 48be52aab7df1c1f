//! Two documents of one release, kept in one place: what they must agree in, and both together.

use crate::{Failure, Publication, Release};

impl Release {
    /// Adds to this document what an earlier one of the same release knows and this one does not: places where files
    /// were published, and who was told.
    ///
    /// Documents of two releases are refused with the first thing in which they differ: a different project, version,
    /// commit or built file.
    pub fn joined_with(mut self, earlier: &Self) -> Result<Self, Failure> {
        if let Some(difference) = self.differs_from(earlier) {
            let what = format!(
                "cannot join two release documents of {}: {difference}",
                self.version.tag.escape_debug()
            );
            return Err(Failure::new(what).hint("see which one is right; a version is released once"));
        }
        for publication in earlier.publications.iter().flatten() {
            let known = self.publications.get_or_insert_default();
            match known.iter_mut().find(|known| known.is_at(publication)) {
                Some(known) => {
                    let is_new = |path| known.files.iter().all(|file| file.path != path);
                    let lost: Vec<_> =
                        publication.files.iter().filter(|file| is_new(file.path.clone())).cloned().collect();
                    known.files.extend(lost);
                    known.files.sort();
                }
                None => known.push(publication.clone()),
            }
        }
        self.publications.iter_mut().for_each(|all| all.sort_by(|a, b| a.target.cmp(&b.target)));
        self.announcements = self.announcements.or_else(|| earlier.announcements.clone());
        Ok(self)
    }

    /// Says in what two documents differ that are not of the same release.
    fn differs_from(&self, other: &Self) -> Option<String> {
        let commit = |release: &Self| {
            release.commit.as_ref().map_or("none".to_owned(), |commit| commit.id.to_string())
        };
        let files = |release: &Self| -> Vec<String> {
            let all = release.artifacts.iter().flatten();
            all.map(|file| format!("{} ({})", file.path.file_name(), file.sha256)).collect()
        };
        let pairs = [
            ("project", self.project.name.clone(), other.project.name.clone()),
            ("tag", self.version.tag.clone(), other.version.tag.clone()),
            ("version", self.version.current.to_string(), other.version.current.to_string()),
            ("commit", commit(self), commit(other)),
        ];
        let unequal = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs);
        if let Some((what, ours, theirs)) = unequal {
            return Some(format!("the {what} of one is `{ours}`, that of the other `{theirs}`"));
        }
        let (ours, theirs) = (files(self), files(other));
        let lone = ours.iter().find(|file| !theirs.contains(file));
        let lone = lone.or_else(|| theirs.iter().find(|file| !ours.contains(file)));
        lone.map(|file| format!("only one of them has built {file}"))
    }
}

impl Publication {
    /// Says whether both are about the same place.
    fn is_at(&self, other: &Self) -> bool {
        (&self.target, &self.kind, &self.location) == (&other.target, &other.kind, &other.location)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn release(publications: &serde_json::Value) -> Release {
        let id = "1".repeat(40);
        let text = json!({
            "format": 1, "dry_run": false,
            "project": { "name": "shop", "base": id, "branch": null, "remote": null },
            "version": { "previous": null, "previous_tag": null, "current": "1.0", "tag": "v1.0", "level": "major",
                "date": "2026-01-01" },
            "packages": [], "edits": [], "notes": null,
            "commit": { "id": id, "parent": id, "message": "", "files": [] },
            "expected": null, "artifacts": [{ "path": "dist/shop-1.0.tar.gz", "package": "shop", "kind": "sdist",
                "size": 1, "sha256": "a".repeat(64) }],
            "checks": null, "checksums": null, "signatures": null, "tag": null, "publications": publications,
            "announcements": null, "withdrawals": null,
        });
        Release::from_json(text.to_string().as_bytes()).unwrap()
    }

    fn at(target: &str, path: &str) -> serde_json::Value {
        let file = json!({ "path": path, "package": "shop", "sha256": "a".repeat(64) });
        json!({ "target": target, "kind": "directory", "location": target, "url": null, "files": [file] })
    }

    #[test]
    fn no_publication_of_an_earlier_document_is_lost() {
        let earlier = release(&json!([at("b", "x"), at("c", "x")]));
        let joined = release(&json!([at("a", "x"), at("b", "w")])).joined_with(&earlier).unwrap();
        let all = joined.publications.clone().unwrap();
        assert_eq!(all.iter().map(|all| all.target.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(all[1].files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["w", "x"]);
        assert_eq!(joined.clone().joined_with(&earlier).unwrap(), joined);
        assert_eq!(release(&json!(null)).joined_with(&earlier).unwrap().publications, earlier.publications);
    }

    #[test]
    fn refuses_the_document_of_another_release() {
        let refused = |change: &dyn Fn(&mut Release), words: &str| {
            let mut other = release(&json!([]));
            change(&mut other);
            let error = release(&json!([])).joined_with(&other).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        refused(&|other| other.project.name = "mill".to_owned(), "the project of one is `shop`");
        refused(&|other| other.commit = None, "that of the other `none`");
        refused(&|other| other.artifacts = None, "only one of them has built shop-1.0.tar.gz");
        refused(&|other| other.version.current = "2.0".parse().unwrap(), "that of the other `2.0`");
    }
}
