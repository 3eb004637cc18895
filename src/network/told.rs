//! What a change opens, each line told once, whatever number of clusters and namespaces it counts in: a base that several
//! overlays take in stands in each of theirs.

use std::collections::BTreeMap;

use super::Comparison;
use super::causes::Opened;
use super::escaped::Escaped;

impl Comparison {
    /// What the change opens, by the lines that open it.
    #[must_use]
    pub fn opened(&self) -> Vec<Opened> {
        let mut all: BTreeMap<_, Opened> = BTreeMap::new();
        for own in self.clusters.iter().flat_map(|it| &it.openings.opened) {
            let key = (&own.at, own.direction, own.is_unprotected, &own.thing);
            let Some(told) = all.get_mut(&key) else {
                all.insert(key, own.clone());
                continue;
            };
            told.workloads.extend(own.workloads.iter().cloned());
            told.others.extend(own.others.iter().cloned());
            told.connections = told.connections.union(&own.connections);
            told.related.extend(own.related.iter().cloned());
            told.is_from_afar |= own.is_from_afar;
        }
        all.into_values().collect()
    }

    /// What workloads open that have come to share the network of their node, by the lines that say so: of several
    /// namespaces that one counts in, the gravest.
    #[must_use]
    pub fn escaped(&self) -> Vec<Escaped> {
        let mut all: BTreeMap<_, Escaped> = BTreeMap::new();
        for own in self.clusters.iter().flat_map(|it| &it.openings.escaped) {
            // Which ends are far from it depends on the namespace that it is in.
            match all.get(&own.at) {
                Some(told) if told.is_from_afar() || !own.is_from_afar() => {}
                _ => {
                    all.insert(&own.at, own.clone());
                }
            }
        }
        all.into_values().collect()
    }
}
