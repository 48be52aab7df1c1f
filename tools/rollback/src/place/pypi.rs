//! PyPI, and servers that take uploads as PyPI does: no program can take anything back from them, so an owner is told
//! what to do, and the index is watched until it shows that it was done.

mod server;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use document::{Fate, PackageName, Version, Withdrawal};
use filter::{Outcome, Stage, Step};
use index::{Served, ServedFile};

use super::{Circumstances, Manner, Place};
use crate::memory::withdrawn;
use crate::target::{Candidate, Target};

/// The pauses between two looks.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

/// The server, with what is seen there.
#[derive(Debug)]
pub struct Pypi {
    target: Target,
    version: Version,
    served: Option<Served>,
    /// Why, for the owner to paste; `None` where files are to be chosen again.
    reason: Option<String>,
    steps: Vec<Step<String>>,
    withdrawals: Vec<Withdrawal>,
    /// The files that an owner has to yank, or to unyank.
    standing: Vec<Candidate>,
}

/// What an index says about one file.
#[derive(Debug, PartialEq, Eq)]
enum Sight {
    /// It is not there.
    Absent,
    /// It is there with other bytes.
    Foreign(String),
    /// It is there, and installers choose it.
    Standing,
    /// It was yanked for that reason.
    Yanked(String),
}

type Pages = BTreeMap<PackageName, Vec<ServedFile>>;

impl Pypi {
    /// Looks what the server shows of the files. One that cannot be asked stops nothing: all else is taken back.
    pub fn plan(target: Target, circumstances: &Circumstances) -> Result<Self> {
        let version = circumstances.release.version.current.clone();
        let reason = match circumstances.manner {
            Manner::Yank(reason) => Some(reason.clone()),
            Manner::Delete => Some(format!("{version} was taken back")),
            Manner::Unyank => None,
        };
        let (served, looked) = match server::served(&target, circumstances) {
            Ok(served) => {
                let looked = look(&served, &target.files);
                (Some(served), looked)
            }
            Err(error) => (None, Err(error)),
        };
        let (steps, withdrawals, standing) = Default::default();
        let mut place = Self { target, version, served, reason, steps, withdrawals, standing };
        match looked {
            Ok(pages) => {
                for file in place.target.files.clone() {
                    place.plan_file(&file, &sight(&pages, &file), circumstances);
                }
            }
            // There is nothing to wait for where nothing is known to be there.
            Err(error) if place.target.files.iter().all(|file| !file.is_stated) => return Err(error),
            Err(error) => {
                let detail = format!("nobody could look whether it is yanked: {error:#}");
                for file in place.target.files.clone().iter().filter(|file| file.is_stated) {
                    place.keep(file, &detail);
                    place.standing.push(file.clone());
                }
            }
        }
        Ok(place)
    }

    fn plan_file(&mut self, file: &Candidate, sight: &Sight, circumstances: &Circumstances) {
        let what = self.target.what(file);
        let is_known = file.is_stated || circumstances.memory.of(&what).is_some();
        match (sight, self.reason.is_some()) {
            (Sight::Absent, _) if is_known => {
                let why = "it is not there any more";
                self.steps.push(Step::skip(self.verb(file), why));
                self.withdrawals.push(circumstances.memory.gone(what, why));
            }
            (Sight::Foreign(digest), _) if file.is_stated => {
                let why = format!("it has other bytes than the release, with the SHA-256 {digest}");
                self.keep(file, &why);
            }
            (Sight::Yanked(reason), true) => {
                self.steps.push(Step::skip(self.verb(file), "it is yanked already"));
                self.withdrawals.push(withdrawn(what, format!("yanked: {reason}")));
            }
            (Sight::Standing, false) => self.steps.push(Step::skip(self.verb(file), "it is not yanked")),
            (Sight::Standing, true) | (Sight::Yanked(_), false) => {
                self.keep(file, "no program can do that, an owner does it in the browser");
                self.standing.push(file.clone());
            }
            _ => {}
        }
    }

    fn keep(&mut self, file: &Candidate, why: &str) {
        self.steps.push(Step::skip(self.verb(file), why));
        let what = self.target.what(file);
        self.withdrawals.push(Withdrawal { what, fate: Fate::Kept, detail: why.to_owned() });
    }

