//! What must hold inside a wheel: safe names, one `.dist-info`, metadata that agree with the file's name.

use std::collections::BTreeSet;

use super::{Wheel, WheelFile, dist_info, duplicates, library, members, platform, record, scripts};
use crate::check::Code::{M035, W004, W009, W011, W012, W013, W015, W016, W019, W020, W021, W022, W051};
use crate::check::{Weight, file_size_problem};
use crate::{Form, Metadata, Problem, Tag, paths};

/// How many times its own size an archive may unpack to, where that is more than the floor in bytes.
const RATIO_LIMIT: u64 = 50;
const RATIO_FLOOR: u64 = 64 << 20;

/// Lists every problem, in the order archive, names, `.dist-info`, METADATA, WHEEL, RECORD, members.
pub(super) fn problems(wheel: &mut Wheel) -> Vec<Problem> {
    let mut found = wheel.layout.problems.clone();
    if !wheel.file_name.is_normalised() {
        let (stem, normal) = (wheel.file_name.stem(), wheel.file_name.normalised_stem());
        let mut problem = W015
            .found(format!("the file's name starts with `{stem}`, and the normalised form is `{normal}`"));
        // Installers read every spelling, and older backends left the one of pyproject.toml.
        problem.weight = Weight::RefusedByPypi;
        found.push(problem);
    }
    found.extend(size(wheel));
    found.extend(names(wheel));
    found.extend(dist_info_folders(wheel));
    found.extend(wheel.layout.order(&wheel.dist_info()));
    let metadata = match metadata(wheel) {
        Ok((metadata, problems)) => {
            found.extend(problems);
            found.extend(dist_info::licences(wheel, &metadata));
            Some(metadata)
        }
        Err(problem) => {
            found.push(problem);
            None
        }
    };
    found.extend(wheel_file(wheel));
    found.extend(record::problems(wheel));
    found.extend(members::problems(wheel));
    found.extend(platform::problems(wheel));
    found.extend(duplicates::problems(wheel));
    found.extend(library::problems(wheel, metadata.as_ref()));
    found.extend(scripts::problems(wheel));
    found.extend(dist_info::sboms(wheel));
    // One fault can be met from two sides, such as a member that cannot be unpacked.
    let mut seen = BTreeSet::new();
    found.retain(|problem| seen.insert(problem.clone()));
    found
}

/// What is wrong with how large the file is, and how large it becomes.
fn size(wheel: &Wheel) -> Vec<Problem> {
    let mut found = Vec::new();
    for platform in wheel.file_name().platforms_refused_by_pypi() {
        found.push(
            W022.found(format!("the file's name has the platform `{platform}`, which PyPI does not take")),
        );
    }
    let Ok(packed) = std::fs::metadata(&wheel.path).map(|file| file.len()) else { return found };
    found.extend(file_size_problem(W051, packed));
    let unpacked: u64 = wheel.layout.members.iter().map(|member| member.size).sum();
    if unpacked > RATIO_FLOOR && unpacked / RATIO_LIMIT >= packed.max(1) {
        found.push(W012.found(format!(
            "the archive has {packed} bytes, and unpacks to {unpacked}, more than {RATIO_LIMIT} times as many"
        )));
    }
    found
}

fn names(wheel: &Wheel) -> Vec<Problem> {
    let mut found = Vec::new();
    for member in &wheel.layout.members {
        let name = &member.name;
        if let Some(fault) = paths::fault(name) {
            let code = if paths::is_printable(name) { W013 } else { W009 };
            found.push(code.found(format!("`{}` {fault}", name.escape_debug())));
        }
        if member.is_link {
            found.push(W013.found(format!("`{name}` is a symbolic link, and a wheel holds files only")));
        }
        if !matches!(member.method, 0 | 8) {
            let method = member.method;
            found.push(W011.found(format!(
                "`{name}` is compressed with method {method}, not stored (0) or deflate (8)"
            )));
        }
    }
    found.extend(paths::collisions(
        W004,
        W013,
        wheel.layout.members.iter().map(|member| member.name.as_str()),
    ));
    found
}

