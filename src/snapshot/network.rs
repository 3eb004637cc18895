//! Who can reach whom in a revision, and what a change does to that.

use crate::config::clusters::Clusters;
use crate::network::world::HostNetwork;
use crate::network::{Comparison, Network};

use super::Snapshot;
use super::pairs::Pair;

impl Snapshot {
    /// Who can reach whom, cluster by cluster, where pods that share the network of their node escape policies; found out
    /// once.
    pub fn network(&self, clusters: &Clusters) -> &Network {
        self.network.get_or_init(|| {
            let clusters_of = |path: &str| clusters.of(path);
            Network::of(self.landed_objects(), &clusters_of, HostNetwork::default())
        })
    }
}

impl<'a> Pair<'a> {
    /// What the change does to who can reach whom, cluster by cluster; found out once.
    #[must_use]
    pub fn network(&self, clusters: &Clusters) -> &'a Comparison {
        self.pairs.network.get_or_init(|| {
            let clusters_of = |path: &str| clusters.of(path);
            let (base, head) = (self.applied_before(), self.applied_after());
            Comparison::between(
                base,
                head,
                self.renames,
                &clusters_of,
                HostNetwork::default(),
            )
        })
    }
}
