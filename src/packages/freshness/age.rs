//! Ages, libyears, and how much older the dependencies of a repository grow by a change.
//!
//! A *libyear* is a year between the release of what is installed and the release of what is newest
//! (<https://libyear.com>). Both sides of a change are measured against the same newest releases, so that what is
//! published meanwhile is nobody's fault: only growth counts, old debt does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::packages::registry::{Document, Release};
use crate::packages::version::Version;

/// The hours of a year, as `Period` of the configuration counts them.
const YEAR: i64 = 365 * 24;

/// How old a release is at an instant; none where its date is not known.
#[must_use]
pub fn age(document: &Document, release: &Release, now: Timestamp) -> Option<SignedDuration> {
    let published = document.published(release)?;
    Some(now.duration_since(published).max(SignedDuration::ZERO))
}

/// How much later the newest release was published than the installed one. What is beyond `latest`, and what was
/// published later than it, lags nothing. None where a date is not known.
#[must_use]
pub fn lag(document: &Document, installed: &Version) -> Option<SignedDuration> {
    let own = document.release(installed)?;
    let newest = newest(document)?;
    let (from, to) = (document.published(own)?, document.published(newest)?);
    let is_behind = newest.version > own.version;
    Some(if is_behind {
        to.duration_since(from).max(SignedDuration::ZERO)
    } else {
        SignedDuration::ZERO
    })
}

/// What `latest` points to, or else the highest stable release.
fn newest(document: &Document) -> Option<&Release> {
    document.tag("latest").or_else(|| {
        let releases = document.releases.iter().rev();
        releases
            .filter(|release| release.deprecated.is_none())
            .find(|release| !release.version.is_prerelease())
    })
}

/// A length of time in years with one place, such as `1.4`.
#[must_use]
pub fn years(period: SignedDuration) -> String {
    let hours = period.as_hours();
    let tenths = (hours.abs() * 10 + YEAR / 2) / YEAR;
    let sign = if hours < 0 && tenths > 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// A length of time as a sentence has it: `5 hours`, `3 days`, `2.5 years`.
#[must_use]
pub fn in_words(period: SignedDuration) -> String {
    let hours = period.as_hours().abs();
    let (number, unit) = match hours {
        0..48 => (hours, "hour"),
        48..YEAR => (hours / 24, "day"),
        _ => return format!("{} years", years(period)),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// What lags, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The folder of the project that installs it.
    pub project: Arc<str>,
    /// The real name.
    pub name: Arc<str>,
    /// The version.
    pub version: Arc<str>,
    /// How much; none where dates are not known.
    pub lag: Option<SignedDuration>,
}

/// How much older dependencies grow by a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// The sum of the base.
    pub base: SignedDuration,
    /// The sum of the head.
    pub head: SignedDuration,
    /// What grew or shrank, what grew most first.
    pub causes: Vec<Cause>,
    /// The names that the change touches and that are left out, as one of their versions has no known date.
    pub unknown: Vec<Arc<str>>,
}

/// A package that grew older or younger by a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The folder of the project that installs it.
    pub project: Arc<str>,
    /// The real name.
    pub name: Arc<str>,
    /// By how much it grew; below zero where it shrank.
    pub growth: SignedDuration,
}

impl Drift {
    /// What the change adds; below zero where it takes away.
    #[must_use]
    pub fn growth(&self) -> SignedDuration {
        self.head.saturating_sub(self.base)
    }

    /// True if the change adds more than it may.
    #[must_use]
    pub fn exceeds(&self, budget: SignedDuration) -> bool {
        self.growth() > budget
    }
}

/// Compares what lags before and after a change. The same version twice in one project counts once.
#[must_use]
pub fn drift(base: &[Lag], head: &[Lag]) -> Drift {
    type Key = (Arc<str>, Arc<str>);
    type Versions = BTreeMap<Arc<str>, Option<SignedDuration>>;
    let mut sides: BTreeMap<Key, [Versions; 2]> = BTreeMap::new();
    for (side, lags) in [base, head].into_iter().enumerate() {
        for lag in lags {
            let key = (Arc::clone(&lag.project), Arc::clone(&lag.name));
            if let Some(versions) = sides.entry(key).or_default().get_mut(side) {
                versions.insert(Arc::clone(&lag.version), lag.lag);
            }
        }
    }
    let mut drift = Drift::default();
    let sum = |versions: &Versions| {
        let mut lags = versions.values();
        lags.try_fold(SignedDuration::ZERO, |sum, lag| {
            Some(sum.saturating_add((*lag)?))
        })
    };
    for ((project, name), [before, after]) in sides {
        let (Some(older), Some(newer)) = (sum(&before), sum(&after)) else {
            // What stays as it is cannot grow, known or not.
            if !before.keys().eq(after.keys()) {
                drift.unknown.push(name);
            }
            continue;
        };
        drift.base = drift.base.saturating_add(older);
        drift.head = drift.head.saturating_add(newer);
        let growth = newer.saturating_sub(older);
        if !growth.is_zero() {
            drift.causes.push(Cause {
                project,
                name,
                growth,
            });
        }
    }
    drift.unknown.sort();
    drift.unknown.dedup();
    // The sort is stable: of equal growth the order of the names stays.
    drift
        .causes
        .sort_by_key(|cause| std::cmp::Reverse(cause.growth));
    drift
}
