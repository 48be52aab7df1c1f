//! An index in a bucket: all files go up at once, and then the pages, those of dependencies first.

use std::time::Duration;

use anyhow::{Context, Result};
use document::{PackageName, PublishedFile, Version};
use filter::{Outcome, Stage, Step};
use index::{Bucket, Intent, Location};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::own::{self, Action};
use super::{Part, Place, Site};
use crate::beside;
use crate::order;
use crate::parcel::{File, Parcel};
use crate::shipment::Shipment;

/// The bucket.
#[derive(Debug)]
pub struct InBucket {
    site: Site,
    bucket: Bucket,
    steps: Vec<Step<Action>>,
}

impl InBucket {
    /// Opens the bucket, which lists it.
    pub fn open(site: Site) -> Result<Self> {
        let bucket = Bucket::open(Location::parse(&site.location)?)?;
        Ok(Self { site, bucket, steps: Vec::new() })
    }

    /// Says whether every file of a parcel is there with its signature.
    fn holds(&self, parcel: &Parcel) -> Result<bool> {
        let package = &parcel.package;
        let has = |file: &File| self.bucket.has(package, file.name(), &file.sha256);
        beside::holds(parcel, &self.site.name, has, |name| self.bucket.side_file(package, name))
    }

    /// A line that moves while files go up and, where they are read back, come down; nothing where nobody looks on.
    fn meter(&self, files: &[(&Parcel, &File)], is_paranoid: bool) -> Option<ProgressBar> {
        if !filter::is_live() {
            return None;
        }
        let sizes = files.iter().filter_map(|(_, file)| Some(std::fs::metadata(&file.source).ok()?.len()));
        let total = sizes.sum::<u64>() * if is_paranoid { 2 } else { 1 };
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let template =
            "  {spinner} {elapsed:>4} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        let heard = bar.clone();
        self.bucket.hear(move |bytes| match u64::try_from(bytes) {
            Ok(bytes) => heard.inc(bytes),
            Err(_) => heard.dec(bytes.unsigned_abs()),
        });
        Some(bar)
    }

    fn publish(&self, parcel: &Parcel, file: &File, is_paranoid: bool) -> Result<String> {
        let package = &parcel.package;
        self.bucket.add(package, &file.source, file.name(), &file.sha256, is_paranoid)?;
        if let (Some(from), Some(name)) = (&file.signature, file.signature_name()) {
            // One that is there was found to verify the same bytes.
            self.bucket.add_side_file(package, from, &name)?;
        }
        let signed = if file.signature.is_some() { "with its signature" } else { "without a signature" };
        Ok(format!("{} {signed}", file.name()))
    }
}

impl Place for InBucket {
    fn site(&self) -> &Site {
        &self.site
    }

    fn versions(&self, package: &PackageName) -> Result<Option<Vec<Version>>> {
        self.bucket.versions(package).map(Some)
    }

    fn url(&self) -> Option<String> {
        Some(self.bucket.url().to_owned())
    }

    fn files(&self, shipment: &Shipment) -> Result<Vec<PublishedFile>> {
        shipment.in_index()
    }

    fn plan(&mut self, shipment: &Shipment) -> Result<()> {
        let held = self.bucket.each(&shipment.parcels, |parcel| self.holds(parcel))?;
        let has_current_pages = || self.bucket.has_current_pages(&shipment.names());
        let coming: Vec<&str> = shipment.files().map(|(_, file)| file.name()).collect();
        let present = self.bucket.survey(&shipment.names(), &coming)?;
        own::refuse_unready(shipment, &self.site.name, present)?;
        let release = &shipment.document;
        let kept = self.bucket.document(&release.project.name, &release.version.tag)?;
        self.steps = own::steps(shipment, &self.site.name, kept, held, has_current_pages)?;
        Ok(())
    }

    fn has_work(&self) -> bool {
        own::has_work(&self.steps)
    }

    fn check_access(&self) -> Result<()> {
        self.bucket.check_access(Intent::Write)
    }

    /// Nobody sees a file before its page lists it, so files go up in any order, many at once.
    fn carry_out(&self, part: Part, shipment: &Shipment, stage: &Stage) -> Result<()> {
        if part != Part::Files {
            return Ok(());
        }
        if !self.has_work() || stage.is_dry_run() {
            return stage.perform(&self.steps, |_| Ok(Outcome::Done));
        }
        let mut wanted: Vec<&Parcel> = Vec::new();
        let mut pages = None;
        for step in &self.steps {
            match step {
                Step::Skip { what, reason } => stage.skip(what, reason),
                Step::Do(action @ Action::KeepDocument { .. }) => {
                    stage.action(action);
                    self.bucket.put_document(&shipment.document)?;
                }
                Step::Do(action @ Action::Publish { at, .. }) => {
                    stage.action(action);
                    wanted.push(&shipment.parcels[*at]);
                }
                Step::Do(action @ Action::WritePages { .. }) => pages = Some(action),
            }
        }
        let files: Vec<(&Parcel, &File)> =
            wanted.iter().flat_map(|parcel| parcel.files.iter().map(|file| (*parcel, file))).collect();
        let meter = self.meter(&files, shipment.is_paranoid);
        let done = self.bucket.each(&files, |(parcel, file)| {
            let published = self.publish(parcel, file, shipment.is_paranoid);
            published.with_context(|| format!("cannot publish `{}`", file.path))
        });
        meter.inspect(ProgressBar::finish_and_clear);
        let done = done?;
        done.iter().for_each(|line| stage.note(line));
        if let Some(action) = pages {
            stage.action(action);
            // Also those of packages whose files are all there: a killed run may have left them unwritten.
            self.bucket.write_pages(&order::waves(&shipment.parcels, &shipment.names()))?;
        }
        Ok(())
    }

    fn advice(&self, shipment: &Shipment) -> Result<Vec<String>> {
        crate::advice::lines(&self.bucket, self.bucket.url(), &self.site.name, shipment)
    }

    fn rebuild(&mut self, stage: &Stage) -> Result<()> {
        let bucket = &mut self.bucket;
        own::rebuild(&self.site.name, stage, || {
            bucket.check_access(Intent::Write)?;
            bucket.rebuild();
            bucket.write_pages(&[bucket.everything()?])
        })
    }
}
