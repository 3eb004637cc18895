//! What workspaces ask a registry for, in versions that nobody knows before they are installed: there is no lockfile, or
//! it holds no such entry.

use std::collections::BTreeSet;

use crate::finding::Location;
use crate::packages::lockfile::Section;
use crate::packages::specifier::Specifier;

use super::Snapshot;
use super::installations::Installation;
use super::locked::{LockedFile, own_names};

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
    for installation in snapshot.installations() {
        let graph = installation.graph();
        let locked = LockedFile::of(installation);
        // What nobody can read may hold it, and what is set aside is asked by nobody.
        if installation.is_set_aside {
            continue;
        }
        if locked.is_none() && installation.file.is_some() {
            continue;
        }
        let overridden = locked.map(LockedFile::overridden).unwrap_or_default();
        for number in 0..graph.workspaces().len() {
            let wants = graph.wants(number);
            let listed = wants.iter().filter(|want| want.listed.is_some());
            let listed: BTreeSet<&str> = listed.map(|want| &*want.name).collect();
            for want in wants.iter().filter(|want| !want.is_resolved()) {
                let (Some(declared), Some(at)) = (&want.declared, graph.location(want)) else {
                    continue;
                };
                let (name, specifier) = match Specifier::parse(&declared.specifier) {
                    Specifier::Alias { name, specifier } => (name, *specifier),
                    specifier => (&*want.name, specifier),
                };
                // What is pinned has a version, and what the lockfile knows of may be left out of it.
                let is_known = installation.file.is_some()
                    && (matches!(specifier, Specifier::Exact(_))
                        || declared.section == Section::Optional
                        || listed.contains(&*want.name)
                        || overridden.contains(&*want.name));
                let is_peer = declared.section == Section::Peer;
                if is_known || is_peer || !specifier.is_of_registry() || own.contains(name) {
                    continue;
                }
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
