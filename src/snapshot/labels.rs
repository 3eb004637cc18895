//! Where a kustomization may put Pod Security labels on namespaces whose own file has none.

use std::collections::BTreeSet;

use crate::kubernetes::kustomization::{self, Kustomization};
use crate::kubernetes::namespace::LABEL_PREFIX;

use super::{Snapshot, SourceFile};

/// The files whose namespaces a kustomization may label: it, one of its patches or one of its components speaks of
/// Pod Security, or it patches a Namespace in a way that is not read.
#[must_use]
pub fn labelled_files(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for (file, kustomization) in snapshot.kustomization_files() {
        let components = kustomization
            .resources
            .iter()
            .filter_map(|path| kustomization::resolve(file.folder(), path))
            .filter_map(|folder| snapshot.kustomization_file(&folder))
            .filter(|(component, _)| text(component).contains("kind: Component"));
        let labels = std::iter::once((file, kustomization))
            .chain(components)
            .any(|(file, kustomization)| may_label(snapshot, file, kustomization));
        if labels {
            collect(snapshot, file.folder(), &mut BTreeSet::new(), &mut files);
        }
    }
    files
}

fn may_label(snapshot: &Snapshot, file: &SourceFile, kustomization: &Kustomization) -> bool {
    let text = text(file);
    let named = kustomization
        .patches
        .iter()
        .chain(&kustomization.build_files);
    text.contains(LABEL_PREFIX)
        || named
            .filter_map(|path| kustomization::resolve(file.folder(), path))
            .any(
                |path| match snapshot.file(&path).and_then(SourceFile::text) {
                    Some(patch) => patch.contains(LABEL_PREFIX),
                    // Operations are no objects, and are not read.
                    None => text.contains("Namespace"),
                },
            )
}

fn text(file: &SourceFile) -> &str {
    file.text().unwrap_or_default()
}

/// The files that a kustomization builds from, those of the kustomizations below it included.
fn collect(
    snapshot: &Snapshot,
    folder: &str,
    visited: &mut BTreeSet<String>,
    files: &mut BTreeSet<String>,
) {
    if !visited.insert(folder.to_owned()) {
        return;
    }
    let Some(kustomization) = snapshot.kustomization(folder) else {
        return;
    };
    for path in &kustomization.resources {
        let Some(path) = kustomization::resolve(folder, path) else {
            continue;
        };
        if snapshot.kustomization(&path).is_some() {
            collect(snapshot, &path, visited, files);
        } else {
            files.insert(path);
        }
    }
}
