//! Small clusters as they are written, and what the API's own text says of a packet in one: asked plainly, one packet at
//! a time, without any of the sets that the engine works with.

use std::net::IpAddr;

/// Labels as written.
pub(crate) type Pairs = Vec<(&'static str, &'static str)>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    pub(crate) labels: Pairs,
    pub(crate) expressions: Vec<(&'static str, &'static str, Vec<&'static str>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    pub(crate) name: &'static str,
    pub(crate) labels: Pairs,
}

#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) namespace: usize,
    pub(crate) labels: Pairs,
    /// Name, protocol where it is written, number.
    pub(crate) ports: Vec<(&'static str, Option<&'static str>, u16)>,
    pub(crate) host_network: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum PortValue {
    Number(u16),
    Name(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) protocol: Option<&'static str>,
    pub(crate) value: Option<PortValue>,
    pub(crate) end: Option<u16>,
}

#[derive(Clone, Debug)]
pub(crate) enum Peer {
    Pods(Option<Selector>, Option<Selector>),
    Block(&'static str, Vec<&'static str>),
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) peers: Option<Vec<Peer>>,
    pub(crate) ports: Option<Vec<Port>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) namespace: usize,
    pub(crate) pods: Option<Selector>,
    pub(crate) types: Option<Vec<&'static str>>,
    pub(crate) ingress: Option<Vec<Rule>>,
    pub(crate) egress: Option<Vec<Rule>>,
}

#[derive(Clone, Debug)]
pub(crate) enum AdminPort {
    Number(&'static str, u16),
    Range(&'static str, u16, u16),
    Named(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) enum AdminPeer {
    Namespaces(Selector),
    Pods(Selector, Selector),
    Networks(Vec<&'static str>),
}

#[derive(Clone, Debug)]
pub(crate) struct AdminRule {
    pub(crate) action: &'static str,
    pub(crate) peers: Vec<AdminPeer>,
    pub(crate) ports: Option<Vec<AdminPort>>,
}

#[derive(Clone, Debug)]
pub(crate) struct AdminPolicy {
    pub(crate) is_baseline: bool,
    pub(crate) priority: i64,
    pub(crate) namespaces: Selector,
    pub(crate) pods: Option<Selector>,
    pub(crate) ingress: Vec<AdminRule>,
    pub(crate) egress: Vec<AdminRule>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) admin: Vec<AdminPolicy>,
    pub(crate) exempt: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Pod(usize),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) from: Place,
    pub(crate) to: Place,
    pub(crate) protocol: &'static str,
    pub(crate) port: u16,
}

pub(crate) fn in_block(address: IpAddr, cidr: &str) -> bool {
    let (network, length) = cidr.split_once('/').expect("a prefix");
    let length: u32 = length.parse().expect("a length");
    let network: IpAddr = network.parse().expect("an address");
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(two)) => {
            (u32::from(one) ^ u32::from(two)).leading_zeros() >= length
        }
        (IpAddr::V6(one), IpAddr::V6(two)) => {
            (u128::from(one) ^ u128::from(two)).leading_zeros() >= length
        }
        _ => false,
    }
}

impl Selector {
    pub(crate) fn selects(&self, labels: &[(&str, &str)]) -> bool {
        let value = |key: &str| labels.iter().find(|(own, _)| *own == key).map(|it| it.1);
        self.labels
            .iter()
            .all(|(key, wanted)| value(key) == Some(wanted))
            && self.expressions.iter().all(|(key, operator, values)| {
                match (*operator, value(key)) {
                    ("In", Some(value)) => values.contains(&value),
                    ("NotIn", Some(value)) => !values.contains(&value),
                    ("Exists", value) => value.is_some(),
                    ("DoesNotExist", value) => value.is_none(),
                    ("In", None) => false,
                    ("NotIn", None) => true,
                    _ => unreachable!("{operator}"),
                }
            })
    }
}

impl Cluster {
    fn namespace_labels(&self, pod: usize) -> Vec<(&str, &str)> {
        let namespace = &self.namespaces[self.pods[pod].namespace];
        let mut labels = namespace.labels.clone();
        labels.push(("kubernetes.io/metadata.name", namespace.name));
        labels
    }

    fn is_exempt(&self, place: Place) -> bool {
        matches!(place, Place::Pod(pod) if self.exempt && self.pods[pod].host_network)
    }

    /// Whether a packet arrives.
    pub(crate) fn passes(&self, packet: Packet) -> bool {
        self.side(packet, true) && self.side(packet, false)
    }

