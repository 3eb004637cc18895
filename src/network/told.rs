//! What a change opens, each line told once, whatever number of clusters and namespaces it counts in: a base that several
//! overlays take in stands in each of theirs.

use std::collections::BTreeMap;

use super::Comparison;
use super::causes::Opened;
use super::words::comes_from_afar;

/// What one line opens, wherever it counts.
#[derive(Clone, Debug)]
pub struct Told {
    /// All of it.
    pub opened: Opened,
    /// True if somewhere something comes in from outside of the cluster or from another namespace.
    pub is_from_afar: bool,
}

impl Comparison {
    /// What the change opens, by the lines that open it.
    #[must_use]
    pub fn opened(&self) -> Vec<Told> {
        let mut all: BTreeMap<_, Told> = BTreeMap::new();
        for own in self.clusters.iter().flat_map(|it| &it.opened) {
            let key = (&own.at, own.direction, own.is_unprotected, &own.thing);
            let is_from_afar = comes_from_afar(own);
            let Some(told) = all.get_mut(&key) else {
                let opened = own.clone();
                all.insert(
                    key,
                    Told {
                        opened,
                        is_from_afar,
                    },
                );
                continue;
            };
            let opened = &mut told.opened;
            opened.workloads.extend(own.workloads.iter().cloned());
            opened.others.extend(own.others.iter().cloned());
            opened.connections = opened.connections.union(&own.connections);
            opened.related.extend(own.related.iter().cloned());
            told.is_from_afar |= is_from_afar;
        }
        all.into_values().collect()
    }
}
