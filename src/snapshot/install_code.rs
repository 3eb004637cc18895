//! Code that runs when packages are installed, and code that is put over theirs: what a change does to it. The files
//! are told apart by their bytes; nothing is read in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::folders::folders_up;
use crate::kubernetes::kustomization::joined;
use crate::packages::code_patches::{CodePatch, From};
use crate::packages::purpose::{is_installed, is_test_data};
use crate::packages::safeguards::Safeguard;
use crate::packages::{PackageJson, PnpmWorkspace};
use crate::syntax::Span;

use super::file_kind::FileKind;
use super::pairs::Pair;
use super::safeguards::safeguards;
use super::{Snapshot, SourceFile, State};

/// Code that is another one than before, or that was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What it is.
    pub what: What,
    /// The folder of the project.
    pub folder: Arc<str>,
    /// Where a person sees it: the file, or the entry that names it.
    pub at: Location,
    /// True if it was not there before.
    pub is_new: bool,
}

/// What changed code does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// `.pnpmfile.cjs`, which decides what packages ask for.
    Pnpmfile,
    /// A file that Yarn runs in its own place.
    Release,
    /// A plugin of Yarn.
    Plugin,
    /// A patch of a package, with the name of the package.
    Patch(Box<str>),
}

/// What a change does to the code of all projects that the base has.
#[must_use]
pub fn changed_code(pair: &Pair<'_>) -> Vec<Changed> {
    let mut found = hooks(pair);
    found.extend(named_scripts(pair));
    found.extend(patches(pair));
    found
}

/// True if two files have the same bytes.
fn is_same(one: &SourceFile, other: &SourceFile) -> bool {
    match (&*one.state, &*other.state) {
        (State::Opaque(one), State::Opaque(other)) => one == other,
        _ => Arc::ptr_eq(&one.state, &other.state),
    }
}

fn is_ours(file: &SourceFile) -> bool {
    !is_installed(&file.path) && !is_test_data(&file.path)
}

fn whole(path: &Arc<str>) -> Location {
    Location {
        path: Arc::clone(path),
        span: Span::default(),
    }
}