    fn side(&self, packet: Packet, incoming: bool) -> bool {
        let (own, other) = if incoming {
            (packet.to, packet.from)
        } else {
            (packet.from, packet.to)
        };
        let Place::Pod(own) = own else {
            return true;
        };
        if self.is_exempt(Place::Pod(own)) || (incoming && self.is_exempt(other)) {
            return true;
        }
        if let Some(verdict) = self.tier(false, own, other, packet, incoming) {
            return verdict;
        }
        let mut selected = false;
        for policy in &self.policies {
            if policy.namespace != self.pods[own].namespace {
                continue;
            }
            let pods = policy.pods.clone().unwrap_or_default();
            if !pods.selects(&self.pods[own].labels) {
                continue;
            }
            let in_force = match (&policy.types, incoming) {
                (Some(types), true) if !types.is_empty() => types.contains(&"Ingress"),
                (Some(types), false) if !types.is_empty() => types.contains(&"Egress"),
                (_, true) => true,
                (_, false) => policy
                    .egress
                    .as_ref()
                    .is_some_and(|rules| !rules.is_empty()),
            };
            if !in_force {
                continue;
            }
            selected = true;
            let rules = if incoming {
                &policy.ingress
            } else {
                &policy.egress
            };
            for rule in rules.iter().flatten() {
                let peers = rule.peers.as_deref().unwrap_or_default();
                let ports = rule.ports.as_deref().unwrap_or_default();
                if (peers.is_empty() || peers.iter().any(|it| self.is_peer(it, policy, other)))
                    && (ports.is_empty() || ports.iter().any(|it| self.is_port(it, packet)))
                {
                    return true;
                }
            }
        }
        if selected {
            return false;
        }
        self.tier(true, own, other, packet, incoming)
            .unwrap_or(true)
    }

    fn is_peer(&self, peer: &Peer, policy: &Policy, other: Place) -> bool {
        match (peer, other) {
            (Peer::Pods(namespaces, pods), Place::Pod(at)) if !self.is_exempt(other) => {
                let in_namespace = match namespaces {
                    Some(selector) => selector.selects(&self.namespace_labels(at)),
                    None => self.pods[at].namespace == policy.namespace,
                };
                let pods = pods.clone().unwrap_or_default();
                in_namespace && pods.selects(&self.pods[at].labels)
            }
            (Peer::Block(cidr, except), Place::Address(address)) => {
                in_block(address, cidr) && !except.iter().any(|it| in_block(address, it))
            }
            _ => false,
        }
    }

    fn is_port(&self, port: &Port, packet: Packet) -> bool {
        if port.protocol.unwrap_or("TCP") != packet.protocol {
            return false;
        }
        match &port.value {
            None => true,
            Some(PortValue::Number(number)) => {
                (*number..=port.end.unwrap_or(*number)).contains(&packet.port)
            }
            Some(PortValue::Name(name)) => self.has_named(packet, name),
        }
    }

    fn has_named(&self, packet: Packet, name: &str) -> bool {
        let Place::Pod(to) = packet.to else {
            return false;
        };
        self.pods[to].ports.iter().any(|(own, protocol, number)| {
            *own == name && protocol.unwrap_or("TCP") == packet.protocol && *number == packet.port
        })
    }

    fn tier(
        &self,
        is_baseline: bool,
        own: usize,
        other: Place,
        packet: Packet,
        incoming: bool,
    ) -> Option<bool> {
        let mut policies: Vec<&AdminPolicy> = self
            .admin
            .iter()
            .filter(|policy| policy.is_baseline == is_baseline)
            .collect();
        policies.sort_by_key(|policy| policy.priority);
        for policy in policies {
            let pods = policy.pods.clone().unwrap_or_default();
            if !policy.namespaces.selects(&self.namespace_labels(own))
                || !pods.selects(&self.pods[own].labels)
            {
                continue;
            }
            let rules = if incoming {
                &policy.ingress
            } else {
                &policy.egress
            };
            for rule in rules {
                let is_peer = rule.peers.iter().any(|peer| match (peer, other) {
                    (AdminPeer::Namespaces(namespaces), Place::Pod(at)) => {
                        !self.is_exempt(other) && namespaces.selects(&self.namespace_labels(at))
                    }
                    (AdminPeer::Pods(namespaces, pods), Place::Pod(at)) => {
                        !self.is_exempt(other)
                            && namespaces.selects(&self.namespace_labels(at))
                            && pods.selects(&self.pods[at].labels)
                    }
                    (AdminPeer::Networks(networks), Place::Address(address)) => {
                        networks.iter().any(|network| in_block(address, network))
                    }
                    _ => false,
                });
                let is_port = rule.ports.as_ref().is_none_or(|ports| {
                    ports.iter().any(|port| match port {
                        AdminPort::Number(protocol, number) => {
                            *protocol == packet.protocol && *number == packet.port
                        }
                        AdminPort::Range(protocol, first, last) => {
                            *protocol == packet.protocol && (*first..=*last).contains(&packet.port)
                        }
                        AdminPort::Named(name) => self.has_named(packet, name),
                    })
                });
                if is_peer && is_port {
                    match rule.action {
                        "Allow" => return Some(true),
                        "Deny" => return Some(false),
                        _ => return None,
                    }
                }
            }
        }
        None
    }
}
