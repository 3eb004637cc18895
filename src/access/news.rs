//! The ways that come with a change, by what opens them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::Location;

use super::cluster::Cluster;
use super::goal::Goal;
use super::graph::spread::{Spread, marks};
use super::graph::ways::{Tree, Way};
use super::graph::{Edge, Graph, Node, Why};
use super::powers::{Behaviour, KUBE_SYSTEM};
use super::proof::{Evidence, Proof, matters, prove};
use super::reasons::{unguarded, use_of};
use super::renamed::Renamed;
use super::subject::Subject;

/// The ways that there are after a change and were not before.
#[derive(Debug, Default)]
pub struct News {
    /// By subject and goal.
    pub proofs: Vec<Proof>,
    /// The numbers of those that one thing opens, the shortest first.
    pub causes: Vec<Vec<usize>>,
    /// By cause, the lines that the step takes that it is.
    pub closings: Vec<Vec<Evidence>>,
    /// Who reaches something of the cluster as a whole that they did not, whether it is worth a word or not.
    pub nearer: BTreeSet<Subject>,
}

/// What opens a way: the goal, what the last step ends at that nobody could go before, and the rule that allows it, or
/// the step itself.
type Cause = (Goal, usize, Option<(Arc<str>, u32)>, Option<usize>);

/// Finds the ways that come with a change. Nobody who reached every right gains one, and nobody who reached the goal by
/// the groups that they are in, or under another name.
#[must_use]
pub fn news(before: &Cluster, after: &Cluster, renamed: &Renamed, behaviour: Behaviour) -> News {
    let [old, new] = &Graph::both([before, after], behaviour);
    let subjects = 0..new.names.subjects.len();
    let sides = Sides {
        after,
        old,
        new,
        runners: by(before.runners.iter().map(|it| it.title.clone())),
        tokens: by(before
            .tokens
            .iter()
            .map(|it| format!("{}/{}", it.namespace, it.name))),
        renamed: renamed
            .iter()
            .filter_map(|(new_name, own)| {
                let own = new.names.subject(own)?;
                Some((new.names.subject(new_name)?, own))
            })
            .collect(),
    };
    let trees: Vec<(Goal, Option<Tree>, Option<Tree>)> = Goal::OF_CLUSTER
        .iter()
        .map(|goal| (*goal, old.tree_to(*goal), new.tree_to(*goal)))
        .collect();
    let mut found = Found::default();
    let has_all = |subject| {
        let mut all = trees.iter().filter(|(goal, _, _)| *goal <= Goal::Masters);
        all.any(|(_, known, _)| reaches(old, known.as_ref(), sides.old_subject(subject)))
    };
    let mut has_all: Vec<bool> = subjects.clone().map(has_all).collect();
    for (goal, known, tree) in &trees {
        for (subject, has_all) in subjects.clone().zip(&mut has_all) {
            if *has_all || reaches(old, known.as_ref(), sides.old_subject(subject)) {
                continue;
            }
            let Some(edges) = tree.as_ref().and_then(|tree| new.way(tree, subject)) else {
                continue;
            };
            found
                .nearer
                .extend(new.names.subjects.get(subject).cloned());
            let way = Way {
                subject,
                goal: *goal,
                edges,
            };
            let Some(proof) = prove(after, new, &way).filter(matters) else {
                continue;
            };
            *has_all |= *goal <= Goal::Masters;
            let (cause, closing) = sides.cause(&way, |node| reaches(old, known.as_ref(), node));
            found.add(proof, &way, cause, || sides.lines_of(closing));
        }
    }
    sides.add_taken(&mut found, &has_all);
    found.sorted()
}

fn by(names: impl Iterator<Item = String>) -> HashMap<String, usize> {
    names
        .enumerate()
        .map(|(number, name)| (name, number))
        .collect()
}

fn reaches(graph: &Graph, tree: Option<&Tree>, node: Node) -> bool {
    let node = graph.number(node);
    tree.zip(node)
        .is_some_and(|(tree, node)| tree.is_reached_from(node))
}

