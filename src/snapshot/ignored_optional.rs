//! What pnpm leaves out wherever it is optional (`ignoredOptionalDependencies`).

use crate::packages::lockfile::LockfileKind;
use crate::packages::name_patterns::matches;
use crate::packages::{PackageJson, PnpmWorkspace};

use super::installations::Installation;

/// True if a setting leaves a package out. Where code may set it, the lockfile alone says so; else what the lockfile
/// repeats counts for nothing, as pnpm installs anew where that is something else.
#[must_use]
pub fn leaves_out(installation: &Installation, name: &str) -> bool {
    if installation.kind() != Some(LockfileKind::Pnpm) {
        return false;
    }
    let root = installation.root().into_iter();
    let root = root.flat_map(PackageJson::ignored_optional);
    let workspace = installation.pnpm_workspace();
    let of_workspace = workspace
        .into_iter()
        .flat_map(PnpmWorkspace::ignored_optional);
    let said: Vec<&str> = root.chain(of_workspace).collect();
    let is_set_by_code = workspace.is_some_and(PnpmWorkspace::has_own_packages);
    let recorded = installation
        .lockfile()
        .filter(|lockfile| is_set_by_code || lockfile.is_changed_by_code());
    matches(&said, name) || recorded.is_some_and(|lockfile| lockfile.leaves_out(name))
}
