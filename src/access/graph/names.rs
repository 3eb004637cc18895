//! Who and what the nodes of a graph stand for, by number.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::cluster::Cluster;
use crate::access::powers::KUBE_SYSTEM;
use crate::access::subject::Subject;

/// Subjects, namespaces and identities, each in order.
#[derive(Debug)]
pub struct Names {
    /// Whoever is given rights, or has an identity of a cloud.
    pub subjects: Vec<Subject>,
    /// The namespaces that rights are given in, that accounts lie in, or that guard nothing.
    pub namespaces: Vec<Arc<str>>,
    /// The identities of clouds.
    pub clouds: Vec<Arc<str>>,
}

impl Names {
    /// Those of some clusters.
    #[must_use]
    pub(super) fn of<'c>(clusters: impl IntoIterator<Item = &'c Cluster>) -> Self {
        let mut subjects: BTreeSet<&Subject> = BTreeSet::new();
        let mut namespaces: BTreeSet<Arc<str>> = BTreeSet::from([KUBE_SYSTEM.into()]);
        let mut clouds: BTreeSet<&str> = BTreeSet::new();
        for cluster in clusters {
            subjects.extend(cluster.held.keys());
            for account in &cluster.accounts {
                if let Some((identity, _)) = &account.cloud {
                    subjects.insert(&account.subject);
                    clouds.insert(identity);
                }
            }
            for binding in &cluster.bindings {
                namespaces.extend(binding.scope.namespace().cloned());
            }
            let known = cluster.namespaces.keys();
            namespaces.extend(known.filter(|name| cluster.is_unguarded(name)).cloned());
        }
        let homes = subjects.iter().filter_map(|it| it.members_namespace());
        namespaces.extend(homes.map(Arc::from));
        Self {
            subjects: subjects.into_iter().cloned().collect(),
            namespaces: namespaces.into_iter().collect(),
            clouds: clouds.into_iter().map(Arc::from).collect(),
        }
    }

    /// The number of a namespace.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<usize> {
        self.namespaces
            .binary_search_by(|own| (**own).cmp(name))
            .ok()
    }

    /// The number of a subject.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> Option<usize> {
        self.subjects.binary_search(subject).ok()
    }

    /// The number of an identity.
    #[must_use]
    pub fn cloud(&self, identity: &str) -> Option<usize> {
        self.clouds
            .binary_search_by(|own| (**own).cmp(identity))
            .ok()
    }
}
