//! Who can become whom: the shortest way of each subject to what is most guarded.
//!
//! What leads to every account of a namespace leads to a node that stands for these, so that there are as many edges as
//! there are rights and accounts, not as many as both multiplied. Ways are found backwards, once for each goal.

mod spread;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::cluster::Cluster;
use super::goal::Goal;
use super::powers::{Behaviour, KUBE_SYSTEM, Power, Target, powers};
use super::subject::{Scope, Subject};

/// What a way leads over. Namespaces go by number; none stands for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Somebody, by number.
    Subject(usize),
    /// Every account.
    AnyAccount(Option<usize>),
    /// An account that no binding names: it has what its groups have.
    Unnamed(Option<usize>),
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
}

/// One step of a way.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    from: usize,
    to: usize,
    /// Why it leads on.
    pub why: Why,
}

/// All ways of one cluster.
#[derive(Debug)]
pub struct Graph {
    /// The subjects, in order.
    pub subjects: Vec<Subject>,
    /// The namespaces, in order.
    pub namespaces: Vec<Arc<str>>,
    /// What rights are used for.
    pub powers: Vec<Power>,
    nodes: Vec<Node>,
    numbers: BTreeMap<Node, usize>,
    /// By where they lead to.
    edges: Vec<Edge>,
    /// For each node, where its edges begin.
    starts: Vec<usize>,
}

/// A way: what it leads over, and why it leads on from there.
#[derive(Clone, Debug)]
pub struct Way {
    /// Who goes it, by number.
    pub subject: usize,
    /// Where it ends.
    pub goal: Goal,
    /// The namespace that it ends in, by number.
    pub namespace: Option<usize>,
    /// Each step: why it leads on, and to what.
    pub steps: Vec<(Why, Node)>,
}

/// What rights may name: the numbers of accounts, of secrets with tokens, and of what makes pods.
#[derive(Default)]
struct Named {
    accounts: BTreeMap<Arc<str>, Vec<usize>>,
    tokens: BTreeMap<Arc<str>, Vec<usize>>,
    runners: BTreeMap<Arc<str>, Vec<usize>>,
}

impl Named {
    /// What makes pods, whose name a pod has or has something put behind.
    fn runners_of<'n>(&'n self, pod: &'n str) -> impl Iterator<Item = usize> + 'n {
        let ends = pod.match_indices('-').map(|(end, _)| end);
        let names = ends.chain([pod.len()]).filter_map(|end| pod.get(..end));
        let found = names.filter_map(|name| self.runners.get(name));
        found.flatten().copied()
    }
}

