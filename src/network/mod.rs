//! Network policies as connectivity: who can reach whom, and what a change opens or closes.
//!
//! ```text
//! objects ─▶ parts  what each file holds of namespaces, workloads, policies and ways in
//!   ─▶ world        what is applied together
//!   ─▶ ends     workloads that no policy tells apart, pods that are not here, parts of the address space
//!   ─▶ reach        what each end lets in and out ─▶ what passes between two
//!   ─▶ difference   both of two sides ─▶ causes: which line opens it;  posture: what there is to say of all of it
//!   explain: which line decides;  notation: one line a pair
//! ```
//!
//! What is not in the repository is not known: other policies may deny more or, where a pod is selected, allow more.
//! What is said is what a network plugin that follows the API would let through, given what the repository holds.
//! ICMP is left open by the API and is not told; what a kubelet sends to the pods of its node always passes.

pub mod addresses;
mod blame;
pub mod causes;
pub mod connections;
pub mod difference;
pub mod ends;
pub mod escaped;
pub mod explain;
pub mod in_cluster;
pub mod intervals;
pub mod label_places;
pub mod lines;
pub mod meant;
pub mod name_labels;
pub mod notation;
pub mod parts;
mod place;
pub mod plugins;
pub mod posture;
pub mod reach;
pub mod read;
pub mod read_admin;
pub mod selector;
pub mod table;
pub mod told;
pub mod ways_in;
pub mod words;
pub mod world;
pub mod written_ranges;
pub mod written_types;

pub use addresses::Addresses;
pub use connections::{Connections, Protocol};
pub use reach::Reach;
pub use selector::Selector;
pub use world::{Direction, World};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kubernetes::Object;
use crate::kubernetes::together::{ClustersOf, alone, pair};

use causes::{Openings, opened};
use difference::Difference;
use parts::{Part, Unanalysed};
use world::HostNetwork;

/// One cluster of a revision.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The files that are applied to it, in order.
    pub files: Vec<Arc<str>>,
    /// Who can reach whom in it.
    pub reach: Reach,
    /// Policies of kinds whose content is not analysed.
    pub unanalysed: Vec<Unanalysed>,
    /// True if the configuration says that these files are one cluster.
    pub is_configured: bool,
}

/// All that one revision gives, cluster by cluster.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The clusters.
    pub clusters: Vec<Cluster>,
}

impl Network {
    /// Reads a revision. Its objects come file by file.
    #[must_use]
    pub fn of<'a>(
        objects: impl Iterator<Item = Object<'a>>,
        clusters_of: ClustersOf<'_>,
        host_network: HostNetwork,
    ) -> Self {
        let parts = parts::read(objects);
        let clusters = alone(&parts, clusters_of).into_iter();
        let clusters = clusters.map(|parts| {
            let mut files = parts.iter();
            let is_configured = files.any(|part| {
                let variant = part.variant.iter().map(|variant| &variant.at);
                let mut said = variant.chain([&part.path]);
                said.any(|path| !clusters_of(path).is_empty())
            });
            let world = parts::world(&parts, host_network);
            Cluster {
                is_configured,
                ..Cluster::beside(&parts, world, &BTreeSet::new())
            }
        });
        Self {
            clusters: clusters.collect(),
        }
    }
}

impl Cluster {
    fn beside(parts: &[&Part], world: World, others: &BTreeSet<world::Pods>) -> Self {
        let unanalysed = parts.iter().flat_map(|part| &part.unanalysed);
        Self {
            files: paths(parts),
            reach: Reach::beside(world, others),
            unanalysed: unanalysed.cloned().collect(),
            is_configured: false,
        }
    }
}

/// The files of some parts, each once.
fn paths(parts: &[&Part]) -> Vec<Arc<str>> {
    let mut paths: Vec<Arc<str>> = parts.iter().map(|part| Arc::clone(&part.path)).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// One cluster before and after a change.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Before.
    pub before: Cluster,
    /// After.
    pub after: Cluster,
    /// What changes.
    pub difference: Difference,
    /// What is opened between ends that were there before, by the line that opens it.
    pub openings: Openings,
}

/// What a change does, cluster by cluster.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The clusters for which something changes.
    pub clusters: Vec<Compared>,
}

impl Comparison {
    /// Compares two revisions. Files of the head that were moved go by their old paths as well.
    #[must_use]
    pub fn between<'b, 'h>(
        base: impl Iterator<Item = Object<'b>>,
        head: impl Iterator<Item = Object<'h>>,
        renames: &BTreeMap<Arc<str>, Arc<str>>,
        clusters_of: ClustersOf<'_>,
        host_network: HostNetwork,
    ) -> Self {
        let (before, after) = (parts::read(base), parts::read(head));
        let sides = pair(&before, &after, renames, clusters_of).into_iter();
        let clusters = sides.filter_map(|sides| {
            let old = parts::world(&sides.before, host_network);
            let new = parts::world(&sides.after, host_network);
            let mut peers = old.peers();
            peers.extend(new.peers());
            let before = Cluster::beside(&sides.before, old, &peers);
            let after = Cluster::beside(&sides.after, new, &peers);
            let mut difference = Difference::between(&before.reach, &after.reach);
            // A further copy takes nothing from what there was.
            if sides.is_new_copy {
                difference
                    .changes
                    .retain(|change| !change.after.is_within(&change.before));
            }
            let openings = opened(&before.reach, &after.reach, &difference);
            (!difference.changes.is_empty()).then_some(Compared {
                before,
                after,
                difference,
                openings,
            })
        });
        Self {
            clusters: clusters.collect(),
        }
    }
}
