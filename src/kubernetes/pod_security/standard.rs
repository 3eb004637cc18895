//! The level that a pod meets in every one of several versions.

use super::check::StandardCheck;
use super::level::Level;
use super::version::{Version, VersionSet};
use crate::kubernetes::pod::Pod;

/// What the levels ask for in some versions: each form of each check once.
#[derive(Clone, Debug)]
pub struct Standard {
    baseline: Vec<(StandardCheck, Version)>,
    restricted: Vec<(StandardCheck, Version)>,
}

impl Standard {
    /// Gathers the checks of some versions.
    #[must_use]
    pub fn of(versions: VersionSet) -> Self {
        let asked = |level: Level| {
            let mut asked: Vec<_> = versions
                .iter()
                .flat_map(|version| {
                    StandardCheck::of(level, version)
                        .filter_map(move |check| Some((check, check.revision(version)?)))
                })
                .collect();
            asked.sort_unstable();
            asked.dedup();
            asked
        };
        Self {
            baseline: asked(Level::Baseline),
            restricted: asked(Level::Restricted),
        }
    }

    /// The highest level that a pod meets in all of the versions, with all below it.
    #[must_use]
    pub fn level(&self, pod: Pod<'_>) -> Level {
        let meets = |asked: &[(StandardCheck, Version)]| {
            asked
                .iter()
                .all(|(check, version)| check.passes(pod, *version))
        };
        if !meets(&self.baseline) {
            Level::Privileged
        } else if meets(&self.restricted) {
            Level::Restricted
        } else {
            Level::Baseline
        }
    }
}
