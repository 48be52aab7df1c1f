//! Versions against the implementations that everybody else uses: `packaging` of Python and `semver` of npm.
//!
//! Thousands of versions are made from a fixed seed, and one process of the other implementation judges them all.

use std::cmp::Ordering;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use document::{Spelling, Version};
use serde::Deserialize;
use tests::{repository, text};

const PACKAGING: &str = "packaging==25.0";
const SEMVER: &str = "semver@7.7.2";

/// For each text what `packaging` makes of it, then the rank of each version that it reads, equal ones being level.
const ASK_PACKAGING: &str = r#"
import json, sys
from packaging.version import InvalidVersion, Version
read, versions = [], []
for text in json.load(open(sys.argv[1], encoding="utf-8")):
    try:
        version = Version(text)
    except InvalidVersion:
        read.append(None)
        continue
    read.append({"normal": str(version), "dash": Version._regex.search(text).group("post_n1") is not None})
    versions.append(version)
rank, ranks, last = -1, [0] * len(versions), None
for at in sorted(range(len(versions)), key=versions.__getitem__):
    if last is None or versions[at] != last:
        rank, last = rank + 1, versions[at]
    ranks[at] = rank
json.dump({"read": read, "ranks": ranks}, sys.stdout)
"#;

/// For each text whether npm takes it, then for each neighbour how the two compare.
const ASK_NPM: &str = r#"
const semver = require("semver");
const texts = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
const valid = texts.map((text) => semver.valid(text) !== null);
const order = texts.slice(1).map((text, at) => valid[at] && valid[at + 1] ? semver.compare(texts[at], text) : 0);
process.stdout.write(JSON.stringify({ valid, order }));
"#;

#[derive(Debug, Deserialize)]
struct PackagingSays {
    read: Vec<Option<Read>>,
    ranks: Vec<usize>,
}

#[derive(Debug, Deserialize)]
struct Read {
    normal: String,
    dash: bool,
}

#[derive(Debug, Deserialize)]
struct NpmSays {
    valid: Vec<bool>,
    order: Vec<i8>,
}

/// A generator with a fixed seed (SplitMix64), so that every run asks the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A number, mostly small, or on either side of where implementations change how they keep it.
    fn number(&mut self) -> u64 {
        if self.one_in(4) {
            let edges = [255, 256, 65_535, 65_536, 0x1f_ffff, 0x20_0000, 20_241_201, (1 << 53) - 1];
            return self.pick(&edges);
        }
        self.next() % 4
    }

    /// A version in any spelling that somebody may write, some of them wrong.
    fn pep440(&mut self) -> String {
        let mut text = String::new();
        text.push_str(self.pick(&["", "", "", "", "", "v", "V", " ", "\t", "\u{a0}", "\u{1c}", "\u{b}v"]));
        if self.one_in(8) {
            text.push_str(&format!("{}!", self.number()));
        }
        for at in 0..=self.below(5) {
            text.push_str(if at > 0 { "." } else { "" });
            text.push_str(if self.one_in(12) { "0" } else { "" });
            text.push_str(&self.number().to_string());
        }
        let words: [&[&str]; 3] = [
            &["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "A", "RC", "Alpha", "bet", "gamma"],
            &["post", "rev", "r", "POST", "Rev", "-", "pos"],
            &["dev", "DEV", "Dev", "de"],
        ];
        for words in words {
            if self.one_in(2) {
                let separators = ["", "", ".", "-", "_", "..", "--"];
                text.push_str(self.pick(&separators));
                text.push_str(self.pick(words));
                text.push_str(self.pick(&separators));
                if !self.one_in(4) {
                    text.push_str(&self.number().to_string());
                }
            }
        }
        if self.one_in(4) {
            text.push('+');
            for _ in 0..=self.below(3) {
                let part = self.pick(&["ubuntu", "CU121", "1", "10", "007", "abc", "1a", "", "é"]);
                text.push_str(part);
                text.push_str(self.pick(&["", ".", "-", "_"]));
            }
        }
        text.push_str(self.pick(&["", "", "", "", "", "", " ", "\n", "\r\n", "\u{85}", ".*", "x", "-1"]));
        text
    }

    /// Any short text of the characters that versions are made of.
    fn scribble(&mut self) -> String {
        let characters: Vec<char> = "0012..--__+!vabcrelphtos d*".chars().collect();
        (0..=self.below(9)).map(|_| self.pick(&characters)).collect()
    }
}

