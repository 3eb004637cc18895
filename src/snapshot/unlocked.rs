//! What workspaces without a lockfile ask a registry for, in versions that nobody knows before they are installed.

use crate::finding::Location;
use crate::packages::lockfile::Section;
use crate::packages::specifier::Specifier;

use super::Snapshot;
use super::installations::Installation;
use super::locked::own_names;

/// A dependency of which only the name is known.
#[derive(Clone, Debug)]
pub struct Unlocked<'a> {
    /// What installs it.
    pub installation: &'a Installation,
    /// The real name.
    pub name: &'a str,
    /// The entry of `package.json`.
    pub at: Location,
}

/// All of them, in order. Peers are left to whoever uses the workspace, and the repository's own packages are nobody
/// else's.
#[must_use]
pub fn unlocked(snapshot: &Snapshot) -> Vec<Unlocked<'_>> {
    let own = own_names(snapshot);
    let mut all = Vec::new();
    let without = snapshot.installations().iter();
    for installation in without.filter(|installation| installation.file.is_none()) {
        let graph = installation.graph();
        let wants = (0..graph.workspaces().len()).flat_map(|number| graph.wants(number));
        for want in wants.filter(|want| !want.is_resolved()) {
            let (Some(declared), Some(at)) = (&want.declared, graph.location(want)) else {
                continue;
            };
            let name = match Specifier::parse(&declared.specifier) {
                Specifier::Alias { name, specifier } if specifier.is_of_registry() => name,
                specifier if specifier.is_of_registry() => &*want.name,
                _ => continue,
            };
            if declared.section != Section::Peer && !own.contains(name) {
                all.push(Unlocked {
                    installation,
                    name,
                    at,
                });
            }
        }
    }
    all
}
