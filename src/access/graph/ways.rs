//! The shortest ways of everybody. What somebody does counts as a step; what follows from it does not.

use std::collections::VecDeque;

use crate::access::goal::Goal;

use super::{Graph, Node};

/// A way of somebody to what is guarded.
#[derive(Clone, Debug)]
pub struct Way {
    /// Who goes it, by number.
    pub subject: usize,
    /// Where it ends.
    pub goal: Goal,
    /// The numbers of the edges that it leads along.
    pub edges: Vec<usize>,
}

/// The shortest ways of all nodes to one of some: each node knows the edge that leads on.
#[derive(Debug)]
pub struct Tree {
    next: Vec<Option<usize>>,
    reached: Vec<bool>,
}

impl Tree {
    /// True if a node leads there.
    #[must_use]
    pub fn is_reached_from(&self, node: usize) -> bool {
        self.reached.get(node) == Some(&true)
    }
}

/// Of some nodes with marks, the two marks that each node leads to first, and along which edge: of two, one is another
/// one than one's own.
#[derive(Debug)]
pub struct Nearest {
    slots: Vec<[Option<Slot>; 2]>,
}

/// The shortest ways of everybody to a goal.
#[derive(Debug)]
pub enum Ways {
    /// It is the same for all.
    Tree(Goal, Tree),
    /// It is what is not one's own.
    Nearest(Goal, Nearest),
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    mark: usize,
    /// None where the node itself has the mark.
    edge: Option<usize>,
}

impl Graph {
    /// The shortest ways to some nodes.
    #[must_use]
    pub fn tree(&self, ends: impl IntoIterator<Item = usize>) -> Tree {
        let size = self.nodes.len();
        let mut tree = Tree {
            next: vec![None; size],
            reached: vec![false; size],
        };
        let mut open: VecDeque<(usize, Option<usize>)> =
            ends.into_iter().map(|end| (end, None)).collect();
        while let Some((node, by)) = open.pop_front() {
            let Some(reached @ false) = tree.reached.get_mut(node) else {
                continue;
            };
            *reached = true;
            if let Some(next) = tree.next.get_mut(node) {
                *next = by;
            }
            self.open_before(node, &mut open, |from, edge| {
                (!tree.is_reached_from(from)).then_some((from, Some(edge)))
            });
        }
        tree
    }

    /// Opens what leads to a node: what takes no step is as near as the node.
    fn open_before<T>(
        &self,
        node: usize,
        open: &mut VecDeque<T>,
        item: impl Fn(usize, usize) -> Option<T>,
    ) {
        let mut near = Vec::new();
        for number in self.edges_to(node) {
            let Some(edge) = self.edges.get(number) else {
                continue;
            };
            let Some(item) = item(edge.from, number) else {
                continue;
            };
            if edge.why.is_step() {
                open.push_back(item);
            } else {
                near.push(item);
            }
        }
        // The first that was found comes first.
        for item in near.into_iter().rev() {
            open.push_front(item);
        }
    }

    /// The shortest ways to a goal of the cluster; none where nothing leads there.
    #[must_use]
    pub fn tree_to(&self, goal: Goal) -> Option<Tree> {
        let end = self.number(Node::Goal(goal))?;
        Some(self.tree([end]))
    }

    /// The edges of the way of a subject; none where it has none.
    #[must_use]
    pub fn way(&self, tree: &Tree, subject: usize) -> Option<Vec<usize>> {
        let mut at = self.number(Node::Subject(subject))?;
        let mut edges = Vec::new();
        while let Some(number) = tree.next.get(at).copied().flatten() {
            edges.push(number);
            at = self.edges.get(number)?.to;
        }
        (!edges.is_empty()).then_some(edges)
    }

    /// The shortest ways to a goal; none where nothing leads there.
    #[must_use]
    pub fn ways(&self, goal: Goal) -> Option<Ways> {
        let marks = match goal {
            Goal::OtherNamespace => self.marks(self.names.namespaces.len(), |number| {
                Node::Namespace(Some(number))
            }),
            Goal::CloudIdentity => self.marks(self.names.clouds.len(), Node::Cloud),
            _ => return Some(Ways::Tree(goal, self.tree_to(goal)?)),
        };
        Some(Ways::Nearest(goal, self.nearest(&marks)))
    }

    /// The way of a subject among some; none where it has none.
    #[must_use]
    pub fn way_of(&self, ways: &Ways, subject: usize) -> Option<Way> {
        let (goal, edges) = match ways {
            Ways::Tree(goal, tree) => (*goal, self.way(tree, subject)?),
            Ways::Nearest(goal, nearest) => (*goal, self.way_to_other(nearest, subject, *goal)?),
        };
        Some(Way {
            subject,
            goal,
            edges,
        })
    }

    fn marks(&self, many: usize, node: impl Fn(usize) -> Node) -> Vec<(usize, usize)> {
        let marks = 0..many;
        marks
            .filter_map(|mark| Some((self.number(node(mark))?, mark)))
            .collect()
    }

    fn nearest(&self, marks: &[(usize, usize)]) -> Nearest {
        let mut nearest = Nearest {
            slots: vec![[None; 2]; self.nodes.len()],
        };
        let ends = marks.iter().map(|(node, mark)| {
            let slot = Slot {
                mark: *mark,
                edge: None,
            };
            (*node, slot)
        });
        let mut open: VecDeque<(usize, Slot)> = ends.collect();
        while let Some((node, slot)) = open.pop_front() {
            let Some(slots) = nearest.slots.get_mut(node) else {
                continue;
            };
            let is_known = slots.iter().flatten().any(|own| own.mark == slot.mark);
            let Some(free) = slots.iter_mut().find(|own| own.is_none() && !is_known) else {
                continue;
            };
            *free = Some(slot);
            let mark = slot.mark;
            self.open_before(node, &mut open, |from, edge| {
                let slots = nearest.slots.get(from)?;
                let is_open = slots.iter().any(Option::is_none)
                    && !slots.iter().flatten().any(|own| own.mark == mark);
                let edge = Some(edge);
                is_open.then_some((from, Slot { mark, edge }))
            });
        }
        nearest
    }

    /// The edges of the way of a subject to the nearest mark that is not its own.
    fn way_to_other(&self, nearest: &Nearest, subject: usize, goal: Goal) -> Option<Vec<usize>> {
        let mut at = self.number(Node::Subject(subject))?;
        let mut slots = nearest.slots.get(at)?.iter().flatten();
        let mark = slots
            .find(|slot| !self.is_own(subject, goal, slot.mark))?
            .mark;
        let mut edges = Vec::new();
        loop {
            let mut slots = nearest.slots.get(at)?.iter().flatten();
            let Some(edge) = slots.find(|slot| slot.mark == mark)?.edge else {
                return (!edges.is_empty()).then_some(edges);
            };
            edges.push(edge);
            at = self.edges.get(edge)?.to;
        }
    }

    /// True for the namespace that a subject lives in, and for an identity that it has itself.
    #[must_use]
    pub fn is_own(&self, subject: usize, goal: Goal, mark: usize) -> bool {
        if goal == Goal::CloudIdentity {
            let cloud = self.number(Node::Cloud(mark));
            let mut edges = cloud.into_iter().flat_map(|node| self.edges_to(node));
            let own = self.number(Node::Subject(subject));
            return edges.any(|edge| self.edges.get(edge).map(|edge| edge.from) == own);
        }
        let home = self.names.subjects.get(subject);
        let home = home.and_then(|own| own.members_namespace());
        self.names.namespaces.get(mark).map(|name| &**name) == home && home.is_some()
    }
}
