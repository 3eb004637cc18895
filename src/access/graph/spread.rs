//! All namespaces that everybody takes over, in contrast to the nearest one: what a difference is made of.
//!
//! What leads to each other in a circle leads to the same namespaces, so that circles are found first (by Tarjan's
//! algorithm), and then each is looked at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::access::goal::Goal;
use crate::access::powers::Target;
use crate::access::subject::Subject;

use super::{Graph, Node, Way, Why, places, starts};

/// A set of numbers, as bits.
type Bits = Box<[u64]>;

/// Which namespaces each subject of a graph takes over.
#[derive(Debug)]
pub struct Spread {
    /// By subject; none where it takes over none.
    of_subjects: Vec<Option<Arc<Bits>>>,
    /// The namespaces that subjects are simply given, by the number of the subject; none for all of them.
    given: BTreeMap<usize, Vec<Option<usize>>>,
    leaving: Leaving,
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
    /// Finds out who takes over which namespaces. Those that no file knows count as one more: who takes over all does
    /// that one.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let leaving = Leaving::of(self);
        let size = self.namespaces.len() + 1;
        let mut circle_of: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut reached: Vec<Option<Arc<Bits>>> = Vec::new();
        // Those that a circle leads to come first.
        for (number, members) in circles(self, &leaving).into_iter().enumerate() {
            for node in &members {
                if let Some(slot) = circle_of.get_mut(*node) {
                    *slot = Some(number);
                }
            }
            let mut own: Option<Arc<Bits>> = None;
            for node in &members {
                let namespace = match self.nodes.get(*node) {
                    Some(Node::Namespace(namespace)) => namespace.unwrap_or(size - 1),
                    _ => continue,
                };
                add(&mut own, size, |bits| {
                    if let Some(word) = bits.get_mut(namespace / 64) {
                        *word |= 1 << (namespace % 64);
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
        let of_subjects = (0..self.subjects.len()).map(|subject| {
            let node = self.numbers.get(&Node::Subject(subject))?;
            let circle = circle_of.get(*node).copied().flatten()?;
            reached.get(circle)?.clone()
        });
        Spread {
            of_subjects: of_subjects.collect(),
            given: given(self),
            leaving,
        }
    }

    /// The namespaces that a subject takes over and is not simply given, its own left out, by number.
    #[must_use]
    pub fn taken_over(&self, spread: &Spread, subject: usize) -> BTreeSet<usize> {
        let Some(bits) = spread.of_subjects.get(subject).and_then(Option::as_ref) else {
            return BTreeSet::new();
        };
        let home = self
            .subjects
            .get(subject)
            .and_then(Subject::members_namespace);
        let is_home = |number: &usize| {
            let name = self.namespaces.get(*number).map(|name| &**name);
            name == home
        };
        let all = (0..self.namespaces.len()).filter(|number| has(bits, *number));
        let mut taken: BTreeSet<usize> = all.filter(|number| !is_home(number)).collect();
        for given in spread.given.get(&subject).into_iter().flatten() {
            match given {
                Some(namespace) => {
                    taken.remove(namespace);
                }
                None => taken.clear(),
            }
        }
        taken
    }

    /// True if a subject takes over a namespace, by its name.
    #[must_use]
    pub fn takes_over(&self, spread: &Spread, subject: &Subject, namespace: &Arc<str>) -> bool {
        let number = self.namespace(namespace).unwrap_or(self.namespaces.len());
        let mut who = subject.with_groups();
        who.any(|who| {
            let own = self.subject(&who).and_then(|it| spread.of_subjects.get(it));
            own.and_then(Option::as_ref)
                .is_some_and(|bits| has(bits, number))
        })
    }

    /// The shortest way of a subject to one of some namespaces.
    #[must_use]
    pub fn way_to(&self, spread: &Spread, subject: usize, wanted: &BTreeSet<usize>) -> Option<Way> {
        let start = *self.numbers.get(&Node::Subject(subject))?;
        let mut by: HashMap<usize, usize> = HashMap::new();
        let mut open = VecDeque::from([start]);
        let (mut at, namespace) = 'found: {
            while let Some(node) = open.pop_front() {
                if let Some(Node::Namespace(Some(own))) = self.nodes.get(node)
                    && wanted.contains(own)
                {
                    break 'found (node, *own);
                }
                for edge in spread.leaving.from(node) {
                    let to = self.edges.get(*edge)?.to;
                    if to != start && !by.contains_key(&to) {
                        by.insert(to, *edge);
                        open.push_back(to);
                    }
                }
            }
            return None;
        };
        let mut steps: Vec<(Why, Node)> = Vec::new();
        while at != start {
            let edge = self.edges.get(*by.get(&at)?)?;
            steps.push((edge.why, *self.nodes.get(edge.to)?));
            at = edge.from;
        }
        steps.reverse();
        Some(Way {
            subject,
            goal: Goal::OtherNamespace,
            namespace: Some(namespace),
            steps,
        })
    }
}

fn has(bits: &Bits, number: usize) -> bool {
    let word = bits.get(number / 64).copied().unwrap_or_default();
    word & (1 << (number % 64)) != 0
}

fn add(own: &mut Option<Arc<Bits>>, size: usize, change: impl FnOnce(&mut Bits)) {
    let bits = own.get_or_insert_with(|| Arc::new(vec![0; size.div_ceil(64)].into()));
    change(Arc::make_mut(bits));
}

/// What leads to each other in a circle, each with all its nodes; those that a circle leads to come before it.
fn circles(graph: &Graph, leaving: &Leaving) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let size = graph.nodes.len();
    let (mut numbers, mut lowest) = (vec![NEW; size], vec![NEW; size]);
    let mut is_open = vec![false; size];
    let (mut stack, mut circles, mut next) = (Vec::new(), Vec::new(), 0);
    for first in 0..size {
        if numbers.get(first) != Some(&NEW) {
            continue;
        }
        // A node, and how many of its edges were gone along.
        let mut path: Vec<(usize, usize)> = vec![(first, 0)];
        while let Some((node, gone)) = path.last_mut() {
            let node = *node;
            if *gone == 0 {
                set(&mut numbers, node, next);
                set(&mut lowest, node, next);
                next += 1;
                stack.push(node);
                set(&mut is_open, node, true);
            }
            let edge = leaving.from(node).get(*gone);
            *gone += 1;
            if let Some(to) = edge
                .and_then(|edge| graph.edges.get(*edge))
                .map(|edge| edge.to)
            {
                if get(&numbers, to) == NEW {
                    path.push((to, 0));
                } else if is_open.get(to) == Some(&true) {
                    let low = get(&lowest, node).min(get(&numbers, to));
                    set(&mut lowest, node, low);
                }
                continue;
            }
            path.pop();
            if let Some((above, _)) = path.last() {
                let low = get(&lowest, *above).min(get(&lowest, node));
                set(&mut lowest, *above, low);
            }
            if get(&lowest, node) == get(&numbers, node) {
                let mut circle = Vec::new();
                while let Some(member) = stack.pop() {
                    set(&mut is_open, member, false);
                    circle.push(member);
                    if member == node {
                        break;
                    }
                }
                circles.push(circle);
            }
        }
    }
    circles
}

fn get(all: &[usize], at: usize) -> usize {
    all.get(at).copied().unwrap_or_default()
}

fn set<T>(all: &mut [T], at: usize, value: T) {
    if let Some(slot) = all.get_mut(at) {
        *slot = value;
    }
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