struct Sides<'g> {
    after: &'g Cluster,
    old: &'g Graph,
    new: &'g Graph,
    /// The numbers of what made pods before.
    runners: HashMap<String, usize>,
    /// The numbers of the Secrets that held tokens before.
    tokens: HashMap<String, usize>,
    /// The numbers of those who had another name before, with their old ones.
    renamed: HashMap<usize, usize>,
}

impl Sides<'_> {
    /// Adds who takes over namespaces, or identities of clouds. Each one counts, not only the nearest.
    fn add_taken(&self, found: &mut Found, has_all: &[bool]) {
        let (old, new) = (self.old, self.new);
        let (spread, known) = (new.spread(), old.spread());
        let mut taken: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
        for (subject, _) in has_all.iter().enumerate().filter(|(_, has_all)| !**has_all) {
            let before = (old, &known, self.old_number(subject));
            if let Some(bits) = new.newly_taken(&spread, before, subject) {
                taken.entry(bits).or_default().push(subject);
            }
        }
        let namespaces = new.names.namespaces.len();
        // The one of what runs the cluster is a goal of its own.
        let of_system = new.names.namespace(KUBE_SYSTEM);
        for (bits, subjects) in taken {
            let wanted = marks(&bits).filter(|mark| Some(*mark) != of_system);
            let (of_cloud, of_cluster): (Vec<usize>, Vec<usize>) =
                wanted.partition(|mark| *mark >= namespaces);
            for (goal, wanted) in [
                (Goal::OtherNamespace, of_cluster),
                (Goal::CloudIdentity, of_cloud),
            ] {
                let ends = wanted
                    .iter()
                    .filter_map(|mark| new.number(self.marked(*mark)));
                let tree = new.tree(ends);
                for subject in subjects.iter().copied() {
                    let Some(edges) = new.way(&tree, subject) else {
                        continue;
                    };
                    let way = Way {
                        subject,
                        goal,
                        edges,
                    };
                    self.add_way(found, &way, wanted.len(), &known);
                }
            }
        }
    }

    fn marked(&self, mark: usize) -> Node {
        let cloud = mark.checked_sub(self.new.names.namespaces.len());
        cloud.map_or(Node::Namespace(Some(mark)), Node::Cloud)
    }

    fn add_way(&self, found: &mut Found, way: &Way, reached: usize, known: &Spread) {
        let end = way.edges.last().and_then(|edge| self.new.edge(*edge));
        let mark = match end.and_then(|edge| self.new.node_at(edge.to)) {
            Some(Node::Namespace(Some(namespace))) => namespace,
            Some(Node::Cloud(cloud)) => self.new.names.namespaces.len() + cloud,
            _ => return,
        };
        let (cause, closing) = self.cause(way, |node| {
            let node = self.old.number(node);
            node.is_some_and(|node| known.leads_to(node, mark))
        });
        if let Some(proof) = prove(self.after, self.new, way) {
            let further = reached.saturating_sub(1);
            let proof = Proof { further, ..proof };
            found.add(proof, way, cause, || self.lines_of(closing));
        }
    }

    /// What opens a way: its last step that was none before, and that step.
    fn cause(&self, way: &Way, led_there: impl Fn(Node) -> bool) -> (Cause, Option<Edge>) {
        let mut edges = way.edges.iter().rev();
        let closing = edges.find_map(|number| {
            let edge = self.new.edge(*number)?;
            let from = self.new.node_at(edge.from)?;
            let led = self.as_before(from).is_some_and(&led_there);
            (!led).then_some((*number, edge, from))
        });
        let Some((number, edge, from)) = closing else {
            return ((way.goal, usize::MAX, None, None), None);
        };
        let place = self.place(edge.why, from);
        let number = place.is_none().then_some(number);
        ((way.goal, edge.to, place, number), Some(edge))
    }

    /// The lines that a step takes.
    fn lines_of(&self, step: Option<Edge>) -> Vec<Evidence> {
        let Some(edge) = step else {
            return Vec::new();
        };
        let line = |at: &Location, what: String| {
            vec![Evidence {
                at: at.clone(),
                what,
            }]
        };
        match edge.why {
            Why::Power(power) => {
                let subject = match self.new.node_at(edge.from) {
                    Some(Node::Subject(subject)) => self.new.names.subjects.get(subject),
                    _ => None,
                };
                let used = subject.zip(self.new.powers.get(power));
                used.map(|(who, power)| use_of(self.after, who, power).evidence)
            }
            Why::Runner(runner) | Why::Identity(runner) => {
                let runner = self.after.runners.get(runner);
                runner.map(|it| line(&it.at, format!("{} runs as {}", it.title, it.account)))
            }
            Why::Token(token) => {
                let token = self.after.tokens.get(token);
                token.map(|it| line(&it.at, format!("it holds a token of {}", it.account)))
            }
            Why::Cloud(account) => {
                let cloud = self
                    .after
                    .accounts
                    .get(account)
                    .and_then(|it| it.cloud.as_ref());
                cloud.map(|(_, at)| line(at, "the identity is named here".to_owned()))
            }
            Why::Unguarded => {
                let namespace = match self.new.node_at(edge.from) {
                    Some(Node::Namespace(Some(own))) => self.new.names.namespaces.get(own),
                    _ => None,
                };
                let found = namespace.and_then(|own| unguarded(self.after, own));
                found.map(|evidence| vec![evidence])
            }
            Why::Member | Why::BroughtAlong => None,
        }
        .unwrap_or_default()
    }

    /// The rule that allows a step.
    fn place(&self, why: Why, from: Node) -> Option<(Arc<str>, u32)> {
        let (Why::Power(power), Node::Subject(subject)) = (why, from) else {
            return None;
        };
        let power = self.new.powers.get(power)?;
        let who = self.new.names.subjects.get(subject)?;
        let asked = *power.needs.first()?;
        let source = self.after.source(who, power.namespace.as_ref(), asked)?;
        let at = self.after.place(source, asked)?;
        Some((at.path, at.span.start))
    }

    /// The number of somebody by the name that they had before.
    fn old_number(&self, subject: usize) -> usize {
        self.renamed.get(&subject).copied().unwrap_or(subject)
    }

    fn old_subject(&self, subject: usize) -> Node {
        Node::Subject(self.old_number(subject))
    }

    /// The node that stood for the same before.
    fn as_before(&self, node: Node) -> Option<Node> {
        Some(match node {
            Node::Subject(subject) => self.old_subject(subject),
            Node::Runner(number) => {
                let runner = self.after.runners.get(number)?;
                Node::Runner(*self.runners.get(&runner.title)?)
            }
            Node::Token(number) => {
                let token = self.after.tokens.get(number)?;
                let name = format!("{}/{}", token.namespace, token.name);
                Node::Token(*self.tokens.get(&name)?)
            }
            other => other,
        })
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// By subject and goal: the length of the way, and what opens it.
    ways: Vec<(Proof, usize, Cause)>,
    closings: BTreeMap<Cause, Vec<Evidence>>,
    nearer: BTreeSet<Subject>,
}

