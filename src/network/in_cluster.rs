//! What stands in policies, whatever a change does: which workloads a `NetworkPolicy` is about, and what its rules come to.

use std::collections::BTreeMap;

use crate::folders::{folder, is_within};

use super::addresses::Addresses;
use super::connections::Connections;
use super::ends::End;
use super::meant::{Meant, is_of_the_cluster, meant};
use super::notation::Named;
use super::selector::Selector;
use super::ways_in::PortRef;
use super::world::{Action, Direction, Peer, Policy, Ports, Rule, Tier, Workload};
use super::{Cluster, Network};

/// A `NetworkPolicy` in a cluster.
#[derive(Clone, Copy, Debug)]
pub struct InCluster<'n> {
    /// The cluster.
    pub cluster: &'n Cluster,
    /// The policy.
    pub policy: &'n Policy,
    number: usize,
}

impl Network {
    /// Every `NetworkPolicy`, once for each cluster that it is in.
    pub fn policies(&self) -> impl Iterator<Item = InCluster<'_>> {
        self.clusters.iter().flat_map(Cluster::policies)
    }
}

impl Cluster {
    /// Its `NetworkPolicy` objects.
    pub fn policies(&self) -> impl Iterator<Item = InCluster<'_>> {
        let policies = self.reach.world.policies.iter().enumerate();
        let own = policies.filter(|(_, policy)| policy.tier == Tier::Namespace);
        own.map(move |(number, policy)| InCluster {
            cluster: self,
            policy,
            number,
        })
    }
}

impl<'n> InCluster<'n> {
    /// The namespace that it counts in.
    #[must_use]
    pub fn namespace(&self) -> &'n str {
        self.policy.namespace.as_deref().unwrap_or_default()
    }

    /// The numbers of the workloads that it selects and reaches, put together where no policy tells them apart.
    pub fn classes(&self) -> impl Iterator<Item = usize> + use<'n> {
        let (reach, number) = (&self.cluster.reach, self.number);
        (0..reach.ends.classes.len()).filter(move |class| reach.is_about(*class, number))
    }

    /// The workloads of its namespace.
    pub fn neighbours(&self) -> impl Iterator<Item = &'n Workload> + use<'n> {
        let own = self.namespace();
        let workloads = self.cluster.reach.world.workloads.iter();
        workloads.filter(move |workload| *workload.namespace == *own)
    }

    /// The workloads that it selects, those that it does not reach among them.
    pub fn selected(&self) -> impl Iterator<Item = &'n Workload> + use<'n> {
        let selector = &self.policy.subject.pods;
        let neighbours = self.neighbours();
        neighbours.filter(move |workload| selector.selects(&workload.labels))
    }

    /// The workloads that it selects and reaches, with their numbers.
    pub fn reached(&self) -> impl Iterator<Item = (usize, &'n Workload)> + use<'n> {
        let reach = &self.cluster.reach;
        let numbers = self.classes().flat_map(|class| {
            let class = reach.ends.classes.get(class);
            class.into_iter().flat_map(|class| &class.workloads)
        });
        numbers.filter_map(|number| Some((*number, reach.world.workloads.get(*number)?)))
    }

    /// What leads to nothing that is known from outside, of what a rule lets in to the workloads: these, and at which ports.
    /// `ways` are the ways in. Ports that workloads do not declare count only where they declare none of what is let in.
    #[must_use]
    pub fn beyond(
        &self,
        rule: &Rule,
        ways: &BTreeMap<usize, Connections>,
    ) -> Vec<(Named, Connections)> {
        let reach = &self.cluster.reach;
        let beyond = self.reached().filter_map(|(number, workload)| {
            let class = *reach.ends.class_of.get(number)?;
            let ports = reach.ports_of(rule, class, Direction::Ingress, End::Unknown(0));
            // At ports that nobody listens at, nobody comes in.
            let declared = ports.intersection(&workload.declared);
            let ports = if declared.is_empty() { ports } else { declared };
            let left = match ways.get(&number) {
                Some(ways) => ports.minus(ways),
                None => ports,
            };
            (!left.is_empty()).then(|| (Named::workload(workload), left))
        });
        beyond.collect()
    }

    /// True if nothing but metrics is served at the ports of a rule, by what the pods or Services call them.
    #[must_use]
    pub fn is_for_metrics(&self, rule: &Rule) -> bool {
        let is_metrics = |name: &str| name.contains("metric");
        let serves = |ports: &Ports| match ports {
            Ports::Named(_, name) => is_metrics(name),
            Ports::Numbers(numbers) => numbers.only().is_some_and(|(_, number)| {
                let mut workloads = self.selected();
                let mut services = self.cluster.reach.world.services.iter();
                workloads.any(|workload| {
                    let mut ports = workload.named_ports.iter();
                    ports.any(|port| port.port == number && is_metrics(&port.name))
                }) || services.any(|service| {
                    let mut ports = service.ports.iter();
                    *service.namespace == *self.namespace()
                        && ports.any(|port| {
                            port.target == PortRef::Number(number)
                                && port.name.as_deref().is_some_and(is_metrics)
                        })
                        && self
                            .selected()
                            .any(|it| service.selector.selects(&it.labels))
                })
            }),
        };
        rule.ports.is_some() && rule.entries().all(serves)
    }

    /// The workloads of its namespace, as far as it is known that they are of the same one: the namespace is named, or
    /// they stand beside it. Where nothing names it, files of other folders are of other namespaces as likely.
    fn known_neighbours(&self) -> impl Iterator<Item = &'n Workload> + use<'n> {
        let own = folder(&self.policy.at.path);
        let is_named = self.names_namespace();
        self.neighbours()
            .filter(move |workload| is_named || folder(&workload.at.path) == own)
    }

    /// What a selector means that selects no workload of a namespace, as far as workloads of that are known; none where
    /// none are. A Service that selects the same speaks for pods that are not here.
    #[must_use]
    pub fn meant(&self, selector: &Selector, namespace: &str) -> Option<Meant<'n>> {
        let world = &self.cluster.reach.world;
        let neighbours: Vec<&Workload> = if namespace == self.namespace() {
            self.known_neighbours().collect()
        } else {
            let workloads = world.workloads.iter();
            let own = workloads.filter(|workload| *workload.namespace == *namespace);
            own.collect()
        };
        if neighbours.is_empty() {
            return None;
        }
        let mut services = world.services.iter();
        let is_served = services.any(|service| {
            *service.namespace == *namespace
                && (service.selector.is_within(selector) || selector.is_within(&service.selector))
        });
        Some(match meant(selector, &neighbours) {
            Meant::Neighbour if is_served || is_of_the_cluster(namespace) => Meant::Elsewhere,
            meant => meant,
        })
    }

    /// True if something says which namespace it is in.
    fn names_namespace(&self) -> bool {
        !matches!(self.namespace(), "" | "default")
    }

    /// True if what stands in a file is likely installed together with it: the configuration says so, or one of them
    /// stands in a folder that holds the other. What stands in another branch belongs to it only where both name the
    /// namespace, and that branch is no installation of its own, with workloads or Services of that namespace.
    fn is_installed_with(&self, path: &str) -> bool {
        let (own, other) = (folder(&self.policy.at.path), folder(path));
        if self.cluster.is_configured || is_within(other, own) || is_within(own, other) {
            return true;
        }
        let world = &self.cluster.reach.world;
        let workloads = world.workloads.iter().map(|it| (&it.namespace, &it.at));
        let services = world.services.iter().map(|it| (&it.namespace, &it.at));
        let is_home = workloads
            .chain(services)
            .any(|(namespace, at)| **namespace == *self.namespace() && is_within(&at.path, other));
        self.names_namespace() && !is_home
    }

    /// Other policies that let through something, and not everything, to or from some of the same workloads, and are
    /// installed with it: the nearest first.
    #[must_use]
    pub fn companions(&self, direction: Direction) -> Vec<&'n Policy> {
        let reach = &self.cluster.reach;
        let others = self.classes().flat_map(|class| {
            let policies = reach.policies(class, direction);
            policies.filter(|policy| policy.tier == Tier::Namespace)
        });
        let others = others.filter(|other| {
            let rules = other.rules(direction).unwrap_or_default();
            other.at != self.policy.at
                && !rules.is_empty()
                && allows_all(rules).is_none()
                && self.is_installed_with(&other.at.path)
        });
        let own = &*self.policy.at.path;
        let near = |other: &&Policy| (-shared_folders(own, &other.at.path), other.at.clone());
        let others: BTreeMap<_, &Policy> = others.map(|other| (near(&other), other)).collect();
        others.into_values().collect()
    }
}

