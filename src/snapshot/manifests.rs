//! The `package.json` files of a revision with the lockfile that holds what they ask for.

use std::collections::BTreeMap;

use crate::finding::{PackageName, PackageSeen};
use crate::packages::PackageJson;
use crate::packages::purl;
use crate::packages::purpose::is_installed;

use super::file_kind::FileKind;
use super::{Snapshot, SourceFile};

/// A `package.json` that could be read.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// What it says.
    pub package: PackageJson<'a>,
    /// The nearest lockfile beside it or above it, whether or not it can be read.
    pub lockfile: Option<&'a SourceFile>,
}

/// The `package.json` files that could be read to their end, in path order.
pub fn manifests(snapshot: &Snapshot) -> impl Iterator<Item = Manifest<'_>> {
    let files = snapshot.files().iter();
    let lockfiles: BTreeMap<&str, &SourceFile> = files
        .clone()
        .filter(|file| matches!(file.kind(), FileKind::Lockfile(_)) && !is_installed(&file.path))
        .map(|file| (file.folder(), file))
        .collect();
    files
        .filter(|file| file.kind() == FileKind::PackageJson && !is_installed(&file.path))
        .filter_map(move |file| {
            let tree = file.tree().filter(|_| file.is_wholly_read())?;
            Some(Manifest {
                file,
                package: PackageJson::of(tree)?,
                lockfile: folders_above(file.folder())
                    .find_map(|folder| lockfiles.get(folder).copied()),
            })
        })
}

/// A folder and all above it; the root is empty.
fn folders_above(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |at| {
        (!at.is_empty()).then(|| super::folder(at))
    })
}

/// How a finding speaks of a package that a `package.json` asks for.
#[must_use]
pub fn named(manifest: &Manifest<'_>, name: &str) -> (PackageName, PackageSeen) {
    let project = manifest.lockfile.unwrap_or(manifest.file).folder();
    let subject = PackageName {
        project: project.into(),
        name: name.into(),
    };
    let seen = PackageSeen {
        version: None,
        purl: purl::of_npm(name, ""),
        paths: Vec::new(),
    };
    (subject, seen)
}