/// The folder of another implementation, installed below `target/` by the first run that needs it.
fn oracle(pinned: &str, install: impl FnOnce(&std::path::Path) -> Command) -> Result<PathBuf> {
    let oracles = repository().join("target/oracles");
    let folder = oracles.join(pinned);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&oracles)?;
    let beside = tempfile::tempdir_in(&oracles)?;
    let mut command = install(beside.path());
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}:\n{}", output.status, text(&output.stderr));
    }
    match fs::rename(beside.path(), &folder) {
        Err(cause) if !folder.is_dir() => Err(cause).context("cannot keep what was installed"),
        _ => Ok(folder),
    }
}

/// Runs a command with the path of a file that holds those texts, and reads its answer.
fn ask<T: serde::de::DeserializeOwned>(command: &mut Command, texts: &[String]) -> Result<T> {
    let mut file = tempfile::NamedTempFile::new()?;
    serde_json::to_writer(&mut file, texts)?;
    let output = command.arg(file.path()).output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}:\n{}", output.status, text(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn ask_npm(texts: &[String]) -> Result<NpmSays> {
    let folder = oracle(SEMVER, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        npm.arg(folder).arg(SEMVER);
        npm
    })?;
    ask(Command::new("node").args(["-e", ASK_NPM, "--"]).current_dir(folder), texts)
}

/// The place of each version in their order; equal versions have the same.
fn ranks(versions: &[Version]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..versions.len()).collect();
    order.sort_by_key(|at| &versions[*at]);
    let mut ranks = vec![0; versions.len()];
    for pair in order.windows(2) {
        ranks[pair[1]] = ranks[pair[0]] + usize::from(versions[pair[0]] != versions[pair[1]]);
    }
    ranks
}

#[test]
fn reads_prints_and_orders_as_packaging_does() -> Result<()> {
    let mut random = Random(440);
    let mut texts: Vec<String> = (0..30_000).map(|_| random.pep440()).collect();
    texts.extend((0..12_000).map(|_| random.scribble()));
    let folder = oracle(PACKAGING, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(folder).arg(PACKAGING);
        pip
    })?;
    let mut python = Command::new("python3");
    let says: PackagingSays = ask(python.args(["-c", ASK_PACKAGING]).env("PYTHONPATH", &folder), &texts)?;
    assert_eq!(says.read.len(), texts.len());
    let (mut ours, mut theirs, mut ambiguous) = (Vec::new(), Vec::new(), 0);
    let mut their_ranks = says.ranks.iter();
    for (written, read) in texts.iter().zip(&says.read) {
        let parsed = written.parse::<Version>();
        let Some(read) = read else {
            assert!(parsed.is_err(), "packaging refuses {written:?}, we read {parsed:?}");
            continue;
        };
        let rank = *their_ranks.next().context("a rank for each version")?;
        if read.dash {
            let message = parsed.unwrap_err().to_string();
            assert!(
                message.contains(&format!("PEP 440 reads the post release `{}`", read.normal)),
                "{message}"
            );
            assert!(message.contains("SemVer the pre-release"), "{message}");
            ambiguous += 1;
            continue;
        }
        let version = parsed.with_context(|| format!("packaging reads {written:?} as {}", read.normal))?;
        assert_eq!(version.to_string(), read.normal, "{written:?}");
        ours.push(version);
        theirs.push(rank);
    }
    assert!(ours.len() > 4_000 && ambiguous > 100, "{} versions, {ambiguous} ambiguous", ours.len());
    // The ranks of `packaging` count the ambiguous ones too, so it is each pair in its order that must agree.
    let ours_ranked = ranks(&ours);
    let mut order: Vec<usize> = (0..ours.len()).collect();
    order.sort_by_key(|at| theirs[*at]);
    for pair in order.windows(2) {
        let (one, other) = (pair[0], pair[1]);
        assert_eq!(
            ours_ranked[one].cmp(&ours_ranked[other]),
            theirs[one].cmp(&theirs[other]),
            "{} and {}",
            ours[one],
            ours[other]
        );
    }
    Ok(())
}