/// How many folders two files have in common, and one more if they are the same.
fn shared_folders(one: &str, other: &str) -> i64 {
    let (mut ones, mut others) = (one.split('/'), other.split('/'));
    let mut shared = 0;
    while let (Some(one), Some(other)) = (ones.next(), others.next()) {
        if one != other {
            break;
        }
        shared += 1;
    }
    shared
}

impl Rule {
    /// The ports that it means by number: all where it names none.
    #[must_use]
    pub fn numbered(&self) -> Connections {
        if self.ports.is_none() {
            return Connections::all();
        }
        self.entries()
            .fold(Connections::none(), |all, ports| match ports {
                Ports::Numbers(numbers) => all.union(numbers),
                Ports::Named(..) => all,
            })
    }

    /// The addresses that it means by ranges.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let peers = self.peers.iter().flatten();
        peers.fold(Addresses::default(), |all, written| match &written.peer {
            Peer::Addresses(set) => all.union(set),
            Peer::Pods(_) => all,
        })
    }

    /// True if it means every pod of every namespace.
    #[must_use]
    pub fn means_every_pod(&self) -> bool {
        self.peers.as_ref().is_none_or(|peers| {
            let mut peers = peers.iter();
            peers.any(|written| matches!(&written.peer, Peer::Pods(pods) if pods.is_all()))
        })
    }

    /// True if it means whatever there can be at the other end, inside of the cluster and outside.
    #[must_use]
    pub fn means_everybody(&self) -> bool {
        self.peers.is_none() || self.means_every_pod() && self.addresses() == Addresses::all()
    }
}

/// The first rule of those that together allow every connection with everybody; none where they do not.
#[must_use]
pub fn allows_all(rules: &[Rule]) -> Option<&Rule> {
    let is_wide = |rule: &&Rule| rule.action == Action::Allow && rule.means_everybody();
    let wide = || rules.iter().filter(is_wide);
    let all = wide().fold(Connections::none(), |all, rule| all.union(&rule.numbered()));
    wide().next().filter(|_| all.is_all())
}
