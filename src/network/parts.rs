//! What the files of a revision hold of namespaces, workloads, policies and ways in.

use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::together::{Filed, part_of};
use crate::kubernetes::{Completeness, Object, Variant};

use super::place::place;
use super::plugins::Extent;
use super::ways_in::{Entry, Service};
use super::world::{HostNetwork, Namespace, Policy, Workload, World};
use super::{read, read_admin, ways_in};

/// A policy of a kind whose content is not analysed.
#[derive(Clone, Debug)]
pub struct Unanalysed {
    /// What it is called: `CiliumNetworkPolicy shop/payments`.
    pub title: String,
    /// Where its name stands.
    pub at: Location,
    /// Whom it may be about.
    pub extent: Extent,
}

/// What one file holds.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The file.
    pub path: Arc<str>,
    /// The variant that builds it so; none for a file that no kustomization takes in.
    pub variant: Option<Arc<Variant>>,
    /// Its namespaces.
    pub namespaces: Vec<Namespace>,
    /// What makes pods.
    pub workloads: Vec<Workload>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Its Services.
    pub services: Vec<Service>,
    /// What sends requests to Services from outside.
    pub entries: Vec<Entry>,
    /// Policies of other kinds.
    pub unanalysed: Vec<Unanalysed>,
}

/// What makes two objects the same one: kind, namespace and name.
pub type Identity = (Arc<str>, Arc<str>, Arc<str>);

impl Filed for Part {
    type Identity = Identity;

    fn path(&self) -> &Arc<str> {
        &self.path
    }

    fn variant(&self) -> Option<&Arc<Variant>> {
        self.variant.as_ref()
    }

    fn identities(&self) -> Vec<Identity> {
        let none: Arc<str> = "".into();
        let workloads = self.workloads.iter();
        let workloads =
            workloads.map(|it| (it.kind.clone(), it.namespace.clone(), it.name.clone()));
        let policies = self.policies.iter().map(|it| {
            let namespace = it.namespace.clone().unwrap_or_else(|| none.clone());
            (it.kind.clone(), namespace, it.name.clone())
        });
        let mut all: Vec<Identity> = workloads.chain(policies).collect();
        // A pod template or an owner that stands twice in one file is one.
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        self.namespaces.is_empty()
            && self.workloads.is_empty()
            && self.policies.is_empty()
            && self.services.is_empty()
            && self.entries.is_empty()
            && self.unanalysed.is_empty()
    }

    fn add(&mut self, object: Object<'_>) {
        // Of a patch it is not known what else the object says, nor of a template what it will say.
        if object.completeness() != Completeness::Complete {
            return;
        }
        let policy = read::network_policy(object).or_else(|| read_admin::cluster_policy(object));
        if let Some(policy) = policy {
            self.policies.push(policy);
        } else if let Some(namespace) = read::namespace(object) {
            self.namespaces.push(namespace);
        } else if let Some(service) = ways_in::service(object) {
            self.services.push(service);
        } else if let Some(entry) = ways_in::entry(object) {
            self.entries.push(entry);
        } else if is_policy_of_a_plugin(object) {
            let resource = object.resource();
            let name = match object.namespace() {
                Some((namespace, _)) => format!("{namespace}/{}", resource.name),
                None => resource.name.to_string(),
            };
            self.unanalysed.push(Unanalysed {
                title: format!("{} {name}", resource.kind),
                at: place(object, object.name_span()),
                extent: Extent::of(object),
            });
        } else {
            self.workloads.extend(read::workloads(object));
        }
    }
}

/// True for the kinds of policies that Cilium and Calico bring along: there is a policy, and what it says is not analysed.
#[must_use]
pub fn is_policy_of_a_plugin(object: Object<'_>) -> bool {
    let groups = object.kind().groups;
    let mut groups = groups.iter();
    groups.any(|group| {
        matches!(
            *group,
            "cilium.io" | "crd.projectcalico.org" | "projectcalico.org"
        )
    })
}

/// True if an object has a part in what passes.
#[must_use]
pub fn counts(object: Object<'_>) -> bool {
    have_policies(std::iter::once(object))
        || object.pods().next().is_some()
        || read::namespace(object).is_some()
        || ways_in::service(object).is_some()
        || ways_in::entry(object).is_some()
}

/// True if there is a policy among some objects, of whatever kind.
pub fn have_policies<'a>(mut objects: impl Iterator<Item = Object<'a>>) -> bool {
    objects.any(|object| {
        let groups = object.kind().groups;
        read::is_network_policy(object)
            || groups.contains(&"policy.networking.k8s.io")
            || is_policy_of_a_plugin(object)
    })
}

/// Reads the objects of a revision, which come file by file.
#[must_use]
pub fn read<'a>(objects: impl Iterator<Item = Object<'a>>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for object in objects {
        let new = || Part {
            path: Arc::clone(object.path()),
            variant: object.variant().cloned(),
            ..Part::default()
        };
        if let Some(part) = part_of(&mut parts, object, new) {
            part.add(object);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The world of some files that are applied together. Of copies the first one counts.
#[must_use]
pub fn world(parts: &[&Part], host_network: HostNetwork) -> World {
    let mut world = World {
        host_network,
        ..World::default()
    };
    for part in parts {
        world.namespaces.extend(part.namespaces.iter().cloned());
        world.workloads.extend(part.workloads.iter().cloned());
        world.policies.extend(part.policies.iter().cloned());
        world.services.extend(part.services.iter().cloned());
        world.entries.extend(part.entries.iter().cloned());
    }
    world.completed()
}
