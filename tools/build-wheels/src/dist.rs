//! Putting built files where they are promised: each one checked, hashed, and moved at once.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use distribution::{FileName, expected, readable_size};
use document::{Artifact, Expected, Failure, Package};

/// A file in its place, and what is worth saying about it.
pub struct Placed {
    /// The file.
    pub artifact: Artifact,
    /// How it came there.
    pub note: String,
}

/// Moves a built file into the package's dist folder.
///
/// A file of the same name with other bytes stays when it is one of `settled`, which documents name already; else it
/// is of an earlier commit, and is replaced.
pub fn place(package: &Package, from: &Path, root: &Path, settled: &[Artifact]) -> Result<Placed> {
    let name = FileName::of(from)?;
    let path = package.dist.join(&from.file_name().unwrap_or_default().to_string_lossy())?;
    let to = path.under(root);
    let (sha256, size) = distribution::digest(from)?;
    let mut artifact =
        Artifact { path: path.clone(), package: package.name.clone(), kind: name.kind(), size, sha256 };
    let there = if to.is_file() { Some(distribution::digest(&to)?.0) } else { None };
    let own = settled.iter().find(|file| file.path == path && there.as_ref() == Some(&file.sha256));
    let note = match (there, own) {
        (Some(there), _) if there == artifact.sha256 => {
            format!("{path}: the same {} as before", readable_size(size))
        }
        (Some(_), Some(own)) => {
            artifact = own.clone();
            format!("{path}: {} of the first build of this commit are kept", readable_size(own.size))
        }
        (there, _) => {
            move_file(from, &to).with_context(|| format!("cannot write `{path}`"))?;
            let instead = there.map_or("", |_| ", in place of another build's");
            format!("{path}: {}{instead}", readable_size(size))
        }
    };
    Ok(Placed { artifact, note })
}

/// Returns the one wheel or sdist that a build has left in a folder; another one there is an error.
pub fn only_file(built: &Path, entry: &Expected) -> Result<PathBuf> {
    let list = || -> std::io::Result<Vec<String>> {
        let names = fs::read_dir(built)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    };
    let mut names = list().with_context(|| format!("cannot list `{}`", built.display()))?;
    names.retain(|name| name.ends_with(".whl") || name.ends_with(".tar.gz"));
    names.sort();
    let [name] = names.as_slice() else {
        let made = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let what =
            format!("cannot use the build of `{}`: it made {made}, and not one {}", entry.id, entry.kind);
        return Err(Failure::new(what).hint("make the package's build leave one file and no other").into());
    };
    Ok(built.join(name))
}

/// Refuses a file that is not what an entry of the matrix promises: its name, version, Python and platform.
pub fn check(file: &Path, package: &Package, entry: &Expected) -> Result<()> {
    let name = FileName::of(file)?;
    let text = file.file_name().unwrap_or_default().display();
    if (&name.name, &name.version) != (&package.name, &package.version) {
        let what = format!(
            "cannot use `{text}`: the release has {} {}, the build made {} {}",
            package.name, package.version, name.name, name.version
        );
        let hint = "write the release's name and version where the package's build reads them";
        return Err(Failure::new(what).hint(hint).into());
    }
    if name.kind() != entry.kind {
        let what = format!("cannot use `{text}`: it is no {}, as `{}` asks for", entry.kind, entry.id);
        return Err(Failure::new(what).hint("make the package's build leave one").into());
    }
    if expected::is_for(&name, entry) {
        return Ok(());
    }
    let tags: Vec<String> = name.tags().iter().map(ToString::to_string).collect();
    let fits_python = entry
        .python
        .as_ref()
        .is_none_or(|python| name.tags().iter().any(|tag| expected::runs_on(tag, python)));
    let (tags, words) = (tags.join(", "), expected::words(entry));
    let (asked, hint) = match (&entry.python, &entry.platform) {
        (Some(python), _) if !fits_python => (
            format!("none for Python {python}"),
            "let the build use the interpreter that it is given".to_owned(),
        ),
        (_, Some(platform)) => (
            format!("none of {}", platform.tags.join(", ")),
            match platform.tags.iter().find(|tag| tag.contains("linux_") && !tag.contains('*')) {
                Some(tag) => format!("set `auditwheel = [\"--plat\", \"{tag}\"]` in [build] of release.toml"),
                None => format!(
                    "let the build give such a tag, or name its own in `tags` of the [[platform]] `{}`",
                    platform.name
                ),
            },
        ),
        _ => ("none that is asked for".to_owned(), "see `build` of release.toml".to_owned()),
    };
    let what = format!("cannot use `{text}` as {words}: of its tags {tags} there is {asked}");
    Err(Failure::new(what).hint(hint).into())
}