impl Graph {
    /// Finds what leads where.
    #[must_use]
    pub fn of(cluster: &Cluster, behaviour: Behaviour) -> Self {
        let mut subjects: BTreeSet<Subject> = cluster.held.keys().cloned().collect();
        subjects.extend(
            cluster
                .accounts
                .iter()
                .filter(|account| account.cloud.is_some())
                .map(|account| account.subject.clone()),
        );
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let mut namespaces: BTreeSet<Arc<str>> = BTreeSet::from([KUBE_SYSTEM.into()]);
        namespaces.extend(
            subjects
                .iter()
                .filter_map(Subject::members_namespace)
                .map(Arc::from),
        );
        for binding in &cluster.bindings {
            namespaces.extend(binding.scope.namespace().cloned());
        }
        let mut graph = Self {
            subjects,
            namespaces: namespaces.into_iter().collect(),
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

    fn namespace(&self, name: &Arc<str>) -> Option<usize> {
        self.namespaces.binary_search(name).ok()
    }

    fn subject(&self, subject: &Subject) -> Option<usize> {
        self.subjects.binary_search(subject).ok()
    }

    /// What the nodes that stand for many stand for.
    fn add_members(&mut self, cluster: &Cluster) {
        for number in 0..self.subjects.len() {
            let subject = self.subjects.get(number).cloned();
            if let Some(Subject::Account(namespace, _)) = subject
                && let Some(own) = self.namespace(&namespace)
            {
                let node = Node::AnyAccount(Some(own));
                self.link(node, Node::Subject(number), Why::Member);
            }
        }
        for own in (0..self.namespaces.len()).map(Some) {
            for many in [
                Node::AnyAccount,
                Node::Running,
                Node::AnyToken,
                Node::Namespace,
            ] {
                self.link(many(None), many(own), Why::Member);
            }
            self.link(Node::Namespace(own), Node::AnyAccount(own), Why::Member);
        }
        if let Ok(own) = self.namespaces.binary_search(&Arc::from(KUBE_SYSTEM)) {
            let goal = Node::Goal(Goal::KubeSystemSecrets);
            self.link(Node::Namespace(Some(own)), goal, Why::Member);
        }
        self.add_unnamed();
        let mut seen = BTreeSet::new();
        for (number, runner) in cluster.runners.iter().enumerate() {
            let Some(node) = self
                .account(&runner.account)
                .filter(|_| cluster.has_token(runner))
            else {
                continue;
            };
            let namespace = runner.account.members_namespace().map(Arc::from);
            let namespace = namespace.and_then(|namespace| self.namespace(&namespace));
            if let Some(namespace) = namespace
                && seen.insert((namespace, node))
            {
                let running = Node::Running(Some(namespace));
                self.link(running, node, Why::Runner(number));
            }
        }
        for (number, token) in cluster.tokens.iter().enumerate() {
            let found = self.account(&token.account);
            if let Some((account, namespace)) = found.zip(self.namespace(&token.namespace)) {
                let node = Node::Token(number);
                self.link(Node::AnyToken(Some(namespace)), node, Why::Member);
                self.link(node, account, Why::Token(number));
            }
        }
        for (number, account) in cluster.accounts.iter().enumerate() {
            if account.cloud.is_some()
                && let Some(subject) = self.subject(&account.subject)
            {
                let goal = Node::Goal(Goal::CloudIdentity);
                self.link(Node::Subject(subject), goal, Why::Cloud(number));
            }
        }
    }

    /// What accounts have that no binding names: the rights of the groups that every account is in.
    fn add_unnamed(&mut self) {
        for own in std::iter::once(None).chain((0..self.namespaces.len()).map(Some)) {
            let name = own.and_then(|own| self.namespaces.get(own)).map(Arc::clone);
            for group in Subject::groups_of_accounts(name.as_deref()) {
                if let Some(group) = self.subject(&group) {
                    self.link(Node::Unnamed(own), Node::Subject(group), Why::Member);
                }
            }
            if self.numbers.contains_key(&Node::Unnamed(own)) {
                self.link(Node::AnyAccount(own), Node::Unnamed(own), Why::Member);
            }
        }
    }

    /// What stands for an account: it itself where a binding names it, else what stands for those that none does, if
    /// that leads anywhere.
    fn account(&self, account: &Subject) -> Option<Node> {
        if let Some(number) = self.subject(account) {
            return Some(Node::Subject(number));
        }
        let namespace = self.namespace(&account.members_namespace()?.into());
        let nodes = [namespace, None].map(Node::Unnamed);
        nodes
            .into_iter()
            .find(|node| self.numbers.contains_key(node))
    }

    fn add_powers(&mut self, cluster: &Cluster, behaviour: Behaviour) {
        let mut named = Named::default();
        for (number, runner) in cluster.runners.iter().enumerate() {
            let runners = named.runners.entry(Arc::clone(&runner.name)).or_default();
            runners.push(number);
        }
        for (number, subject) in self.subjects.iter().enumerate() {
            if let Subject::Account(_, name) = subject {
                let accounts = named.accounts.entry(Arc::clone(name)).or_default();
                accounts.push(number);
            }
        }
        for (number, token) in cluster.tokens.iter().enumerate() {
            let tokens = named.tokens.entry(Arc::clone(&token.name)).or_default();
            tokens.push(number);
        }
        for number in 0..self.subjects.len() {
            let Some(subject) = self.subjects.get(number).cloned() else {
                continue;
            };
            let everywhere = powers(cluster, &subject, None, behaviour);
            let known: BTreeSet<_> = everywhere
                .iter()
                .filter(|power| is_wide(&power.target))
                .map(|power| power.means)
                .collect();
            for power in everywhere {
                self.add_power(cluster, number, power, &named);
            }
            // What the groups of somebody are given in a namespace counts there as well.
            let mut scopes: BTreeSet<&Scope> = BTreeSet::new();
            for who in subject.with_groups() {
                scopes.extend(cluster.held.get(&who).into_iter().flat_map(BTreeMap::keys));
            }
            for namespace in scopes.into_iter().filter_map(Scope::namespace) {
                for power in powers(cluster, &subject, Some(namespace), behaviour) {
                    if !known.contains(&power.means) {
                        self.add_power(cluster, number, power, &named);
                    }
                }
            }
        }
    }

    fn add_power(&mut self, cluster: &Cluster, subject: usize, power: Power, named: &Named) {
        let from = Node::Subject(subject);
        let why = Why::Power(self.powers.len());
        let namespace = match &power.namespace {
            None => None,
            Some(name) => match self.namespace(name) {
                Some(number) => Some(number),
                None => return,
            },
        };
        match &power.target {
            Target::Goal(goal) => self.link(from, Node::Goal(*goal), why),
            Target::Namespace => self.link(from, Node::Namespace(namespace), why),
            Target::AnyAccount => self.link(from, Node::AnyAccount(namespace), why),
            Target::Running => self.link(from, Node::Running(namespace), why),
            Target::Account(name) => {
                let name = cluster.symbols.text(*name);
                let accounts = named.accounts.get(name).into_iter().flatten().copied();
                let accounts: Vec<usize> = accounts
                    .filter(|account| {
                        let found = self.subjects.get(*account);
                        let own = found.and_then(Subject::members_namespace);
                        let here = power.namespace.as_deref();
                        here.is_none() || own == here
                    })
                    .collect();
                if accounts.is_empty() {
                    // No binding names it, and if there is such an account it is in the groups of all.
                    let here = power.namespace.as_deref().unwrap_or_default();
                    let node = self.account(&Subject::account(here, name));
                    if let Some(node) = node.filter(|_| namespace.is_some()) {
                        self.link(from, node, why);
                    }
                }
                for account in accounts {
                    self.link(from, Node::Subject(account), why);
                }
            }
            Target::Pod(name) => {
                let name = cluster.symbols.text(*name);
                for runner in named.runners_of(name) {
                    let Some(own) = cluster.runners.get(runner) else {
                        continue;
                    };
                    let here = power.namespace.as_ref();
                    let is_here = here.is_none_or(|here| **here == *own.namespace);
                    let is_meant = own.may_be_called(name) && cluster.has_token(own);
                    if let Some(account) =
                        self.account(&own.account).filter(|_| is_here && is_meant)
                    {
                        let node = Node::Runner(runner);
                        if !self.numbers.contains_key(&node) {
                            self.link(node, account, Why::Runner(runner));
                        }
                        self.link(from, node, why);
                    }
                }
            }
            Target::AnyToken => self.link(from, Node::AnyToken(namespace), why),
            Target::Token(name) => {
                let name = cluster.symbols.text(*name);
                for number in named.tokens.get(name).into_iter().flatten().copied() {
                    let token = cluster.tokens.get(number);
                    let here = power.namespace.as_ref();
                    if here.is_none() || token.map(|token| &token.namespace) == here {
                        self.link(from, Node::Token(number), why);
                    }
                }
            }
            Target::Subject(other) => {
                if let Some(other) = self.subject(other) {
                    self.link(from, Node::Subject(other), why);
                }
            }
        }
        self.powers.push(power);
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
            Some((self.subjects.get(subject)?, self.powers.get(power)?, goal))
        })
    }

