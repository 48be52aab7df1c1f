//! Machine code against the platform tags: the machine, the versions of the C libraries, the libraries of the system.

use std::collections::{BTreeMap, BTreeSet};

use super::Wheel;
use super::elf::Elf;
use crate::Problem;
use crate::check::Code::{W023, W056};

/// The libraries that each system of a manylinux tag has (PEP 600), as auditwheel lists them.
const GLIBC_LIBRARIES: [&str; 24] = [
    "libGL.so.1",
    "libICE.so.6",
    "libSM.so.6",
    "libX11.so.6",
    "libXext.so.6",
    "libXrender.so.1",
    "libanl.so.1",
    "libatomic.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libexpat.so.1",
    "libgcc_s.so.1",
    "libglib-2.0.so.0",
    "libgobject-2.0.so.0",
    "libgthread-2.0.so.0",
    "libm.so.6",
    "libmvec.so.1",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
];
/// The same for musllinux (PEP 656).
const MUSL_LIBRARIES: [&str; 2] = ["libc.so", "libz.so.1"];
/// From a minor version of glibc 2 on, the newest GLIBCXX, CXXABI and GCC that all systems of the tag have.
const FLOORS: [(u64, [&str; 3]); 10] = [
    (5, ["3.4.8", "1.3.1", "4.2.0"]),
    (12, ["3.4.13", "1.3.3", "4.5.0"]),
    (17, ["3.4.19", "1.3.7", "4.8.0"]),
    (24, ["3.4.22", "1.3.10", "4.8.0"]),
    (26, ["3.4.24", "1.3.11", "7.0.0"]),
    (31, ["3.4.28", "1.3.12", "7.0.0"]),
    (34, ["3.4.29", "1.3.13", "11.0"]),
    (35, ["3.4.30", "1.3.13", "12.0.0"]),
    (39, ["3.4.33", "1.3.15", "14.0.0"]),
    // Nobody has written down yet what later ones have.
    (42, ["", "", ""]),
];

/// Lists what the machine code in a wheel asks for beyond what its platform tags promise.
pub(super) fn problems(wheel: &Wheel) -> Vec<Problem> {
    let platforms: BTreeSet<&str> = wheel.file_name.tags().iter().map(|tag| tag.platform.as_str()).collect();
    let platforms: Vec<Platform> = platforms.into_iter().filter_map(Platform::parse).collect();
    // The tag that promises the most systems is the one that has to be kept.
    let Some(lowest) = platforms.iter().min_by_key(|platform| platform.glibc) else { return Vec::new() };
    let shipped: BTreeSet<&str> =
        wheel.layout.members.iter().filter_map(|member| member.name.rsplit('/').next()).collect();
    let mut found = Vec::new();
    let mut strangers: BTreeMap<&str, &str> = BTreeMap::new();
    for (member, facts) in wheel.layout.members.iter().zip(&wheel.facts) {
        let Some(elf) = &facts.elf else { continue };
        let name = member.name.as_str();
        if !platforms.iter().any(|platform| platform.machine == elf.machine) {
            if is_extension(name) {
                let tag = lowest.tag;
                found.push(W023.found(format!("`{name}` is code for another machine than `{tag}` promises")));
            }
            continue;
        }
        if let Some(fault) = lowest.fault(elf, &shipped) {
            found.push(W023.found(format!("`{name}` {fault}, and `{}` does not promise that", lowest.tag)));
        }
        for library in &elf.needed {
            if !shipped.contains(library.as_str()) && !lowest.has(library) {
                strangers.entry(library).or_insert(name);
            }
        }
    }
    for (library, name) in strangers {
        found.push(W056.found(format!(
            "`{library}`, which `{name}` needs, is neither in the wheel nor part of `{}`",
            lowest.tag
        )));
    }
    found
}

