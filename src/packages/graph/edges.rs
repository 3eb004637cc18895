//! Edges between numbered nodes, in two flat lists.

/// The edges of all nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    /// Where the edges of a node begin; one more than there are nodes.
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Edges {
    /// The edges of a node.
    pub(super) fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        let bounds = self.starts.get(node).zip(self.starts.get(node + 1));
        bounds
            .and_then(|(start, end)| self.targets.get(*start as usize..*end as usize))
            .unwrap_or_default()
    }

    /// How many edges there are.
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// Sorts edges by the nodes that they begin at; those of one node keep their order.
    pub(super) fn sorted(nodes: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; nodes + 1];
        let mut number = 0;
        for (from, _) in edges.clone() {
            if let Some(count) = starts.get_mut(from as usize + 1) {
                *count += 1;
            }
            number += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut targets = vec![0; number];
        for (from, to) in edges {
            if let Some(next) = next.get_mut(from as usize) {
                if let Some(slot) = targets.get_mut(*next as usize) {
                    *slot = to;
                }
                *next += 1;
            }
        }
        Self { starts, targets }
    }
}
