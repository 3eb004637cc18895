//! What a change opens by letting pods share the network of their node: one answer a workload, whoever is reached by it.

use std::collections::BTreeSet;

use crate::finding::Location;

use super::connections::Connections;
use super::notation::Named;
use super::words::is_far;

/// A workload whose pods share the network of their node now and did not before, so that policies reach neither them nor
/// what they do on their node.
#[derive(Clone, Debug)]
pub struct Escaped {
    /// The workload.
    pub workload: Named,
    /// Where it says that its pods share the network of their node.
    pub at: Location,
    /// Who reaches it now and did not before.
    pub comes_in: BTreeSet<Named>,
    /// Whom it reaches now, as its own policies let it out no further before.
    pub goes_out: BTreeSet<Named>,
    /// Whom it reaches now past what their own policies let in, as far as they run on the same node.
    pub reached: BTreeSet<Named>,
    /// What passes and did not.
    pub connections: Connections,
}

impl Escaped {
    /// A workload of which nothing is known to be opened yet.
    #[must_use]
    pub fn new(workload: Named, at: Location) -> Self {
        Self {
            workload,
            at,
            comes_in: BTreeSet::new(),
            goes_out: BTreeSet::new(),
            reached: BTreeSet::new(),
            connections: Connections::none(),
        }
    }

    /// True if something comes in from outside of the cluster or crosses from one namespace into another.
    #[must_use]
    pub fn is_from_afar(&self) -> bool {
        let namespace = self.workload.namespace();
        let mut ends = self.comes_in.iter().chain(&self.reached);
        ends.any(|end| is_far(end, namespace))
    }
}
