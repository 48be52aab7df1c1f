//! Which wheels run where: the tags of a wheel (PEP 425) against one Python on one machine.

use std::fmt;

use document::PythonVersion;

use crate::FileName;
use crate::expected::runs_on;

/// A Python, and what the machine below it offers to wheels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The Python.
    pub python: PythonVersion,
    /// The system.
    pub system: System,
    /// The processor in the words of the system's tags: `x86_64`, `aarch64`, `arm64`; `amd64` and `32` on Windows.
    pub processor: String,
}

/// A system, with the version that wheels ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux with that version of glibc.
    Glibc(u32, u32),
    /// Linux with that version of musl.
    Musl(u32, u32),
    /// macOS of that version.
    MacOs(u32, u32),
    /// Windows.
    Windows,
    /// Another one, which takes wheels for any platform alone.
    Other,
}

/// Whether a wheel runs on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It does.
    Runs,
    /// It would with this Python on another platform.
    OtherPlatform,
    /// It is for another Python.
    OtherPython,
}

impl Machine {
    /// The same machine with another Python.
    pub fn with(&self, python: PythonVersion) -> Self {
        Self { python, ..self.clone() }
    }

    /// Says whether a wheel of that name runs here, as installers judge it (PEP 425, PEP 600, PEP 656).
    pub fn fit(&self, wheel: &FileName) -> Fit {
        let mut fit = Fit::OtherPython;
        for tag in wheel.tags().iter().filter(|tag| runs_on(tag, &self.python)) {
            if self.has_platform(&tag.platform) {
                return Fit::Runs;
            }
            fit = Fit::OtherPlatform;
        }
        fit
    }

    fn has_platform(&self, platform: &str) -> bool {
        let at_least = |start: &str, processor: &str, own: (u32, u32)| {
            let rest = |text: &str| {
                version_of(text.strip_prefix(start)?.strip_suffix(processor)?.strip_suffix('_')?)
            };
            rest(platform).is_some_and(|floor| floor <= own)
        };
        if platform == "any" {
            return true;
        }
        match self.system {
            System::Glibc(major, minor) => {
                let old = [("manylinux1_", (2, 5)), ("manylinux2010_", (2, 12)), ("manylinux2014_", (2, 17))];
                let is_old = |(start, floor): (&str, (u32, u32))| {
                    platform.strip_prefix(start) == Some(&self.processor) && floor <= (major, minor)
                };
                self.is_plain_linux(platform)
                    || old.into_iter().any(is_old)
                    || at_least("manylinux_", &self.processor, (major, minor))
            }
            System::Musl(major, minor) => {
                self.is_plain_linux(platform) || at_least("musllinux_", &self.processor, (major, minor))
            }
            System::MacOs(major, minor) => {
                let several: &[&str] = match self.processor.as_str() {
                    "arm64" => &["arm64", "universal2"],
                    "x86_64" => &["x86_64", "universal2", "intel", "fat64", "universal"],
                    _ => &[],
                };
                several.iter().any(|processor| at_least("macosx_", processor, (major, minor)))
            }
            System::Windows => match self.processor.as_str() {
                "32" => platform == "win32",
                processor => platform.strip_prefix("win_") == Some(processor),
            },
            System::Other => false,
        }
    }

    fn is_plain_linux(&self, platform: &str) -> bool {
        platform.strip_prefix("linux_") == Some(&self.processor)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processor = &self.processor;
        match self.system {
            System::Glibc(major, minor) => write!(f, "Linux on {processor} with glibc {major}.{minor}"),
            System::Musl(major, minor) => write!(f, "Linux on {processor} with musl {major}.{minor}"),
            System::MacOs(major, minor) => write!(f, "macOS {major}.{minor} on {processor}"),
            System::Windows => write!(f, "Windows on {processor}"),
            System::Other => write!(f, "a system for which there are no wheels"),
        }
    }
}

/// Reads `2_17` and `11_0`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('_')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(system: System, processor: &str) -> Machine {
        Machine { python: "3.12".parse().unwrap(), system, processor: processor.to_owned() }
    }

    fn fit(machine: &Machine, tags: &str) -> Fit {
        machine.fit(&FileName::parse(&format!("a-1-{tags}.whl")).unwrap())
    }

    #[test]
    fn a_wheel_is_for_its_pythons() {
        let linux = machine(System::Glibc(2, 36), "x86_64");
        for tags in
            ["py3-none-any", "py2.py3-none-any", "cp312-cp312-linux_x86_64", "cp310-abi3-linux_x86_64"]
        {
            assert_eq!(fit(&linux, tags), Fit::Runs, "{tags}");
        }
        for tags in ["py2-none-any", "cp311-cp311-linux_x86_64", "cp312-cp312t-linux_x86_64", "x-y-z"] {
            assert_eq!(fit(&linux, tags), Fit::OtherPython, "{tags}");
        }
        assert_eq!(fit(&linux, "cp311-cp311-any.win_amd64"), Fit::OtherPython);
        assert_eq!(fit(&linux, "cp311.cp312-abi3-win_amd64"), Fit::OtherPlatform);
    }

    #[test]
    fn a_wheel_is_for_its_platforms() {
        let runs = |system, processor: &str, platform: &str| {
            let found = fit(&machine(system, processor), &format!("py3-none-{platform}"));
            assert_ne!(found, Fit::OtherPython, "{platform}");
            found == Fit::Runs
        };
        let glibc = System::Glibc(2, 17);
        assert!(runs(glibc, "x86_64", "manylinux_2_17_x86_64") && runs(glibc, "x86_64", "manylinux1_x86_64"));
        assert!(runs(glibc, "aarch64", "manylinux_2_28_aarch64.manylinux2014_aarch64"));
        for other in [
            "manylinux_2_18_x86_64",
            "manylinux2014_aarch64",
            "musllinux_1_1_x86_64",
            "macosx_11_0_arm64",
            "win_amd64",
            "manylinux_x86_64",
            "manylinux_2_x86_64",
            "linux_x86_64_x86_64",
        ] {
            assert!(!runs(glibc, "x86_64", other), "{other}");
        }
        assert!(runs(System::Musl(1, 2), "x86_64", "musllinux_1_1_x86_64"));
        assert!(!runs(System::Musl(1, 2), "x86_64", "manylinux1_x86_64"));
        let mac = System::MacOs(14, 5);
        assert!(runs(mac, "arm64", "macosx_11_0_arm64") && runs(mac, "arm64", "macosx_10_9_universal2"));
        assert!(runs(mac, "x86_64", "macosx_10_9_intel") && !runs(mac, "arm64", "macosx_15_0_arm64"));
        assert!(!runs(mac, "arm64", "macosx_10_9_x86_64") && !runs(mac, "x86_64", "macosx_11_0_arm64"));
        assert!(runs(System::Windows, "amd64", "win_amd64") && runs(System::Windows, "32", "win32"));
        assert!(!runs(System::Windows, "amd64", "win32") && !runs(System::Other, "x86_64", "linux_x86_64"));
    }
}
