//! One walk through a graph: what a workspace reaches, how much it needs it, and over whom.

use std::ops::Range;
use std::sync::OnceLock;

use super::edges::Edges;
use super::{Scope, Want};
use crate::packages::lockfile::Need;

/// The bit that marks a step from a want rather than from a package.
const FROM_WANT: u32 = 1 << 31;
/// No step leads here.
const NOWHERE: u32 = u32::MAX;

/// What one workspace reaches; where there are too many of them, what several do.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// The workspaces that it starts at.
    pub(super) starts: Range<usize>,
    /// By node.
    scopes: Vec<Scope>,
    /// The step that led to a node.
    steps: Vec<u32>,
    /// Where the way to each node begins, once it is asked for.
    pub(super) tops: OnceLock<Vec<Top>>,
}

/// Where the way to a node begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Top {
    /// What the way begins at.
    pub(super) start: u32,
    /// How many nodes stand above the node, the start included.
    pub(super) above: u32,
    /// The want that the way begins with, and the one that is nearest to the node.
    first: u32,
    nearest: u32,
}

impl Default for Top {
    fn default() -> Self {
        Self {
            start: 0,
            above: 0,
            first: NOWHERE,
            nearest: NOWHERE,
        }
    }
}

impl Top {
    /// That of a node, from that of the one above it and the want that led from there.
    pub(super) fn below(outer: Option<Self>, node: u32, want: Option<usize>) -> Self {
        let want = want.and_then(|want| u32::try_from(want).ok());
        let own = outer.map_or_else(
            || Self {
                start: node,
                ..Self::default()
            },
            |outer| Self {
                above: outer.above.saturating_add(1),
                ..outer
            },
        );
        Self {
            first: if own.first == NOWHERE {
                want.unwrap_or(NOWHERE)
            } else {
                own.first
            },
            nearest: want.unwrap_or(own.nearest),
            ..own
        }
    }

    /// The want that the way begins with.
    pub(super) fn first(self) -> Option<usize> {
        (self.first != NOWHERE).then_some(self.first as usize)
    }

    /// The want that is nearest to the node.
    pub(super) fn nearest(self) -> Option<usize> {
        (self.nearest != NOWHERE).then_some(self.nearest as usize)
    }
}

/// The step that led to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A workspace asks for it.
    Want(usize),
    /// A package depends on it.
    Node(u32),
}

/// What there is to walk on.
pub(super) struct Ground<'g> {
    /// How many nodes are entries.
    pub(super) entries: usize,
    /// The wants of each workspace.
    pub(super) wants_of: &'g [Range<usize>],
    pub(super) wants: &'g [Want],
    pub(super) edges: &'g Edges,
    /// Beside `edges`: each with its number in them.
    pub(super) needs: &'g Edges,
}

/// The needs as numbers, so that they lie beside the edges.
pub(super) fn code(need: Need) -> u32 {
    match need {
        Need::Required => 0,
        Need::Peer => 1,
        Need::Optional => 2,
        Need::OptionalPeer => 3,
    }
}

/// The scope of what a package of some scope needs.
fn below(scope: Scope, need: u32) -> Scope {
    let least = match need {
        0 => Scope::Production,
        1 => Scope::Peer,
        _ => Scope::Optional,
    };
    scope.max(least)
}

impl Walk {
    /// Walks from some workspaces, over others that these depend on where `crosses` says so. What weighs more goes first, and within one scope what is nearer: each node is
    /// visited once, with the greatest weight that any way gives it, over the shortest such way.
    pub(super) fn from(starts: Range<usize>, ground: &Ground<'_>, crosses: bool) -> Self {
        let nodes = ground.entries + ground.wants_of.len();
        let mut walk = Self {
            starts: starts.clone(),
            scopes: vec![Scope::Unreached; nodes],
            steps: vec![NOWHERE; nodes],
            tops: OnceLock::new(),
        };
        let mut queues: [Vec<(u32, u32)>; 5] = Default::default();
        let mut push = |scope: Scope, node: u32, step: u32| {
            if let Some(queue) = queues.get_mut(scope as usize) {
                queue.push((node, step));
            }
        };
        for start in starts {
            if let Some(scope) = walk.scopes.get_mut(ground.entries + start) {
                *scope = Scope::Production;
            }
            each_want(ground, start, &mut |number, want, target| {
                push(Scope::of(want.section), target, number | FROM_WANT);
            });
        }
        for scope in Scope::ALL {
            let mut at = 0;
            while let Some((node, step)) = queues
                .get(scope as usize)
                .and_then(|queue| queue.get(at))
                .copied()
            {
                at += 1;
                if !walk.visit(node, scope, step) {
                    continue;
                }
                let mut push = |scope: Scope, node: u32, step: u32| {
                    if let Some(queue) = queues.get_mut(scope as usize) {
                        queue.push((node, step));
                    }
                };
                let Some(workspace) = (node as usize).checked_sub(ground.entries) else {
                    let needs = ground.needs.of(node);
                    for (target, need) in ground.edges.of(node).iter().zip(needs) {
                        push(below(scope, *need), *target, node);
                    }
                    continue;
                };
                if !crosses {
                    continue;
                }
                // What a workspace needs for its own development, nobody gets who depends on it.
                each_want(ground, workspace, &mut |number, want, target| {
                    let own = Scope::of(want.section);
                    if own.is_shipped() {
                        push(scope.max(own), target, number | FROM_WANT);
                    }
                });
            }
        }
        walk
    }

    /// Marks a node; false if it is marked already.
    fn visit(&mut self, node: u32, scope: Scope, step: u32) -> bool {
        let node = node as usize;
        let (Some(own), Some(own_step)) = (self.scopes.get_mut(node), self.steps.get_mut(node))
        else {
            return false;
        };
        if *own != Scope::Unreached {
            return false;
        }
        *own = scope;
        *own_step = step;
        true
    }

    /// The scope of a node.
    pub(super) fn scope(&self, node: u32) -> Scope {
        let scope = self.scopes.get(node as usize);
        scope.copied().unwrap_or(Scope::Unreached)
    }

    /// The step that led to a node; none at a start, and where nothing leads.
    pub(super) fn arrival(&self, node: u32) -> Option<Arrival> {
        match *self.steps.get(node as usize)? {
            NOWHERE => None,
            step if step & FROM_WANT != 0 => Some(Arrival::Want((step & !FROM_WANT) as usize)),
            step => Some(Arrival::Node(step)),
        }
    }
}

fn each_want(ground: &Ground<'_>, workspace: usize, visit: &mut dyn FnMut(u32, &Want, u32)) {
    let Some(range) = ground.wants_of.get(workspace) else {
        return;
    };
    for number in range.clone() {
        if let Some(want) = ground.wants.get(number)
            && let Some(target) = want.target
            && let Ok(number) = u32::try_from(number)
        {
            visit(number, want, target);
        }
    }
}
