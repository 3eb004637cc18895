//! Which Namespace objects of a revision are the namespace that a workload lands in, and which workloads reach
//! it as they are written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::clusters::Clusters;
use crate::kubernetes::{Admission, Completeness, Labelled, Namespace, NamespaceSource, Object};

use super::Snapshot;
use super::builds::Builds;
use super::near::{MOST, Near, keep};

/// The Namespaces of a revision by name, and then by where they stand. Equal ones are kept once a place.
#[derive(Debug, Default)]
pub struct Namespaces {
    by_name: HashMap<Arc<str>, Copies>,
    /// The same for each cluster that the configuration names, by its number and the name.
    in_cluster: HashMap<(usize, Arc<str>), Copies>,
    clusters: Arc<Clusters>,
    /// Workloads that some patch changes, by kind and name: the patch may be for any of that name.
    patched: HashSet<(Arc<str>, Arc<str>)>,
}

#[derive(Debug, Default)]
struct Copies {
    placed: Near<Labelled>,
    /// Patches that say something about pods: they may be applied to any copy.
    patches: Vec<Labelled>,
}

impl Namespaces {
    /// Gathers the Namespaces of a revision; of one cluster, where the revision is told apart into clusters.
    #[must_use]
    pub fn of(snapshot: &Snapshot, clusters: &Arc<Clusters>) -> Self {
        let mut namespaces = Self {
            clusters: Arc::clone(clusters),
            ..Self::default()
        };
        for object in snapshot.objects() {
            let makes_pods = !object.kind().pods.is_empty() || object.pods().next().is_some();
            if makes_pods && object.completeness() == Completeness::Partial {
                namespaces.patched.insert(kind_and_name(object));
            }
            let Some(namespace) = Namespace::of(object) else {
                continue;
            };
            let labelled = Labelled::of(namespace);
            let name = &labelled.name;
            for cluster in clusters.of(&labelled.path) {
                let key = (cluster, Arc::clone(name));
                namespaces
                    .in_cluster
                    .entry(key)
                    .or_default()
                    .add(namespace, &labelled);
            }
            let copies = namespaces.by_name.entry(Arc::clone(name)).or_default();
            copies.add(namespace, &labelled);
        }
        namespaces.add_built(snapshot);
        namespaces
    }

    /// What kustomizations make of the labels: as with a patch, nobody knows which workloads it is for.
    fn add_built(&mut self, snapshot: &Snapshot) {
        let builds = Builds::of(snapshot);
        for (name, built) in builds.folders().flat_map(|(_, namespaces)| namespaces) {
            let Some(word) = built.kustomized() else {
                continue;
            };
            let labelled = Labelled {
                name: Arc::clone(name),
                path: Arc::clone(word.path),
                at: word.at,
                admission: Admission::of_values(|mode| built.mode(mode)),
            };
            for cluster in self.clusters.of(word.path) {
                let key = (cluster, Arc::clone(name));
                keep(
                    &mut self.in_cluster.entry(key).or_default().patches,
                    &labelled,
                    same,
                );
            }
            let copies = self.by_name.entry(Arc::clone(name)).or_default();
            keep(&mut copies.patches, &labelled, same);
        }
    }

    /// True if a workload reaches the cluster as it is written, as far as the revision shows.
    #[must_use]
    pub fn is_whole(&self, workload: Object<'_>) -> bool {
        workload.completeness() == Completeness::Complete
            && !self.patched.contains(&kind_and_name(workload))
    }

    /// The Namespaces that a workload may land in: those in its file, else in its folder, else those that share
    /// the most folders with it, and the patches of that name. None where its namespace is not written, or no
    /// copy of it is here.
    #[must_use]
    pub fn of_workload(&self, workload: Object<'_>) -> Vec<&Labelled> {
        let Some((name, NamespaceSource::Written | NamespaceSource::Kustomization)) =
            workload.namespace()
        else {
            return Vec::new();
        };
        let clusters = self.clusters.of(workload.path());
        let copies: Vec<&Copies> = if clusters.is_empty() {
            self.by_name.get(name).into_iter().collect()
        } else {
            // A file of several clusters lands in each of them.
            let keys = clusters
                .into_iter()
                .map(|cluster| (cluster, Arc::from(name)));
            keys.filter_map(|key| self.in_cluster.get(&key)).collect()
        };
        let mut candidates: Vec<&Labelled> = Vec::new();
        for copies in copies {
            let nearest = copies.placed.near(workload.path());
            if nearest.is_empty() {
                continue;
            }
            for candidate in nearest.iter().chain(&copies.patches) {
                let known = |known: &&Labelled| known.admission == candidate.admission;
                if candidates.len() < MOST && !candidates.iter().any(known) {
                    candidates.push(candidate);
                }
            }
        }
        // Where as many say different things, nothing is known.
        if candidates.len() >= MOST {
            return Vec::new();
        }
        candidates
    }
}

impl Copies {
    fn add(&mut self, namespace: Namespace<'_>, labelled: &Labelled) {
        if namespace.object().completeness() == Completeness::Partial {
            if namespace.pod_security_labels().next().is_some() {
                keep(&mut self.patches, labelled, same);
            }
            return;
        }
        self.placed.add(&labelled.path, labelled, same);
    }
}

/// Copies that ask the same are one.
fn same(one: &Labelled, other: &Labelled) -> bool {
    one.admission == other.admission
}

fn kind_and_name(object: Object<'_>) -> (Arc<str>, Arc<str>) {
    let resource = object.resource();
    (Arc::clone(&resource.kind), Arc::clone(&resource.name))
}
