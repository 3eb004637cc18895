//! Who can become whom: the shortest way of each subject to what is most guarded.
//!
//! What leads to every account of a namespace leads to a node that stands for these, so that there are as many edges as
//! there are rights and accounts, not as many as both multiplied. Ways are found backwards, once for each goal, and all
//! that lead to one goal share their ends: each node knows the edge that leads on.

mod build;
mod names;
pub mod spread;
pub mod ways;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::cluster::Cluster;
use super::goal::Goal;
use super::powers::{Behaviour, Power};
use super::subject::Subject;

pub use names::Names;

/// What a way leads over. Namespaces go by number; none stands for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Somebody, by number.
    Subject(usize),
    /// Every account.
    AnyAccount(Option<usize>),
    /// An account that no binding names: it has what its groups have.
    Unnamed(Option<usize>),
    /// An account that no binding names, of whatever namespace.
    AnyUnnamed,
    /// Every account that pods run as.
    Running(Option<usize>),
    /// The account that the pods of something run as, by number.
    Runner(usize),
    /// Every Secret that holds a token.
    AnyToken(Option<usize>),
    /// A Secret that holds a token, by number.
    Token(usize),
    /// All of a namespace.
    Namespace(Option<usize>),
    /// An identity of a cloud, by number.
    Cloud(usize),
    /// Something that is guarded.
    Goal(Goal),
}

/// Why a way leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By rights: the number of their use.
    Power(usize),
    /// It is one of those that are meant.
    Member,
    /// Pods run as it: the number of what makes them.
    Runner(usize),
    /// It holds the token: the number of the Secret.
    Token(usize),
    /// It has an identity of a cloud: the number of the account.
    Cloud(usize),
    /// Pods have an identity of a cloud, though no token: the number of what makes them.
    Identity(usize),
    /// Nothing keeps pods of the namespace from their node.
    Unguarded,
    /// The accounts of what runs the cluster are among those of the namespace.
    BroughtAlong,
}

impl Why {
    /// True where somebody does something, in contrast to what follows from that.
    #[must_use]
    pub fn is_step(self) -> bool {
        matches!(self, Self::Power(_) | Self::Cloud(_) | Self::Identity(_))
    }
}

/// One step of a way.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The number of the node that it begins at.
    pub from: usize,
    /// The number of the node that it ends at.
    pub to: usize,
    /// Why it leads on.
    pub why: Why,
}

/// All ways of one cluster.
#[derive(Debug)]
pub struct Graph {
    /// Who and what nodes stand for.
    pub names: Arc<Names>,
    /// What rights are used for.
    pub powers: Vec<Power>,
    nodes: Vec<Node>,
    numbers: BTreeMap<Node, usize>,
    /// By where they lead to.
    edges: Vec<Edge>,
    /// For each node, where its edges begin.
    starts: Vec<usize>,
}

impl Graph {
    /// Finds what leads where.
    #[must_use]
    pub fn of(cluster: &Cluster, behaviour: Behaviour) -> Self {
        Self::with(cluster, &Arc::new(Names::of([cluster])), behaviour)
    }

    /// Finds what leads where on both sides of a change, of all whom one of them names: somebody whom a side does not
    /// name has there what the groups have that they are in.
    #[must_use]
    pub fn both([before, after]: [&Cluster; 2], behaviour: Behaviour) -> [Self; 2] {
        let names = Arc::new(Names::of([before, after]));
        [before, after].map(|cluster| Self::with(cluster, &names, behaviour))
    }

    fn with(cluster: &Cluster, names: &Arc<Names>, behaviour: Behaviour) -> Self {
        let mut graph = Self {
            names: Arc::clone(names),
            powers: Vec::new(),
            nodes: Vec::new(),
            numbers: BTreeMap::new(),
            edges: Vec::new(),
            starts: Vec::new(),
        };
        graph.add_members(cluster);
        graph.add_powers(cluster, behaviour);
        graph.sort();
        graph
    }

    /// What a node stands for.
    #[must_use]
    pub fn node_at(&self, node: usize) -> Option<Node> {
        self.nodes.get(node).copied()
    }

    /// The number of a node, if anything leads to it or on from it.
    #[must_use]
    pub fn number(&self, node: Node) -> Option<usize> {
        self.numbers.get(&node).copied()
    }

    /// An edge: where it begins, where it ends, and why it leads on.
    #[must_use]
    pub fn edge(&self, edge: usize) -> Option<Edge> {
        self.edges.get(edge).copied()
    }

    fn node(&mut self, node: Node) -> usize {
        let next = self.nodes.len();
        let number = *self.numbers.entry(node).or_insert(next);
        if number == next {
            self.nodes.push(node);
        }
        number
    }

    fn link(&mut self, from: Node, to: Node, why: Why) {
        let (from, to) = (self.node(from), self.node(to));
        self.edges.push(Edge { from, to, why });
    }

    fn sort(&mut self) {
        // Stable, so that of equally short ways the one that was found first is taken.
        self.edges.sort_by_key(|edge| edge.to);
        let ends = self.edges.iter().map(|edge| edge.to);
        self.starts = starts(self.nodes.len(), ends);
    }

    fn edges_to(&self, node: usize) -> impl Iterator<Item = usize> {
        places(&self.starts, node)
    }

    /// What rights are used for by whom, each with the gravest of what it leads to in the cluster as a whole.
    pub fn uses(&self) -> impl Iterator<Item = (&Subject, &Power, Option<Goal>)> {
        let mut gravest: Vec<Option<Goal>> = vec![None; self.nodes.len()];
        for goal in Goal::OF_CLUSTER {
            let Some(end) = self.numbers.get(&Node::Goal(goal)) else {
                continue;
            };
            let mut open = vec![*end];
            while let Some(node) = open.pop() {
                if let Some(slot @ None) = gravest.get_mut(node) {
                    *slot = Some(goal);
                    let before = self.edges_to(node).filter_map(|edge| self.edges.get(edge));
                    open.extend(before.map(|edge| edge.from));
                }
            }
        }
        self.edges.iter().filter_map(move |edge| {
            let (Why::Power(power), Node::Subject(subject)) =
                (edge.why, *self.nodes.get(edge.from)?)
            else {
                return None;
            };
            let goal = gravest.get(edge.to).copied().flatten();
            Some((
                self.names.subjects.get(subject)?,
                self.powers.get(power)?,
                goal,
            ))
        })
    }
}

/// Where each number begins in a list that is sorted by them, and where the last ends.
fn starts(size: usize, numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut starts = vec![0; size + 1];
    for number in numbers {
        if let Some(start) = starts.get_mut(number + 1) {
            *start += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}

/// The places of a number in such a list.
fn places(starts: &[usize], number: usize) -> Range<usize> {
    let start = starts.get(number).copied().unwrap_or_default();
    let end = starts.get(number + 1).copied().unwrap_or(start);
    start..end
}
