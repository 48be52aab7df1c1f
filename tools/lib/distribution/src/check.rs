//! The checks on wheels and sdists: a code, a level, the rule with its source, and how to mend what breaks it.

use std::fmt;

/// The stable code of a check. Its number is never given to another check.
///
/// `W` is about wheels, `S` about sdists, `M` about the core metadata of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table `CHECKS` says what each one is about")]
#[rustfmt::skip]
pub enum Code {
    W001, W002, W003, W004, W005, W006, W007, W008, W009, W010, W011, W012, W013, W014, W015, W016, W017, W018, W019,
    W020, W021, W022, W023, W024, W025, W026, W027, W028, W029, W030, W031, W033, W034, W051, W054, W056, W101, W102,
    M035, M036, M037, M038, M039, M040, M041, M042, M043, M055,
    S033, S044, S045, S046, S047, S048, S051, S054,
}

/// How much weight a problem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The file must not be published.
    Error,
    /// The file can be published, and somebody should look at it.
    Warning,
}

/// Who minds a problem, from which its level follows where nobody chose another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// An error everywhere: installers or the specifications refuse it.
    Error,
    /// A warning, and an error for PyPI, which refuses it where other indexes and installers do not.
    RefusedByPypi,
    /// A warning everywhere: nobody refuses it.
    Warning,
}

/// One row of the table of checks.
#[derive(Debug)]
pub struct Check {
    /// The code.
    pub code: Code,
    /// What its problems weigh, but for those that weigh less.
    pub weight: Weight,
    /// What must hold, in one sentence without its full stop.
    pub rule: &'static str,
    /// Where that is laid down.
    pub source: &'static str,
    /// How a file that breaks it is mended.
    pub hint: &'static str,
}

/// Something that is wrong with a wheel or an sdist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The check that found it.
    pub code: Code,
    /// Who minds it.
    pub weight: Weight,
    /// What is wrong, as one sentence.
    pub message: String,
}

const APPNOTE: &str = "APPNOTE.TXT 6.3.10, and the upload checks of PyPI";
const BINARY_FORMAT: &str = "Binary distribution format (PEP 427)";
const SDIST_FORMAT: &str = "Source distribution format (PEP 517, PEP 625)";
const PACK_PLAINLY: &str =
    "pack the wheel with the build backend or `wheel pack`, and change no byte afterwards";
const BUILD_AGAIN: &str = "build the file again from a clean folder";
const MEND_BUILD: &str = "mend the build, or build with a newer version of the build backend";

const fn error(code: Code, rule: &'static str, source: &'static str, hint: &'static str) -> Check {
    Check { code, weight: Weight::Error, rule, source, hint }
}

const fn refused(code: Code, rule: &'static str, source: &'static str, hint: &'static str) -> Check {
    Check { code, weight: Weight::RefusedByPypi, rule, source, hint }
}

const fn warning(code: Code, rule: &'static str, source: &'static str, hint: &'static str) -> Check {
    Check { code, weight: Weight::Warning, rule, source, hint }
}

