//! Overrides that a lockfile was not written for: it holds the package in a version that they rule out.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::Location;
use crate::packages::graph::{Installed, Place, Scope, Step};
use crate::packages::overrides::{Override, Replacement};
use crate::packages::upgrade::target;
use crate::packages::{Range, Version};

use super::locked::LockedFile;
use super::overriding::override_files;

/// How many ways from one workspace to a package are looked at for the parent that an override names.
const WAYS: usize = 16;

/// An override, with what the lockfile holds in spite of it.
#[derive(Clone, Debug)]
pub struct Unmet<'a> {
    /// The name that it replaces.
    pub name: &'a str,
    /// The specifier that it puts in.
    pub specifier: &'a str,
    /// The key and the value.
    pub at: Location,
    /// What is locked.
    pub package: Installed<'a>,
}

/// The overrides of an installation that its lockfile does not follow, each with the first package that shows it. Of
/// several for one name it is not known which one counts, and those for some requests alone say nothing of the others.
#[must_use]
pub fn unmet(locked: LockedFile<'_>) -> Vec<Unmet<'_>> {
    let kind = locked.lockfile.kind;
    let files = override_files(locked.installation);
    let all: Vec<_> = files
        .flat_map(|(file, overrides)| overrides.into_iter().map(move |one| (file, one)))
        .filter(|(_, one)| one.home.is_read_by(kind))
        .collect();
    let mut found = Vec::new();
    for (file, one) in &all {
        let Some((specifier, range)) = replacement(one) else {
            continue;
        };
        let is_contested = all.iter().any(|(_, other)| {
            other.package.name == one.package.name
                && (other.replacement != one.replacement || other.within != one.within)
        });
        if is_contested || one.package.range.is_some() {
            continue;
        }
        let mut named = locked.installation.named(one.package.name);
        let package = named.find(|package| is_outside(*package, &range) && is_meant(one, *package));
        if let Some(package) = package {
            found.push(Unmet {
                name: one.package.name,
                specifier,
                at: Location {
                    path: Arc::clone(&file.path),
                    span: one.span(),
                },
                package,
            });
        }
    }
    // The same may be written for two package managers, and Bun reads both.
    let mut told = BTreeSet::new();
    found.retain(|unmet| told.insert(unmet.name));
    found
}

/// The range that an override puts in, where it stays with the package and the registry.
fn replacement<'a>(one: &Override<'a>) -> Option<(&'a str, Range)> {
    let Replacement::Specifier(specifier) = one.replacement else {
        return None;
    };
    let (name, range) = target(one.package.name, specifier);
    let range = Range::parse(range).filter(|_| name == one.package.name);
    Some((specifier, range?))
}

fn is_outside(package: Installed<'_>, range: &Range) -> bool {
    // What came inside the archive of another package is out of reach.
    let is_reached =
        package.scope() != Scope::Unreached && package.entries().any(|locked| !locked.is_bundled);
    let version = Version::parse(package.version());
    is_reached
        && package.place() == Place::Registry
        && version.is_some_and(|version| !range.satisfies(&version))
}

/// True if an override is for a package, by the parent right above it, as which all package managers read it.
fn is_meant(one: &Override<'_>, package: Installed<'_>) -> bool {
    let parent = match one.within.as_slice() {
        [] => return true,
        [parent] if parent.name != "**" => parent,
        _ => return false,
    };
    let is_parent = |step: &Step<'_>| match step {
        Step::Package(step) => {
            let version = Version::parse(step.version());
            step.name() == parent.name
                && parent.range.is_none_or(|range| {
                    let range = Range::parse(range);
                    range
                        .zip(version)
                        .is_some_and(|(range, version)| range.satisfies(&version))
                })
        }
        Step::Workspace(_) => false,
    };
    let workspaces = package.workspaces();
    let mut ways = workspaces.flat_map(|(workspace, _)| package.paths_in(workspace, WAYS));
    ways.any(|way| way.iter().rev().nth(1).is_some_and(is_parent))
}
