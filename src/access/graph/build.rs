//! What leads where: what nodes stand for, and what rights lead to.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::access::cluster::Cluster;
use crate::access::goal::Goal;
use crate::access::powers::{Behaviour, KUBE_SYSTEM, Means, Needs, Power, Target, powers};
use crate::access::subject::{Scope, Subject};

use super::{Graph, Node, Why};

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

/// In so many namespaces at most, all subjects together, is looked at what somebody's own rights and those of their
/// groups come to together. Beyond that they have what these have, each for itself.
const MOST_LOOKS: usize = 20_000;

impl Graph {
    /// What the nodes that stand for many stand for.
    pub(super) fn add_members(&mut self, cluster: &Cluster) {
        for number in 0..self.names.subjects.len() {
            let subject = self.names.subjects.get(number).cloned();
            if let Some(Subject::Account(namespace, _)) = subject
                && let Some(own) = self.names.namespace(&namespace)
            {
                let node = Node::AnyAccount(Some(own));
                self.link(node, Node::Subject(number), Why::Member);
            }
        }
        for own in (0..self.names.namespaces.len()).map(Some) {
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
        if let Some(own) = self.names.namespace(KUBE_SYSTEM) {
            let own = Node::Namespace(Some(own));
            self.link(own, Node::Goal(Goal::KubeSystemSecrets), Why::Member);
            self.link(own, Node::Goal(Goal::ClusterAdmin), Why::BroughtAlong);
        }
        for number in 0..self.names.namespaces.len() {
            let name = self.names.namespaces.get(number);
            if name.is_some_and(|name| cluster.is_unguarded(name)) {
                let own = Node::Namespace(Some(number));
                self.link(own, Node::Goal(Goal::Nodes), Why::Unguarded);
            }
        }
        self.add_unnamed();
        self.add_runners(cluster);
        for (number, token) in cluster.tokens.iter().enumerate() {
            let found = self.account(&token.account);
            if let Some((account, namespace)) = found.zip(self.names.namespace(&token.namespace)) {
                let node = Node::Token(number);
                self.link(Node::AnyToken(Some(namespace)), node, Why::Member);
                self.link(node, account, Why::Token(number));
            }
        }
        for (number, account) in cluster.accounts.iter().enumerate() {
            let identity = account.cloud.as_ref();
            let identity = identity.and_then(|(identity, _)| self.names.cloud(identity));
            if let Some((identity, subject)) = identity.zip(self.names.subject(&account.subject)) {
                let cloud = Node::Cloud(identity);
                self.link(Node::Subject(subject), cloud, Why::Cloud(number));
            }
        }
    }

    /// What the pods of a namespace run as.
    fn add_runners(&mut self, cluster: &Cluster) {
        let mut identities: BTreeMap<&Subject, usize> = BTreeMap::new();
        for account in &cluster.accounts {
            if let Some((identity, _)) = &account.cloud
                && let Some(identity) = self.names.cloud(identity)
            {
                identities.insert(&account.subject, identity);
            }
        }
        let mut seen = BTreeSet::new();
        for (number, runner) in cluster.runners.iter().enumerate() {
            let Some(namespace) = self.names.namespace(&runner.namespace) else {
                continue;
            };
            let running = Node::Running(Some(namespace));
            if cluster.has_token(runner) {
                if let Some(node) = self.account(&runner.account)
                    && seen.insert((namespace, node))
                {
                    self.link(running, node, Why::Runner(number));
                }
            } else if let Some(identity) = identities.get(&runner.account) {
                // A cloud puts a token of its own into pods.
                let node = Node::Cloud(*identity);
                if seen.insert((namespace, node)) {
                    self.link(running, node, Why::Identity(number));
                }
            }
        }
    }

    /// What accounts have that no binding names: the rights of the groups that every account is in.
    fn add_unnamed(&mut self) {
        for own in std::iter::once(None).chain((0..self.names.namespaces.len()).map(Some)) {
            let name = own
                .and_then(|own| self.names.namespaces.get(own))
                .map(Arc::clone);
            for group in Subject::groups_of_accounts(name.as_deref()) {
                if let Some(group) = self.names.subject(&group) {
                    self.link(Node::Unnamed(own), Node::Subject(group), Why::Member);
                }
            }
            if self.numbers.contains_key(&Node::Unnamed(own)) {
                self.link(Node::AnyUnnamed, Node::Unnamed(own), Why::Member);
                self.link(Node::AnyAccount(own), Node::Unnamed(own), Why::Member);
            }
        }
    }

    /// What stands for an account: it itself where a binding names it, else what stands for those that none does, if
    /// that leads anywhere.
    fn account(&self, account: &Subject) -> Option<Node> {
        if let Some(number) = self.names.subject(account) {
            return Some(Node::Subject(number));
        }
        let namespace = self.names.namespace(account.members_namespace()?);
        let nodes = [namespace, None].map(Node::Unnamed);
        nodes
            .into_iter()
            .find(|node| self.numbers.contains_key(node))
    }

    pub(super) fn add_powers(&mut self, cluster: &Cluster, behaviour: Behaviour) {
        let all = Arc::clone(&self.names);
        let mut named = Named::default();
        for (number, runner) in cluster.runners.iter().enumerate() {
            let runners = named.runners.entry(Arc::clone(&runner.name)).or_default();
            runners.push(number);
        }
        for (number, subject) in all.subjects.iter().enumerate() {
            if let Subject::Account(_, name) = subject {
                let accounts = named.accounts.entry(Arc::clone(name)).or_default();
                accounts.push(number);
            }
        }
        for (number, token) in cluster.tokens.iter().enumerate() {
            let tokens = named.tokens.entry(Arc::clone(&token.name)).or_default();
            tokens.push(number);
        }
        let mut left = MOST_LOOKS;
        let mut needs = Needs::default();
        for (number, subject) in all.subjects.iter().enumerate() {
            let everywhere = powers(cluster, subject, None, behaviour, &mut needs);
            let known: HashSet<(Means, Target)> = everywhere
                .iter()
                .filter(|power| power.namespace.is_none())
                .map(|power| (power.means, power.target.clone()))
                .collect();
            for power in everywhere {
                self.add_power(cluster, number, power, &named);
            }
            // What the groups of somebody are given in a namespace counts there as well.
            let held = cluster.held.get(subject).into_iter();
            let own: BTreeSet<&Scope> = held.flat_map(BTreeMap::keys).collect();
            let mut scopes = own.clone();
            for group in subject.groups() {
                scopes.extend(
                    cluster
                        .held
                        .get(&group)
                        .into_iter()
                        .flat_map(BTreeMap::keys),
                );
            }
            if let Some(rest) = left.checked_sub(scopes.len() - own.len()) {
                left = rest;
            } else {
                // The narrowest group has what the others have.
                let groups = subject.groups().into_iter();
                let known = groups.filter(|group| cluster.held.contains_key(group));
                let narrowest = known.max_by_key(|group| group.groups().len());
                let narrowest = narrowest.and_then(|group| all.subject(&group));
                if let Some(group) = narrowest {
                    self.link(Node::Subject(number), Node::Subject(group), Why::Member);
                }
                scopes = own;
            }
            for namespace in scopes.into_iter().filter_map(Scope::namespace) {
                for power in powers(cluster, subject, Some(namespace), behaviour, &mut needs) {
                    // What leads there everywhere does so in each namespace.
                    if !known.contains(&(power.means, power.target.clone())) {
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
            Some(name) => match self.names.namespace(name) {
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
                self.link_account(from, power.namespace.as_deref(), name, why, named);
            }
            Target::Pod(name) => {
                let name = cluster.symbols.text(*name);
                self.link_pod(cluster, from, power.namespace.as_deref(), name, why, named);
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
                if let Some(other) = self.names.subject(other) {
                    self.link(from, Node::Subject(other), why);
                }
            }
        }
        self.powers.push(power);
    }

    /// Leads to the account of a name in a namespace, or in all.
    fn link_account(
        &mut self,
        from: Node,
        here: Option<&str>,
        name: &str,
        why: Why,
        named: &Named,
    ) {
        let Some(here) = here else {
            for account in named.accounts.get(name).into_iter().flatten() {
                self.link(from, Node::Subject(*account), why);
            }
            // In some namespace nobody binds an account of that name.
            if self.numbers.contains_key(&Node::AnyUnnamed) {
                self.link(from, Node::AnyUnnamed, why);
            }
            return;
        };
        // Where no binding names it, and there is such an account, it is in the groups of all.
        if let Some(node) = self.account(&Subject::account(here, name)) {
            self.link(from, node, why);
        }
    }

    /// Leads to the account that the pod of a name runs as in a namespace, or in all.
    fn link_pod(
        &mut self,
        cluster: &Cluster,
        from: Node,
        here: Option<&str>,
        name: &str,
        why: Why,
        named: &Named,
    ) {
        for runner in named.runners_of(name) {
            let Some(own) = cluster.runners.get(runner) else {
                continue;
            };
            let is_here = here.is_none_or(|here| *here == *own.namespace);
            let is_meant = own.may_be_called(name) && cluster.has_token(own);
            if let Some(account) = self.account(&own.account).filter(|_| is_here && is_meant) {
                let node = Node::Runner(runner);
                if !self.numbers.contains_key(&node) {
                    self.link(node, account, Why::Runner(runner));
                }
                self.link(from, node, why);
            }
        }
    }
}