/// Every check, in the order of [`Code`].
#[rustfmt::skip]
pub static CHECKS: &[Check] = &[
    error(Code::W001, "a wheel opens as a ZIP archive, and not as tar too", APPNOTE, BUILD_AGAIN),
    error(Code::W002, "the archive is whole, and its end record says how many members it has and where", APPNOTE,
        BUILD_AGAIN),
    error(Code::W003, "every byte of the archive belongs to one member or to its directory", APPNOTE, PACK_PLAINLY),
    error(Code::W004, "no name stands in the archive twice", APPNOTE, MEND_BUILD),
    error(Code::W005, "the directory and the header of a member agree on its name and place", APPNOTE, PACK_PLAINLY),
    error(Code::W006, "both headers of a member and its data agree on sizes and checksum", APPNOTE, PACK_PLAINLY),
    error(Code::W007, "no member has a data descriptor", "upload checks of PyPI",
        "pack the wheel into a file, not into a pipe"),
    error(Code::W008, "neither the archive nor a member has a comment", "upload checks of PyPI", PACK_PLAINLY),
    error(Code::W009, "names are UTF-8 and hold no control character", "upload checks of PyPI", "rename the file"),
    error(Code::W010, "no extra field stands twice, is damaged, or gives another name or size", APPNOTE, PACK_PLAINLY),
    error(Code::W011, "members are stored or deflated, and not encrypted", "upload checks of PyPI", PACK_PLAINLY),
    error(Code::W012, "an archive does not unpack to 50 times its size, nor a member of `.dist-info` to what nobody wants",
        "upload checks of PyPI", "leave out data that is nearly empty, or make it when it is needed"),
    error(Code::W013, "every name is a relative path of a plain file that no file system takes for another",
        "own rule; links: PEP 778", "rename the file, or put a copy in place of the link"),
    warning(Code::W014, "the files of `.dist-info` are the last ones of the archive", BINARY_FORMAT,
        "pack the wheel with the build backend or `wheel pack`"),
    error(Code::W015, "the file's name is normalised and agrees with the metadata", BINARY_FORMAT,
        "leave the name as the build backend gave it"),
    error(Code::W016, "there is one `.dist-info` folder, with METADATA, WHEEL and RECORD", BINARY_FORMAT, MEND_BUILD),
    error(Code::W017, "RECORD lists every file of the wheel once, and no other", "Recording installed projects (PEP 376)",
        "run `wheel unpack` and `wheel pack` on it, which write RECORD anew"),
    error(Code::W018, "RECORD has the size and the SHA-256, or better, of each file", BINARY_FORMAT,
        "run `wheel unpack` and `wheel pack` on it, which write RECORD anew"),
    error(Code::W019, "a wheel holds no file that an installer writes, and no withdrawn kind of signature",
        BINARY_FORMAT, "build from the source, not from an installed package"),
    error(Code::W020, "WHEEL can be read, and its tags and build number are those of the file's name", BINARY_FORMAT,
        "rename wheels with `wheel tags`, which changes both"),
    error(Code::W021, "a wheel with `Root-Is-Purelib: true` has no machine code", BINARY_FORMAT,
        "tell the build backend that the package has extension modules"),
    refused(Code::W022, "the platform is one that others share, as manylinux, and PyPI takes", "upload checks of PyPI",
        "repair the wheel with auditwheel or delocate, or build it with cibuildwheel"),
    error(Code::W023, "machine code is for the machine of the platform tag, and needs no newer C library than it promises",
        "manylinux (PEP 600) and musllinux (PEP 656)",
        "build in the image of the tag, and let `auditwheel repair` name the wheel"),
    error(Code::W024, "entry_points.txt is UTF-8, has entries below groups, and names scripts plainly",
        "Entry points specification", "mend `[project.scripts]` or `[project.entry-points]` in pyproject.toml"),
    error(Code::W025, "no script takes the place of `python`", "own rule, as in uv", "give the script another name"),
    error(Code::W026, "each `License-File` is in `.dist-info/licenses`", "Core metadata specifications (PEP 639)",
        "build with a newer version of the build backend, or mend `license-files` in [project]"),
    warning(Code::W027, "a wheel holds no byte code", "check-wheel-contents W001",
        "remove `__pycache__` and `*.pyc` before the build, or leave them out of the package data"),
    warning(Code::W028, "no more than a hundredth of a wheel are copies of other files in it", "check-wheel-contents W002",
        "ship one copy, and read it from both places"),
    warning(Code::W029, "the import path gets modules and packages, and nothing else",
        "check-wheel-contents W003, W006, W007, W008", "name the packages in the settings of the build backend"),
    warning(Code::W030, "no folder of the project's tree, such as `tests`, becomes a top folder",
        "check-wheel-contents W005", "name the packages in the settings of the build backend"),
    warning(Code::W031, "one top package is installed", "check-wheel-contents W009",
        "name the packages in the settings of the build backend; where several are meant, switch this off"),
    warning(Code::W033, "no file is read when Python starts, and none has the name or the text of a secret",
        "own rule; tokens of its own: upload checks of PyPI",
        "leave the file out of the package data, and replace a secret that was in one"),
    error(Code::W034, "the folder `.dist-info/sboms` holds SBOMs alone", "Software bills of materials (PEP 770)",
        "move the file elsewhere"),
    refused(Code::W051, "the file has at most 100 MiB", "upload checks of PyPI",
        "split the package, or ask PyPI for more and switch this off"),
    refused(Code::W054, "no code was made unreadable by Pyarmor or SourceDefender", "upload checks of PyPI",
        "publish the code as it is, or compile it"),
    warning(Code::W056, "machine code needs libraries that are in the wheel or on every system of its tag",
        "manylinux (PEP 600) and musllinux (PEP 656)",
        "let `auditwheel repair` put them into the wheel, or require the package that brings them"),
    warning(Code::W101, "a wheel has the files that its packages have in the commit", "check-wheel-contents W101",
        "make the build backend ship them as package data, or leave them out of the package's folder"),
    warning(Code::W102, "a wheel has no file that its packages do not have in the commit", "check-wheel-contents W102",
        "commit the file, or leave it out of the package data"),
    error(Code::M035, "the core metadata can be read, in a version that indexes know", "Core metadata specifications",
        MEND_BUILD),
    refused(Code::M036, "the version has no local part", "upload checks of PyPI",
        "leave out what follows `+` in the version"),
    refused(Code::M037, "no dependency is taken from a URL", "upload checks of PyPI",
        "publish the dependency to the index, and require it by its version"),
    refused(Code::M038, "each classifier is a known one, and not deprecated", "upload checks of PyPI, trove-classifiers",
        "take it from the list of classifiers, or leave it out"),
    error(Code::M039, "a licence expression can be read, names licences of SPDX, and has no `License` beside it",
        "Core metadata specifications (PEP 639)", "keep the expression alone: `license = \"MIT\"` in [project]"),
    refused(Code::M040, "e-mail addresses, URLs, their labels, the summary and the type of the description are valid",
        "upload checks of PyPI", "mend the field in pyproject.toml"),
    refused(Code::M041, "the long description can be shown", "upload checks of PyPI, `twine check`",
        "mend the README, or name its type: `readme = { file = \"README.md\", content-type = \"text/markdown\" }`"),
    error(Code::M042, "all files of a release have the same metadata; `Requires-Python` at the least",
        "own rule: PyPI shows the metadata of the file that came first",
        "build all of them from one commit with one version of the build backend"),
    warning(Code::M043, "Requires-Python, classifiers, tags and the packages that are released together agree",
        "own rule", "mend the range, the classifiers or the pins in pyproject.toml"),
    error(Code::M055, "requirements, extras and the range of Python versions can be read",
        "Dependency specifiers (PEP 508), Version specifiers (PEP 440)", "mend it in pyproject.toml"),
    warning(Code::S033, "no file has the name or the text of a secret", "own rule; tokens of its own: upload checks of PyPI",
        "leave the file out of the sdist, and replace a secret that was in one"),
    error(Code::S044, "an sdist is one whole `{name}-{version}.tar.gz` with a normalised name", SDIST_FORMAT,
        BUILD_AGAIN),
    error(Code::S045, "all stands in one folder, with PKG-INFO that agrees with the name and pyproject.toml",
        SDIST_FORMAT, MEND_BUILD),
    error(Code::S046, "no member is a sparse file", "upload checks of PyPI", "pack it without `tar --sparse`"),
    error(Code::S047, "members are files, folders and links that stay inside the folder, and have safe names",
        "Source distribution format (PEP 721)", "leave the file out, or put a plain file in its place"),
    error(Code::S048, "each `License-File` is in the sdist", "Core metadata specifications (PEP 639)",
        "build with a newer version of the build backend, or mend `license-files` in [project]"),
    refused(Code::S051, "the file has at most 100 MiB", "upload checks of PyPI",
        "leave out what no build needs, or ask PyPI for more and switch this off"),
    refused(Code::S054, "no code was made unreadable by Pyarmor or SourceDefender", "upload checks of PyPI",
        "publish the code as it is, or compile it"),
];

