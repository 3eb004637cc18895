//! What an answer is worked out from: namespaces, workloads and policies of one cluster.
//!
//! Source of what policies mean: the Kubernetes API reference (`NetworkPolicy` of `networking.k8s.io/v1`) and the Network
//! Policy API (`AdminNetworkPolicy` and `BaselineAdminNetworkPolicy` of `policy.networking.k8s.io/v1alpha1`,
//! `ClusterNetworkPolicy` of `v1alpha2`).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::Location;

use super::addresses::Addresses;
use super::connections::{Connections, Protocol};
use super::label_places::LabelPlaces;
use super::selector::{Labels, NAMESPACE_NAME, Selector};
use super::ways_in::{Entry, Service};

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels, its name among them.
    pub labels: Labels,
    /// Where its labels stand; none where no file holds it.
    pub at: Option<Location>,
    /// Where those of them stand that are written elsewhere.
    pub labels_at: LabelPlaces,
}

impl Namespace {
    /// A namespace with the labels that a file gives it. Its name is always one of them.
    #[must_use]
    pub fn new(name: &str, mut labels: Labels, at: Option<Location>) -> Self {
        labels.insert(NAMESPACE_NAME.into(), name.into());
        Self {
            name: name.into(),
            labels,
            at,
            labels_at: LabelPlaces::default(),
        }
    }
}

/// A port of a pod that has a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedPort {
    /// Its name.
    pub name: Arc<str>,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its number.
    pub port: u16,
}

/// What makes pods that are alike, or a pod.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its kind, such as `Deployment`.
    pub kind: Arc<str>,
    /// The namespace that its pods land in.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The labels of its pods.
    pub labels: Labels,
    /// The ports of its pods that have names.
    pub named_ports: Vec<NamedPort>,
    /// The ports that its containers name, by protocol. Others may be open as well.
    pub declared: Connections,
    /// Where it says that its pods share the network of their node; none where they do not.
    pub on_host: Option<Location>,
    /// Where its pods' labels stand.
    pub at: Location,
    /// Where those of them stand that are written elsewhere.
    pub labels_at: LabelPlaces,
}

impl Workload {
    /// True if its pods share the network of their node.
    #[must_use]
    pub fn is_on_host(&self) -> bool {
        self.on_host.is_some()
    }

    /// The ports of its pods that have a name.
    #[must_use]
    pub fn named(&self, protocol: Option<Protocol>, name: &str) -> Connections {
        named(&self.named_ports, protocol, name)
    }
}

/// The ports of a list that have a name, of one protocol if that is said.
#[must_use]
pub fn named(ports: &[NamedPort], protocol: Option<Protocol>, name: &str) -> Connections {
    let ports = ports.iter().filter(|port| {
        *port.name == *name && protocol.is_none_or(|protocol| protocol == port.protocol)
    });
    ports.fold(Connections::none(), |all, port| {
        all.union(&Connections::range(port.protocol, port.port, port.port))
    })
}

/// Pods by their namespaces and their labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pods {
    /// Their namespaces.
    pub namespaces: Selector,
    /// The pods of these.
    pub pods: Selector,
}

impl Pods {
    /// Every pod.
    #[must_use]
    pub fn all() -> Self {
        Self {
            namespaces: Selector::all(),
            pods: Selector::all(),
        }
    }

    /// Some pods of one namespace.
    #[must_use]
    pub fn of_namespace(name: &str, pods: Selector) -> Self {
        Self {
            namespaces: Selector::namespace(name),
            pods,
        }
    }

    /// True if it is every pod.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.namespaces.is_all() && self.pods.is_all()
    }

    /// The peer of a `NetworkPolicy`: a selector that is not given is none, an empty one selects all, and pods without
    /// namespaces are those of the policy's own.
    #[must_use]
    pub fn of_peer(own: &str, namespaces: Option<Selector>, pods: Option<Selector>) -> Self {
        Self {
            namespaces: namespaces.unwrap_or_else(|| Selector::namespace(own)),
            pods: pods.unwrap_or_default(),
        }
    }
}

/// The other end of a connection, as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// Pods.
    Pods(Pods),
    /// Addresses outside of the cluster.
    Addresses(Addresses),
}

/// A peer and where it stands.
#[derive(Clone, Debug)]
pub struct WrittenPeer {
    /// What it means.
    pub peer: Peer,
    /// Where it stands.
    pub at: Location,
}

/// Ports as a rule names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ports {
    /// By number.
    Numbers(Connections),
    /// By the name that the pod at the destination gives to one of its ports, of one protocol or, where a
    /// `ClusterNetworkPolicy` says so, of any.
    Named(Option<Protocol>, Arc<str>),
}

impl Ports {
    /// An entry of `ports` of a `NetworkPolicy`, whose protocol is TCP if it is not said. None where the API would
    /// refuse it.
    #[must_use]
    pub fn of_numbers(
        protocol: Protocol,
        port: Option<u16>,
        end_port: Option<u16>,
    ) -> Option<Self> {
        Some(Self::Numbers(match (port, end_port) {
            (None, None) => Connections::protocol(protocol),
            (Some(port), None) => Connections::range(protocol, port, port),
            (Some(port), Some(end)) if end >= port => Connections::range(protocol, port, end),
            _ => return None,
        }))
    }
}

/// An entry of ports and where it stands.
#[derive(Clone, Debug)]
pub struct WrittenPorts {
    /// What it means.
    pub ports: Ports,
    /// Where it stands.
    pub at: Location,
}

/// What becomes of what a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is allowed. All that a `NetworkPolicy` does.
    Allow,
    /// It is denied.
    Deny,
    /// The next tier decides.
    Pass,
}