fn beside(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// True if packages are installed from a folder.
fn is_project(snapshot: &Snapshot, folder: &str) -> bool {
    let names = ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"];
    let mut paths = names.iter().map(|name| beside(folder, name));
    paths.any(|path| snapshot.file(&path).is_some())
}

/// `.pnpmfile.cjs` and its other names.
fn hooks(pair: &Pair<'_>) -> Vec<Changed> {
    let mut found = Vec::new();
    for file in pair.head.files() {
        let is_hook = file.kind() == FileKind::InstallCode && file.path.contains(".pnpmfile.");
        if !is_hook || !is_ours(file) || !is_project(pair.base, file.folder()) {
            continue;
        }
        // What was moved as it is says what it said.
        let before = pair.base.file(&file.path).or_else(|| {
            let old = pair.renames.get(&file.path)?;
            pair.base.file(old)
        });
        if before.is_none_or(|before| !is_same(before, file)) {
            found.push(Changed {
                what: What::Pnpmfile,
                folder: file.folder().into(),
                at: whole(&file.path),
                is_new: before.is_none(),
            });
        }
    }
    found
}

/// Releases and plugins of Yarn that both sides run, by the files that their settings name. What is named for the
/// first time is a change of the settings.
fn named_scripts(pair: &Pair<'_>) -> Vec<Changed> {
    let mut found = Vec::new();
    for (folder, settings) in safeguards(pair.head) {
        for (safeguard, what) in [
            (Safeguard::Code, What::Release),
            (Safeguard::Plugin, What::Plugin),
        ] {
            for (_, said) in settings.safeguards.all(safeguard) {
                let Some(path) = joined(folder, &said.key) else {
                    continue;
                };
                let (Some(before), Some(after)) = (pair.base.file(&path), pair.head.file(&path))
                else {
                    continue;
                };
                let is_hook = path.contains(".pnpmfile.");
                if after.kind() == FileKind::InstallCode && !is_hook && !is_same(before, after) {
                    found.push(Changed {
                        what: what.clone(),
                        folder: folder.into(),
                        at: whole(&after.path),
                        is_new: false,
                    });
                }
            }
        }
    }
    found
}

/// A patch of a package as a revision has it.
struct Named {
    package: Box<str>,
    path: Arc<str>,
    at: Location,
}

/// The patches of a revision by the folder of the file that names them.
fn named_patches(snapshot: &Snapshot) -> BTreeMap<Arc<str>, Vec<Named>> {
    let mut by_folder: BTreeMap<Arc<str>, Vec<Named>> = BTreeMap::new();
    let mut with_tool: BTreeSet<&str> = BTreeSet::new();
    for file in snapshot.files() {
        let (Some(tree), true) = (file.tree(), is_ours(file)) else {
            continue;
        };
        let patches = match file.kind() {
            FileKind::PackageJson => PackageJson::of(tree).map_or_else(Vec::new, |package| {
                if package.has_patch_package() {
                    with_tool.insert(file.folder());
                }
                package.code_patches()
            }),
            FileKind::PnpmWorkspace => {
                PnpmWorkspace::of(tree).map_or_else(Vec::new, PnpmWorkspace::code_patches)
            }
            _ => continue,
        };
        for patch in patches {
            let Some(path) = path_of(snapshot, file.folder(), &patch) else {
                continue;
            };
            let named = Named {
                package: patch.package.into(),
                path: path.into(),
                at: Location {
                    path: Arc::clone(&file.path),
                    span: patch.at,
                },
            };
            by_folder
                .entry(file.folder().into())
                .or_default()
                .push(named);
        }
    }
    for file in snapshot.files() {
        // `patch-package` puts on whatever lies there: the name of the file is that of the package.
        let Some((above, name)) = file.path.rsplit_once('/') else {
            continue;
        };
        let project = above
            .strip_suffix("patches")
            .map(|above| above.trim_end_matches('/'));
        if file.kind() != FileKind::CodePatch {
            continue;
        }
        if let Some(project) = project.filter(|project| with_tool.contains(project)) {
            let package = name.trim_end_matches(".patch").replace('+', "@");
            by_folder.entry(project.into()).or_default().push(Named {
                package: package.into(),
                path: Arc::clone(&file.path),
                at: whole(&file.path),
            });
        }
    }
    by_folder
}

fn path_of(snapshot: &Snapshot, own: &str, patch: &CodePatch<'_>) -> Option<String> {
    if patch.file.starts_with('/') {
        return None;
    }
    if patch.from == From::File {
        return joined(own, patch.file);
    }
    let mut roots =
        folders_up(own).filter(|at| snapshot.lockfiles.contains(&*beside(at, "yarn.lock")));
    joined(roots.next().unwrap_or(own), patch.file)
}

/// The name of `@s/a@1.0.0`.
fn name_of(package: &str) -> &str {
    let at = package.get(1..).and_then(|rest| rest.find('@'));
    at.and_then(|at| package.get(..=at)).unwrap_or(package)
}

fn patches(pair: &Pair<'_>) -> Vec<Changed> {
    let (before, after) = (named_patches(pair.base), named_patches(pair.head));
    let mut found = Vec::new();
    for (folder, named) in after {
        if !is_project(pair.base, &folder) {
            continue;
        }
        let known = before.get(&folder).map_or(&[][..], Vec::as_slice);
        for patch in named {
            let file = pair.head.file(&patch.path);
            let has_bytes_of = |old: &Named| match (pair.base.file(&old.path), file) {
                (Some(old), Some(new)) => is_same(old, new),
                // A patch that the revision does not hold, or that is not read, is told by its name alone.
                (None, None) => old.path == patch.path,
                _ => false,
            };
            // An update takes the patch of the old version along.
            let of_package = |old: &&Named| name_of(&old.package) == name_of(&patch.package);
            let mut olds = known.iter().filter(of_package);
            if olds.clone().any(has_bytes_of) {
                continue;
            }
            let is_new = olds.next().is_none();
            // Where the bytes of a known file changed, they are what is to be read.
            let was_there = known.iter().any(|old| old.path == patch.path);
            let at = match file {
                Some(file) if was_there => whole(&file.path),
                _ => patch.at,
            };
            found.push(Changed {
                what: What::Patch(patch.package),
                folder: Arc::clone(&folder),
                at,
                is_new,
            });
        }
    }
    found
}
