//! The Pythons that wheels are installed with: what each of them is, and which of them a wheel is tried with.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use anyhow::{Context as _, Result};
use distribution::{FileName, Fit, Machine, System};
use document::{Failure, PythonVersion};
use pep440_rs::{Version, VersionSpecifiers};
use serde::Deserialize;
use uv::Uv;

/// The second numbers of the versions among which one is looked for when the first Python will not do.
const MINORS: std::ops::RangeInclusive<u32> = 8..=15;

/// Asks an interpreter what it is, and what it runs on.
const ASK: &str = "
import json, os, platform, struct, sys, sysconfig
try:
    libc = os.confstr('CS_GNU_LIBC_VERSION').split()
except Exception:
    libc = list(platform.libc_ver())
print(json.dumps({
    'implementation': sys.implementation.name,
    'version': '%d.%d.%d' % sys.version_info[:3],
    'is_free_threaded': bool(sysconfig.get_config_var('Py_GIL_DISABLED')),
    'platform': sysconfig.get_platform(),
    'processor': platform.machine(),
    'is_narrow': struct.calcsize('P') == 4,
    'libc': libc,
    'macos': platform.mac_ver()[0],
}))
";

/// A Python that is there.
#[derive(Debug, Clone)]
pub struct Python {
    /// The interpreter.
    pub path: PathBuf,
    /// Its version: `3.12.1`.
    pub version: String,
    /// What it offers to wheels.
    pub machine: Machine,
}

/// What a wheel is tried with.
#[derive(Debug)]
pub enum Choice {
    /// With this Python.
    With(Python),
    /// With none, for this reason; the wheel is for other platforms.
    OtherPlatform(String),
    /// With none, for this reason; the wheel is for other Pythons.
    OtherPython(String),
}

/// What an interpreter says of itself.
#[derive(Debug, Deserialize)]
struct Answer {
    implementation: String,
    version: String,
    is_free_threaded: bool,
    platform: String,
    processor: String,
    is_narrow: bool,
    libc: Vec<String>,
    macos: String,
}

impl Python {
    /// Asks an interpreter what it is.
    pub fn at(path: &Path) -> Result<Self> {
        let mut command = Command::new(path);
        command.args(["-I", "-c", ASK]).stdin(Stdio::null());
        let said = project::run(&mut command)?;
        let answer: Answer = serde_json::from_str(&said)
            .with_context(|| format!("cannot tell what `{}` is: it said `{said}`", path.display()))?;
        let machine =
            answer.machine().with_context(|| format!("cannot tell what `{}` is", path.display()))?;
        Ok(Self { path: path.to_owned(), version: answer.version, machine })
    }

    /// Says whether a wheel of that name is tried with this Python.
    pub fn choose(&self, wheel: &FileName, requires: Option<&str>) -> Choice {
        match self.machine.fit(wheel) {
            Fit::OtherPlatform => Choice::OtherPlatform(self.platform_of(wheel)),
            Fit::OtherPython => Choice::OtherPython(format!("its tags allow no Python {}", self.version)),
            Fit::Runs if !is_allowed(requires, &self.version) => {
                let requires = requires.unwrap_or_default();
                Choice::OtherPython(format!(
                    "its `Requires-Python` is {requires}, and this is {}",
                    self.version
                ))
            }
            Fit::Runs => Choice::With(self.clone()),
        }
    }

    fn platform_of(&self, wheel: &FileName) -> String {
        let tags: Vec<String> = wheel.tags().iter().map(ToString::to_string).collect();
        let mut platforms: Vec<&str> = wheel.tags().iter().map(|tag| tag.platform.as_str()).collect();
        platforms.dedup();
        let (tags, platforms) = (tags.join(", "), platforms.join(", "));
        format!("its platform is {platforms}, and this is {} ({tags})", self.machine)
    }
}

/// Chooses one Python that a wheel allows: the user's own where it will do, else the newest that is there, else one
/// that uv downloads.
pub fn choose(uv: &Uv, wheel: &FileName, requires: Option<&str>) -> Result<Choice> {
    let own = uv::default_interpreter(uv)?.map(|path| Python::at(&path)).transpose()?;
    let is_named = std::env::var_os("UV_PYTHON").is_some_and(|named| !named.is_empty());
    match own.as_ref().map(|own| own.choose(wheel, requires)) {
        // Who names an interpreter, as a CI matrix does, gets that one or its refusal.
        Some(choice @ (Choice::With(_) | Choice::OtherPlatform(_))) => return Ok(choice),
        Some(choice) if is_named => return Ok(choice),
        _ => {}
    }
    let allowed = own.as_ref().map_or_else(Vec::new, |own| allowed(&own.machine, wheel, requires));
    for version in &allowed {
        if let Some(path) = uv::installed(uv, &version.to_string())? {
            return Ok(Choice::With(Python::at(&path)?));
        }
    }
    if let Some(version) = allowed.first() {
        return Ok(Choice::With(Python::at(&uv::interpreter(uv, &version.to_string())?)?));
    }
    if let Some(own) =
        own.filter(|own| versions().any(|one| own.machine.with(one).fit(wheel) == Fit::OtherPlatform))
    {
        return Ok(Choice::OtherPlatform(own.platform_of(wheel)));
    }
    let any = requires.map_or_else(|| "3".to_owned(), str::to_owned);
    Python::at(&uv::interpreter(uv, &any)?).map(|python| python.choose(wheel, requires))
}