impl Found {
    fn add(
        &mut self,
        proof: Proof,
        way: &Way,
        cause: Cause,
        closing: impl FnOnce() -> Vec<Evidence>,
    ) {
        if !self.closings.contains_key(&cause) {
            self.closings.insert(cause.clone(), closing());
        }
        self.ways.push((proof, way.edges.len(), cause));
    }

    fn sorted(mut self) -> News {
        let key = |(proof, _, _): &(Proof, usize, Cause)| (proof.subject.clone(), proof.goal);
        self.ways.sort_by_cached_key(key);
        let mut causes: BTreeMap<Cause, Vec<(usize, usize)>> = BTreeMap::new();
        let mut proofs = Vec::new();
        for (number, (proof, length, cause)) in self.ways.into_iter().enumerate() {
            causes.entry(cause).or_default().push((length, number));
            proofs.push(proof);
        }
        let causes = causes.into_iter().map(|(cause, mut ways)| {
            ways.sort_unstable();
            let ways: Vec<usize> = ways.into_iter().map(|(_, number)| number).collect();
            (ways, self.closings.remove(&cause).unwrap_or_default())
        });
        let mut causes: Vec<(Vec<usize>, Vec<Evidence>)> = causes.collect();
        causes.sort_by(|one, other| one.0.cmp(&other.0));
        let (causes, closings) = causes.into_iter().unzip();
        News {
            proofs,
            causes,
            closings,
            nearer: self.nearer,
        }
    }
}
