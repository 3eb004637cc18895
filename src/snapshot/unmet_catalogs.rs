//! Catalogues that a lockfile was not written for. pnpm and Bun repeat their entries in the lockfile, and refuse one that
//! says something else; Yarn, from 4.10 on, holds what they say among all that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Location;
use crate::packages::PnpmWorkspace;
use crate::packages::catalogs::DEFAULT;
use crate::packages::graph::{Place, Want};
use crate::packages::lockfile::{LockfileKind, RecordKind, Section};
use crate::packages::specifier::Specifier;
use crate::packages::version::Version;

use super::catalogued::{catalog_file, location, written};
use super::explained::Overridden;
use super::locked::LockedFile;

/// An entry of a catalogue, or one that is asked for in vain.
#[derive(Clone, Debug)]
pub struct UnmetCatalog<'a> {
    /// The package.
    pub name: &'a str,
    /// The catalogue.
    pub catalog: &'a str,
    /// The entry, or the line of a `package.json` that asks for it.
    pub at: Location,
    /// What is wrong.
    pub what: Mismatch<'a>,
}

/// How a catalogue and a lockfile differ.
#[derive(Clone, Debug)]
pub enum Mismatch<'a> {
    /// No catalogue has the entry.
    Unknown,
    /// The lockfile was written for another specifier.
    Other {
        /// What the catalogue says.
        specifier: &'a str,
        /// What the lockfile repeats.
        recorded: &'a str,
        /// Where the lockfile does.
        recorded_at: Location,
    },
    /// The lockfile does not hold what the catalogue asks for.
    Absent {
        /// What the catalogue says.
        specifier: &'a str,
    },
    /// The lockfile holds a version that the catalogue rules out.
    Outside {
        /// What the catalogue says.
        specifier: &'a str,
        /// The package that is locked.
        package: String,
        /// Where.
        locked_at: Location,
    },
}

/// What the workspaces of a lockfile ask of catalogues, and the lockfile does not hold. An entry is told once.
#[must_use]
pub fn unmet_catalogs(locked: LockedFile<'_>) -> Vec<UnmetCatalog<'_>> {
    let installation = locked.installation;
    let kind = locked.lockfile.kind;
    let is_yarn = kind == LockfileKind::Yarn && !locked.lockfile.importers.is_empty();
    let is_repeated = is_yarn || matches!(kind, LockfileKind::Pnpm | LockfileKind::Bun);
    // What cannot be read may hold the entry.
    let is_read = catalog_file(installation).is_some_and(super::SourceFile::is_wholly_read);
    if !is_repeated || !is_read {
        return Vec::new();
    }
    let records = locked.lockfile.records.iter();
    let recorded: BTreeMap<&str, _> = records
        .filter(|record| record.what == RecordKind::Catalog)
        .map(|record| (&*record.key, record))
        .collect();
    let catalogs = installation.catalogs();
    let free = Overridden::of(locked);
    let graph = installation.graph();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for want in (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace)) {
        let Some(catalog) = catalog_of(want).filter(|_| !free.names(&want.name)) else {
            continue;
        };
        // What a workspace asks of others who use it, Yarn locks nothing of.
        if is_yarn && want.section == Section::Peer {
            continue;
        }
        let mut push = |at, what| {
            found.push(UnmetCatalog {
                name: &want.name,
                catalog,
                at,
                what,
            });
        };
        let Some(entry) = catalogs.entry(catalog, &want.name) else {
            if let Some(at) = graph.location(want).filter(|_| !may_be_extended(locked)) {
                push(at, Mismatch::Unknown);
            }
            continue;
        };
        let Some(at) = location(installation, entry) else {
            continue;
        };
        if !told.insert((catalog, &*want.name)) {
            continue;
        }
        let specifier = written(entry.value);
        if is_yarn {
            if is_absent(locked, want, specifier) && !may_be_extended(locked) {
                push(at, Mismatch::Absent { specifier });
            }
            continue;
        }
        let record = recorded.get(&*format!("{catalog}>{}", want.name));
        if let Some(record) = record.filter(|record| record.value.trim() != specifier.trim()) {
            let what = Mismatch::Other {
                specifier,
                recorded: &record.value,
                recorded_at: locked.place(record.at),
            };
            push(at, what);
            continue;
        }
        let Some(package) = graph.target(locked.lockfile, want) else {
            continue;
        };
        let (Specifier::Range(range), Some(version)) = (
            Specifier::parse(specifier),
            Version::parse(package.version()),
        ) else {
            continue;
        };
        if package.place() == Place::Registry && !range.satisfies(&version) {
            let what = Mismatch::Outside {
                specifier,
                package: package.label(),
                locked_at: package.locked_at(),
            };
            push(at, what);
        }
    }
    found
}

/// True if a lockfile of Yarn does not hold a descriptor that somebody must have made of what a catalogue says.
fn is_absent(locked: LockedFile<'_>, want: &Want, specifier: &str) -> bool {
    let lockfile = locked.lockfile;
    let is_described = lockfile.described(&want.name, specifier).is_some();
    let is_known = Specifier::parse(specifier).is_of_registry() && lockfile.problems.is_empty();
    is_known && !is_described
}

/// The catalogue that a `package.json` names for a dependency.
fn catalog_of(want: &Want) -> Option<&str> {
    match Specifier::parse(&want.declared.as_ref()?.specifier) {
        Specifier::Catalog("") => Some(DEFAULT),
        Specifier::Catalog(catalog) => Some(catalog),
        _ => None,
    }
}

/// True if code may add to the catalogues: packages that pnpm installs for itself bring hooks that do, as do plugins of
/// Yarn.
fn may_be_extended(locked: LockedFile<'_>) -> bool {
    let installation = locked.installation;
    if locked.lockfile.kind == LockfileKind::Yarn {
        let settings = installation.yarn_settings_file();
        let tree = settings.and_then(super::SourceFile::tree);
        let root = tree.and_then(|tree| Some(tree.root(tree.documents().first()?)));
        return root.is_some_and(|root| root.get("plugins").is_some());
    }
    let workspace = installation.pnpm_workspace();
    workspace.is_some_and(PnpmWorkspace::has_own_packages)
}
