//! Where a kustomization may put Pod Security labels on namespaces whose own file has none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::kubernetes::kustomization::{self, Kustomization};
use crate::kubernetes::namespace::LABEL_PREFIX;

use super::{Snapshot, SourceFile};

/// The files whose namespaces a kustomization may label: it, one of its patches or one of its components speaks of
/// Pod Security, or it patches a Namespace in a way that is not read.
#[must_use]
pub fn labelled_files(snapshot: &Snapshot) -> BTreeSet<String> {
    // What many name is looked at once.
    let mut speaks = HashMap::new();
    let of_folder: BTreeMap<&str, (bool, bool)> = snapshot
        .kustomization_files()
        .map(|(file, kustomization)| {
            let is_component = text(file).contains("kind: Component");
            let may_label = may_label(snapshot, file, kustomization, &mut speaks);
            (file.folder(), (may_label, is_component))
        })
        .collect();
    let mut labelling = Vec::new();
    for (folder, kustomization) in snapshot.kustomizations() {
        let itself = of_folder.get(folder).is_some_and(|(labels, _)| *labels);
        let by_component = || {
            let resources = kustomization.resources.iter();
            let mut parts = resources.filter_map(|path| kustomization::resolve(folder, path));
            parts.any(|part| of_folder.get(&*part) == Some(&(true, true)))
        };
        if itself || by_component() {
            labelling.push(folder.to_owned());
        }
    }
    built_from(snapshot, labelling)
}

fn may_label(
    snapshot: &Snapshot,
    file: &SourceFile,
    kustomization: &Kustomization,
    speaks: &mut HashMap<String, Option<bool>>,
) -> bool {
    let text = text(file);
    if text.contains(LABEL_PREFIX) {
        return true;
    }
    let named = kustomization
        .patches
        .iter()
        .chain(&kustomization.build_files);
    let mut named = named.filter_map(|path| kustomization::resolve(file.folder(), path));
    named.any(|path| {
        let patch = snapshot.file(&path).and_then(SourceFile::text);
        let speaks = speaks
            .entry(path)
            .or_insert_with(|| Some(patch?.contains(LABEL_PREFIX)));
        // Operations are no objects, and are not read.
        speaks.unwrap_or_else(|| text.contains("Namespace"))
    })
}

fn text(file: &SourceFile) -> &str {
    file.text().unwrap_or_default()
}

/// The files that kustomizations build from, those of the kustomizations below them included.
fn built_from(snapshot: &Snapshot, mut folders: Vec<String>) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut visited: BTreeSet<String> = folders.iter().cloned().collect();
    while let Some(folder) = folders.pop() {
        let Some(kustomization) = snapshot.kustomization(&folder) else {
            continue;
        };
        let resources = kustomization.resources.iter();
        for path in resources.filter_map(|path| kustomization::resolve(&folder, path)) {
            if snapshot.kustomization(&path).is_none() {
                files.insert(path);
            } else if visited.insert(path.clone()) {
                folders.push(path);
            }
        }
    }
    files
}