    /// The shortest way of every subject to a goal, by the order of the subjects.
    #[must_use]
    pub fn ways(&self, goal: Goal) -> Vec<Way> {
        if goal == Goal::OtherNamespace {
            return self.ways_to_namespaces();
        }
        let Some(end) = self.numbers.get(&Node::Goal(goal)) else {
            return Vec::new();
        };
        let mut next: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut open = VecDeque::from([*end]);
        while let Some(node) = open.pop_front() {
            for number in self.edges_to(node) {
                let Some(edge) = self.edges.get(number) else {
                    continue;
                };
                if edge.from != *end
                    && let Some(slot @ None) = next.get_mut(edge.from)
                {
                    *slot = Some(number);
                    open.push_back(edge.from);
                }
            }
        }
        let step = |node: usize| next.get(node).copied().flatten();
        let ways = (0..self.subjects.len()).filter_map(|subject| {
            let mut at = *self.numbers.get(&Node::Subject(subject))?;
            let mut steps = Vec::new();
            while let Some(edge) = step(at).and_then(|edge| self.edges.get(edge)) {
                steps.push((edge.why, *self.nodes.get(edge.to)?));
                at = edge.to;
            }
            (!steps.is_empty()).then_some(Way {
                subject,
                goal,
                namespace: None,
                steps,
            })
        });
        ways.collect()
    }

