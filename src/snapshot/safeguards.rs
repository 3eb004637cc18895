//! What the files of each folder say to package managers, put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::packages::purpose::{is_installed, is_specimen};
use crate::packages::safeguards::{
    Safeguards, of_manifest, of_npmrc, of_pnpm_workspace, of_yarnrc,
};

use super::file_kind::FileKind;
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
        ".yarnrc.yml",
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
    found
}

fn is_settings(file: &SourceFile) -> bool {
    let kind = file.kind();
    matches!(
        kind,
        FileKind::NpmSettings
            | FileKind::YarnSettings
            | FileKind::PackageJson
            | FileKind::PnpmWorkspace
    ) && !is_installed(&file.path)
        && !is_specimen(&file.path)
}

impl FolderSafeguards {
    fn take(&mut self, file: &SourceFile) {
        let number = self.files.len();
        self.files.push(Arc::clone(&file.path));
        self.is_whole &= file.is_wholly_read();
        let said = match (file.kind(), file.tree(), file.lines()) {
            (FileKind::NpmSettings, _, Some(text)) => of_npmrc(text),
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
