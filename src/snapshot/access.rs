//! Who may do what in a revision, and what a change does to that.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::powers::Behaviour;
use crate::access::{Access, Comparison};
use crate::config::clusters::Clusters;
use crate::finding::Location;
use crate::kubernetes::Object;
use crate::kubernetes::pod_security::{Version, VersionSet};

use super::Snapshot;
use super::pairs::{Identity, Pair};

/// The first version whose API server asks for `create` where a websocket is opened.
const EXEC_BY_CREATE: Version = Version(35);

/// How the oldest of some API servers decides.
fn behaviour(targets: VersionSet) -> Behaviour {
    let oldest = targets.oldest();
    Behaviour {
        get_opens_exec: oldest.is_some_and(|oldest| oldest < EXEC_BY_CREATE),
    }
}

impl Snapshot {
    /// Who may do what, cluster by cluster; found out once.
    pub fn access(&self, clusters: &Clusters, targets: VersionSet) -> &Access {
        self.access.get_or_init(|| {
            let clusters_of = |path: &str| clusters.of(path);
            Access::of(|| self.landed_objects(), &clusters_of, behaviour(targets))
        })
    }

    /// The object that holds a place.
    #[must_use]
    pub fn object_at(&self, place: &Location) -> Option<Object<'_>> {
        let file = self.file(&place.path)?;
        let mut objects = self.objects_of(file);
        objects.find(|object| object.holds(place))
    }

    /// The files that patch objects of others, and those whose objects they patch.
    pub fn files_of_patches(&self) -> impl Iterator<Item = &Arc<str>> {
        let patching = self.applied.patching.iter();
        patching.flat_map(|(path, patched)| std::iter::once(path).chain(patched))
    }

    /// The same, once for each variant that takes it in. The place may be one of a patch.
    pub fn landed_at(&self, place: &Location) -> impl Iterator<Item = Object<'_>> {
        let patched = self.applied.patching.get(&place.path).into_iter().flatten();
        let files = std::iter::once(&place.path).chain(patched);
        let files: BTreeSet<&Arc<str>> = files.collect();
        let files = files.into_iter().filter_map(|path| self.file(path));
        let objects = files.flat_map(|file| self.landed_objects_of(file));
        let objects: Vec<Object<'_>> = objects.filter(|object| object.holds(place)).collect();
        objects.into_iter()
    }
}

impl<'a> Pair<'a> {
    /// What the change does to who may do what, cluster by cluster; found out once.
    #[must_use]
    pub fn access(&self, clusters: &Clusters, targets: VersionSet) -> &'a Comparison {
        self.pairs.access.get_or_init(|| {
            let clusters_of = |path: &str| clusters.of(path);
            let (base, head) = (|| self.applied_before(), || self.seen());
            Comparison::between(base, head, self.renames, &clusters_of, behaviour(targets))
        })
    }

    /// The objects of the head, and those of the base in whose place the head cannot be read: what became of them is not
    /// known, so that nothing is said to be taken away.
    fn seen(&self) -> impl Iterator<Item = Object<'a>> {
        let (base, head) = (self.base, self.head);
        self.files_after().flat_map(move |file| {
            let hidden = base
                .file(&file.path)
                .filter(|before| before.is_wholly_read() && !file.is_wholly_read());
            let read: BTreeSet<Identity<'a>> = match hidden {
                Some(_) => {
                    let objects = head.objects_of(file);
                    objects.map(|object| object.resource().identity()).collect()
                }
                None => BTreeSet::new(),
            };
            let hidden = hidden
                .into_iter()
                .flat_map(|before| base.landed_objects_of(before));
            let hidden = hidden.filter(move |it| !read.contains(&it.resource().identity()));
            head.landed_objects_of(file).chain(hidden)
        })
    }
}
