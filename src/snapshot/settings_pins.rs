//! What settings of a whole installation pin to one version and its lockfile does not hold: overrides of what it holds in
//! another version, and the packages that pnpm takes its own settings from.

use std::sync::Arc;

use crate::packages::graph::{Installed, Scope};
use crate::packages::lockfile::{
    Importer, Locked, Lockfile, LockfileKind, PackageIndex, Section, Wanted,
};
use crate::packages::overrides::{Override, Replacement};
use crate::syntax::Span;

use super::catalogued::written;
use super::installations::{Installation, PinnedBy};
use super::overriding::{is_kept_by_root, is_within, override_files};
use super::pins::{Pin, pin_of, takes};
use super::substituted::specifier;

/// A pin, where it stands, and for what it counts.
struct Put {
    pin: Pin,
    section: Section,
    at: Span,
}

/// The pins of each file of settings, in the form of a lockfile whose root asks for them.
pub(super) fn unmet(installation: &Installation) -> Vec<(PinnedBy, Arc<str>, Lockfile)> {
    let mut puts_of_root = Vec::new();
    let mut puts_of_pnpm = Vec::new();
    let root = installation.root_file();
    let pnpm = installation.pnpm_workspace_file();
    if let Some(kind) = installation.kind() {
        for (file, overrides) in override_files(installation) {
            let overrides = overrides.iter();
            let read = overrides.filter(|one| one.home.is_read_by(kind));
            let puts = read.filter_map(|one| put_over(installation, one));
            let is_of_root = root.is_some_and(|root| root.path == file.path);
            let all = if is_of_root {
                &mut puts_of_root
            } else {
                &mut puts_of_pnpm
            };
            all.extend(puts);
        }
    }
    if let Some(workspace) = installation.pnpm_workspace() {
        puts_of_pnpm.extend(workspace.config_dependencies().filter_map(|entry| {
            // Behind the `+` stands the hash.
            let (version, _) = written(entry.value).split_once('+')?;
            Some(Put {
                pin: pin_of(entry.key.key_text(), version)?,
                section: Section::Environment,
                at: entry.key.span().to(entry.value.span()),
            })
        }));
    }
    let all = [
        (PinnedBy::Root, root, puts_of_root),
        (PinnedBy::PnpmWorkspace, pnpm, puts_of_pnpm),
    ];
    let lockfiles = all.into_iter().filter_map(|(by, file, puts)| {
        let is_held = |pin: &Pin| {
            let mut named = installation.named(&pin.name);
            named.any(|held| held.is_from_registry() && held.version() == pin.version)
        };
        let lockfile = lockfile_of(puts.into_iter().filter(|put| !is_held(&put.pin)));
        let path = Arc::clone(&file?.path);
        (!lockfile.packages.is_empty()).then_some((by, path, lockfile))
    });
    lockfiles.collect()
}

/// What an override puts in the place of what the lockfile holds.
fn put_over<'a>(installation: &'a Installation, one: &Override<'a>) -> Option<Put> {
    // What the root asks for is a pin of its own.
    if matches!(one.replacement, Replacement::OfRoot(_)) {
        return None;
    }
    let pin = pin_of(one.package.name, specifier(installation, one)?)?;
    let replaced = |held: &Installed<'_>| {
        let range = one.package.range;
        !is_kept_by_root(installation, *held)
            && range.is_none_or(|range| takes(range, held.version()))
            && is_within(one, *held)
    };
    let replaced = installation.named(one.package.name).filter(replaced);
    let scope = replaced.map(Installed::scope).min()?;
    Some(Put {
        pin,
        section: section(scope),
        at: one.span(),
    })
}

fn section(scope: Scope) -> Section {
    match scope {
        Scope::Production => Section::Production,
        Scope::Peer => Section::Peer,
        Scope::Optional => Section::Optional,
        Scope::Development => Section::Development,
        Scope::Environment | Scope::Unreached => Section::Environment,
    }
}

fn lockfile_of(puts: impl Iterator<Item = Put>) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
    let mut dependencies = Vec::new();
    for (index, put) in (0u32..).zip(puts) {
        dependencies.push(Wanted {
            name: put.pin.name.as_str().into(),
            section: Some(put.section),
            specifier: None,
            to: Some(PackageIndex(index)),
            at: put.at,
        });
        let locked = Locked::new(put.pin.name, put.pin.version, put.at);
        lockfile.packages.push(locked);
    }
    lockfile.importers.push(Importer {
        path: "".into(),
        name: None,
        at: Span::default(),
        dependencies,
    });
    lockfile
}
