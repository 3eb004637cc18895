//! Which objects some patch of the revision changes, and what Services and their patches come to.

use std::collections::{HashMap, HashSet};

use crate::kubernetes::service::{Reach, Service};
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

/// What the Services of a revision, and the patches for them, say of each other's reach, by name: a patch may be for
/// any of that name.
#[derive(Debug, Default)]
pub struct ServiceReach<'a> {
    /// Those of which something says what keeps a load balancer to a network.
    kept_in: HashSet<&'a str>,
    /// Those that a patch keeps to a network, or gives a type.
    narrowed: HashSet<&'a str>,
    /// The furthest reach of those that stand alone.
    whole: HashMap<&'a str, Option<Reach>>,
}

impl<'a> ServiceReach<'a> {
    /// The Services of a revision.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut all = Self::default();
        for service in snapshot.objects().filter_map(Service::of) {
            let name = &*service.object().resource().name;
            if service.is_kept_in() {
                all.kept_in.insert(name);
            }
            let completeness = service.object().completeness();
            if completeness == Completeness::Partial
                && (service.is_kept_in() || service.type_field().is_set())
            {
                all.narrowed.insert(name);
            }
            if completeness == Completeness::Complete {
                let reach = all.whole.entry(name).or_insert(Some(Reach::Cluster));
                // None where only a rendered template would show it.
                *reach = (*reach)
                    .zip(service.reach())
                    .map(|(one, other)| one.max(other));
            }
        }
        all
    }

    /// True if a Service reaches as far as it says itself: no patch for its name says anything of that.
    #[must_use]
    pub fn is_whole(&self, service: Service<'_>) -> bool {
        let object = service.object();
        object.completeness() == Completeness::Complete
            && !self.narrowed.contains(&*object.resource().name)
    }

    /// True if a patch makes a load balancer that the internet reaches of its Service, as far as the revision shows.
    #[must_use]
    pub fn is_opened_by(&self, patch: Service<'a>) -> bool {
        patch.object().completeness() == Completeness::Partial
            && patch.reach() == Some(Reach::World)
            && !self.kept_in.contains(&*patch.object().resource().name)
    }

    /// How far the Services of a name reach without their patches; none where that is not known.
    #[must_use]
    pub fn unpatched(&self, name: &str) -> Option<Reach> {
        self.whole.get(name).copied().flatten()
    }
}

fn kind_and_name(object: Object<'_>) -> (&str, &str) {
    let resource = object.resource();
    (&resource.kind, &resource.name)
}