    /// The shortest way of every subject to all of a namespace that is not its own. Each node remembers the nearest two
    /// namespaces: one of them is another one.
    fn ways_to_namespaces(&self) -> Vec<Way> {
        type Slot = Option<(usize, usize)>;
        let mut known: Vec<[Slot; 2]> = vec![[None; 2]; self.nodes.len()];
        let mut open: VecDeque<(usize, usize)> = VecDeque::new();
        for namespace in 0..self.namespaces.len() {
            if let Some(node) = self.numbers.get(&Node::Namespace(Some(namespace))) {
                open.push_back((*node, namespace));
            }
        }
        while let Some((node, namespace)) = open.pop_front() {
            for number in self.edges_to(node) {
                let Some(edge) = self.edges.get(number) else {
                    continue;
                };
                let Some(slots) = known.get_mut(edge.from) else {
                    continue;
                };
                let is_known = slots.iter().flatten().any(|(own, _)| *own == namespace);
                if !is_known && let Some(slot) = slots.iter_mut().find(|slot| slot.is_none()) {
                    *slot = Some((namespace, number));
                    open.push_back((edge.from, namespace));
                }
            }
        }
        let step = |node: usize, namespace: usize| {
            let slots = known.get(node)?;
            let slot = slots.iter().flatten().find(|(own, _)| *own == namespace);
            slot.and_then(|(_, edge)| self.edges.get(*edge))
        };
        let ways = self
            .subjects
            .iter()
            .enumerate()
            .filter_map(|(subject, who)| {
                let start = *self.numbers.get(&Node::Subject(subject))?;
                let home = who.members_namespace();
                let name = |number: usize| self.namespaces.get(number).map(|name| &**name);
                let mut slots = known.get(start)?.iter().flatten();
                let (namespace, _) = slots.find(|(number, _)| name(*number) != home)?;
                let mut steps = Vec::new();
                let mut at = start;
                let end = self.numbers.get(&Node::Namespace(Some(*namespace)))?;
                while at != *end {
                    let edge = step(at, *namespace)?;
                    steps.push((edge.why, *self.nodes.get(edge.to)?));
                    at = edge.to;
                    if steps.len() > self.nodes.len() {
                        return None;
                    }
                }
                Some(Way {
                    subject,
                    goal: Goal::OtherNamespace,
                    namespace: Some(*namespace),
                    steps,
                })
            });
        ways.collect()
    }
}

/// True for what counts in every namespace if it counts outside of them.
fn is_wide(target: &Target) -> bool {
    !matches!(
        target,
        Target::Account(_) | Target::Pod(_) | Target::Token(_) | Target::Subject(_)
    )
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
