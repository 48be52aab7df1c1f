//! Putting built files where they are promised: each one checked, hashed, and moved at once.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use distribution::FileName;
use document::{Artifact, ArtifactKind, Failure, Package};

/// A file in its place, and what is worth saying about it.
pub struct Placed {
    /// The file.
    pub artifact: Artifact,
    /// How it came there.
    pub note: String,
}

/// Moves a package's built files from a folder into its dist folder.
///
/// A file of the same name with other bytes stays when it is `recorded` as built from this very commit, for
/// documents name its digest; else it is of an earlier commit, and is replaced.
pub fn place(package: &Package, built: &Path, root: &Path, recorded: &[Artifact]) -> Result<Vec<Placed>> {
    let mut placed = Vec::new();
    for name in check(package, built)? {
        let path = package.dist.join(&name)?;
        let (from, to) = (built.join(&name), path.under(root));
        let (sha256, size) = distribution::digest(&from)?;
        let kind = FileName::parse(&name)?.kind();
        let mut artifact = Artifact { path: path.clone(), package: package.name.clone(), kind, size, sha256 };
        let there = if to.is_file() { Some(distribution::digest(&to)?.0) } else { None };
        let own = recorded.iter().find(|file| file.path == path && there.as_ref() == Some(&file.sha256));
        let note = match (there, own) {
            (Some(there), _) if there == artifact.sha256 => {
                format!("{path}: the same {} as before", bytes(size))
            }
            (Some(_), Some(own)) => {
                artifact = own.clone();
                format!("{path}: {} of the first build of this commit are kept", bytes(own.size))
            }
            (there, _) => {
                move_file(&from, &to).with_context(|| format!("cannot write `{path}`"))?;
                let instead = there.map_or("", |_| ", in place of another build's");
                format!("{path}: {}{instead}", bytes(size))
            }
        };
        placed.push(Placed { artifact, note });
    }
    Ok(placed)
}

/// Returns the names of the one wheel and the one sdist, sorted; anything else is an error.
fn check(package: &Package, built: &Path) -> Result<Vec<String>> {
    let list = || -> std::io::Result<Vec<String>> {
        let names = fs::read_dir(built)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    };
    let mut names = list().with_context(|| format!("cannot list `{}`", built.display()))?;
    names.retain(|name| name.ends_with(".whl") || name.ends_with(".tar.gz"));
    names.sort();
    let mut kinds = Vec::new();
    for name in &names {
        let file = FileName::parse(name)?;
        if (&file.name, &file.version) != (&package.name, &package.version) {
            let what = format!(
                "cannot use `{name}`: the release has {} {}, the build made {} {}",
                package.name, package.version, file.name, file.version
            );
            let hint = "write the release's name and version where the package's build reads them";
            return Err(Failure::new(what).hint(hint).into());
        }
        kinds.push(file.kind());
    }
    kinds.sort();
    if kinds != [ArtifactKind::Wheel, ArtifactKind::Sdist] {
        let made = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let what = format!(
            "cannot use the build of `{}`: it made {made}, not one wheel and one sdist",
            package.name
        );
        return Err(Failure::new(what).hint("make the package's build backend build one of each").into());
    }
    Ok(names)
}

/// Moves a file at once, so that its place holds the old file or the new one, whole.
fn move_file(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    File::open(from)?.sync_all()?;
    match fs::rename(from, to) {
        Err(cause) if cause.kind() == ErrorKind::CrossesDevices => {
            let mut beside = project::files::new_file_in(folder)?;
            std::io::copy(&mut File::open(from)?, &mut beside)?;
            beside.as_file().sync_all()?;
            beside.persist(to)?;
        }
        moved => moved?,
    }
    Ok(File::open(folder)?.sync_all()?)
}

/// A size for people: `812 bytes`, `1.5 kB`, `2.0 MB`.
fn bytes(size: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", size / unit, size % unit * 10 / unit);
    match size {
        0..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::Sha256;

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

    fn built(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn refusal(files: &[(&str, &str)]) -> String {
        let root = tempfile::tempdir().unwrap();
        let error = place(&package(), built(files).path(), root.path(), &[]).map(|_| ()).unwrap_err();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "a refused build leaves nothing");
        error.to_string()
    }

    #[test]
    fn moves_one_wheel_and_one_sdist_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = built(&[(WHEEL, "w"), (SDIST, "s"), (".gitignore", "*")]);
        let placed = place(&package(), folder.path(), root.path(), &[]).unwrap();
        let paths: Vec<_> = placed.iter().map(|placed| placed.artifact.path.to_string()).collect();
        assert_eq!(paths, [format!("out/dist/{WHEEL}"), format!("out/dist/{SDIST}")]);
        assert_eq!(fs::read_dir(root.path().join("out/dist")).unwrap().count(), 2);
        assert_eq!(placed[0].note, format!("out/dist/{WHEEL}: 1 bytes"));
    }

    #[test]
    fn refuses_another_version_and_names_both() {
        let message = refusal(&[("da_vinci-0.4.0-py3-none-any.whl", "w"), (SDIST, "s")]);
        assert!(
            message.contains("the release has da-vinci 0.5.0, the build made da-vinci 0.4.0"),
            "{message}"
        );
    }

    #[test]
    fn refuses_a_missing_sdist_and_a_second_wheel() {
        assert!(refusal(&[(WHEEL, "w")]).contains("it made da_vinci-0.5.0-py3-none-any.whl, not one wheel"));
        let second = "da_vinci-0.5.0-py2-none-any.whl";
        assert!(refusal(&[(WHEEL, "w"), (second, "w"), (SDIST, "s")]).contains(second));
        assert!(refusal(&[]).contains("it made nothing"));
    }

    #[test]
    fn replaces_a_file_of_another_commit_and_keeps_one_of_this() {
        let root = tempfile::tempdir().unwrap();
        let dist = root.path().join("out/dist");
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join(WHEEL), "old").unwrap();
        let folder = built(&[(WHEEL, "new"), (SDIST, "s")]);
        let placed = place(&package(), folder.path(), root.path(), &[]).unwrap();
        assert!(placed[0].note.ends_with("3 bytes, in place of another build's"), "{}", placed[0].note);
        assert_eq!(fs::read(dist.join(WHEEL)).unwrap(), b"new");
        let recorded: Vec<_> = placed.into_iter().map(|placed| placed.artifact).collect();
        let folder = built(&[(WHEEL, "newest"), (SDIST, "s")]);
        let placed = place(&package(), folder.path(), root.path(), &recorded).unwrap();
        assert!(placed[0].note.contains("are kept"), "{}", placed[0].note);
        assert_eq!(placed[0].artifact, recorded[0]);
        assert_eq!(fs::read(dist.join(WHEEL)).unwrap(), b"new");
    }

    #[test]
    fn a_record_of_other_bytes_keeps_nothing() {
        let root = tempfile::tempdir().unwrap();
        let dist = root.path().join("out/dist");
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join(WHEEL), "changed").unwrap();
        let recorded = [Artifact {
            path: format!("out/dist/{WHEEL}").parse().unwrap(),
            package: package().name,
            kind: ArtifactKind::Wheel,
            size: 3,
            sha256: Sha256::from_bytes(&[7; 32]),
        }];
        place(&package(), built(&[(WHEEL, "new"), (SDIST, "s")]).path(), root.path(), &recorded).unwrap();
        assert_eq!(fs::read(dist.join(WHEEL)).unwrap(), b"new");
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!([999, 1_590, 2_000_000].map(bytes), ["999 bytes", "1.5 kB", "2.0 MB"]);
    }
}
