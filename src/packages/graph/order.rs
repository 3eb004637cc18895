//! The order of packages, and where they come from as far as it tells them apart.

use std::cmp::Ordering;

use crate::packages::lockfile::{Locked, Source};

/// Where a package comes from, without what the lockfiles of one installation say in several ways: a registry is a
/// registry, whether it is named or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place<'a> {
    /// A registry.
    Registry,
    /// A git repository at a commit.
    Git(&'a str, Option<&'a str>),
    /// A tarball at an address.
    Tarball(&'a str),
    /// A tarball of the repository.
    File(&'a str),
    /// A folder of the repository.
    Folder(&'a str),
    /// A workspace that no `package.json` is known of.
    Workspace(&'a str),
    /// Something else.
    Other(&'a str),
}

/// Where a package comes from.
#[must_use]
pub fn place(source: &Source) -> Place<'_> {
    match source {
        Source::Registry(_) => Place::Registry,
        Source::Git { repository, commit } => Place::Git(repository, commit.as_deref()),
        Source::Tarball(address) => Place::Tarball(address),
        Source::File(path) => Place::File(path),
        Source::Folder(path) => Place::Folder(path),
        Source::Workspace(path) => Place::Workspace(path),
        Source::Other(written) => Place::Other(written),
    }
}

/// By name, version and source.
pub(super) fn compare(one: &Locked, other: &Locked) -> Ordering {
    one.name
        .cmp(&other.name)
        .then_with(|| one.version.cmp(&other.version))
        .then_with(|| place(&one.source).cmp(&place(&other.source)))
}

/// The first of so many numbers that a condition no longer holds for; it must hold for all before.
pub(super) fn first_without(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
