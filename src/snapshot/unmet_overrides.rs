//! Overrides that a lockfile was not written for: it holds the package in a version that they rule out, or holds it at
//! all where they put in another package, an address or a folder.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::Location;
use crate::packages::graph::{Installed, Place, Scope, Step};
use crate::packages::lockfile::{LockfileKind, Record, RecordKind};
use crate::packages::overrides::{Override, Replacement};
use crate::packages::specifier::Specifier;
use crate::packages::upgrade::target;
use crate::packages::{Range, Version};

use super::SourceFile;
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
    /// True if that is a range of versions of the package, and not something else in its place.
    pub is_range: bool,
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
        let Some((specifier, wanted)) = replacement(locked, one) else {
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
        let package =
            named.find(|package| is_outside(*package, &wanted) && is_meant(one, *package));
        if let Some(package) = package {
            found.push(Unmet {
                name: one.package.name,
                specifier,
                is_range: matches!(wanted, Wanted::Range(_)),
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

/// The overrides that the lockfile of pnpm was written for and that neither `package.json` nor `pnpm-workspace.yaml` has.
/// Code that pnpm loads may set them as well.
pub fn unsaid_overrides(locked: LockedFile<'_>) -> impl Iterator<Item = &Record> {
    let installation = locked.installation;
    let is_whole = |file: Option<&SourceFile>| file.is_none_or(SourceFile::is_wholly_read);
    let config = installation
        .pnpm_workspace_file()
        .and_then(SourceFile::tree);
    let loads_code = config.is_some_and(|tree| {
        let root = tree.documents().first().map(|document| tree.root(document));
        root.is_some_and(|root| root.get("configDependencies").is_some())
    });
    let is_clear = locked.lockfile.kind == LockfileKind::Pnpm
        && installation.root().is_some()
        && is_whole(installation.root_file())
        && is_whole(installation.pnpm_workspace_file())
        && !loads_code;
    let said = installation.overrides();
    let said: BTreeSet<String> = said
        .iter()
        .map(|one| one.key.key_text().replace(' ', ""))
        .collect();
    let records = locked.lockfile.records.iter();
    let records = records.filter(move |_| is_clear);
    records.filter(move |record| {
        record.what == RecordKind::Override && !said.contains(&record.key.replace(' ', ""))
    })
}

/// What an override puts in.
enum Wanted<'a> {
    /// Versions of the package itself.
    Range(Range),
    /// What lies at an address.
    Address(&'a str),
    /// Another package, or what lies in git or in the repository.
    Elsewhere,
}

/// The specifier that an override puts in, where it is known what follows it.
fn replacement<'a>(locked: LockedFile<'a>, one: &Override<'a>) -> Option<(&'a str, Wanted<'a>)> {
    let Replacement::Specifier(specifier) = one.replacement else {
        return None;
    };
    let specifier = match Specifier::parse(specifier) {
        Specifier::Catalog(catalog) => {
            let entry = locked.installation.catalogs();
            entry.entry(catalog, one.package.name)?.value.as_str()?
        }
        _ => specifier,
    };
    let (name, range) = target(one.package.name, specifier);
    if name == one.package.name
        && let Some(range) = Range::parse(range)
    {
        return Some((specifier, Wanted::Range(range)));
    }
    let wanted = match Specifier::parse(specifier) {
        Specifier::Tarball(address) => {
            Wanted::Address(address.split('#').next().unwrap_or(address))
        }
        Specifier::Alias { name, .. } if name == one.package.name => return None,
        Specifier::Alias { .. }
        | Specifier::Git { .. }
        | Specifier::Folder(_)
        | Specifier::File(_)
        | Specifier::Workspace { .. } => Wanted::Elsewhere,
        _ => return None,
    };
    Some((specifier, wanted))
}

fn is_outside(package: Installed<'_>, wanted: &Wanted<'_>) -> bool {
    // What came inside the archive of another package is out of reach.
    let is_reached =
        package.scope() != Scope::Unreached && package.entries().any(|locked| !locked.is_bundled);
    if !is_reached || package.place() != Place::Registry {
        return false;
    }
    match wanted {
        Wanted::Range(range) => {
            let version = Version::parse(package.version());
            version.is_some_and(|version| !range.satisfies(&version))
        }
        // An address of the registry itself looks like a version of it.
        Wanted::Address(address) => !package.entries().any(|locked| {
            let resolved = locked.resolved.as_ref();
            resolved.is_some_and(|(resolved, _)| resolved.starts_with(address))
        }),
        Wanted::Elsewhere => true,
    }
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
        Step::Workspace(_) | Step::Gap(_) => false,
    };
    let workspaces = package.workspaces();
    let mut ways = workspaces.flat_map(|(workspace, _)| package.paths_in(workspace, WAYS));
    ways.any(|way| way.iter().rev().nth(1).is_some_and(is_parent))
}
