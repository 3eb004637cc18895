//! What the repository adds to packages (`packageExtensions`), and whether the lockfile was written for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::Location;
use crate::packages::extensions::{self, Addition};
use crate::packages::lockfile::{Locked, LockfileKind};
use crate::syntax::Node;

use super::SourceFile;
use super::explained::Overridden;
use super::installations::Installation;
use super::locked::LockedFile;

/// What the package manager of an installation adds to packages, with the file that says so.
pub(super) fn additions(installation: &Installation) -> Vec<(&SourceFile, Addition<'_>)> {
    let of_root = || {
        let (file, root) = whole(installation.root_file())?;
        Some((file, root.get("pnpm")?))
    };
    let homes = match installation.kind() {
        Some(LockfileKind::Yarn) => [whole(installation.yarn_settings_file()), None],
        Some(LockfileKind::Pnpm) => [of_root(), whole(installation.pnpm_workspace_file())],
        _ => [None, None],
    };
    let homes = homes.into_iter().flatten();
    homes
        .flat_map(|(file, home)| extensions::additions(home).map(move |one| (file, one)))
        .collect()
}

/// The same with what Yarn adds by itself.
pub(super) fn all_additions(installation: &Installation) -> Vec<Addition<'_>> {
    let own = additions(installation).into_iter();
    let mut all: Vec<Addition<'_>> = own.map(|(_, addition)| addition).collect();
    if installation.kind() == Some(LockfileKind::Yarn) && !installation.is_of_yarn_1() {
        all.extend(extensions::built_in());
    }
    all
}

/// A file with the mapping that it is.
fn whole(file: Option<&SourceFile>) -> Option<(&SourceFile, Node<'_>)> {
    let file = file?;
    let tree = file.tree()?;
    Some((file, tree.root(tree.documents().first()?)))
}

/// What is added to a package that the lockfile holds, and is not in the lockfile.
#[derive(Clone, Debug)]
pub struct UnmetExtension<'a> {
    /// What is added.
    pub name: &'a str,
    /// What is asked of it.
    pub specifier: &'a str,
    /// Key and value.
    pub at: Location,
    /// The first package that it is added to.
    pub package: &'a Locked,
}

/// The dependencies that extensions add and the lockfile knows nothing of. pnpm writes them into the entries of the
/// packages, Yarn from 2 on holds what they lead to alone.
#[must_use]
pub fn unmet_extensions(locked: LockedFile<'_>) -> Vec<UnmetExtension<'_>> {
    let lockfile = locked.lockfile;
    let is_of_berry = lockfile.kind == LockfileKind::Yarn && !lockfile.version.is_empty();
    if lockfile.kind != LockfileKind::Pnpm && !is_of_berry {
        return Vec::new();
    }
    let overridden = Overridden::of(locked);
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (file, addition) in additions(locked.installation) {
        let Some(specifier) = addition.specifier.filter(|_| addition.is_required()) else {
            continue;
        };
        // What else decides about the name decides about this one as well.
        if overridden.names(addition.name) {
            continue;
        }
        let package = lockfile.packages.iter().find(|package| {
            let mut own = package.dependencies.iter();
            package.is_from_registry()
                && addition.is_for(&package.name, &package.version)
                && own.all(|dependency| &*dependency.name != addition.name)
        });
        let is_held = || is_of_berry && lockfile.described(addition.name, specifier).is_some();
        if let Some(package) = package.filter(|_| !is_held())
            && told.insert((&*package.name, addition.name))
        {
            found.push(UnmetExtension {
                name: addition.name,
                specifier,
                at: Location {
                    path: Arc::clone(&file.path),
                    span: addition.at,
                },
                package,
            });
        }
    }
    found
}
