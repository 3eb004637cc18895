//! What a repository looks like, as far as it decides what is written.

use std::collections::BTreeSet;

use crate::config::registries::RegistryPattern;
use crate::snapshot::Snapshot;
use crate::snapshot::file_kind::FileKind;
use crate::snapshot::images::images;

/// How many registries are suggested; with more, a list is no help.
const MOST_REGISTRIES: usize = 12;

/// What a repository looks like.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The branch that pull requests are merged into, where that is known.
    pub default_branch: Option<String>,
    /// How many objects of Kubernetes are written in it.
    pub objects: usize,
    /// The folders below the root that objects lie in, by their first part; empty for the root itself.
    pub folders: BTreeSet<String>,
    /// Where its images come from, as `images.registries` names it.
    pub registries: BTreeSet<String>,
    /// True if something of it is a package of Node.js.
    pub has_packages: bool,
}

impl Shape {
    /// The shape of a revision.
    #[must_use]
    pub fn of(snapshot: &Snapshot, default_branch: Option<String>) -> Self {
        let first = |path: &str| {
            let folder = path.split_once('/').map(|(folder, _)| folder);
            folder.unwrap_or_default().to_owned()
        };
        let mut files = snapshot.files().iter();
        Self {
            default_branch,
            objects: snapshot.objects().count(),
            folders: snapshot
                .objects()
                .map(|object| first(object.path()))
                .collect(),
            registries: registries(snapshot),
            has_packages: !snapshot.lockfiles.is_empty()
                || files.any(|file| file.kind() == FileKind::PackageJson),
        }
    }

    /// The default branch, or what most are called.
    #[must_use]
    pub fn branch(&self) -> &str {
        self.default_branch.as_deref().unwrap_or("main")
    }
}

/// The folders of registries that images come from; none where a list of them would be too long to be looked through.
fn registries(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for used in images(snapshot) {
        // What is replaced on the way to the cluster tells nothing.
        let Some(image) = used.image().filter(|_| !used.elsewhere.name) else {
            continue;
        };
        let repository = image.repository();
        let pattern = match repository.split_once('/') {
            Some((folder, _)) => format!("{}/{folder}", image.registry()),
            None => image.registry().into_owned(),
        };
        if RegistryPattern::parse(&pattern).is_ok() {
            found.insert(pattern);
        }
        if found.len() > MOST_REGISTRIES {
            return BTreeSet::new();
        }
    }
    found
}
