//! What the files of each folder say to package managers, put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::folders::is_within;
use crate::packages::graph::Installed;
use crate::packages::install::Manager;
use crate::packages::lockfile::Source;
use crate::packages::purpose::{is_installed, is_test_data};
use crate::packages::safeguards::bun_trusted::is_trusted;
use crate::packages::safeguards::renovate as of_renovate;
use crate::packages::safeguards::{
    Safeguard, Safeguards, of_bunfig, of_manifest, of_npmrc, of_pnpm_workspace, of_yarnrc,
    of_yarnrc_classic,
};
use crate::packages::web_address::{PUBLIC_REGISTRIES, WebAddress};
use crate::syntax::{Format, parse};

use super::file_kind::FileKind;
use super::installations::Installation;
use super::{Snapshot, SourceFile};

/// The settings of one folder.
#[derive(Clone, Debug, Default)]
pub struct FolderSafeguards {
    /// What its files say.
    pub safeguards: Safeguards,
    /// The files, by the numbers that stand at what they say.
    pub files: Vec<Arc<str>>,
    /// False if one of the files cannot be read to its end, so that what is missing may stand there.
    pub is_whole: bool,
}

/// The settings by folder.
#[must_use]
pub fn safeguards(snapshot: &Snapshot) -> BTreeMap<&str, FolderSafeguards> {
    let mut by_folder: BTreeMap<&str, FolderSafeguards> = BTreeMap::new();
    for file in snapshot.files() {
        if !is_settings(file) {
            continue;
        }
        let folder = by_folder
            .entry(file.folder())
            .or_insert_with(|| FolderSafeguards {
                is_whole: true,
                ..FolderSafeguards::default()
            });
        folder.take(file);
    }
    for (folder, found) in &mut by_folder {
        found.note_manager(snapshot, folder);
    }
    by_folder
}

/// The settings that hold for a folder: its own, with the manager that it asks for.
#[must_use]
pub fn safeguards_of(snapshot: &Snapshot, folder: &str) -> FolderSafeguards {
    let mut found = FolderSafeguards {
        is_whole: true,
        ..FolderSafeguards::default()
    };
    for name in [
        ".npmrc",
        ".yarnrc",
        ".yarnrc.yml",
        "bunfig.toml",
        "package.json",
        "pnpm-workspace.yaml",
    ] {
        let path = match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        if let Some(file) = snapshot.file(&path) {
            found.take(file);
        }
    }
    found.note_manager(snapshot, folder);
    found
}

/// What Renovate reads: the first of its files, else its key in the `package.json` of the root.
#[must_use]
pub fn renovate(snapshot: &Snapshot) -> Option<FolderSafeguards> {
    let mut found = FolderSafeguards {
        is_whole: true,
        ..FolderSafeguards::default()
    };
    let first = of_renovate::PATHS
        .iter()
        .find_map(|path| snapshot.file(path));
    let said = if let Some(file) = first {
        found.files.push(Arc::clone(&file.path));
        found.is_whole = file.is_wholly_read();
        let text = file.lines().unwrap_or_default();
        of_renovate::read(&parse(Format::Json, text.to_owned()))
    } else {
        let file = snapshot.file("package.json")?;
        let said = of_renovate::read_manifest(file.tree()?)?;
        found.files.push(Arc::clone(&file.path));
        said
    };
    let said = said.into_iter().map(|said| (0, said));
    found.safeguards.said.extend(said);
    Some(found)
}

/// True if packages are installed from a folder, or from one below it.
#[must_use]
pub fn holds_project(snapshot: &Snapshot, folder: &str) -> bool {
    let mut files = snapshot.files().iter();
    files.any(|file| {
        file.kind() == FileKind::PackageJson
            && !is_installed(&file.path)
            && !is_test_data(&file.path)
            && is_within(file.folder(), folder)
    })
}

