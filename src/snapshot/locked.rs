//! The lockfiles of a revision, and how a rule speaks of what they hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Location, PackageName, PackageSeen, Reach};
use crate::kubernetes::field::shortened;
use crate::packages::PackageJson;
use crate::packages::graph::{Installed, place};
use crate::packages::lockfile::{Locked, Lockfile};
use crate::packages::purl;
use crate::packages::purpose::is_installed;
use crate::syntax::Span;

use super::file_kind::FileKind;
use super::installations::Installation;
use super::pairs::Pair;
use super::{Snapshot, SourceFile};

/// The most ways to a package that a finding shows.
const MOST_PATHS: usize = 3;

/// A lockfile that could be read, with what it installs.
#[derive(Clone, Copy, Debug)]
pub struct LockedFile<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// What it says.
    pub lockfile: &'a Lockfile,
    /// What it installs, and where.
    pub installation: &'a Installation,
}

/// The lockfiles that could be read, by folder.
pub fn locked_files(snapshot: &Snapshot) -> impl Iterator<Item = LockedFile<'_>> {
    let installations = snapshot.installations().iter();
    installations.filter_map(LockedFile::of)
}

/// The lockfiles that both revisions have, each with what it was. (base, head)
pub fn locked_pairs<'a>(pair: &Pair<'a>) -> impl Iterator<Item = (LockedFile<'a>, LockedFile<'a>)> {
    let pairs: Vec<_> = pair.installations().collect();
    pairs
        .into_iter()
        .filter(|pair| pair.is_known)
        .filter_map(|pair| {
            let before = pair.base.and_then(LockedFile::of)?;
            let after = pair.head.and_then(LockedFile::of)?;
            let is_same = Arc::ptr_eq(&before.file.state, &after.file.state);
            (!is_same).then_some((before, after))
        })
}

impl<'a> LockedFile<'a> {
    /// The lockfile of an installation, where it could be read.
    #[must_use]
    pub fn of(installation: &'a Installation) -> Option<Self> {
        let file = installation.file.as_ref()?;
        let lockfile = installation.lockfile()?;
        (!lockfile.is_unreadable()).then_some(Self {
            file,
            lockfile,
            installation,
        })
    }

    /// The package that an entry is part of.
    #[must_use]
    pub fn installed(self, locked: &Locked) -> Option<Installed<'a>> {
        let mut named = self.installation.named(&locked.name);
        named.find(|package| {
            package.version() == &*locked.version && package.place() == place(&locked.source)
        })
    }

    /// True if a workspace asks for it itself.
    #[must_use]
    pub fn is_direct(self, locked: &Locked) -> bool {
        self.installed(locked).is_some_and(Installed::is_direct)
    }

    /// The line of a `package.json` that brings an entry, where one is known, else the entry.
    #[must_use]
    pub fn brought_at(self, locked: &Locked) -> Location {
        let installed = self.installed(locked);
        installed.map_or_else(|| self.place(locked.at), Installed::location)
    }

    /// What a finding about a package keeps over time.
    #[must_use]
    pub fn name_of(self, locked: &Locked) -> PackageName {
        PackageName {
            project: Arc::clone(&self.installation.folder),
            name: Arc::clone(&locked.name),
        }
    }

    /// What is known of a package.
    #[must_use]
    pub fn seen(self, locked: &Locked) -> PackageSeen {
        let installed = self.installed(locked);
        PackageSeen {
            version: (!locked.version.is_empty()).then(|| Arc::clone(&locked.version)),
            purl: purl::of_npm(&locked.name, &locked.version),
            paths: installed.map_or_else(Vec::new, |installed| installed.paths(MOST_PATHS)),
            entries: Vec::new(),
            reach: Reach::Project,
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

/// How a finding speaks of a package that a `package.json` asks for, whatever is installed of it.
#[must_use]
pub fn wished(installation: &Installation, name: &str) -> (PackageName, PackageSeen) {
    let subject = PackageName {
        project: Arc::clone(&installation.folder),
        name: name.into(),
    };
    let seen = PackageSeen {
        version: None,
        purl: purl::of_npm(name, ""),
        paths: Vec::new(),
        entries: Vec::new(),
        reach: Reach::Project,
    };
    (subject, seen)
}

/// The names of the repository's own packages.
#[must_use]
pub fn own_names(snapshot: &Snapshot) -> BTreeSet<&str> {
    let files = snapshot.files().iter();
    let trees = files
        .filter(|file| file.kind() == FileKind::PackageJson && !is_installed(&file.path))
        .filter_map(SourceFile::tree);
    trees
        .filter_map(|tree| PackageJson::of(tree)?.name())
        .collect()
}

/// `name@version`, or the name where there is no version.
#[must_use]
pub fn called(locked: &Locked) -> String {
    let name = shortened(&locked.name);
    // An address in its place may hold a secret.
    if locked.version.is_empty() || locked.version.contains([':', '/']) {
        return format!("`{name}`");
    }
    format!("`{name}@{}`", shortened(&locked.version))
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
