//! PyPI, and servers that take uploads as it does: files go there by `uv publish`, and stay for good.

mod arrival;
mod credentials;
mod gate;
mod kept;
mod refusal;
mod rehearsal;
mod server;
mod upload;

use anyhow::Result;
use document::{Failure, PackageName, PublishedFile, Version};
use filter::{Outcome, Stage, Step};
use project::{Project, TargetKind, TargetSettings};
use uv::Uv;

use self::credentials::{Addressee, Credentials};
use self::rehearsal::Trial;
use self::server::Server;
use self::upload::{Item, Upload};
use super::{Part, Place, Site};
use crate::order;
use crate::parcel::{File, Parcel};
use crate::rehearsals;
use crate::shipment::Shipment;

/// How long files may be missing from the simple index, in seconds, where release.toml says nothing else.
const WAIT: u64 = 900;

/// A server that takes uploads as PyPI does.
#[derive(Debug)]
pub struct Pypi {
    site: Site,
    uv: Uv,
    server: Server,
    /// The server that a release is meant for, where this one is there for its rehearsal.
    real: Option<Server>,
    /// Whom the secrets of `UV_PUBLISH_…` are for.
    general: Addressee,
    attestations: Option<bool>,
    wait: u64,
    waves: Vec<Wave>,
    last: Vec<Step<String>>,
}

/// Files that require nothing of each other: they go up together, after those that they require are served.
#[derive(Debug, Default)]
struct Wave {
    steps: Vec<Step<String>>,
    items: Vec<Item>,
    missing: Vec<Item>,
}

impl Pypi {
    /// The server of a target among those of a run.
    pub fn of(
        project: &Project,
        target: &TargetSettings,
        targets: &[TargetSettings],
        mut site: Site,
    ) -> Result<Self> {
        let uv = Uv::find()?;
        let server = Server::of(&uv, project, target)?;
        let real =
            rehearsals::real(target, targets).map(|real| Server::of(&uv, project, real)).transpose()?;
        if let Some(real) = &real {
            rehearsal::refuse_same(&server, real, &site.name, None)?;
        }
        let general = match &real {
            Some(_) => Addressee::Real,
            None if !server.is_pypi() && targets.iter().any(is_pypi) => Addressee::Pypi,
            None => Addressee::This,
        };
        site.location = server.location();
        let (attestations, wait) = (target.attestations, target.wait.unwrap_or(WAIT));
        Ok(Self { site, uv, server, real, general, attestations, wait, waves: Vec::new(), last: Vec::new() })
    }

    fn credentials(&self) -> Result<Credentials, Failure> {
        credentials::find(&self.uv, &self.server, &self.site.name, self.general)
    }

    /// The waves with what is missing of them; nothing is where the rehearsal has nothing left to show.
    fn look(&self, shipment: &Shipment, items: &[Item], is_moot: bool) -> Result<Vec<Wave>> {
        let place = &self.site.name;
        let mut waves = Vec::new();
        for packages in order::waves(&shipment.parcels, &shipment.names()) {
            let mut wave = Wave::default();
            for package in &packages {
                let of_package: Vec<&Item> = items.iter().filter(|item| item.package == *package).collect();
                if !is_moot {
                    let missing = gate::missing(&self.server, &of_package, shipment, place)?;
                    wave.missing.extend(missing.into_iter().cloned());
                }
                wave.items.extend(of_package.into_iter().cloned());
            }
            // The order in which uv sends them; a `-` comes before a `.`, and so a wheel before its sdist.
            wave.items.sort_by(|a, b| a.name.cmp(&b.name));
            let mut parcels: Vec<&Parcel> =
                shipment.parcels.iter().filter(|parcel| packages.contains(&parcel.package)).collect();
            parcels.sort_by(|a, b| a.pattern.cmp(&b.pattern));
            for parcel in parcels {
                let what = format!("upload {} to {place}", parcel.pattern);
                let is_missing = |file: &File| wave.missing.iter().any(|missing| missing.name == file.name());
                // Without files it is a dry run before the build.
                let has_work = parcel.files.is_empty() || parcel.files.iter().any(is_missing);
                wave.steps.push(match (has_work, is_moot) {
                    (true, _) => Step::Do(what),
                    (false, true) => {
                        Step::skip(what, "the release is published already, so nothing is left to rehearse")
                    }
                    (false, false) => Step::skip(what, "it is there already, with the same bytes"),
                });
            }
            waves.push(wave);
        }
        Ok(waves)
    }

    /// Says whether a rehearsal has nothing left to show: the real server has all files.
    fn is_moot(&self, items: &[Item]) -> bool {
        let has_all =
            |real: &Server| arrival::missing(real, items.iter()).is_ok_and(|missing| missing.is_empty());
        !items.is_empty() && self.real.as_ref().is_some_and(has_all)
    }

    fn upload(&self, wave: &Wave, shipment: &Shipment, stage: &Stage) -> Result<()> {
        if wave.missing.is_empty() {
            return Ok(());
        }
        let (place, credentials) = (self.site.name.as_str(), self.credentials()?);
        let mut missing = wave.missing.clone();
        if self.attestations.is_none() && !credentials.are_trusted() {
            missing.iter_mut().for_each(|item| item.attestation = None);
            if wave.missing.iter().any(|item| item.attestation.is_some()) {
                stage.note(format!(
                    "{place} gets no attestations: they are taken with trusted publishing alone"
                ));
            }
        }
        let (uv, server, root) = (&self.uv, &self.server, shipment.project.root.as_path());
        let lock = shipment.lock.as_ref();
        Upload { uv, server, credentials: &credentials, root, place, lock }.bring(&missing, stage)?;
        arrival::wait(server, &wave.items, self.wait, shipment.is_paranoid, place, stage)?;
        stage.note(format!("{place} serves {} with the bytes that were built", names(&wave.items)));
        Ok(())
    }
}

