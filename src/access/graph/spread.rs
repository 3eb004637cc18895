//! All namespaces that everybody takes over, in contrast to the nearest one: what a difference is made of.
//!
//! What leads to each other in a circle leads to the same namespaces, so that circles are found first, and then each is
//! looked at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::circles::circles;
use crate::access::goal::Goal;
use crate::access::powers::Target;

use super::{Graph, Node, Why, places, starts};

/// A set of numbers, as bits.
type Bits = [u64];

/// Which namespaces each node of a graph takes over, and which identities of clouds.
#[derive(Debug)]
pub struct Spread {
    /// By node, the circle that it is part of.
    circle_of: Vec<Option<usize>>,
    /// By circle, what it leads to; none where that is nothing.
    reached: Vec<Option<Arc<Bits>>>,
    /// The namespaces that subjects are simply given, by the number of the subject; none for all of them.
    given: BTreeMap<usize, Vec<Option<usize>>>,
}

impl Spread {
    fn of_node(&self, node: usize) -> Option<&Bits> {
        let circle = self.circle_of.get(node).copied().flatten()?;
        self.reached.get(circle)?.as_deref()
    }

    fn of_subject(&self, graph: &Graph, subject: usize) -> Option<&Bits> {
        self.of_node(graph.number(Node::Subject(subject))?)
    }

    /// True if a node leads to a namespace, or to an identity of a cloud, whose numbers come behind those of namespaces.
    #[must_use]
    pub fn leads_to(&self, node: usize, mark: usize) -> bool {
        let word = self.of_node(node).and_then(|bits| bits.get(mark / 64));
        word.is_some_and(|word| word & (1 << (mark % 64)) != 0)
    }
}

/// The edges by where they begin.
#[derive(Debug)]
struct Leaving {
    edges: Vec<usize>,
    starts: Vec<usize>,
}

impl Leaving {
    fn of(graph: &Graph) -> Self {
        let mut edges: Vec<usize> = (0..graph.edges.len()).collect();
        let from = |edge: &usize| graph.edges.get(*edge).map(|edge| edge.from);
        edges.sort_by_key(from);
        let starts = starts(graph.nodes.len(), graph.edges.iter().map(|edge| edge.from));
        Self { edges, starts }
    }

    /// The edges that begin at a node.
    fn from(&self, node: usize) -> &[usize] {
        let places = places(&self.starts, node);
        self.edges.get(places).unwrap_or_default()
    }
}

impl Graph {
    /// Finds out who takes over which namespaces, and which identities of clouds.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let leaving = Leaving::of(self);
        let namespaces = self.names.namespaces.len();
        let size = namespaces + self.names.clouds.len();
        let mut circle_of: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut reached: Vec<Option<Arc<Bits>>> = Vec::new();
        let next = |node: usize, gone: usize| {
            let edge = self.edges.get(*leaving.from(node).get(gone)?);
            edge.map(|edge| edge.to)
        };
        let circles = circles(self.nodes.len(), next);
        // Those that a circle leads to come first.
        for (number, members) in circles.into_iter().enumerate() {
            for node in &members {
                if let Some(slot) = circle_of.get_mut(*node) {
                    *slot = Some(number);
                }
            }
            let mut own: Option<Arc<Bits>> = None;
            for node in &members {
                let mark = match self.nodes.get(*node) {
                    Some(Node::Namespace(Some(namespace))) => *namespace,
                    Some(Node::Cloud(cloud)) => namespaces + cloud,
                    _ => continue,
                };
                add(&mut own, size, |bits| {
                    if let Some(word) = bits.get_mut(mark / 64) {
                        *word |= 1 << (mark % 64);
                    }
                });
            }
            for edge in members.iter().flat_map(|node| leaving.from(*node)) {
                let to = self.edges.get(*edge).map(|edge| edge.to);
                let next = to.and_then(|to| circle_of.get(to).copied().flatten());
                let Some(Some(next)) = next
                    .filter(|it| *it != number)
                    .and_then(|it| reached.get(it))
                else {
                    continue;
                };
                if let Some(own) = &own
                    && Arc::ptr_eq(own, next)
                {
                    continue;
                }
                if own.is_none() {
                    own = Some(Arc::clone(next));
                    continue;
                }
                add(&mut own, size, |bits| {
                    for (word, more) in bits.iter_mut().zip(next.iter()) {
                        *word |= more;
                    }
                });
            }
            reached.push(own);
        }
        Spread {
            circle_of,
            reached,
            given: given(self),
        }
    }

    /// What a subject takes over and is not simply given, its own left out, and that another graph of the same names does
    /// not lead it to, whatever its number there, as bits: of the namespaces, and behind them of the identities of clouds. None if that is nothing.
    #[must_use]
    pub fn newly_taken(
        &self,
        spread: &Spread,
        (old, known, before): (&Self, &Spread, usize),
        subject: usize,
    ) -> Option<Vec<u64>> {
        let mut taken = spread.of_subject(self, subject)?.to_vec();
        if let Some(known) = known.of_subject(old, before) {
            for (word, known) in taken.iter_mut().zip(known) {
                *word &= !known;
            }
        }
        let namespaces = self.names.namespaces.len();
        let home = self.names.subjects.get(subject)?.members_namespace();
        let home = home.and_then(|home| self.names.namespace(home));
        let mut own: Vec<usize> = home.into_iter().collect();
        for given in spread.given.get(&subject).into_iter().flatten() {
            match given {
                Some(namespace) => own.push(*namespace),
                None => own.extend(0..namespaces),
            }
        }
        let clouds = marks(&taken).filter_map(|mark| mark.checked_sub(namespaces));
        let clouds = clouds.filter(|cloud| self.is_own(subject, Goal::CloudIdentity, *cloud));
        own.extend(clouds.map(|cloud| namespaces + cloud).collect::<Vec<_>>());
        for mark in own {
            if let Some(word) = taken.get_mut(mark / 64) {
                *word &= !(1 << (mark % 64));
            }
        }
        taken.iter().any(|word| *word != 0).then_some(taken)
    }
}

/// The numbers that bits stand for.
pub fn marks(bits: &[u64]) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(at, word)| {
        let bits = (0..64).filter(move |bit| word & (1 << bit) != 0);
        bits.map(move |bit| at * 64 + bit)
    })
}

fn add(own: &mut Option<Arc<Bits>>, size: usize, change: impl FnOnce(&mut Bits)) {
    let bits = own.get_or_insert_with(|| vec![0; size.div_ceil(64)].into());
    change(Arc::make_mut(bits));
}

fn given(graph: &Graph) -> BTreeMap<usize, Vec<Option<usize>>> {
    let mut given: BTreeMap<usize, Vec<Option<usize>>> = BTreeMap::new();
    for edge in &graph.edges {
        let Why::Power(power) = edge.why else {
            continue;
        };
        let power = graph.powers.get(power);
        let is_given = power
            .is_some_and(|power| power.means.is_possession() && power.target == Target::Namespace);
        if let (true, Some(Node::Subject(subject)), Some(Node::Namespace(namespace))) = (
            is_given,
            graph.nodes.get(edge.from),
            graph.nodes.get(edge.to),
        ) {
            given.entry(*subject).or_default().push(*namespace);
        }
    }
    given
}
