//! Which objects some patch of the revision changes.

use std::collections::HashSet;

use crate::kubernetes::{Completeness, Object};

use super::Snapshot;

/// The objects that a patch changes, by kind and name: a patch may be for any of that name.
#[derive(Debug, Default)]
pub struct Patched<'a>(HashSet<(&'a str, &'a str)>);

impl<'a> Patched<'a> {
    /// The patches of a revision.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let patches = snapshot
            .objects()
            .filter(|object| object.completeness() == Completeness::Partial);
        Self(patches.map(kind_and_name).collect())
    }

    /// True if an object reaches the cluster as it is written, as far as the revision shows.
    #[must_use]
    pub fn is_whole(&self, object: Object<'a>) -> bool {
        object.completeness() == Completeness::Complete && !self.0.contains(&kind_and_name(object))
    }
}

fn kind_and_name(object: Object<'_>) -> (&str, &str) {
    let resource = object.resource();
    (&resource.kind, &resource.name)
}
