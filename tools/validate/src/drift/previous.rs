//! Where the release before can be had: on the project's own targets, or where the user's index serves it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use distribution::{FileName, Tag};
use document::{PackageName, Version};
use index::Index;

use super::snapshot::Snapshot;
use crate::validate::Context;

/// Returns the release of a package before this one; where there is none, why not, for each place that was asked.
pub fn find(
    context: &Context,
    package: &PackageName,
    version: &Version,
    new: &Snapshot,
    tags: &[Tag],
) -> Result<Snapshot, Vec<String>> {
    let mut reasons = Vec::new();
    for target in &context.project.targets() {
        let Some(folder) = target.folder() else { continue };
        let found = on_target(&context.project.root.join(folder), package, version, tags);
        match found.and_then(|path| path.map(|path| Snapshot::of_wheel(&path)).transpose()) {
            Ok(Some(mut snapshot)) => {
                snapshot.name = format!("{} on `{}`", snapshot.name, target.name);
                return Ok(snapshot);
            }
            Ok(None) => reasons.push(format!("the target `{}` has no wheel of it", target.name)),
            Err(cause) => reasons.push(format!("the target `{}`: {cause:#}", target.name)),
        }
    }
    match from_index(context, package, version, tags) {
        // A name that was never published by the project may be somebody else's there.
        Ok(old) if !old.files.keys().any(|path| new.files.contains_key(path)) => {
            reasons.push("what the index has under its name shares no file with it".to_owned());
        }
        Ok(old) => return Ok(old),
        Err(cause) => reasons.push(format!("the index: {cause:#}")),
    }
    Err(reasons)
}

/// The wheel of that version in an index in a folder, the one that is most like the new one.
fn on_target(root: &Path, package: &PackageName, version: &Version, tags: &[Tag]) -> Result<Option<PathBuf>> {
    let listing = Index::read(root);
    let files = listing.files(package)?.into_iter().filter(|file| file.version == *version);
    let wheels =
        files.filter_map(|file| FileName::parse(&file.file_name).ok().map(|name| (file.file_name, name)));
    let wheels = wheels.filter(|(_, name)| !name.tags().is_empty());
    let best =
        wheels.max_by_key(|(file, name)| (likeness(name.tags(), tags), std::cmp::Reverse(file.clone())));
    best.map(|(file, _)| listing.path(package, &file)).transpose()
}

/// How many of platform, ABI and Python two wheels have in common, in the order of their weight.
pub fn likeness(one: &[Tag], other: &[Tag]) -> u8 {
    let any = |same: fn(&Tag, &Tag) -> bool| u8::from(one.iter().any(|a| other.iter().any(|b| same(a, b))));
    let platform = any(|a, b| a.platform == b.platform);
    platform * 4 + any(|a, b| a.abi == b.abi) * 2 + any(|a, b| a.python == b.python)
}

/// Installs the wheel into a folder of its own, by itself; nothing is built, and nothing of it runs.
fn from_index(context: &Context, package: &PackageName, version: &Version, tags: &[Tag]) -> Result<Snapshot> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut install = context.uv()?.command();
    install.args([
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-python-downloads",
    ]);
    if let Some(platform) = tags.iter().find_map(|tag| platform(&tag.platform)) {
        install.args(["--python-platform", &platform]);
    }
    if let Some(python) = tags.iter().find_map(|tag| python(&tag.python)) {
        install.args(["--python-version", &python]);
    }
    install.arg("--target").arg(folder.path()).arg(format!("{package}=={version}"));
    let output = project::run_quietly(install.current_dir(&context.project.root))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let cause = lines.get(1).or(lines.first()).unwrap_or(&"uv ended without a word");
        anyhow::bail!("{}", cause.trim_start_matches("cause: ").trim_start_matches("error: "));
    }
    Snapshot::of_installed(format!("{package} {version} of the index"), folder)
}

/// What uv calls the platform of a tag; `None` for any platform and for one that uv does not know.
fn platform(tag: &str) -> Option<String> {
    let ends = |arch: &str| tag.ends_with(arch);
    let arch = ["x86_64", "aarch64", "i686", "riscv64"].into_iter().find(|arch| ends(arch));
    match tag {
        "win_amd64" => Some("x86_64-pc-windows-msvc".to_owned()),
        "win_arm64" => Some("aarch64-pc-windows-msvc".to_owned()),
        "win32" => Some("i686-pc-windows-msvc".to_owned()),
        _ if tag.starts_with("macosx_") => {
            let arch = if ends("x86_64") { "x86_64" } else { "aarch64" };
            Some(format!("{arch}-apple-darwin"))
        }
        _ if tag.starts_with("musllinux_") => Some(format!("{}-unknown-linux-musl", arch?)),
        // The newest one that uv knows takes wheels for all older ones.
        _ if tag.starts_with("manylinux") => Some(format!("{}-manylinux_2_40", arch?)),
        _ => None,
    }
}

/// The Python of a tag: `3.12` of `cp312`; `None` where it is no single one.
fn python(tag: &str) -> Option<String> {
    let digits = tag.strip_prefix("cp")?;
    let minor = digits.strip_prefix('3').filter(|minor| !minor.is_empty())?;
    minor.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("3.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_of_a_wheel_are_put_into_the_words_of_uv() {
        for (tag, expected) in [
            ("any", None),
            ("manylinux_2_17_x86_64", Some("x86_64-manylinux_2_40")),
            ("manylinux2014_aarch64", Some("aarch64-manylinux_2_40")),
            ("musllinux_1_2_x86_64", Some("x86_64-unknown-linux-musl")),
            ("macosx_11_0_arm64", Some("aarch64-apple-darwin")),
            ("macosx_10_9_universal2", Some("aarch64-apple-darwin")),
            ("win_amd64", Some("x86_64-pc-windows-msvc")),
            ("linux_x86_64", None),
        ] {
            assert_eq!(platform(tag).as_deref(), expected, "{tag}");
        }
        assert_eq!([python("cp312"), python("py3"), python("cp3")], [Some("3.12".to_owned()), None, None]);
    }

    #[test]
    fn the_platform_counts_more_than_the_python() {
        let tags = |text: &str| Tag::expand(text).unwrap();
        let new = tags("cp312-cp312-manylinux_2_17_x86_64");
        let other_python = likeness(&new, &tags("cp311-cp311-manylinux_2_17_x86_64"));
        let other_platform = likeness(&new, &tags("cp312-cp312-win_amd64"));
        assert!(other_python > other_platform && other_platform > likeness(&new, &tags("py3-none-any")));
    }
}
