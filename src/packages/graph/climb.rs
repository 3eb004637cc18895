//! The ways of a walk, from a node back to where they begin.

use super::walk::{Arrival, Top, Walk};
use super::{Graph, Scope};

/// The longest way that is kept step by step; of a longer one the first step and the last ones are.
const LONGEST: usize = 64;
/// The bit of a number that stands for nodes that are left out, of which it is the count.
const GAP: u32 = 1 << 31;

/// A way from a workspace down to a node.
pub(super) struct Way {
    /// From the first step on, the node itself included.
    pub(super) nodes: Vec<u32>,
    /// The want that is nearest to the node.
    pub(super) nearest: Option<usize>,
    /// The want that it begins with.
    pub(super) first: Option<usize>,
    /// How many steps it has, with those that are left out.
    pub(super) length: usize,
}

impl Graph {
    pub(super) fn walk(&self, workspace: usize) -> Option<&Walk> {
        self.walks.get(*self.walk_of.get(workspace)?)
    }

    /// True if a walk reaches a node from a workspace. A walk that several share counts for the one that it came from.
    pub(super) fn is_of(&self, walk: &Walk, node: u32, workspace: usize) -> bool {
        if walk.scope(node) == Scope::Unreached {
            return false;
        }
        if walk.starts.len() == 1 {
            return true;
        }
        let first = self.climb(walk, node).first;
        first
            .and_then(|want| self.wants.get(want))
            .map(|want| want.workspace)
            == Some(workspace)
    }

    /// Follows the steps of a walk back to where it began. Of a long way the middle is left out.
    pub(super) fn climb(&self, walk: &Walk, node: u32) -> Way {
        let mut way = Way {
            nodes: vec![node],
            nearest: None,
            first: None,
            length: 1,
        };
        let mut at = node;
        while way.nodes.len() < LONGEST {
            let Some(above) = self.above(walk, at) else {
                break;
            };
            way.nearest = way.nearest.or(above.want);
            way.first = above.want.or(way.first);
            let Some(next) = above.node else {
                break;
            };
            at = next;
            way.nodes.push(at);
            way.length += 1;
        }
        // What is left above the last node that was looked at.
        if way.nodes.len() == LONGEST
            && let Some(top) = self.tops(walk).get(at as usize)
        {
            way.nearest = way.nearest.or(top.nearest());
            way.first = top.first().or(way.first);
            if top.above > 0 {
                let above = top.above as usize;
                if above > 1 {
                    way.nodes.push(gap(above - 1));
                }
                way.nodes.push(top.start);
                way.length += above;
            }
        }
        way.nodes.reverse();
        way
    }

    /// What stands above a node in a walk; none where nothing leads there.
    fn above(&self, walk: &Walk, node: u32) -> Option<Above> {
        match walk.arrival(node)? {
            Arrival::Node(parent) => Some(Above {
                want: None,
                node: Some(parent),
            }),
            Arrival::Want(number) => {
                let want = self.wants.get(number)?;
                let outer = u32::try_from(self.nodes.len() + want.workspace).ok();
                Some(Above {
                    want: Some(number),
                    node: outer.filter(|_| !walk.starts.contains(&want.workspace)),
                })
            }
        }
    }

    /// Where the way to each node begins, as a walk leads from every node back to its start; made when the first long way is asked for, in one pass.
    fn tops<'w>(&self, walk: &'w Walk) -> &'w [Top] {
        walk.tops.get_or_init(|| {
            let count = self.nodes.len() + self.workspaces.len();
            let mut tops: Vec<Option<Top>> = vec![None; count];
            let mut open: Vec<u32> = Vec::new();
            for node in (0u32..).take(count) {
                let mut at = Some(node);
                while let Some(next) = at
                    && tops.get(next as usize).is_some_and(Option::is_none)
                {
                    open.push(next);
                    at = self.above(walk, next).and_then(|above| above.node);
                }
                while let Some(next) = open.pop() {
                    let above = self.above(walk, next);
                    let outer = above.as_ref().and_then(|above| above.node);
                    let outer = outer.and_then(|outer| tops.get(outer as usize).copied().flatten());
                    let want = above.and_then(|above| above.want);
                    let top = Top::below(outer, next, want);
                    if let Some(slot) = tops.get_mut(next as usize) {
                        *slot = Some(top);
                    }
                }
            }
            tops.into_iter().map(Option::unwrap_or_default).collect()
        })
    }
}

/// What stands above a node.
struct Above {
    /// The want that leads to it.
    want: Option<usize>,
    /// The package or workspace; none where the walk starts at the want.
    node: Option<u32>,
}

/// How many steps a way has, with those that are left out.
pub(super) fn length(way: &[u32]) -> usize {
    let steps = way.iter().map(|node| left_out(*node).unwrap_or(1));
    steps.sum()
}

/// The number that stands for nodes that are left out.
fn gap(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX) | GAP
}

/// How many nodes a number stands for that are left out; none where it is a node.
pub(super) fn left_out(number: u32) -> Option<usize> {
    (number & GAP != 0).then_some((number & !GAP) as usize)
}
