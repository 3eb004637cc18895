//! The `package.json` files of a revision by where they stand: which one a file belongs to.

use std::collections::BTreeMap;

use crate::folders::{folder, folders_up};
use crate::packages::PackageJson;
use crate::packages::purpose::is_installed;

use super::file_kind::FileKind;
use super::{Snapshot, SourceFile};

/// A `package.json` that could be read.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// What it says.
    pub package: PackageJson<'a>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Projects<'a> {
    by_folder: BTreeMap<&'a str, Project<'a>>,
    /// By the last part of the folder and of the name; none where several share it.
    by_name: BTreeMap<&'a str, Option<&'a str>>,
}

impl<'a> Projects<'a> {
    /// Those of a revision.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut projects = Self::default();
        for file in snapshot
            .files()
            .iter()
            .filter(|file| file.kind() == FileKind::PackageJson && !is_installed(&file.path))
        {
            let Some(package) = file.tree().and_then(PackageJson::of) else {
                continue;
            };
            let folder = file.folder();
            projects.by_folder.insert(folder, Project { file, package });
            let last = |path: &'a str| path.rsplit('/').next().filter(|name| !name.is_empty());
            let mut names: Vec<_> = [last(folder), package.name().and_then(last)]
                .into_iter()
                .flatten()
                .collect();
            names.dedup();
            for name in names {
                let known = projects.by_name.entry(name).or_insert(Some(folder));
                if *known != Some(folder) {
                    *known = None;
                }
            }
        }
        projects
    }

    /// The nearest one in the folder of a file or above it.
    #[must_use]
    pub fn around(&self, path: &str) -> Option<Project<'a>> {
        folders_up(folder(path)).find_map(|at| self.by_folder.get(at).copied())
    }

    /// The only one whose folder or package has a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Project<'a>> {
        let folder = (*self.by_name.get(name)?)?;
        self.by_folder.get(folder).copied()
    }
}