/// A rule of one direction.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What becomes of it.
    pub action: Action,
    /// The other ends; none for any.
    pub peers: Option<Vec<WrittenPeer>>,
    /// The ports of the destination; none for any.
    pub ports: Option<Vec<WrittenPorts>>,
    /// Where it stands.
    pub at: Location,
}

impl Rule {
    /// What its entries of ports mean, as they are written.
    pub fn entries(&self) -> impl Iterator<Item = &Ports> {
        let entries = self.ports.iter().flatten();
        entries.map(|written| &written.ports)
    }

    /// What its entries of ports mean, whatever their order and place; none for any port.
    #[must_use]
    pub fn meant_ports(&self) -> Option<BTreeSet<&Ports>> {
        self.ports.as_ref().map(|_| self.entries().collect())
    }
}

/// The direction of a connection, seen from the pods that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Towards them.
    Ingress,
    /// From them.
    Egress,
}

impl Direction {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Its name in manifests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

/// When a policy is asked. The order is that of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Before every `NetworkPolicy`.
    Admin,
    /// `NetworkPolicy`: what selects a pod denies it all that none of them allows.
    Namespace,
    /// Where no `NetworkPolicy` selects the pod.
    Baseline,
}

/// A policy of any kind.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its kind.
    pub kind: Arc<str>,
    /// Its namespace; none for policies of the cluster.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// When it is asked.
    pub tier: Tier,
    /// Its place among those of its tier, the lowest first.
    pub priority: i64,
    /// The pods that it is about.
    pub subject: Pods,
    /// The rules of what comes in; none where it does not speak of that.
    pub ingress: Option<Vec<Rule>>,
    /// The rules of what goes out; none where it does not speak of that.
    pub egress: Option<Vec<Rule>>,
    /// Where its name stands.
    pub at: Location,
    /// Where it says which pods it is about.
    pub subject_at: Location,
    /// Where it says which directions it speaks of, if it does.
    pub types_at: Option<Location>,
}

impl Policy {
    /// The rules of a direction; none where it does not speak of that.
    #[must_use]
    pub fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }

    /// What it is called: `NetworkPolicy shop/payments`.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{}", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }
}

/// The directions that a `NetworkPolicy` is in force for. Without `policyTypes` it is Ingress, and Egress only if there is
/// an egress rule.
#[must_use]
pub fn directions_in_force(written: Option<&[&str]>, has_egress_rules: bool) -> (bool, bool) {
    match written {
        Some(types) if !types.is_empty() => (types.contains(&"Ingress"), types.contains(&"Egress")),
        _ => (true, has_egress_rules),
    }
}

/// How pods that share the network of their node are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostNetwork {
    /// Policies do not reach them, their peers' policies cannot tell them from their node, and what a node sends to its own
    /// pods is let through: what most network plugins do.
    #[default]
    Exempt,
    /// As other pods.
    Policied,
}

/// What one cluster holds.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Its namespaces, those that only workloads or policies name among them.
    pub namespaces: Vec<Namespace>,
    /// What makes pods in it.
    pub workloads: Vec<Workload>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// The Services that select pods.
    pub services: Vec<Service>,
    /// What sends requests to Services from outside.
    pub entries: Vec<Entry>,
    /// How pods that share the network of their node are taken.
    pub host_network: HostNetwork,
}

impl World {
    /// Adds the namespaces that nothing but workloads and policies name, and puts all in order.
    #[must_use]
    pub fn completed(mut self) -> Self {
        self.namespaces
            .sort_by(|one, other| one.name.cmp(&other.name));
        self.namespaces
            .dedup_by(|later, earlier| later.name == earlier.name);
        let known: BTreeSet<Arc<str>> = self.namespaces.iter().map(|it| it.name.clone()).collect();
        let workloads = self.workloads.iter().map(|it| &it.namespace);
        let policies = self.policies.iter().filter_map(|it| it.namespace.as_ref());
        let named: BTreeSet<&Arc<str>> = workloads.chain(policies).collect();
        let new = named.into_iter().filter(|name| !known.contains(*name));
        let new: Vec<Namespace> = new
            .map(|name| Namespace::new(name, Labels::new(), None))
            .collect();
        self.namespaces.extend(new);
        self.namespaces
            .sort_by(|one, other| one.name.cmp(&other.name));
        let mut seen: BTreeSet<(Arc<str>, Arc<str>, Arc<str>)> = BTreeSet::new();
        self.workloads
            .retain(|it| seen.insert((it.namespace.clone(), it.kind.clone(), it.name.clone())));
        self.workloads.sort_by(|one, other| {
            let key = |it: &Workload| (it.namespace.clone(), it.name.clone(), it.kind.clone());
            key(one).cmp(&key(other))
        });
        self.policies.sort_by(|one, other| {
            let key = |it: &Policy| (it.tier, it.priority, it.namespace.clone(), it.name.clone());
            key(one).cmp(&key(other))
        });
        self
    }

    /// The namespace of a name.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        let at = self
            .namespaces
            .binary_search_by(|known| (*known.name).cmp(name))
            .ok()?;
        self.namespaces.get(at)
    }

    /// What its policies call pods at the other end.
    #[must_use]
    pub fn peers(&self) -> BTreeSet<Pods> {
        let rules = self.policies.iter().flat_map(|policy| {
            let ingress = policy.ingress.iter().flatten();
            ingress.chain(policy.egress.iter().flatten())
        });
        let peers = rules.flat_map(|rule| rule.peers.iter().flatten());
        let pods = peers.filter_map(|written| match &written.peer {
            Peer::Pods(pods) => Some(pods.clone()),
            Peer::Addresses(_) => None,
        });
        pods.collect()
    }
}
