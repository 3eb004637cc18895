//! The lockfiles of a revision, and how a rule speaks of what they hold.

use std::sync::Arc;

use crate::finding::{Location, PackageName, PackageSeen};
use crate::packages::lockfile::{Locked, Lockfile, PackageIndex};
use crate::packages::purl;
use crate::syntax::Span;

use super::pairs::Pair;
use super::{Snapshot, SourceFile};

/// A lockfile that could be read, where it stands.
#[derive(Clone, Copy, Debug)]
pub struct LockedFile<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// What it says.
    pub lockfile: &'a Lockfile,
}

/// The lockfiles that could be read, in path order.
pub fn locked_files(snapshot: &Snapshot) -> impl Iterator<Item = LockedFile<'_>> {
    let files = snapshot.files().iter();
    files.filter_map(|file| {
        let lockfile = file
            .lockfile()
            .filter(|lockfile| !lockfile.is_unreadable())?;
        Some(LockedFile { file, lockfile })
    })
}

/// The lockfiles that both revisions have, each with what it was: the file of the same path or the one that it was
/// moved from, else the only other one of the folder, as a project that takes another package manager stays the same.
/// (base, head)
#[must_use]
pub fn locked_pairs<'a>(pair: &Pair<'a>) -> Vec<(LockedFile<'a>, LockedFile<'a>)> {
    let base: Vec<_> = locked_files(pair.base).collect();
    let at = |path: &str| {
        base.iter()
            .find(|before| &*before.file.path == path)
            .copied()
    };
    let beside = |folder: &str| {
        let mut of_folder = base.iter().filter(|before| before.file.folder() == folder);
        let only = of_folder.next()?;
        of_folder.next().is_none().then_some(*only)
    };
    let mut pairs = Vec::new();
    for after in locked_files(pair.head) {
        let path = &after.file.path;
        let moved = pair.renames.get(path).and_then(|old| at(old));
        if let Some(before) = at(path).or(moved).or_else(|| beside(after.file.folder()))
            && !Arc::ptr_eq(&before.file.state, &after.file.state)
        {
            pairs.push((before, after));
        }
    }
    pairs
}

impl<'a> LockedFile<'a> {
    /// Its entries with their places in it.
    pub fn packages(self) -> impl Iterator<Item = (PackageIndex, &'a Locked)> {
        let packages = self.lockfile.packages.iter().zip(0..);
        packages.map(|(locked, index)| (PackageIndex(index), locked))
    }

    /// What a finding about a package keeps over time.
    #[must_use]
    pub fn name_of(self, locked: &Locked) -> PackageName {
        PackageName {
            project: self.file.folder().into(),
            name: Arc::clone(&locked.name),
        }
    }

    /// What is known of a package.
    #[must_use]
    pub fn seen(self, locked: &Locked) -> PackageSeen {
        PackageSeen {
            version: (!locked.version.is_empty()).then(|| Arc::clone(&locked.version)),
            purl: purl::of_npm(&locked.name, &locked.version),
            paths: Vec::new(),
        }
    }

    /// A place in it.
    #[must_use]
    pub fn place(self, span: Span) -> Location {
        Location {
            path: Arc::clone(&self.file.path),
            span,
        }
    }
}

/// `name@version`, or the name where there is no version.
#[must_use]
pub fn called(locked: &Locked) -> String {
    let name = crate::kubernetes::field::shortened(&locked.name);
    // An address in its place may hold a secret.
    if locked.version.is_empty() || locked.version.contains([':', '/']) {
        return format!("`{name}`");
    }
    let version = crate::kubernetes::field::shortened(&locked.version);
    format!("`{name}@{version}`")
}

/// A few names, and how many more there are: `` `a@1.0.0`, `b@2.0.0` and 3 more ``.
#[must_use]
pub fn some_of(packages: &[&Locked]) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = packages.iter().copied().map(called).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match (names.split_last(), more) {
        (Some((last, rest)), 0) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        (_, 0) => names.concat(),
        _ => format!("{} and {more} more", names.join(", ")),
    }
}
