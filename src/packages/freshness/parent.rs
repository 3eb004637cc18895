//! Whether a dependency of a dependency can be fixed by moving the dependency that brings it.
//!
//! An override reaches everything, but it runs a package with a version that its author never asked for. A release of
//! the parent that takes the fix by itself is better, if there is one.

use super::target::Acceptance;
use crate::packages::range::Range;
use crate::packages::registry::{Document, Release};
use crate::packages::version::Version;

/// A package that brings another one.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// The real name.
    pub name: &'a str,
    /// What the registry knows of it.
    pub document: &'a Document,
    /// The version that is installed.
    pub version: &'a Version,
    /// The range that whoever needs it asks for; none where it is not known.
    pub range: Option<&'a Range>,
}

/// What can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// The parent that is installed takes the fix: a new lockfile is enough.
    AsItIs,
    /// This release takes the fix, and whoever needs the parent takes the release: a new lockfile is enough.
    InRange(Step<'a>),
    /// This release takes the fix, but whoever needs the parent must ask for it.
    BeyondRange(Step<'a>),
    /// No release up to `latest` takes the fix: an override is the only way.
    None {
        /// What the newest release that is taken asks for instead; none if there is none or it says nothing readable.
        asks: Option<Box<str>>,
    },
}

/// A release of the parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The release, the lowest that will do.
    pub release: &'a Release,
    /// True if it needs the vulnerable package no longer.
    pub drops: bool,
}

/// Looks for the lowest release of a parent that takes a fix of `child`, first among those that are taken as things
/// stand. `fixes_severe` excuses young releases.
#[must_use]
pub fn way_to<'a>(
    parent: Parent<'a>,
    child: &str,
    fix: &Version,
    acceptance: &Acceptance<'_>,
    fixes_severe: bool,
) -> Way<'a> {
    let document = parent.document;
    let own = document.release(parent.version);
    if own.is_some_and(|own| takes(own, child, fix) == Some(false)) {
        return Way::AsItIs;
    }
    let end = document.tag("latest").map(|latest| &latest.version);
    let newer = document.releases.iter().filter(|release| {
        let is_taken = parent
            .range
            .is_some_and(|range| range.satisfies(&release.version));
        release.version > *parent.version
            && (is_taken || !release.version.is_prerelease())
            && (is_taken || end.is_none_or(|end| release.version <= *end))
    });
    let mut beyond = None;
    let mut newest = own;
    for release in newer {
        let is_accepted = acceptance
            .accept_release(parent.name, document, release, fixes_severe)
            .is_ok();
        if !is_accepted {
            continue;
        }
        let is_taken = parent
            .range
            .is_some_and(|range| range.satisfies(&release.version));
        match takes(release, child, fix) {
            Some(drops) if is_taken => return Way::InRange(Step { release, drops }),
            Some(drops) => beyond = beyond.or(Some(Step { release, drops })),
            None if is_taken => newest = Some(release),
            None => {}
        }
    }
    let asks = || {
        let requirement = newest?.requirements_of(child).next()?;
        Some(requirement.target().1.into())
    };
    beyond.map_or_else(|| Way::None { asks: asks() }, Way::BeyondRange)
}

/// Whether a release takes a version of what it needs: yes, and whether that is because it needs it no longer. A
/// specifier that is no range takes nothing that could be known.
fn takes(release: &Release, child: &str, fix: &Version) -> Option<bool> {
    let mut needs = release.requirements_of(child).peekable();
    if needs.peek().is_none() {
        return Some(true);
    }
    let takes = needs.all(|requirement| {
        let range = Range::parse(requirement.target().1);
        range.is_some_and(|range| range.satisfies(fix))
    });
    takes.then_some(false)
}
