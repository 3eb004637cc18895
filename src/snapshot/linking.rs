//! Which workspaces take the place of packages of a registry that are asked for by a version and have their name.
//!
//! npm and Yarn 1 link what the patterns of the root take in, and never the root; nobody links what asks to itself, but
//! for Yarn from 2 on (`enableTransparentWorkspaces`). pnpm asks the registry from version 9 on, unless
//! `linkWorkspacePackages` says otherwise (<https://pnpm.io/settings#linkworkspacepackages>); Bun has a switch of the
//! same name in `bunfig.toml`.

use crate::packages::lockfile::LockfileKind;
use crate::packages::registry::{Bunfig, NpmSettings};
use crate::syntax::Node;

use super::SourceFile;
use super::installations::Installation;
use super::package_managers::named_manager;

/// The first version of pnpm that links nothing by itself; its lockfiles have the same number.
const ASKS_THE_REGISTRY: u64 = 9;

/// Which workspaces stand for packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linking {
    /// None: only `workspace:` asks for them.
    Nothing,
    /// Those below the root.
    BelowRoot,
    /// All but the one that asks.
    Others,
    /// All.
    Everything,
}

impl Linking {
    /// What the package manager of an installation does.
    pub(super) fn of(installation: &Installation) -> Self {
        let named = installation.root_file().and_then(named_manager);
        let has_pnpm_workspace = || {
            let file = installation.pnpm_workspace_file();
            file.map(|_| LockfileKind::Pnpm)
        };
        let kind = installation.kind().or(named.map(|(kind, _)| kind));
        match kind.or_else(has_pnpm_workspace) {
            Some(LockfileKind::Pnpm) if links_with_pnpm(installation) => Self::Others,
            Some(LockfileKind::Pnpm) => Self::Nothing,
            Some(LockfileKind::Yarn) if is_transparent(installation) => Self::Everything,
            Some(LockfileKind::Bun | LockfileKind::BunBinary) if !links_with_bun(installation) => {
                Self::Nothing
            }
            _ => Self::BelowRoot,
        }
    }

    /// True if a workspace stands for a package that another one asks for, or it itself; both by their paths below the
    /// root.
    pub(super) fn takes(self, asking: &str, workspace: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::BelowRoot => !workspace.is_empty() && workspace != asking,
            Self::Others => workspace != asking,
            Self::Everything => true,
        }
    }
}

fn links_with_pnpm(installation: &Installation) -> bool {
    // `deep` links the packages of packages as well.
    let is_on = |value: &str| ["true", "deep"].contains(&value);
    let own = installation.pnpm_workspace();
    let own = own.and_then(|own| own.setting("linkWorkspacePackages"));
    if let Some(own) = own {
        return own.as_bool() == Some(true) || own.as_str().is_some_and(is_on);
    }
    let npmrc = installation.npm_settings_file();
    let npmrc = npmrc.and_then(SourceFile::lines).map(NpmSettings::read);
    let value = npmrc
        .as_ref()
        .and_then(|it| it.get("link-workspace-packages"));
    if let Some(value) = value {
        return is_on(value);
    }
    let of_lockfile = installation.lockfile().and_then(|lockfile| {
        let major = lockfile.version.split('.').next()?;
        major.parse::<u64>().ok()
    });
    let named = installation.root_file().and_then(named_manager);
    let version = of_lockfile.or_else(|| named?.1);
    version.is_some_and(|version| version < ASKS_THE_REGISTRY)
}

/// True for Yarn from 2 on, where nothing says otherwise.
fn is_transparent(installation: &Installation) -> bool {
    let settings = installation.yarn_settings_file().and_then(SourceFile::tree);
    let root = settings.and_then(|tree| Some(tree.root(tree.documents().first()?)));
    let switch = root.and_then(|root| root.get("enableTransparentWorkspaces"));
    !installation.is_of_yarn_1() && switch.and_then(Node::as_bool) != Some(false)
}

fn links_with_bun(installation: &Installation) -> bool {
    let bunfig = installation.bun_settings_file().and_then(SourceFile::lines);
    let switch = bunfig.and_then(|text| Bunfig::read(text).links_workspaces);
    switch.is_none_or(|switch| switch.value)
}