    fn verb(&self, file: &Candidate) -> String {
        let verb = if self.reason.is_some() { "yank" } else { "unyank" };
        format!("{verb} {} on {}", file.path, self.target.name)
    }

    /// What an owner has to do, one line for each package.
    fn advice(&self) -> Vec<String> {
        let mut packages: Vec<&PackageName> =
            self.standing.iter().filter_map(|file| file.package.as_ref()).collect();
        packages.sort();
        packages.dedup();
        let (target, version) = (&self.target.name, &self.version);
        let line = |package: &PackageName| {
            let page = match &self.served {
                Some(served) => server::page(served.url(), package, version),
                None => "its page of this release".to_owned(),
            };
            // Whether another server has such pages is not known.
            let perhaps =
                if self.target.location == "pypi://pypi" { "" } else { " (where the server is like PyPI)" };
            let choice = match &self.reason {
                Some(reason) => format!("Yank, and give as the reason: {reason}"),
                None => "Un-yank".to_owned(),
            };
            format!("as an owner of {package} on {target}: open {page}{perhaps}, choose Options, {choice}")
        };
        packages.into_iter().map(line).collect()
    }

    /// Looks again, and says of what is yanked by now that it is taken back.
    fn look_again(&mut self, served: &Served, stage: &Stage) -> Result<()> {
        let pages = look(served, &self.standing)?;
        for file in std::mem::take(&mut self.standing) {
            let Sight::Yanked(reason) = sight(&pages, &file) else {
                self.standing.push(file);
                continue;
            };
            let what = self.target.what(&file);
            stage.note(format_args!("{what} is yanked: {reason}"));
            if let Some(entry) = self.withdrawals.iter_mut().find(|entry| entry.what == what) {
                *entry = withdrawn(what, format!("yanked: {reason}"));
            }
        }
        Ok(())
    }
}

impl Place for Pypi {
    fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    fn carry_out(&self, stage: &Stage) -> Result<()> {
        stage.perform(&self.steps, |_| Ok(Outcome::Done))?;
        self.advice().iter().for_each(|line| stage.note(line));
        Ok(())
    }

    fn settle(&mut self, patience: Duration, stage: &Stage) -> Result<()> {
        let Some(served) = self.served.clone().filter(|_| !self.standing.is_empty()) else { return Ok(()) };
        let url = served.url().to_owned();
        if patience.is_zero() {
            stage.note(format_args!(
                "run it again when {url} shows that, or with `--wait SECONDS` to wait for it: what is yanked by then \
                 is told as taken back"
            ));
            return Ok(());
        }
        stage.note(format_args!("waiting for up to {} seconds until {url} shows it", patience.as_secs()));
        let end = Instant::now() + patience;
        let [mut pause, longest] = PAUSES;
        let mut fault = None;
        while !self.standing.is_empty() {
            // A server that is away for a moment is asked again.
            fault = self.look_again(&served, stage).err();
            let left = end.saturating_duration_since(Instant::now());
            if self.standing.is_empty() || left.is_zero() {
                break;
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(longest);
        }
        if !self.standing.is_empty() {
            let fault = fault.map(|error| format!(": {error:#}")).unwrap_or_default();
            stage.warn(format_args!(
                "{} files are not yanked on {} after {} seconds{fault}; run it again when they are",
                self.standing.len(),
                self.target.name,
                patience.as_secs()
            ));
        }
        Ok(())
    }
}

/// The pages of the packages that the files are of, as they are now.
fn look(served: &Served, files: &[Candidate]) -> Result<Pages> {
    let mut pages = Pages::new();
    for package in files.iter().filter_map(|file| file.package.as_ref()) {
        if !pages.contains_key(package) {
            pages.insert(package.clone(), served.files(package)?.unwrap_or_default());
        }
    }
    Ok(pages)
}

fn sight(pages: &Pages, file: &Candidate) -> Sight {
    let mut listed = file.package.iter().flat_map(|package| pages.get(package).into_iter().flatten());
    let Some(found) = listed.find(|listed| listed.file_name == file.path.file_name()) else {
        return Sight::Absent;
    };
    match (&found.sha256, &found.yanked) {
        (Some(digest), _) if *digest != file.sha256 => Sight::Foreign(digest.to_string()),
        (_, Some(reason)) => Sight::Yanked(reason.clone()),
        (_, None) => Sight::Standing,
    }
}
