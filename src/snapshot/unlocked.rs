//! What workspaces ask a registry for, in versions that nobody knows before they are installed: there is no lockfile, or
//! it holds no such entry. The same of what settings put in for all of them.

use std::collections::BTreeSet;

use crate::finding::Location;
use crate::packages::lockfile::{LockfileKind, Section};
use crate::packages::specifier::Specifier;
use crate::packages::{PackageJson, Version};

use super::Snapshot;
use super::ignored_optional::leaves_out;
use super::installations::Installation;
use super::linking::Linking;
use super::locked::LockedFile;
use super::overriding::led_away;
use super::settings_pins::{Open, open};

/// A dependency of which only the name is known.
#[derive(Clone, Debug)]
pub struct Unlocked<'a> {
    /// What installs it.
    pub installation: &'a Installation,
    /// The real name.
    pub name: &'a str,
    /// The entry of `package.json`, or of a file of settings.
    pub at: Location,
}

/// All of them, those of workspaces before those of settings. What a workspace of the same installation stands for comes
/// from no registry, and Yarn installs no peers.
#[must_use]
pub fn unlocked(snapshot: &Snapshot) -> Vec<Unlocked<'_>> {
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
        let linking = Linking::of(installation);
        let mut told: BTreeSet<&str> = BTreeSet::new();
        let installs_peers = installation.kind() != Some(LockfileKind::Yarn);
        let led_away = led_away(installation);
        for number in 0..graph.workspaces().len() {
            let wants = graph.wants(number);
            let package = installation.package_json(number);
            let optional: BTreeSet<&str> = package
                .into_iter()
                .flat_map(PackageJson::optional_peers)
                .collect();
            let resolved = wants.iter().filter(|want| want.is_resolved());
            let resolved: BTreeSet<&str> = resolved.map(|want| &*want.name).collect();
            for want in wants.iter().filter(|want| !want.is_resolved()) {
                let (Some(declared), Some(at)) = (&want.declared, graph.location(want)) else {
                    continue;
                };
                let (name, specifier) = Specifier::parse(&declared.specifier).unaliased(&want.name);
                // What is pinned has a version, and what is optional may be left out by a setting.
                let is_left_out =
                    declared.section == Section::Optional && leaves_out(installation, &want.name);
                let is_known = installation.file.is_some()
                    && (matches!(specifier, Specifier::Exact(_))
                        || is_left_out
                        || resolved.contains(&*want.name)
                        || led_away.contains(&*want.name));
                // A peer that something else brings is there.
                let is_left = declared.section == Section::Peer
                    && (!installs_peers
                        || optional.contains(&*want.name)
                        || resolved.contains(&*want.name)
                        || installation.named(name).next().is_some());
                if is_known || is_left || !specifier.is_of_registry() {
                    continue;
                }
                if is_workspace(installation, (linking, number), name, &specifier) {
                    continue;
                }
                told.insert(name);
                all.push(Unlocked {
                    installation,
                    name,
                    at,
                });
            }
        }
        // What a workspace asks for as well stands at its line.
        let open = open(installation).filter(|one| told.insert(one.name));
        all.extend(open.map(|Open { name, at }| Unlocked {
            installation,
            name,
            at,
        }));
    }
    all
}

/// True if a workspace of the same installation is what another one asks for.
fn is_workspace(
    installation: &Installation,
    (linking, asking): (Linking, usize),
    name: &str,
    specifier: &Specifier<'_>,
) -> bool {
    let fits = |version: Option<&str>| specifier.may_be(version.and_then(Version::parse).as_ref());
    let workspaces = installation.graph().workspaces();
    let asking = workspaces.get(asking).map_or("", |own| &*own.path);
    let mut numbered = workspaces.iter().enumerate();
    numbered.any(|(number, workspace)| {
        let package = installation.package_json(number);
        package.is_some_and(|package| package.name() == Some(name) && fits(package.version()))
            && linking.takes(asking, &workspace.path)
    })
}
