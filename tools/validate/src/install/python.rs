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
    match allowed.first() {
        Some(version) => Ok(Choice::With(Python::at(&uv::interpreter(uv, &version.to_string())?)?)),
        None => {
            let any = requires.map_or_else(|| "3".to_owned(), str::to_owned);
            Python::at(&uv::interpreter(uv, &any)?).map(|python| python.choose(wheel, requires))
        }
    }
}

/// The versions that a wheel allows on a machine like this, the newest first, and those without the lock at the end.
fn allowed(machine: &Machine, wheel: &FileName, requires: Option<&str>) -> Vec<PythonVersion> {
    let versions =
        ["", "t"].into_iter().flat_map(|end| MINORS.rev().map(move |minor| format!("3.{minor}{end}")));
    let fits = |version: &PythonVersion| {
        let like = Machine { python: version.clone(), ..machine.clone() };
        let (major, minor) = version.numbers();
        // The last patch of it: a `Requires-Python` of `>=3.12.4` allows some 3.12.
        like.fit(wheel) == Fit::Runs && is_allowed(requires, &format!("{major}.{minor}.99"))
    };
    versions.filter_map(|version| version.parse().ok()).filter(fits).collect()
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
