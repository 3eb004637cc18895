//! Whether what lies deep below a dependency can be fixed by moving somebody on the way to it, up to what a workspace
//! asks for itself.
//!
//! From the package that brings the vulnerable one upwards: which releases lead to the fix, and does whoever stands
//! above take one of them? What a range comes to is what package managers make of it: `latest` where the range takes
//! that, else the highest release.

use std::collections::BTreeMap;

use super::parent::Parent;
use super::target::Acceptance;
use crate::packages::range::Range;
use crate::packages::registry::{Document, Release};
use crate::packages::version::Version;

/// The longest way that is looked at.
pub const LONGEST: usize = 8;

/// Who has to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move<'a> {
    /// Its number on the way; what the workspace asks for itself has 0.
    pub link: usize,
    /// The release to take.
    pub release: &'a Release,
    /// True if whoever needs it takes that as things stand, so that a new lockfile is enough.
    pub is_in_range: bool,
    /// What then follows below it, down to the vulnerable package, each with its version. The last one has none where it
    /// is needed no longer.
    pub below: Vec<(&'a str, Option<Version>)>,
    /// What a lockfile may hold on to though it could move: the names of those whose present version is still taken.
    pub held: Vec<&'a str>,
}

/// The vulnerable package at the end of a way.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// The real name.
    pub name: &'a str,
    /// The version that is installed.
    pub version: &'a Version,
    /// The version that mends it.
    pub fix: &'a Version,
}

/// Looks for the nearest package on a way that can move so that the fix arrives. The way starts with what a workspace asks
/// for itself, if `is_whole`; each range is that of whoever stands before.
#[must_use]
pub fn ascend<'a>(
    way: &[Parent<'a>],
    is_whole: bool,
    leaf: Leaf<'a>,
    acceptance: &Acceptance<'_>,
    fixes_severe: bool,
) -> Option<Move<'a>> {
    if way.len() > LONGEST {
        return None;
    }
    let mut good = vec![leaf.fix.clone()];
    for (link, parent) in way.iter().enumerate().rev() {
        let below = way.get(link + 1);
        let name = below.map_or(leaf.name, |below| below.name);
        let document = below.map(|below| below.document);
        let leading = leading(parent, name, document, &good, acceptance, fixes_severe);
        let lowest = leading.first()?;
        let picked = parent.range.and_then(|range| pick(parent.document, range));
        let picked = picked.and_then(|picked| {
            let mut leading = leading.iter();
            leading.find(|release| release.version == picked.version)
        });
        let found = match picked {
            Some(release) => Some((*release, true)),
            None => (link == 0 && is_whole).then_some((*lowest, false)),
        };
        if let Some((release, is_in_range)) = found {
            let (below, held) = descend(way, link, leaf, release);
            return Some(Move {
                link,
                release,
                is_in_range,
                below,
                held,
            });
        }
        good = leading
            .iter()
            .map(|release| release.version.clone())
            .collect();
    }
    None
}

/// The newer releases of a package that lead to one of the good versions of what it needs, or that do without it, the
/// lowest first. `document` is that of what it needs; without one, a range that takes a good version is enough.
fn leading<'a>(
    parent: &Parent<'a>,
    name: &str,
    document: Option<&Document>,
    good: &[Version],
    acceptance: &Acceptance<'_>,
    fixes_severe: bool,
) -> Vec<&'a Release> {
    // Releases repeat their ranges.
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    let end = parent.document.tag("latest").map(|latest| &latest.version);
    let newer = parent.document.releases.iter().filter(|release| {
        let range = parent.range;
        let is_taken = range.is_some_and(|range| range.satisfies(&release.version));
        release.version > *parent.version
            && (is_taken || !release.version.is_prerelease())
            && (is_taken || end.is_none_or(|end| release.version <= *end))
    });
    newer
        .filter(|release| {
            release.dependencies.iter().all(|requirement| {
                let (own, text) = requirement.target();
                own != name
                    || *known.entry(text).or_insert_with(|| {
                        let range = Range::parse(text);
                        range.is_some_and(|range| leads(&range, document, good))
                    })
            })
        })
        .filter(|release| {
            let accepted =
                acceptance.accept_release(parent.name, parent.document, release, fixes_severe);
            accepted.is_ok()
        })
        .collect()
}

fn leads(range: &Range, document: Option<&Document>, good: &[Version]) -> bool {
    match document {
        Some(document) => pick(document, range).is_some_and(|own| good.contains(&own.version)),
        None => good.iter().any(|version| range.satisfies(version)),
    }
}

/// What a range comes to when it is installed anew.
fn pick<'a>(document: &'a Document, range: &Range) -> Option<&'a Release> {
    let latest = document.tag("latest");
    if let Some(latest) = latest.filter(|latest| range.satisfies(&latest.version)) {
        return Some(latest);
    }
    let taken = || {
        let newest_first = document.releases.iter().rev();
        newest_first.filter(|release| range.satisfies(&release.version))
    };
    taken()
        .find(|release| release.deprecated.is_none())
        .or_else(|| taken().next())
}

/// What follows from a release, down to the vulnerable package, and what of it a lockfile may hold on to.
fn descend<'a>(
    way: &[Parent<'a>],
    link: usize,
    leaf: Leaf<'a>,
    release: &'a Release,
) -> (Vec<(&'a str, Option<Version>)>, Vec<&'a str>) {
    let mut below = Vec::new();
    let mut held = Vec::new();
    let mut release = Some(release);
    for number in link + 1..=way.len() {
        let next = way.get(number);
        let name = next.map_or(leaf.name, |next| next.name);
        let present = next.map_or(leaf.version, |next| next.version);
        let mut needs = release
            .into_iter()
            .flat_map(|own| own.requirements_of(name));
        let Some(need) = needs.next() else {
            below.push((name, None));
            break;
        };
        let range = Range::parse(need.target().1);
        if range.as_ref().is_some_and(|range| range.satisfies(present)) {
            held.push(name);
        }
        release = next
            .zip(range.as_ref())
            .and_then(|(next, range)| pick(next.document, range));
        let version = match next {
            Some(_) => release.map(|own| own.version.clone()),
            None => Some(leaf.fix.clone()),
        };
        below.push((name, version));
    }
    (below, held)
}
