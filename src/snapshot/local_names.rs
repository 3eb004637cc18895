//! Packages of the repository that are never published, and that others of it ask for by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::packages::PackageJson;
use crate::packages::specifier::Specifier;

use super::Snapshot;
use super::catalogued::asked;
use super::installations::Installation;

/// A private package of the repository.
#[derive(Clone, Debug)]
pub struct LocalName<'a> {
    /// Its name.
    pub name: &'a str,
    /// What installs it as a workspace.
    pub installation: &'a Installation,
    /// Where its `package.json` says the name.
    pub at: Location,
    /// The first line that asks for it in a way that a registry can answer, as it does wherever the workspace is not at
    /// hand.
    pub by_range: Option<Location>,
}

/// All of them, by installation and name. What nobody asks for is nobody's to exchange.
#[must_use]
pub fn local_names(snapshot: &Snapshot) -> Vec<LocalName<'_>> {
    snapshot.installations().iter().flat_map(of).collect()
}

fn of(installation: &Installation) -> Vec<LocalName<'_>> {
    let graph = installation.graph();
    let mut own: BTreeMap<&str, LocalName<'_>> = BTreeMap::new();
    for (number, workspace) in graph.workspaces().iter().enumerate() {
        let package = installation.package_json(number);
        let package = package.filter(|package| package.is_private());
        if let Some((name, span)) = package.and_then(PackageJson::name_entry) {
            own.entry(name).or_insert_with(|| LocalName {
                name,
                installation,
                at: Location {
                    path: Arc::clone(&workspace.file),
                    span,
                },
                by_range: None,
            });
        }
    }
    let mut asked_for: BTreeSet<&str> = BTreeSet::new();
    let mut ranges: BTreeMap<&str, Location> = BTreeMap::new();
    for want in (0..graph.workspaces().len()).flat_map(|number| graph.wants(number)) {
        let Some(asked) = asked(installation, want) else {
            continue;
        };
        let (name, is_range) = match Specifier::parse(asked.specifier) {
            Specifier::Alias { name, specifier } => (name, specifier.is_of_registry()),
            specifier => (&*want.name, specifier.is_of_registry()),
        };
        asked_for.insert(name);
        if is_range {
            ranges.entry(name).or_insert(asked.at);
        }
    }
    let mut found: Vec<LocalName<'_>> = own.into_values().collect();
    found.retain(|one| asked_for.contains(one.name));
    for one in &mut found {
        one.by_range = ranges.remove(one.name);
    }
    found
}