/// A platform tag of Linux.
struct Platform<'a> {
    tag: &'a str,
    /// The machine as ELF files name it, and the size of its addresses in bits.
    machine: (u64, u8),
    /// The minor version of glibc 2 that the tag promises; `None` where it promises musl.
    glibc: Option<u64>,
}

impl<'a> Platform<'a> {
    fn parse(tag: &'a str) -> Option<Self> {
        let (glibc, machine) = if let Some(rest) = tag.strip_prefix("musllinux_1_") {
            (None, rest.split_once('_')?.1)
        } else if let Some(rest) = tag.strip_prefix("manylinux_2_") {
            let (minor, machine) = rest.split_once('_')?;
            (Some(minor.parse().ok()?), machine)
        } else {
            let old = [("manylinux1_", 5), ("manylinux2010_", 12), ("manylinux2014_", 17)];
            let (prefix, minor) = old.iter().find(|(prefix, _)| tag.starts_with(prefix))?;
            (Some(*minor), &tag[prefix.len()..])
        };
        let machine = match machine {
            "i686" => (3, 32),
            "x86_64" => (62, 64),
            "aarch64" => (183, 64),
            "armv7l" => (40, 32),
            "ppc64" | "ppc64le" => (21, 64),
            "s390x" => (22, 64),
            "riscv64" => (243, 64),
            "loongarch64" => (258, 64),
            _ => return None,
        };
        Some(Self { tag, machine, glibc })
    }

    fn has(&self, library: &str) -> bool {
        let libraries: &[&str] = if self.glibc.is_some() { &GLIBC_LIBRARIES } else { &MUSL_LIBRARIES };
        // Each machine has its own loader, which is there wherever a program can be started.
        let is_loader = library.starts_with("ld-linux") || library.starts_with("ld64.so");
        let is_musl = library.starts_with("libc.musl-") || library.starts_with("ld-musl-");
        libraries.contains(&library)
            || (self.glibc.is_some() && is_loader)
            || (self.glibc.is_none() && is_musl)
    }

    /// Says what a file asks for that is newer than the tag promises.
    fn fault(&self, elf: &Elf, shipped: &BTreeSet<&str>) -> Option<String> {
        let Some(glibc) = self.glibc else {
            let is_glibc = |(library, version): &&(String, String)| {
                library == "libc.so.6" && version.starts_with("GLIBC_")
            };
            return elf.versions.iter().find(is_glibc).map(|_| "needs glibc".to_owned());
        };
        if let Some(musl) = elf.needed.iter().find(|library| library.starts_with("libc.musl-")) {
            return Some(format!("needs musl, `{musl}`"));
        }
        let floor = FLOORS.iter().rev().find(|(minor, _)| *minor <= glibc)?.1;
        // CentOS 7 had a newer one on that machine.
        let glibc = if self.machine.0 == 183 { glibc.max(18) } else { glibc };
        let glibc = format!("2.{glibc}");
        let too_new = elf.versions.iter().filter(|(library, version)| {
            let limit = match version.split_once('_') {
                Some(("GLIBC", _)) => glibc.as_str(),
                Some(("GLIBCXX", _)) => floor[0],
                Some(("CXXABI", _)) => floor[1],
                Some(("GCC", _)) => floor[2],
                _ => return false,
            };
            let is_newer = numbers(version) > numbers(limit);
            is_newer && !limit.is_empty() && !shipped.contains(library.as_str())
        });
        let newest = too_new.max_by_key(|(library, version)| (library, numbers(version)))?;
        Some(format!("needs {} of `{}`", newest.1, newest.0))
    }
}

/// The numbers in a version such as `GLIBC_2.17`; none for one such as `GLIBC_PRIVATE`.
fn numbers(version: &str) -> Vec<u64> {
    let number = version.rsplit('_').next().unwrap_or(version);
    number.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Says whether Python imports a file of that name: an extension module tells its ABI.
fn is_extension(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.ends_with(".so") && (base.contains(".abi3.") || base.contains(".cpython-"))
}
