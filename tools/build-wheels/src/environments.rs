//! The environments of a run's builds, each taken once and held to the end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use uv::{Environment, Uv, Wanted};

/// An environment that is being made, was made, or could not be.
type Place = Arc<OnceLock<Option<Environment>>>;

/// The environments that were taken, by what was wanted.
#[derive(Debug, Default)]
pub struct Environments(Mutex<BTreeMap<String, Place>>);

/// A taken environment.
#[derive(Debug, Clone)]
pub struct Taken(Place);

impl Environments {
    /// Takes an environment, or waits for another build that takes the same.
    ///
    /// `None` where it cannot be made: `uv build` says why, or finds a way. And where a build has written into it.
    pub fn take(&self, uv: &Uv, wanted: &Wanted) -> Option<Taken> {
        let Wanted { python, requirements, circumstances, .. } = wanted;
        let key = format!("{python:?} {requirements:?} {circumstances}");
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let environment = place.get_or_init(|| Environment::take(uv, wanted).ok().flatten());
        environment.as_ref().is_some_and(Environment::is_intact).then(|| Taken(place.clone()))
    }
}

impl Taken {
    /// The environment.
    pub fn get(&self) -> Option<&Environment> {
        self.0.get()?.as_ref()
    }
}
