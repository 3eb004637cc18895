//! What a revision takes from registries: what its workspaces ask for themselves, what a change brings in, and how a
//! finding speaks of a package.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use crate::finding::{Location, PackageName, PackageSeen, Reach};
use crate::packages::freshness::Engines;
use crate::packages::graph::{Installed, Want};
use crate::packages::purl;
use crate::packages::specifier::Specifier;

use super::Snapshot;
use super::catalogued::pin;
use super::installations::Installation;

/// The most ways to a package that a finding names.
const WAYS: usize = 3;

/// A package of a registry, with the installation that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The installation.
    pub installation: &'a Installation,
    /// The package. It has a version.
    pub package: Installed<'a>,
}

/// A package of a registry that a workspace asks for itself.
#[derive(Clone, Copy, Debug)]
pub struct Direct<'a> {
    /// The package.
    pub held: Held<'a>,
    /// The entry that asks for it.
    pub want: &'a Want,
}

/// All packages of registries, installation by installation: what lockfiles hold, and what is pinned beside them.
pub fn held(snapshot: &Snapshot) -> impl Iterator<Item = Held<'_>> {
    let installations = snapshot.installations().iter();
    installations.flat_map(|installation| {
        let packages = installation.packages().chain(installation.beside());
        let packages = packages.map(|package| Held {
            installation,
            package,
        });
        packages.filter(|held| held.is_named())
    })
}

/// What the workspaces of a revision ask for themselves, in order.
pub fn direct(snapshot: &Snapshot) -> impl Iterator<Item = Direct<'_>> {
    let installations = snapshot.installations().iter();
    installations.flat_map(|installation| {
        let lockfile = installation.resolved().into_iter();
        lockfile.flat_map(move |lockfile| {
            let graph = installation.graph();
            let wants = (0..graph.workspaces().len()).flat_map(|number| graph.wants(number));
            wants.filter_map(move |want| {
                let package = graph.target(lockfile, want)?;
                let held = Held {
                    installation,
                    package,
                };
                held.is_named().then_some(Direct { held, want })
            })
        })
    })
}

/// The packages of the head that no installation of the base has in this version; without a base, all.
#[must_use]
pub fn arrivals<'a>(base: Option<&Snapshot>, head: &'a Snapshot) -> Vec<Held<'a>> {
    let known: BTreeSet<_> = base.into_iter().flat_map(held).map(Held::key).collect();
    held(head)
        .filter(|held| !known.contains(&held.key()))
        .collect()
}

impl<'a> Held<'a> {
    /// True if a registry may be asked for it.
    fn is_named(self) -> bool {
        self.package.is_from_registry() && !self.package.version().is_empty()
    }

    /// True if a lockfile holds it, and not a `package.json` or settings alone.
    #[must_use]
    pub fn is_locked(self) -> bool {
        let own = std::ptr::eq(self.package.graph(), self.installation.graph());
        own && self.installation.file.is_some()
    }

    /// The name and the version.
    #[must_use]
    pub fn key(self) -> (&'a str, &'a str) {
        (self.package.name(), self.package.version())
    }

    /// The line that a person edits: where a catalogue holds it at one version, the entry of that.
    #[must_use]
    pub fn location(self) -> Location {
        let origin = self.package.origin().filter(|origin| origin.distance == 1);
        origin
            .and_then(|origin| pin(self.installation, origin.want))
            .unwrap_or_else(|| self.package.location())
    }

    /// What a finding about it keeps over time, and what is known of it.
    #[must_use]
    pub fn subject(self) -> (PackageName, PackageSeen) {
        let package = self.package;
        let name = PackageName {
            project: Arc::clone(&self.installation.folder),
            name: package.shared_name(),
        };
        let seen = PackageSeen {
            version: Some(package.version().into()),
            purl: purl::of_npm(package.name(), package.version()),
            paths: package.paths(WAYS),
            entries: Vec::new(),
            reach: Reach::Project,
        };
        (name, seen)
    }

    /// How a sentence begins that speaks of it: `` `a@1.0.0` ``, or with the way to it, where no workspace asks for it
    /// itself: `` `a@1.0.0`, through `b@2.0.0` > `c@3.0.0`, ``.
    #[must_use]
    pub fn called(self) -> String {
        let own = format!("`{}`", self.package.label());
        match self.package.paths(1).first().map(Vec::as_slice) {
            Some([way @ .., _]) if !way.is_empty() => {
                format!("{own}, through `{}`,", way.join("` > `"))
            }
            _ => own,
        }
    }
}

impl<'a> Direct<'a> {
    /// The specifier, also where a catalogue says it; none where that catalogue has no such entry.
    #[must_use]
    pub fn specifier(self) -> Option<&'a str> {
        let written = self.want.specifier();
        match Specifier::parse(written) {
            Specifier::Catalog(catalog) => {
                let catalogs = self.held.installation.catalogs();
                catalogs.entry(catalog, &self.want.name)?.value.as_str()
            }
            _ => Some(written),
        }
    }

    /// The versions of Node.js that its workspace promises to run on, or else the root.
    #[must_use]
    pub fn engines(self, today: Date) -> Option<Engines> {
        let installation = self.held.installation;
        let own = installation.package_json(self.want.workspace);
        let places = [own, installation.root()];
        let text = places
            .into_iter()
            .flatten()
            .find_map(|package| package.engines_node()?.as_str())?;
        Engines::read(text, today)
    }
}