/// The newest Python that is there and that all of these ranges allow.
pub fn installed(uv: &Uv, ranges: &[&str]) -> Result<Option<PathBuf>> {
    let is_meant =
        |version: &str| ranges.iter().all(|range| is_allowed(Some(range), &format!("{version}.99")));
    let all = MINORS.rev().map(|minor| format!("3.{minor}")).filter(|version| is_meant(version));
    all.map(|version| uv::installed(uv, &version)).find_map(Result::transpose).transpose()
}

/// The versions that come into question, the newest first, and those without the lock at the end.
fn versions() -> impl Iterator<Item = PythonVersion> {
    let all = ["", "t"].into_iter().flat_map(|end| MINORS.rev().map(move |minor| format!("3.{minor}{end}")));
    all.filter_map(|version| version.parse().ok())
}

/// Those of them that a wheel allows on a machine like this.
fn allowed(machine: &Machine, wheel: &FileName, requires: Option<&str>) -> Vec<PythonVersion> {
    let fits = |version: &PythonVersion| {
        let (major, minor) = version.numbers();
        // The last patch of it: a `Requires-Python` of `>=3.12.4` allows some 3.12.
        let is_allowed = is_allowed(requires, &format!("{major}.{minor}.99"));
        is_allowed && machine.with(version.clone()).fit(wheel) == Fit::Runs
    };
    versions().filter(fits).collect()
}

/// Says whether a `Requires-Python` allows a version; what cannot be read is left to the installer.
fn is_allowed(requires: Option<&str>, version: &str) -> bool {
    let specifiers = requires.and_then(|requires| VersionSpecifiers::from_str(requires).ok());
    let version = Version::from_str(version).ok();
    specifiers.zip(version).is_none_or(|(specifiers, version)| specifiers.contains(&version))
}

impl Answer {
    fn machine(&self) -> Result<Machine, Failure> {
        let numbers = |text: &str| -> Option<(u32, u32)> {
            let mut parts = text.split('.').map(|part| part.parse().ok());
            Some((parts.next()??, parts.next().unwrap_or(Some(0))?))
        };
        let odd = |what: &str, text: &str| Failure::new(format!("it says that its {what} is `{text}`"));
        let (major, minor) = numbers(&self.version).ok_or_else(|| odd("version", &self.version))?;
        let kind = match self.implementation.as_str() {
            "cpython" => "",
            "pypy" => "pypy",
            other => return Err(odd("implementation", other)),
        };
        let python =
            format!("{kind}{major}.{minor}{}", if self.is_free_threaded { "t" } else { "" }).parse()?;
        let (name, rest) = self.platform.split_once('-').unwrap_or((&self.platform, ""));
        let processor = rest.rsplit('-').next().unwrap_or_default();
        let (system, processor) = match (name, self.libc.as_slice()) {
            ("linux", [name, version]) if name == "glibc" => {
                let (major, minor) = numbers(version).ok_or_else(|| odd("glibc", version))?;
                (System::Glibc(major, minor), linux_processor(processor, self.is_narrow))
            }
            // No musl since 1.2 has a wheel that it does not run, and older Pythons do not tell which it is.
            ("linux", libc) => {
                let version = libc.iter().filter(|_| libc[0] == "musl").nth(1).and_then(|text| numbers(text));
                let (major, minor) = version.unwrap_or((1, 2));
                (System::Musl(major, minor), linux_processor(processor, self.is_narrow))
            }
            ("macosx", _) => {
                let (major, minor) = numbers(&self.macos).ok_or_else(|| odd("macOS", &self.macos))?;
                (System::MacOs(major, minor), self.processor.as_str())
            }
            ("win32", _) => (System::Windows, "32"),
            ("win", _) => (System::Windows, processor),
            _ => (System::Other, self.processor.as_str()),
        };
        Ok(Machine { python, system, processor: processor.to_owned() })
    }
}