impl Place for Pypi {
    fn site(&self) -> &Site {
        &self.site
    }

    fn versions(&self, package: &PackageName) -> Result<Option<Vec<Version>>> {
        let mut versions = Vec::new();
        // In a rehearsal, what is required and not released with it comes from the real server.
        for server in self.real.iter().chain([&self.server]) {
            let files = server.served.files(package)?.unwrap_or_default();
            versions.extend(files.into_iter().filter_map(|file| file.version));
        }
        versions.sort();
        versions.dedup();
        Ok(Some(versions))
    }

    fn url(&self) -> Option<String> {
        Some(self.server.served.url().to_owned())
    }

    fn files(&self, shipment: &Shipment) -> Result<Vec<PublishedFile>> {
        shipment.in_index()
    }

    fn plan(&mut self, shipment: &Shipment) -> Result<()> {
        let place = &self.site.name;
        let items = gate::items(shipment, place, self.attestations)?;
        if let (Some(real), Some(item)) = (self.real.as_ref().filter(|real| real.is_pypi()), items.first()) {
            let known = upload::known_url(&self.uv, &shipment.project.root, &item.source, place)?;
            rehearsal::refuse_same(&self.server, real, place, Some(&known))?;
        }
        let is_moot = self.is_moot(&items);
        let looked = self.look(shipment, &items, is_moot);
        self.waves = match &self.real {
            None => looked?,
            Some(_) => looked.map_err(|error| {
                let (own, _) = Failure::of(&error);
                let what = format!("cannot rehearse on `{place}`: {error:#}");
                Failure::new(what).hint(format!(
                    "{}; or publish this version without a rehearsal: `--no-rehearsal`",
                    own.unwrap_or("mend that")
                ))
            })?,
        };
        self.last = Vec::new();
        if self.real.is_some() {
            let packages: Vec<String> = shipment.names().iter().map(ToString::to_string).collect();
            let what =
                format!("install {} from {place}, and what they require from elsewhere", packages.join(", "));
            self.last.push(match is_moot {
                true => Step::skip(what, "the release is published already, so nothing is left to rehearse"),
                false => Step::Do(what),
            });
        }
        Ok(())
    }

    fn has_work(&self) -> bool {
        let steps = self.waves.iter().flat_map(|wave| &wave.steps).chain(&self.last);
        steps.into_iter().any(|step| matches!(step, Step::Do(_)))
    }

    fn check_access(&self) -> Result<()> {
        let mut steps = self.waves.iter().flat_map(|wave| &wave.steps);
        if steps.all(|step| matches!(step, Step::Skip { .. })) {
            return Ok(());
        }
        let credentials = self.credentials()?;
        if let Some(upload) = &self.server.upload {
            web::refuse_open(upload, "`publish-url`")?;
        }
        if self.attestations == Some(true) && self.server.is_pypi() && !credentials.are_trusted() {
            let what = format!(
                "cannot publish attestations to `{}`: it takes them with trusted publishing alone",
                self.site.name
            );
            let hint = "publish from a workflow that the project trusts, without UV_PUBLISH_TOKEN, or drop `attestations`";
            return Err(Failure::new(what).hint(hint).into());
        }
        Ok(())
    }

    fn carry_out(&self, part: Part, shipment: &Shipment, stage: &Stage) -> Result<()> {
        if part != Part::Files {
            return Ok(());
        }
        for wave in &self.waves {
            stage.perform(&wave.steps, |_| Ok(Outcome::Done))?;
            if !stage.is_dry_run() {
                self.upload(wave, shipment, stage)?;
            }
        }
        stage.perform(&self.last, |_| {
            let Some(real) = &self.real else { return Ok(Outcome::Done) };
            let items: Vec<Item> = self.waves.iter().flat_map(|wave| wave.items.clone()).collect();
            let trial = Trial { uv: &self.uv, stage: &self.server, real, place: &self.site.name };
            trial.hold(&items, shipment, stage).map(|()| Outcome::Done)
        })
    }

    fn advice(&self, shipment: &Shipment) -> Result<Vec<String>> {
        if self.real.is_some() {
            return Ok(Vec::new());
        }
        let packages = shipment.names();
        if !self.server.is_pypi() {
            return Ok(crate::advice::of_server(self.server.served.url(), &self.site.name, &packages));
        }
        let names: Vec<&str> = packages.iter().map(PackageName::as_str).collect();
        let names = names.join(" ");
        Ok(vec![
            format!("install with uv: uv pip install {names}"),
            format!("install with pip: pip install {names}"),
        ])
    }

    fn rebuild(&mut self, stage: &Stage) -> Result<()> {
        stage.skip(format!("write the pages of {}", self.site.name), "the server makes them itself");
        Ok(())
    }
}

/// Says whether a target is PyPI itself.
fn is_pypi(target: &TargetSettings) -> bool {
    target.kind == TargetKind::Pypi && target.index.is_none() && target.url.is_none()
}

/// The names of files for people.
fn names(items: &[Item]) -> String {
    match items {
        [one] => one.name.clone(),
        _ => format!("{} files", items.len()),
    }
}
