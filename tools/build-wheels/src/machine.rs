//! The machine that builds, and the platforms that it can build for.

use std::fmt;
use std::io::Read;

use document::Platform;

/// How much of a program is read for the name of its loader, which stands near its start.
const HEAD: u64 = 4096;

/// The operating system, the processor and the C library of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    os: &'static str,
    processor: &'static str,
    is_musl: bool,
}

impl Machine {
    /// The one that this runs on.
    pub fn this() -> Self {
        let (os, processor) = (std::env::consts::OS, std::env::consts::ARCH);
        Self { os, processor, is_musl: os == "linux" && uses_musl() }
    }

    /// Says whether a build here can give a wheel with one of the platform's tags.
    ///
    /// A command of the user's own may build in a container with another C library.
    pub fn builds(&self, platform: &Platform, by_command: bool) -> bool {
        let names_library = |tag: &String| tag.starts_with("manylinux") || tag.starts_with("musllinux");
        let is_named = platform.tags.iter().any(names_library);
        // `linux_x86_64` beside `manylinux*_x86_64` is the same library.
        let counts = |tag: &&String| !is_named || names_library(tag) || !tag.starts_with("linux");
        platform.tags.iter().filter(counts).any(|tag| self.fits(tag, by_command))
    }

    fn fits(&self, tag: &str, by_command: bool) -> bool {
        if tag == "any" || tag.starts_with('*') {
            return self.is_processor(tag);
        }
        let fits_system = match self.os {
            "linux" if tag.starts_with("manylinux") => by_command || !self.is_musl,
            "linux" if tag.starts_with("musllinux") => by_command || self.is_musl,
            "linux" => tag.starts_with("linux"),
            "macos" => tag.starts_with("macosx"),
            "windows" => tag.starts_with("win"),
            other => tag.starts_with(other),
        };
        fits_system && self.is_processor(tag)
    }

    fn is_processor(&self, tag: &str) -> bool {
        let own = match (self.os, self.processor) {
            ("linux", "x86") => "i686",
            ("linux", "arm") => "armv7l",
            ("linux", "powerpc64") => "ppc64le",
            ("macos" | "windows", "aarch64") => "arm64",
            ("windows", "x86_64") => "amd64",
            ("windows", "x86") => "win32",
            (_, processor) => processor,
        };
        tag == "any"
            || tag.ends_with('*')
            || tag.ends_with(own)
            || (self.os == "macos" && tag.ends_with("universal2"))
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = if self.is_musl { "musllinux" } else { self.os };
        let processor =
            if self.os == "macos" && self.processor == "aarch64" { "arm64" } else { self.processor };
        write!(f, "{system}-{processor}")
    }
}

/// Says whether the shell is linked to musl, as every program of such a system is; PEP 656 asks Python the same way.
fn uses_musl() -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open("/bin/sh").and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && head.windows(7).any(|bytes| bytes == b"ld-musl")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builds(machine: (&'static str, &'static str, bool), tags: &[&str]) -> bool {
        let (os, processor, is_musl) = machine;
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Machine { os, processor, is_musl }.builds(&Platform { name: String::new(), tags }, false)
    }

    #[test]
    fn a_machine_builds_for_its_own_system_processor_and_library() {
        const GLIBC: (&str, &str, bool) = ("linux", "x86_64", false);
        const MUSL: (&str, &str, bool) = ("linux", "x86_64", true);
        const MAC: (&str, &str, bool) = ("macos", "aarch64", false);
        const WINDOWS: (&str, &str, bool) = ("windows", "x86_64", false);
        for (machine, tags, can) in [
            (GLIBC, &["manylinux*_x86_64", "linux_x86_64"][..], true),
            (MUSL, &["manylinux*_x86_64", "linux_x86_64"], false),
            (MUSL, &["musllinux_*_x86_64"], true),
            (GLIBC, &["musllinux_*_x86_64"], false),
            (MUSL, &["linux_x86_64"], true),
            (GLIBC, &["manylinux_2_28_aarch64"], false),
            (GLIBC, &["any"], true),
            (GLIBC, &["win_amd64"], false),
            (MAC, &["macosx_*_arm64", "macosx_*_universal2"], true),
            (MAC, &["macosx_*_x86_64"], false),
            (MAC, &["macosx_*_x86_64", "macosx_*_universal2"], true),
            (WINDOWS, &["win_amd64"], true),
            (WINDOWS, &["win32"], false),
            (("windows", "x86", false), &["win32"], true),
        ] {
            assert_eq!(builds(machine, tags), can, "{machine:?} {tags:?}");
        }
        let musl = Platform { name: String::new(), tags: vec!["musllinux_1_2_x86_64".to_owned()] };
        let (os, processor, is_musl) = GLIBC;
        assert!(Machine { os, processor, is_musl }.builds(&musl, true), "a command may use a container");
    }

    #[test]
    fn is_named_as_platforms_are() {
        let machine = |os, processor, is_musl| Machine { os, processor, is_musl }.to_string();
        assert_eq!(machine("linux", "x86_64", true), "musllinux-x86_64");
        assert_eq!(machine("macos", "aarch64", false), "macos-arm64");
    }
}