/// A Python of 32 bits on a system of 64 takes the wheels of the smaller processor.
fn linux_processor(processor: &str, is_narrow: bool) -> &str {
    match (processor, is_narrow) {
        ("x86_64", true) => "i686",
        ("aarch64", true) => "armv7l",
        _ => processor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists the tags that a Python takes, as installers have them.
    const TAGS: &str = "from packaging.tags import sys_tags\nprint(*sys_tags(), sep='\\n')";

    fn name(tag: &str) -> FileName {
        FileName::parse(&format!("a-1-{tag}.whl")).unwrap()
    }

    #[test]
    fn a_python_takes_the_tags_that_packaging_lists() {
        let uv = Uv::find().unwrap();
        let versions = ["3.10", "3.11", "3.12", "3.13"];
        let pythons: Vec<Python> =
            uv::interpreters(&uv, &versions).unwrap().iter().map(|path| Python::at(path).unwrap()).collect();
        let lists: Vec<Vec<String>> = pythons
            .iter()
            .map(|python| {
                let mut command = uv.command();
                command
                    .args(["run", "-q", "--no-project", "--with", "packaging", "--python"])
                    .arg(&python.path);
                let said = project::run(command.args(["python", "-c", TAGS])).unwrap();
                said.lines().map(str::to_owned).collect()
            })
            .collect();
        let mut others: Vec<String> =
            ["win_amd64", "macosx_11_0_arm64", "musllinux_1_2_x86_64", "manylinux_2_99_x86_64"]
                .map(|platform| format!("cp312-cp312-{platform}"))
                .to_vec();
        others.extend(["py2-none-any", "cp312-cp312t-any", "pp310-pypy310_pp73-any"].map(str::to_owned));
        let all: Vec<&String> = lists.iter().flatten().chain(&others).collect();
        for (python, own) in pythons.iter().zip(&lists) {
            assert!(own.len() > 100, "{own:?}");
            for tag in &all {
                let fit = python.machine.fit(&name(tag));
                assert_eq!(fit == Fit::Runs, own.contains(tag), "{tag} on Python {}", python.version);
            }
        }
    }

    #[test]
    fn a_python_is_chosen_by_tags_and_metadata() {
        let machine = Machine {
            python: "3.12".parse().unwrap(),
            system: System::Glibc(2, 36),
            processor: "x86_64".to_owned(),
        };
        let python = Python { path: "python".into(), version: "3.12.1".to_owned(), machine };
        let reason = |tag: &str, requires: Option<&str>| match python.choose(&name(tag), requires) {
            Choice::With(python) => format!("with {}", python.version),
            Choice::OtherPlatform(reason) => format!("platform: {reason}"),
            Choice::OtherPython(reason) => format!("python: {reason}"),
        };
        assert_eq!(reason("py3-none-any", Some(">=3.9")), "with 3.12.1");
        assert_eq!(reason("py3-none-any", Some("what it may be")), "with 3.12.1");
        assert_eq!(
            reason("py3-none-any", Some(">=3.13")),
            "python: its `Requires-Python` is >=3.13, and this is 3.12.1"
        );
        assert_eq!(reason("cp311-cp311-any", None), "python: its tags allow no Python 3.12.1");
        assert_eq!(
            reason("cp312-abi3-win32.win_amd64", None),
            "platform: its platform is win32, win_amd64, and this is Linux on x86_64 with glibc 2.36 \
             (cp312-abi3-win32, cp312-abi3-win_amd64)"
        );
        let versions = |tag: &str, requires: Option<&str>| {
            let found = allowed(&python.machine, &name(tag), requires);
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(versions("cp311-cp311-linux_x86_64", None), "3.11");
        assert_eq!(versions("cp310-abi3-any", Some("<3.13")), "3.12 3.11 3.10");
        assert_eq!(versions("cp313-cp313t-any", None), "3.13t");
        assert_eq!(versions("cp312-cp312-win_amd64", None), "");
        assert!(versions("py3-none-any", Some(">=3.12.4")).starts_with("3.15 3.14 3.13 3.12 3.15t"));
    }

    #[test]
    fn every_system_has_its_words() {
        let answer = |platform: &str, is_narrow: bool, libc: &[&str]| {
            let answer = Answer {
                implementation: "cpython".to_owned(),
                version: "3.13.2".to_owned(),
                is_free_threaded: true,
                platform: platform.to_owned(),
                processor: "arm64".to_owned(),
                is_narrow,
                libc: libc.iter().map(|&text| text.to_owned()).collect(),
                macos: "14.5".to_owned(),
            };
            answer.machine().map(|machine| format!("{} {machine}", machine.python))
        };
        let said =
            |platform: &str, is_narrow: bool, libc: &[&str]| answer(platform, is_narrow, libc).unwrap();
        assert_eq!(said("linux-x86_64", false, &["glibc", "2.36"]), "3.13t Linux on x86_64 with glibc 2.36");
        assert_eq!(said("linux-x86_64", true, &["glibc", "2.36"]), "3.13t Linux on i686 with glibc 2.36");
        assert_eq!(said("linux-aarch64", false, &["", ""]), "3.13t Linux on aarch64 with musl 1.2");
        assert_eq!(said("linux-aarch64", true, &["musl", "1.1.24"]), "3.13t Linux on armv7l with musl 1.1");
        assert_eq!(said("macosx-11.0-universal2", false, &["", ""]), "3.13t macOS 14.5 on arm64");
        assert_eq!(said("win-amd64", false, &["", ""]), "3.13t Windows on amd64");
        assert_eq!(said("win32", true, &["", ""]), "3.13t Windows on 32");
        assert!(
            answer("linux-x86_64", false, &["glibc", "new"])
                .unwrap_err()
                .to_string()
                .contains("its glibc is `new`")
        );
    }
}