#[test]
fn what_is_spelt_as_semver_is_valid_and_ordered_for_npm() -> Result<()> {
    let mut random = Random(20);
    // Beside each version the order that it has in SemVer: without what follows the `+`, and dev where `d` sorts.
    let mut made: Vec<(Version, Version, String)> = Vec::new();
    for _ in 0..8_000 {
        let release: Vec<String> = (0..=random.below(3)).map(|_| random.number().to_string()).collect();
        let release = release.join(".");
        let (word, as_sorted) = random.pick(&[
            ("", ""),
            ("", ""),
            ("a", "a"),
            ("b", "b"),
            ("rc", "rc"),
            // Between beta and rc stands nothing in PEP 440, so the numbers of rc make room.
            (".dev", "dev"),
        ]);
        let number = random.number();
        let sorted = match as_sorted {
            "" => release.clone(),
            "dev" => format!("{release}rc{number}"),
            "rc" => format!("{release}rc{}", number + (1 << 54)),
            other => format!("{release}{other}{number}"),
        };
        let dev = word == ".dev";
        let pre = if word.is_empty() { String::new() } else { format!("{word}{number}") };
        let post = if !dev && random.one_in(4) { format!(".post{}", random.number()) } else { String::new() };
        let local = if random.one_in(6) { random.pick(&["+cu121", "+1.ubuntu", "+7"]) } else { "" };
        let version: Version = format!("{release}{pre}{post}{local}").parse()?;
        let spelled = version.spelled(Spelling::SemVer)?;
        assert_eq!(Version::read(&spelled, Spelling::SemVer)?, version, "{spelled}");
        let tag = version.spelled(Spelling::ImageTag)?;
        assert_eq!(Version::read(&tag, Spelling::ImageTag)?, version, "{tag}");
        assert!(tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{tag}");
        made.push((version, sorted.parse()?, spelled));
    }
    // Neighbours in the order are the pairs in which a difference shows.
    made.sort_by(|one, other| one.0.cmp(&other.0));
    let texts: Vec<String> = made.iter().map(|(_, _, spelled)| spelled.clone()).collect();
    let says = ask_npm(&texts)?;
    for ((_, _, spelled), valid) in made.iter().zip(&says.valid) {
        assert!(valid, "npm refuses {spelled}");
    }
    for (pair, order) in made.windows(2).zip(&says.order) {
        assert_eq!(pair[0].1.cmp(&pair[1].1), order.cmp(&0), "{} and {}", pair[0].2, pair[1].2);
        let usual = order.cmp(&0) == pair[0].0.cmp(&pair[1].0);
        let excused = ["-dev.", "+"].iter().any(|what| pair[0].2.contains(what) || pair[1].2.contains(what));
        assert!(usual || excused, "{} and {}", pair[0].2, pair[1].2);
    }
    assert!(says.order.iter().filter(|order| order.cmp(&&0) != Ordering::Equal).count() > 1_000);
    Ok(())
}

#[test]
fn what_is_read_as_semver_is_semver_for_npm() -> Result<()> {
    let mut random = Random(2_0_0);
    let mut texts = Vec::new();
    for _ in 0..24_000 {
        let mut written: Vec<String> =
            (0..2 + random.below(8).min(2)).map(|_| random.number().to_string()).collect();
        if random.one_in(10) {
            written[0].insert(0, '0');
        }
        let mut written = written.join(".");
        for sign in ["-", "+"] {
            if random.one_in(2) {
                written.push_str(sign);
                for at in 0..=random.below(3) {
                    written.push_str(if at > 0 { "." } else { "" });
                    let parts = [
                        "alpha", "beta", "rc", "dev", "post", "a", "rc1", "RC", "0", "1", "01", "x-y", "",
                        "é",
                    ];
                    written.push_str(random.pick(&parts));
                }
            }
        }
        texts.push(written);
    }
    let says = ask_npm(&texts)?;
    let mut both = 0;
    for (written, valid) in texts.iter().zip(&says.valid) {
        let Ok(version) = Version::read(written, Spelling::SemVer) else { continue };
        assert!(valid, "npm refuses {written:?}, we read {version}");
        both += 1;
        if let Ok(spelled) = version.spelled(Spelling::SemVer) {
            assert_eq!(Version::read(&spelled, Spelling::SemVer)?, version, "{written} is {spelled}");
        } else {
            bail!("cannot write {version} again, which was read from {written:?}");
        }
    }
    assert!(both > 1_000, "only {both} were read");
    Ok(())
}
