//! What is newer than what is installed, and which of it to offer.
//!
//! Three releases matter: the highest one that the range takes (what `npm outdated` calls *wanted*), the one that the
//! tag `latest` points to, and the highest stable one that nobody advises against. What is offered never goes beyond
//! `latest`, is no prerelease for whoever is on a stable version, runs where the repository promises to run, and is old
//! enough.

use super::cooldown::Maturity;
use super::target::{Acceptance, Accepted, Refusal};
use crate::packages::range::Range;
use crate::packages::registry::{Document, Release};
use crate::packages::version::Version;

/// Which part of the version differs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// The third number, or only what stands behind it.
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
}

impl Distance {
    /// How far it is from one version to another, by their numbers alone: below 1 a minor version is one too.
    #[must_use]
    pub fn between(one: &Version, other: &Version) -> Self {
        if one.major() != other.major() {
            Self::Major
        } else if one.minor() != other.minor() {
            Self::Minor
        } else {
            Self::Patch
        }
    }

    /// The word of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// Whom the answer is about.
#[derive(Clone, Copy, Debug)]
pub struct Installed<'a> {
    /// The real name.
    pub name: &'a str,
    /// The version that is installed.
    pub version: &'a Version,
    /// The range of `package.json`; none where it is no range, or for a transitive dependency.
    pub range: Option<&'a Range>,
}

/// How an installed version stands to what is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated<'a> {
    /// The highest release that the range takes and that may be offered.
    pub wanted: Option<&'a Release>,
    /// What the tag `latest` points to.
    pub latest: Option<&'a Release>,
    /// The highest stable release that is not deprecated. It may lie beyond `latest`, and then it is not offered.
    pub highest: Option<&'a Release>,
    /// The release to go to; none if what is installed is as new as it should be.
    pub offer: Option<Offer<'a>>,
    /// How the end of what can be offered was found.
    pub told_by: ToldBy<'a>,
}

/// A release to go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The release.
    pub release: &'a Release,
    /// How far it is.
    pub distance: Distance,
    /// True if the range takes it as it is.
    pub is_in_range: bool,
    /// What is to be said of its age, if anything: that it is not known, or why it does not matter.
    pub maturity: Maturity,
}

/// A release that is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// The release.
    pub release: &'a Release,
    /// Why.
    pub why: Refusal,
}

/// How the newest release to be offered was found, to be told with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToldBy<'a> {
    /// The tag `latest` points to it.
    Tag,
    /// This one, the newest up to `latest`, cannot be offered; the next lower one that can be was taken.
    Below(Refused<'a>),
    /// There is no tag `latest`; the highest stable release was taken.
    Highest,
    /// What is installed is beyond `latest`.
    Ahead,
    /// Everything that is newer was refused; this is the newest of it.
    Nothing(Refused<'a>),
}

/// Compares what is installed with what is published.
#[must_use]
pub fn outdated<'a>(
    document: &'a Document,
    installed: Installed<'_>,
    acceptance: &Acceptance<'_>,
) -> Outdated<'a> {
    let Installed {
        name,
        version,
        range,
    } = installed;
    let latest = document.tag("latest");
    let stable = |release: &&Release| !release.version.is_prerelease();
    let highest = document
        .releases
        .iter()
        .rev()
        .filter(stable)
        .find(|release| release.deprecated.is_none());
    let end = latest.or(highest).map(|release| &release.version);
    let can_be = |release: &&Release| {
        // Whoever is on a prerelease may go to another one of the same release, or to any stable one.
        let is_sibling = version.is_prerelease() && same_numbers(version, &release.version);
        (stable(release) || is_sibling)
            && end.is_some_and(|end| release.version <= *end || is_sibling && latest.is_none())
    };
    let accept = |release: &'a Release| acceptance.accept_release(name, document, release, false);
    let wanted = range.and_then(|range| wanted(document, range, version, latest, &accept));
    let newer = document
        .releases
        .iter()
        .rev()
        .take_while(|release| release.version > *version);
    let mut first_refused = None;
    let mut offer = None;
    for release in newer.filter(can_be) {
        match accept(release) {
            Ok(accepted) => {
                offer = Some(Offer {
                    release,
                    distance: Distance::between(version, &release.version),
                    is_in_range: range.is_some_and(|range| range.satisfies(&release.version)),
                    maturity: accepted.maturity,
                });
                break;
            }
            Err(why) => first_refused = first_refused.or(Some(Refused { release, why })),
        }
    }
    let told_by = match (&offer, first_refused, latest) {
        (Some(_), Some(refused), _) => ToldBy::Below(refused),
        (None, Some(refused), _) => ToldBy::Nothing(refused),
        (None, None, Some(latest)) if latest.version < *version => ToldBy::Ahead,
        (_, None, Some(_)) => ToldBy::Tag,
        (_, None, None) => ToldBy::Highest,
    };
    Outdated {
        wanted,
        latest,
        highest,
        offer,
        told_by,
    }
}

/// What an installation from the range alone should give: `latest` where the range takes it, else the highest that it
/// takes, as npm picks. What is installed already is at least as good as what may not be offered.
fn wanted<'a, E>(
    document: &'a Document,
    range: &Range,
    installed: &Version,
    latest: Option<&'a Release>,
    accept: &dyn Fn(&'a Release) -> Result<Accepted<'a>, E>,
) -> Option<&'a Release> {
    let end = latest.filter(|latest| range.satisfies(&latest.version));
    let mut fit = document.releases.iter().rev().filter(|release| {
        range.satisfies(&release.version) && end.is_none_or(|end| release.version <= end.version)
    });
    fit.find(|release| release.version == *installed || accept(release).is_ok())
}

fn same_numbers(one: &Version, other: &Version) -> bool {
    (one.major(), one.minor(), one.patch()) == (other.major(), other.minor(), other.patch())
}