fn dist_info_folders(wheel: &Wheel) -> Vec<Problem> {
    let wanted = wheel.dist_info();
    let tops = wheel.layout.members.iter().filter_map(|member| member.name.split_once('/'));
    let folders: BTreeSet<&str> =
        tops.map(|(top, _)| top).filter(|top| top.ends_with(".dist-info")).collect();
    let mut found = Vec::new();
    if !folders.contains(wanted.as_str()) {
        found.push(W016.found(format!("the folder `{wanted}` that the file's name asks for is missing")));
    }
    for folder in folders.iter().filter(|folder| **folder != wanted) {
        found.push(W016.found(format!(
            "`{folder}` is a second `.dist-info` folder; the file's name asks for `{wanted}` alone"
        )));
    }
    for (name, reason) in [
        ("RECORD.jws", "signs a wheel in a way that was withdrawn"),
        ("RECORD.p7s", "signs a wheel in a way that was withdrawn"),
        ("INSTALLER", "is written by an installer"),
        ("REQUESTED", "is written by an installer"),
    ] {
        if wheel.contains(&format!("{wanted}/{name}")) {
            let mut problem = W019.found(format!("`{wanted}/{name}` {reason}, and must not be in a wheel"));
            // Nobody reads the signatures, and nobody refuses them.
            if name.starts_with("RECORD.") {
                problem.weight = Weight::Warning;
            }
            found.push(problem);
        }
    }
    found
}

fn metadata(wheel: &mut Wheel) -> Result<(Metadata, Vec<Problem>), Problem> {
    let member = format!("{}/METADATA", wheel.dist_info());
    let bytes = wheel.read(&member)?;
    let metadata = Metadata::parse(&bytes).map_err(|cause| M035.found(format!("`{member}`: {cause}")))?;
    let problems = metadata.problems(W015, &member, wheel.file_name());
    Ok((metadata, problems))
}

fn wheel_file(wheel: &mut Wheel) -> Vec<Problem> {
    let member = format!("{}/WHEEL", wheel.dist_info());
    let bytes = match wheel.read(&member) {
        Ok(bytes) => bytes,
        Err(problem) => return vec![problem],
    };
    let file = match WheelFile::parse(&bytes) {
        Ok(file) => file,
        Err(cause) => return vec![W020.found(format!("`{member}`: {cause}"))],
    };
    let mut found = Vec::new();
    if file.wheel_version.split('.').next() != Some("1") {
        found.push(W020.found(format!(
            "`{member}` has `Wheel-Version` {}, and installers know 1.x",
            file.wheel_version
        )));
    }
    let name = wheel.file_name();
    if file.tags != name.tags() {
        found.push(W020.found(format!(
            "`{member}` has the tags {}, and the file's name {}",
            list(&file.tags),
            list(name.tags())
        )));
    }
    if let Form::Wheel { build, .. } = &name.form
        && *build != file.build
    {
        let text = |build: &Option<String>| {
            build.as_deref().map_or("no build number".to_owned(), |b| format!("`{b}`"))
        };
        found.push(W020.found(format!(
            "`{member}` has {}, and the file's name {}",
            text(&file.build),
            text(build)
        )));
    }
    if file.root_is_purelib {
        found.extend(impure(wheel, &member));
    }
    found
}

/// What contradicts `Root-Is-Purelib: true`.
fn impure(wheel: &Wheel, member: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    if !wheel.file_name().is_pure() {
        let tags = list(wheel.file_name().tags());
        found.push(W021.found(format!(
            "`{member}` says `Root-Is-Purelib: true`, and the file's name has the tags {tags}"
        )));
    }
    let data = format!("{}.data/", wheel.file_name().stem());
    for member in wheel.layout.members.iter().filter(|member| !member.name.starts_with(&data)) {
        let name = &member.name;
        if [".so", ".pyd", ".dylib"].iter().any(|end| name.ends_with(end)) {
            found.push(
                W021.found(format!("`{name}` is machine code, and `WHEEL` says `Root-Is-Purelib: true`")),
            );
        }
    }
    found
}

fn list(tags: &[Tag]) -> String {
    tags.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ")
}