/// Moves a file at once, so that its place holds the old file or the new one, whole.
fn move_file(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    File::open(from)?.sync_all()?;
    let copy = || -> Result<()> {
        let mut beside = project::files::new_file_in(folder)?;
        std::io::copy(&mut File::open(from)?, &mut beside)?;
        beside.as_file().sync_all()?;
        beside.persist(to)?;
        Ok(())
    };
    // A build may leave a link to a file that is not its own.
    if from.is_symlink() {
        copy()?;
    } else {
        match fs::rename(from, to) {
            Err(cause) if cause.kind() == ErrorKind::CrossesDevices => copy()?,
            moved => moved?,
        }
    }
    Ok(File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::{ArtifactKind, Platform, Sha256};

    const WHEEL: &str = "da_vinci-0.5.0-py3-none-any.whl";
    const SDIST: &str = "da_vinci-0.5.0.tar.gz";

    fn package() -> Package {
        Package {
            name: "da-vinci".parse().unwrap(),
            path: None,
            version: "0.5.0".parse().unwrap(),
            dist: "out/dist".parse().unwrap(),
            variant: None,
        }
    }

    fn entry(kind: ArtifactKind, python: Option<&str>, tag: Option<&str>) -> Expected {
        let python = python.map(|python| python.parse().unwrap());
        let platform = tag.map(|tag| Platform { name: "here".to_owned(), tags: vec![tag.to_owned()] });
        Expected { id: "da-vinci.x".to_owned(), package: "da-vinci".parse().unwrap(), kind, python, platform }
    }

    fn built(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn put(root: &Path, text: &str, settled: &[Artifact]) -> Placed {
        let folder = built(&[(WHEEL, text)]);
        place(&package(), &folder.path().join(WHEEL), root, settled).unwrap()
    }

    fn refusal(name: &str, entry: &Expected) -> (String, String) {
        let error = check(Path::new(name), &package(), entry).unwrap_err();
        (error.to_string(), Failure::of(&error).0.unwrap().to_owned())
    }

    #[test]
    fn puts_a_file_into_a_new_dist_folder() {
        let root = tempfile::tempdir().unwrap();
        let placed = put(root.path(), "w", &[]);
        assert_eq!(placed.artifact.path.to_string(), format!("out/dist/{WHEEL}"));
        assert_eq!(placed.note, format!("out/dist/{WHEEL}: 1 byte"));
        assert_eq!(fs::read_dir(root.path().join("out/dist")).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_placed_as_the_file_that_it_leads_to() {
        let (root, folder) = (tempfile::tempdir().unwrap(), built(&[("other", "w")]));
        let link = folder.path().join(WHEEL);
        std::os::unix::fs::symlink(folder.path().join("other"), &link).unwrap();
        place(&package(), &link, root.path(), &[]).unwrap();
        let to = root.path().join("out/dist").join(WHEEL);
        assert!(!to.is_symlink() && fs::read(&to).unwrap() == b"w");
        assert!(folder.path().join("other").is_file());
    }

    #[test]
    fn a_build_leaves_one_file() {
        let wheel = entry(ArtifactKind::Wheel, None, None);
        let one = built(&[(WHEEL, "w"), (".gitignore", "*")]);
        assert_eq!(only_file(one.path(), &wheel).unwrap(), one.path().join(WHEEL));
        let refused =
            |files: &[(&str, &str)]| only_file(built(files).path(), &wheel).unwrap_err().to_string();
        assert_eq!(refused(&[]), "cannot use the build of `da-vinci.x`: it made nothing, and not one wheel");
        let second = "da_vinci-0.5.0-py2-none-any.whl";
        assert!(
            refused(&[(WHEEL, "w"), (second, "w")]).contains(&format!("it made {second}, {WHEEL}, and not"))
        );
    }

    #[test]
    fn refuses_what_an_entry_does_not_promise_and_names_both() {
        let wheel = entry(ArtifactKind::Wheel, None, None);
        let (what, _) = refusal("da_vinci-0.4.0-py3-none-any.whl", &wheel);
        assert!(what.contains("the release has da-vinci 0.5.0, the build made da-vinci 0.4.0"), "{what}");
        assert_eq!(
            refusal(SDIST, &wheel).0,
            format!("cannot use `{SDIST}`: it is no wheel, as `da-vinci.x` asks for")
        );
        let linux = entry(ArtifactKind::Wheel, Some("3.12"), Some("manylinux_2_28_x86_64"));
        let (what, hint) = refusal("da_vinci-0.5.0-cp312-cp312-linux_x86_64.whl", &linux);
        assert_eq!(
            what,
            "cannot use `da_vinci-0.5.0-cp312-cp312-linux_x86_64.whl` as the wheel of `da-vinci` for Python 3.12 on here: \
             of its tags cp312-cp312-linux_x86_64 there is none of manylinux_2_28_x86_64"
        );
        assert_eq!(
            hint,
            "set `auditwheel = [\"--plat\", \"manylinux_2_28_x86_64\"]` in [build] of release.toml"
        );
        let (what, hint) = refusal("da_vinci-0.5.0-cp311-cp311-manylinux_2_28_x86_64.whl", &linux);
        assert!(what.ends_with("there is none for Python 3.12") && hint.contains("interpreter"), "{what}");
        check(Path::new("da_vinci-0.5.0-cp312-abi3-manylinux_2_28_x86_64.whl"), &package(), &linux).unwrap();
        check(Path::new(WHEEL), &package(), &linux).unwrap();
    }

    #[test]
    fn replaces_a_file_of_another_commit_and_keeps_one_of_this() {
        let root = tempfile::tempdir().unwrap();
        let there = root.path().join("out/dist").join(WHEEL);
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::write(&there, "old").unwrap();
        let placed = put(root.path(), "new", &[]);
        assert!(placed.note.ends_with("3 bytes, in place of another build's"), "{}", placed.note);
        assert_eq!(fs::read(&there).unwrap(), b"new");
        let again = put(root.path(), "newest", std::slice::from_ref(&placed.artifact));
        assert!(again.note.contains("are kept"), "{}", again.note);
        assert_eq!((again.artifact, fs::read(&there).unwrap()), (placed.artifact.clone(), b"new".to_vec()));
        let other = Artifact { sha256: Sha256::from_bytes(&[7; 32]), ..placed.artifact };
        put(root.path(), "changed", &[other]);
        assert_eq!(fs::read(&there).unwrap(), b"changed", "a file that is not settled is replaced");
    }
}
