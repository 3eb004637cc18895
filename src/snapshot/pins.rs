//! What a `package.json` without a lockfile pins to one version: whatever else is installed on a day, these are.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::packages::PackageJson;
use crate::packages::dependencies::Declared;
use crate::packages::lockfile::{
    Importer, Locked, Lockfile, LockfileKind, PackageIndex, Section, Wanted,
};
use crate::packages::overrides::{Override, Replacement};
use crate::packages::specifier::Specifier;
use crate::packages::version::Version;
use crate::syntax::Span;

/// The pins of workspaces, by their paths, in the form of a lockfile that lists them as importers. Its spans are of the
/// `package.json` that has the entry. Names of the repository's `own` packages are nobody else's, and peers are
/// installed by whoever uses the workspace.
pub(super) fn of<'a>(
    members: impl Iterator<Item = (&'a Arc<str>, PackageJson<'a>)>,
    overrides: &[Override<'a>],
    own: &BTreeSet<&str>,
) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
    for (path, package) in members {
        let mut dependencies = Vec::new();
        for declared in package.dependencies() {
            let pin = pinned(&declared, overrides).filter(|(name, _)| !own.contains(name));
            let to = pin.and_then(|(name, version)| {
                let index = PackageIndex(u32::try_from(lockfile.packages.len()).ok()?);
                let locked = Locked::new(name, version.to_string(), declared.span());
                lockfile.packages.push(locked);
                Some(index)
            });
            dependencies.push(Wanted {
                name: declared.name.into(),
                section: Some(declared.section),
                specifier: None,
                to,
                at: declared.span(),
            });
        }
        lockfile.importers.push(Importer {
            path: (**path).into(),
            name: None,
            at: Span::default(),
            dependencies,
        });
    }
    lockfile
}

/// The real name and the version that an entry pins; none where it takes more than one.
fn pinned<'a>(declared: &Declared<'a>, overrides: &[Override<'a>]) -> Option<(&'a str, Version)> {
    if declared.section == Section::Peer {
        return None;
    }
    let everywhere = overrides.iter().rfind(|one| {
        one.within.is_empty() && one.package.range.is_none() && one.package.name == declared.name
    });
    let written = match everywhere.map(|one| one.replacement) {
        Some(Replacement::Specifier(specifier)) => specifier,
        Some(Replacement::Nothing) => return None,
        Some(Replacement::OfRoot(_)) | None => declared.specifier(),
    };
    let (name, specifier) = match Specifier::parse(written) {
        Specifier::Alias { name, specifier } => (name, *specifier),
        specifier => (declared.name, specifier),
    };
    match specifier {
        Specifier::Exact(version) => Some((name, version)),
        _ => None,
    }
}