/// The host that packages of a scope come from, by the lockfiles for which the settings of a folder hold; none where
/// they hold no such package. Where a lockfile does not say, it is the registry that is asked for everything.
#[must_use]
pub fn home_of_scope(
    snapshot: &Snapshot,
    folder: &str,
    settings: &Safeguards,
    scope: &str,
) -> Option<String> {
    let host_of = |address: &str| Some(WebAddress::parse(address)?.host.to_ascii_lowercase());
    let below = snapshot.installations().iter();
    let below = below.filter(|one| is_within(&one.folder, folder));
    let lockfiles = below.filter_map(|one| one.lockfile());
    let mut packages = lockfiles.flat_map(|lockfile| &lockfile.packages);
    let package = packages.find(|package| {
        let rest = package.name.strip_prefix(scope);
        matches!(package.source, Source::Registry(_))
            && rest.is_some_and(|rest| rest.starts_with('/'))
    })?;
    let resolved = package.resolved.as_ref();
    let written = resolved.and_then(|(address, _)| host_of(address));
    written.or_else(|| match settings.word(Safeguard::Registry, "") {
        Some(word) => host_of(word),
        None => PUBLIC_REGISTRIES.first().map(|host| (*host).to_owned()),
    })
}

fn is_settings(file: &SourceFile) -> bool {
    let kind = file.kind();
    matches!(
        kind,
        FileKind::NpmSettings
            | FileKind::YarnSettings
            | FileKind::YarnClassicSettings
            | FileKind::BunSettings
            | FileKind::PackageJson
            | FileKind::PnpmWorkspace
    ) && !is_installed(&file.path)
        && !is_test_data(&file.path)
}

impl FolderSafeguards {
    /// Notes who installs, where that decides what a setting means.
    fn note_manager(&mut self, snapshot: &Snapshot, folder: &str) {
        let is_locked = |names: &[&str]| {
            let mut names = names.iter();
            names.any(|name| {
                let path = match folder {
                    "" => (*name).to_owned(),
                    folder => format!("{folder}/{name}"),
                };
                snapshot.file(&path).is_some()
            })
        };
        self.safeguards.is_of_bun = match self.safeguards.pinned {
            Some(pinned) => pinned.manager == Manager::Bun,
            None => {
                is_locked(&["bun.lock", "bun.lockb"])
                    && !is_locked(&["package-lock.json", "yarn.lock", "pnpm-lock.yaml"])
            }
        };
        if self.safeguards.is_of_bun {
            let own = snapshot.installations().iter();
            let own = own.filter(|installation| *installation.folder == *folder);
            let names = own.flat_map(Installation::packages).map(Installed::name);
            let mut trusted: Vec<Box<str>> = names
                .filter(|name| is_trusted(name))
                .map(Box::from)
                .collect();
            trusted.dedup();
            self.safeguards.trusted_by_bun = trusted;
        }
    }

    fn take(&mut self, file: &SourceFile) {
        let number = self.files.len();
        self.files.push(Arc::clone(&file.path));
        self.is_whole &= file.is_wholly_read();
        let said = match (file.kind(), file.tree(), file.lines()) {
            (FileKind::NpmSettings, _, Some(text)) => of_npmrc(text),
            (FileKind::YarnClassicSettings, _, Some(text)) => of_yarnrc_classic(text),
            (FileKind::BunSettings, _, Some(text)) => of_bunfig(text),
            (FileKind::YarnSettings, Some(tree), _) => of_yarnrc(tree),
            (FileKind::PnpmWorkspace, Some(tree), _) => of_pnpm_workspace(tree),
            (FileKind::PackageJson, Some(tree), _) => {
                let (said, pinned) = of_manifest(tree);
                self.safeguards.pinned = self.safeguards.pinned.or(pinned);
                said
            }
            _ => Vec::new(),
        };
        let said = said.into_iter().map(|said| (number, said));
        self.safeguards.said.extend(said);
    }
}
