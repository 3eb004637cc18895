//! What is asked for and has no entry in the lockfile, and what went out of sight with such entries: who cuts them out
//! of a lockfile takes nothing out of what is installed.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::packages::graph::Want;
use crate::packages::lockfile::{Dependency, Locked, Need, Section};
use crate::packages::specifier::Specifier;

use super::Snapshot;
use super::explained::Overridden;
use super::installations::Installation;
use super::locked::LockedFile;

/// What the packages of a lockfile cannot do without and it does not hold, each with who asks, in the order of the
/// lockfile. About names that are `free`, something else decides than who asks.
#[must_use]
pub fn dangling<'a>(
    locked: LockedFile<'a>,
    free: &Overridden<'_>,
) -> Vec<(&'a Locked, &'a Dependency)> {
    // An entry that the reader could not make out is told elsewhere.
    if !locked.lockfile.problems.is_empty() {
        return Vec::new();
    }
    let workspaces = locked.installation.graph().workspaces();
    let own: BTreeSet<&str> = workspaces
        .iter()
        .map(|workspace| &*workspace.name)
        .collect();
    let mut found = Vec::new();
    for package in &locked.lockfile.packages {
        // What is optional may be left out with all that it needs, and what is bundled brings its own.
        let is_loose = package.is_bundled || package.marks.optional || package.marks.extraneous;
        if is_loose || !package.is_from_registry() {
            continue;
        }
        let absent = package.dependencies.iter().filter(|wanted| {
            let is_of_registry =
                wanted.specifier.is_empty() || Specifier::parse(&wanted.specifier).is_of_registry();
            wanted.need == Need::Required
                && wanted.to.is_none()
                && is_of_registry
                && !free.names(&wanted.name)
                && !own.contains(&*wanted.name)
        });
        found.extend(absent.map(|wanted| (package, wanted)));
    }
    found
}

/// What the lockfile of a project has lost.
#[derive(Debug, Default)]
pub struct Lost<'a> {
    /// The lockfile of the head; none where nothing is lost.
    pub file: Option<&'a Arc<str>>,
    /// The names that somebody still asks for.
    pub names: BTreeSet<&'a str>,
    /// What the base installed of these, and through them: name and version.
    packages: HashSet<(&'a str, &'a str)>,
}

impl Lost<'_> {
    /// True if it is not known whether the head installs a package that the base installed.
    #[must_use]
    pub fn holds(&self, name: &str, version: &str) -> bool {
        self.packages.contains(&(name, version))
    }
}

/// What the lockfiles of a project have lost.
#[must_use]
pub fn lost<'a>(base: &'a Snapshot, head: &'a Snapshot, project: &str) -> Lost<'a> {
    let of_project = |snapshot: &'a Snapshot| {
        let all = snapshot.installations().iter();
        all.filter(move |installation| *installation.folder == *project)
    };
    let mut lost = Lost::default();
    for now in of_project(head) {
        let absent = absent(now);
        if absent.is_empty() {
            continue;
        }
        for before in of_project(base).filter(|before| before.is_known()) {
            let is_cut = |name: &str, version: &str| {
                absent.contains(name) && !now.named(name).any(|one| one.version() == version)
            };
            let packages = before.packages();
            let cut = packages.filter(|one| is_cut(one.name(), one.version()));
            let cut: Vec<_> = cut.collect();
            if cut.is_empty() {
                continue;
            }
            lost.file = now.lockfile_path();
            lost.names.extend(cut.iter().map(|one| one.name()));
            let below = before.graph().below(cut.iter().map(|one| one.number()));
            let below = before
                .packages()
                .zip(below)
                .filter(|(_, is_below)| *is_below);
            lost.packages
                .extend(below.map(|(one, _)| (one.name(), one.version())));
        }
    }
    lost
}

/// The real names of what workspaces and packages ask for and the lockfile does not hold.
fn absent(installation: &Installation) -> BTreeSet<&str> {
    let Some(locked) = LockedFile::of(installation) else {
        return BTreeSet::new();
    };
    if locked.lockfile.is_changed_by_code() {
        return BTreeSet::new();
    }
    let free = Overridden::of(locked);
    let of_packages = dangling(locked, &free).into_iter();
    let mut names: BTreeSet<&str> = of_packages
        .map(|(_, dependency)| real(&dependency.name, &dependency.specifier))
        .collect();
    let graph = installation.graph();
    for number in 0..graph.workspaces().len() {
        let wants = graph.wants(number);
        let resolved = wants.iter().filter(|want| want.is_resolved());
        let resolved: BTreeSet<&str> = resolved.map(|want| &*want.name).collect();
        let unresolved = wants.iter().filter(|want| {
            is_needed(want) && !resolved.contains(&*want.name) && !free.names(&want.name)
        });
        names.extend(unresolved.map(|want| real(&want.name, want.specifier())));
    }
    names
}

/// True for what must have an entry.
fn is_needed(want: &Want) -> bool {
    let declared = want.declared.as_ref();
    declared.is_some_and(|declared| {
        !matches!(
            declared.section,
            Section::Peer | Section::Optional | Section::Environment
        ) && !Specifier::parse(&declared.specifier).is_local()
    })
}

/// The name that a registry knows.
fn real<'a>(name: &'a str, specifier: &'a str) -> &'a str {
    match Specifier::parse(specifier) {
        Specifier::Alias { name, .. } => name,
        _ => name,
    }
}