impl Code {
    /// Reads a code, in capitals or not.
    pub fn parse(text: &str) -> Option<Self> {
        CHECKS.iter().map(|check| check.code).find(|code| code.to_string().eq_ignore_ascii_case(text))
    }

    /// The check that the code stands for.
    pub fn check(self) -> &'static Check {
        &CHECKS[self as usize]
    }

    /// A problem that this check has found.
    pub fn found(self, message: impl Into<String>) -> Problem {
        Problem { code: self, weight: self.check().weight, message: message.into() }
    }
}

impl Weight {
    /// The level that a problem of this weight has, on PyPI or elsewhere.
    pub fn level(self, for_pypi: bool) -> Level {
        match self {
            Weight::Error => Level::Error,
            Weight::RefusedByPypi if for_pypi => Level::Error,
            Weight::RefusedByPypi | Weight::Warning => Level::Warning,
        }
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Weight::Error => "error",
            Weight::RefusedByPypi => "warning, for PyPI an error",
            Weight::Warning => "warning",
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Error => "error",
            Level::Warning => "warning",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// The most bytes of a file on PyPI, where a project was not granted more.
const FILE_LIMIT: u64 = 100 << 20;

/// Says, under that code, when a file is larger than PyPI takes.
pub(crate) fn file_size_problem(code: Code, size: u64) -> Option<Problem> {
    (size > FILE_LIMIT).then(|| code.found(format!("the file has {size} bytes, and PyPI takes {FILE_LIMIT}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_row_and_is_read_back() {
        for (at, check) in CHECKS.iter().enumerate() {
            assert_eq!(check.code as usize, at, "{} stands in the wrong row", check.code);
            assert_eq!(Code::parse(&check.code.to_string().to_lowercase()), Some(check.code));
            assert!(!check.rule.is_empty() && !check.rule.ends_with('.'), "{}", check.code);
            assert!(!check.hint.is_empty() && !check.source.is_empty(), "{}", check.code);
        }
        assert_eq!(Code::parse("W000"), None);
    }

    #[test]
    fn each_code_stands_in_a_test_on_files() {
        // What needs a project at hand, or another program, is found by the tool `validate`.
        let folders = ["/tests", "/../../validate/tests"];
        let texts: String = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir([env!("CARGO_MANIFEST_DIR"), folder].concat()).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        for check in CHECKS {
            assert!(texts.contains(&format!("{}: ", check.code)), "no test expects {}", check.code);
        }
    }
}
