//! What a kustomization says of the files around it.
//!
//! Source: the fields of `kustomize.config.k8s.io` v1beta1 (Kustomization) and v1alpha1 (Component).

use crate::syntax::{Node, Tree};

/// The parts of a kustomization that decide how its files are to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomization {
    /// The namespace that every object is moved to.
    pub namespace: Option<String>,
    /// True if names are changed on the way, so that identities of its files are not those of the cluster.
    pub renames: bool,
    /// Files and folders that are applied as they stand (`resources`, `bases`, `components`).
    pub resources: Vec<String>,
    /// Files that only change others.
    pub patches: Vec<String>,
}

/// True if a file of this name is a kustomization, whatever it says of itself.
#[must_use]
pub fn is_kustomization_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "kustomization.yaml" | "kustomization.yml" | "Kustomization"
    )
}

impl Kustomization {
    /// Reads the first document of a kustomization file.
    #[must_use]
    pub fn read(tree: &Tree) -> Option<Self> {
        let root = tree
            .documents()
            .iter()
            .map(|document| tree.root(document))
            .find(|root| root.is_mapping())?;
        let text = |key: &str| root.present(key).and_then(Node::as_str).map(str::to_owned);
        let list = |key: &str| {
            root.present(key)
                .into_iter()
                .flat_map(Node::items)
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut patches = list("patchesStrategicMerge");
        for key in ["patches", "patchesJson6902"] {
            let paths = root.present(key).into_iter().flat_map(Node::items);
            patches.extend(
                paths.filter_map(|patch| patch.present("path")?.as_str().map(str::to_owned)),
            );
        }
        let mut resources = list("resources");
        resources.extend(list("bases"));
        resources.extend(list("components"));
        Some(Self {
            namespace: text("namespace"),
            renames: root.present("namePrefix").is_some() || root.present("nameSuffix").is_some(),
            resources,
            patches,
        })
    }
}

/// Joins a path of a kustomization with its folder; none if it leaves the root or is remote.
#[must_use]
pub fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains("://") || path.contains('?') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
