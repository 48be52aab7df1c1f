//! What a page says about the files of a package, from the page as it was, the list, and the objects themselves.

use std::io::Write;

use anyhow::Result;
use distribution::{FileName, Metadata};
use document::{ArtifactKind, PackageName};

use super::store::Head;
use super::upload::Body;
use super::{Bucket, Change, below_folder, digest_of, distribution_at, locked, told_by};
use crate::foreign::unlistable;
use crate::listing::Listed;

impl Bucket {
    /// What the page of a package lists; nothing where it is absent or damaged.
    pub(crate) fn page(&self, package: &PackageName) -> Result<Vec<Listed>> {
        Ok(super::pages::entries(&self.store.read(&format!("simple/{package}/index.json"))?))
    }

    /// The files of a package: those of its page, those of the list, and those that this run has published, without
    /// those that are gone. Where page and list differ the store is asked, as another publisher may be at work.
    pub(crate) fn merged(&self, package: &PackageName, page: &[Listed]) -> Result<Vec<Listed>> {
        let folder = format!("simple/{package}/");
        let mut paths = self.paths(&folder);
        paths.retain(|path| distribution_at(path).is_some());
        let removed = |path: &String| locked(&self.changes).get(path) == Some(&Change::Removed);
        let listed = page.iter().map(|file| format!("{folder}{}", file.file_name));
        paths.extend(listed.filter(|path| !removed(path)));
        let paths: Vec<String> = paths.into_iter().collect();
        let files = self.each(&paths, |path| self.file(path, page))?;
        let mut files: Vec<Listed> = files.into_iter().flatten().collect();
        files.sort_by(|a, b| (&a.version, &a.file_name).cmp(&(&b.version, &b.file_name)));
        Ok(files)
    }

    /// One file of a package; `None` when it is not there.
    fn file(&self, path: &str, page: &[Listed]) -> Result<Option<Listed>> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let entry = page.iter().find(|entry| entry.file_name == name);
        let known = locked(&self.known).get(path).cloned();
        let mut file = match (known, entry, self.objects.get(path)) {
            (Some(known), _, _) => known,
            (None, Some(entry), Some(object))
                if !self.is_rebuilt
                    && entry.size == object.size
                    && entry.uploaded.as_ref() == Some(&object.modified) =>
            {
                entry.clone()
            }
            _ => match self.store.head(path)? {
                Some(head) => self.inspect(path, head)?,
                None => return Ok(None),
            },
        };
        let change = locked(&self.changes).get(path).cloned();
        file.yanked = match (change, entry) {
            (Some(Change::Yanked(reason)), _) => reason,
            (_, Some(entry)) => entry.yanked.clone(),
            // Only where no page tells.
            (_, None) => self.reason(path)?,
        };
        Ok(Some(file))
    }

    /// Why a file was yanked, by the object beside it.
    fn reason(&self, path: &str) -> Result<Option<String>> {
        let beside = format!("{path}.yanked");
        if !self.objects.contains_key(&beside) {
            return Ok(None);
        }
        Ok(self.store.read(&beside)?.map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Learns about a file from its object, and from its bytes where nobody has recorded their digest.
    fn inspect(&self, path: &str, head: Head) -> Result<Listed> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let parsed = FileName::parse(name)?;
        let (version, kind) = (parsed.version.clone(), parsed.kind());
        let beside = format!("{path}.metadata");
        let metadata = match kind {
            ArtifactKind::Wheel => self.store.read(&beside)?.map(|(bytes, _)| bytes),
            ArtifactKind::Sdist => None,
        };
        let is_alone = metadata.is_none();
        let (sha256, metadata, requires_python) = match (head.sha256, metadata) {
            (Some(sha256), Some(bytes)) => {
                let requires = Metadata::parse(&bytes)?.requires_python;
                (sha256, Some(bytes), requires)
            }
            _ => {
                let mut copy = tempfile::NamedTempFile::new()?;
                let place = self.store.location.name(path);
                let taken = self.store.stream(path, |block| Ok(copy.write_all(block)?))?;
                let Some(sha256) = taken else {
                    return Err(super::pages::moved(&place));
                };
                let told = told_by(copy.path(), parsed);
                let (bytes, requires) = told.map_err(|error| unlistable(&error, copy.path(), &place))?;
                if let (Some(bytes), true) = (&bytes, is_alone) {
                    locked(&self.unwritten).insert(beside.clone(), bytes.clone());
                }
                (sha256, bytes, requires)
            }
        };
        let listed = Listed {
            file_name: name.to_owned(),
            version,
            size: head.object.size,
            sha256,
            requires_python,
            metadata: metadata.as_deref().map(digest_of),
            yanked: None,
            uploaded: Some(head.object.modified),
        };
        if let Some(bytes) = metadata {
            locked(&self.metadata).insert(beside, bytes);
        }
        locked(&self.known).insert(path.to_owned(), listed.clone());
        Ok(listed)
    }

    /// Writes the metadata of wheels that others have put there without, and without which a page would lie.
    pub(super) fn complete_metadata(&self, package: &PackageName) -> Result<()> {
        let folder = format!("simple/{package}/");
        let unwritten: Vec<(String, Vec<u8>)> = {
            let all = locked(&self.unwritten);
            below_folder(&all, &folder).map(|path| (path.clone(), all[path].clone())).collect()
        };
        for (beside, bytes) in unwritten {
            self.store.create(&beside, Body::Bytes(&bytes), &digest_of(&bytes))?;
            locked(&self.unwritten).remove(&beside);
        }
        Ok(())
    }
}
