//! Every packet of many small random clusters, asked of the engine and of the plain words of the API.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use tidegate::finding::Location;
use tidegate::network::addresses::Addresses;
use tidegate::network::connections::{Connections, Protocol};
use tidegate::network::difference::{Change, Difference, Other};
use tidegate::network::ends::End;
use tidegate::network::label_places::LabelPlaces;
use tidegate::network::selector::{Labels, Selector};
use tidegate::network::world::{
    Action, HostNetwork, NamedPort, Namespace, Peer, Pods, Policy, Ports, Rule, Tier, Workload,
    World, WrittenPeer, WrittenPorts, directions_in_force,
};
use tidegate::network::{Direction, Reach};
use tidegate::syntax::Span;

use super::raw::{self, Cluster, Packet, Place};
use super::worlds::{ADDRESSES, PORTS, Random};

fn nowhere() -> Location {
    Location {
        path: "cluster.yaml".into(),
        span: Span::default(),
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| (Arc::from(*key), Arc::from(*value)))
        .collect()
}

fn selector(raw: &raw::Selector) -> Selector {
    let mut selector = Selector::all();
    for (key, value) in &raw.labels {
        selector = selector.with_label(key, value);
    }
    for (key, operator, values) in &raw.expressions {
        selector = selector.with_expression(key, operator, values);
    }
    selector
}

fn block(cidr: &str) -> Addresses {
    Addresses::of_cidr(cidr).expect("it is a range")
}

fn written(peer: Peer) -> WrittenPeer {
    WrittenPeer {
        peer,
        at: nowhere(),
    }
}

fn written_ports(ports: Ports) -> WrittenPorts {
    WrittenPorts {
        ports,
        at: nowhere(),
    }
}

fn rule(raw: &raw::Rule, own: &str) -> Rule {
    let peers = raw.peers.as_ref().filter(|peers| !peers.is_empty());
    let ports = raw.ports.as_ref().filter(|ports| !ports.is_empty());
    let peer = |peer: &raw::Peer| {
        written(match peer {
            raw::Peer::Pods(namespaces, pods) => {
                let (namespaces, pods) = (namespaces.as_ref(), pods.as_ref());
                Peer::Pods(Pods::of_peer(
                    own,
                    namespaces.map(selector),
                    pods.map(selector),
                ))
            }
            raw::Peer::Block(cidr, except) => {
                let except = except.iter();
                Peer::Addresses(except.fold(block(cidr), |left, it| left.minus(&block(it))))
            }
        })
    };
    let port = |port: &raw::Port| {
        let protocol = Protocol::of(port.protocol.unwrap_or("TCP")).expect("a protocol");
        written_ports(match port.value {
            Some(raw::PortValue::Name(name)) => Ports::Named(Some(protocol), name.into()),
            Some(raw::PortValue::Number(number)) => {
                Ports::of_numbers(protocol, Some(number), port.end).expect("ports")
            }
            None => Ports::of_numbers(protocol, None, None).expect("ports"),
        })
    };
    Rule {
        action: Action::Allow,
        peers: peers.map(|peers| peers.iter().map(peer).collect()),
        ports: ports.map(|ports| ports.iter().map(port).collect()),
        at: nowhere(),
    }
}

fn admin_rule(raw: &raw::AdminRule) -> Rule {
    let mut peers = Vec::new();
    for peer in &raw.peers {
        match peer {
            raw::AdminPeer::Namespaces(namespaces) => peers.push(written(Peer::Pods(Pods {
                namespaces: selector(namespaces),
                pods: Selector::all(),
            }))),
            raw::AdminPeer::Pods(namespaces, pods) => peers.push(written(Peer::Pods(Pods {
                namespaces: selector(namespaces),
                pods: selector(pods),
            }))),
            raw::AdminPeer::Networks(networks) => {
                let networks = networks.iter();
                let all = networks.fold(Addresses::default(), |all, it| all.union(&block(it)));
                peers.push(written(Peer::Addresses(all)));
            }
        }
    }
    let port = |port: &raw::AdminPort| {
        let protocol = |name: &str| Protocol::of(name).expect("a protocol");
        written_ports(match *port {
            raw::AdminPort::Number(name, number) => {
                Ports::Numbers(Connections::range(protocol(name), number, number))
            }
            raw::AdminPort::Range(name, first, last) => {
                Ports::Numbers(Connections::range(protocol(name), first, last))
            }
            raw::AdminPort::Named(name) => Ports::Named(None, name.into()),
        })
    };
    Rule {
        action: match raw.action {
            "Allow" => Action::Allow,
            "Deny" => Action::Deny,
            _ => Action::Pass,
        },
        peers: Some(peers),
        ports: raw
            .ports
            .as_ref()
            .map(|ports| ports.iter().map(port).collect()),
        at: nowhere(),
    }
}

/// The cluster as the engine takes it.
pub(crate) fn world(raw: &Cluster) -> World {
    let namespaces = raw.namespaces.iter();
    let namespaces = namespaces.map(|it| Namespace::new(it.name, labels(&it.labels), None));
    let workloads = raw.pods.iter().map(|pod| Workload {
        kind: "Pod".into(),
        namespace: raw.namespaces[pod.namespace].name.into(),
        name: pod.name.as_str().into(),
        labels: labels(&pod.labels),
        named_ports: {
            let ports = pod.ports.iter();
            let ports = ports.map(|(name, protocol, port)| NamedPort {
                name: Arc::from(*name),
                protocol: Protocol::of(protocol.unwrap_or("TCP")).expect("a protocol"),
                port: *port,
            });
            ports.collect()
        },
        declared: Connections::none(),
        on_host: pod.host_network.then(nowhere),
        at: nowhere(),
        labels_at: LabelPlaces::default(),
    });
    let mut policies: Vec<Policy> = Vec::new();
    for (number, policy) in raw.policies.iter().enumerate() {
        let own = raw.namespaces[policy.namespace].name;
        let rules = |rules: &Option<Vec<raw::Rule>>| -> Vec<Rule> {
            let rules = rules.iter().flatten();
            rules.map(|it| rule(it, own)).collect()
        };
        let (ingress, egress) = (rules(&policy.ingress), rules(&policy.egress));
        let in_force = directions_in_force(policy.types.as_deref(), !egress.is_empty());
        let pods = policy.pods.as_ref().map(selector).unwrap_or_default();
        policies.push(Policy {
            kind: "NetworkPolicy".into(),
            namespace: Some(own.into()),
            name: number.to_string().into(),
            tier: Tier::Namespace,
            priority: 0,
            subject: Pods::of_namespace(own, pods),
            ingress: in_force.0.then_some(ingress),
            egress: in_force.1.then_some(egress),
            at: nowhere(),
            subject_at: nowhere(),
            types_at: None,
        });
    }
    for (number, policy) in raw.admin.iter().enumerate() {
        let rules = |rules: &[raw::AdminRule]| rules.iter().map(admin_rule).collect();
        policies.push(Policy {
            kind: "AdminNetworkPolicy".into(),
            namespace: None,
            name: number.to_string().into(),
            tier: if policy.is_baseline {
                Tier::Baseline
            } else {
                Tier::Admin
            },
            priority: policy.priority,
            subject: Pods {
                namespaces: selector(&policy.namespaces),
                pods: policy.pods.as_ref().map(selector).unwrap_or_default(),
            },
            ingress: Some(rules(&policy.ingress)),
            egress: Some(rules(&policy.egress)),
            at: nowhere(),
            subject_at: nowhere(),
            types_at: None,
        });
    }
    World {
        namespaces: namespaces.collect(),
        workloads: workloads.collect(),
        policies,
        host_network: if raw.exempt {
            HostNetwork::Exempt
        } else {
            HostNetwork::Policied
        },
        ..World::default()
    }
}

/// Asks both of every packet; how many packets pass and how many do not.
fn ask_both(seed: u64, cluster: &Cluster, reach: &Reach) -> (usize, usize) {
    let (mut passing, mut refused) = (0, 0);
    let mut ask = |from: Place, to: Place, told: &Connections| {
        for protocol in Protocol::ALL {
            for port in PORTS {
                let packet = Packet {
                    from,
                    to,
                    protocol: protocol.name(),
                    port,
                };
                let plain = cluster.passes(packet);
                assert_eq!(
                    told.contains(protocol, port),
                    plain,
                    "seed {seed}: {packet:?} in {cluster:#?}"
                );
                if plain {
                    passing += 1;
                } else {
                    refused += 1;
                }
            }
        }
    };
    // Workloads stand in the order of their names.
    let number = |workload: &Workload| {
        let mut pods = cluster.pods.iter();
        pods.position(|pod| *pod.name == *workload.name)
            .expect("it is there")
    };
    let workloads = || reach.world.workloads.iter().enumerate();
    for (from, source) in workloads() {
        for (to, target) in workloads().filter(|(to, _)| *to != from) {
            let (one, other) = (number(source), number(target));
            ask(Place::Pod(one), Place::Pod(other), reach.between(from, to));
        }
    }
    for (workload, class) in workloads().zip(&reach.ends.class_of) {
        let pod = number(workload.1);
        for direction in Direction::BOTH {
            let outside = reach.outside(*class, direction);
            for address in ADDRESSES {
                let address: IpAddr = address.parse().expect("an address");
                let single = match address {
                    IpAddr::V4(it) => block(&format!("{it}/32")),
                    IpAddr::V6(it) => block(&format!("{it}/128")),
                };
                let holding: Vec<&Connections> = outside
                    .iter()
                    .filter(|(set, _)| single.is_within(set))
                    .map(|(_, connections)| *connections)
                    .collect();
                assert!(holding.len() < 2, "seed {seed}: the sets are disjoint");
                let none = Connections::none();
                let told = holding.first().copied().unwrap_or(&none);
                let (own, other) = (Place::Pod(pod), Place::Address(address));
                match direction {
                    Direction::Ingress => ask(other, own, told),
                    Direction::Egress => ask(own, other, told),
                }
            }
        }
    }
    (passing, refused)
}

/// Where nothing denies, a pod has all that is told of the pods that it is one of.
fn hold_to_what_is_told_of_unknown_pods(seed: u64, cluster: &Cluster, reach: &Reach) -> usize {
    let mut held = 0;
    if !cluster.admin.is_empty() {
        return held;
    }
    for (at, unknown) in reach.ends.unknown.iter().enumerate() {
        for (pod, workload) in reach.world.workloads.iter().enumerate() {
            let namespace = reach
                .world
                .namespace(&workload.namespace)
                .expect("it is there");
            let is_one = unknown.namespaces.selects(&namespace.labels)
                && unknown.pods.selects(&workload.labels)
                && !(cluster.exempt && workload.is_on_host());
            let own = reach.ends.class_of[pod];
            for class in (0..reach.ends.classes.len()).filter(|_| is_one) {
                let told = reach.side(class, Direction::Ingress, End::Unknown(at));
                let is = reach.side(class, Direction::Ingress, End::Class(own));
                assert!(
                    told.is_within(is),
                    "seed {seed}: {unknown:?} in {cluster:#?}"
                );
                held += 1;
            }
        }
    }
    held
}

fn agree(seeds: std::ops::Range<u64>) {
    let (mut passing, mut refused, mut held) = (0, 0, 0);
    for seed in seeds {
        let cluster = Random(seed).cluster();
        let reach = Reach::of(world(&cluster));
        let (some, others) = ask_both(seed, &cluster, &reach);
        passing += some;
        refused += others;
        held += hold_to_what_is_told_of_unknown_pods(seed, &cluster, &reach);
    }
    eprintln!("{passing} packets pass, {refused} do not, {held} unknown pods are held to");
    assert!(
        passing > 0 && refused > passing / 20 && held > 0,
        "the worlds are of one kind"
    );
}

#[test]
fn network_agrees_with_the_plain_words_in_small_worlds() {
    agree(0..2_000);
}

/// For a release build: a minute of its time.
#[test]
#[ignore = "it takes a release build"]
fn network_agrees_with_the_plain_words_in_fifty_thousand_worlds() {
    agree(0..50_000);
}

/// What a difference tells, by the numbers of two pods or of a pod, and the address.
struct Told<'d> {
    pods: BTreeMap<(usize, usize), &'d Change>,
    outside: Vec<(usize, Direction, &'d Addresses, &'d Change)>,
}

impl<'d> Told<'d> {
    fn of(cluster: &Cluster, new: &Reach, difference: &'d Difference) -> Self {
        let pods_of = |own: usize| -> Vec<usize> {
            let workloads = difference.workloads[own].workloads.iter();
            let numbers = workloads.map(|(_, new)| new.expect("no pod goes"));
            let names = numbers.map(|at| &new.world.workloads[at].name);
            names
                .map(|name| {
                    let mut pods = cluster.pods.iter();
                    pods.position(|pod| *pod.name == **name).expect("a pod")
                })
                .collect()
        };
        let mut told = Self {
            pods: BTreeMap::new(),
            outside: Vec::new(),
        };
        for change in &difference.changes {
            match &change.other {
                Other::Workloads(from) => {
                    for to in pods_of(change.own) {
                        for from in from.iter().flat_map(|from| pods_of(*from)) {
                            told.pods.insert((from, to), change);
                        }
                    }
                }
                Other::Addresses(set) => {
                    for own in pods_of(change.own) {
                        told.outside.push((own, change.direction, set, change));
                    }
                }
                Other::Pods { .. } | Other::Controller => {}
            }
        }
        told
    }
}

/// Asks of every packet whether it passed before and passes after, and holds the difference to that: it tells what became
/// of a packet where that changed. How many packets changed.
fn hold_difference(seed: u64, before: &Cluster, after: &Cluster) -> usize {
    let mut peers = world(before).peers();
    peers.extend(world(after).peers());
    let old = Reach::beside(world(before), &peers);
    let new = Reach::beside(world(after), &peers);
    let difference = Difference::between(&old, &new);
    let told = Told::of(after, &new, &difference);
    let mut changed = 0;
    let mut ask = |from: Place, to: Place, told: Option<&Change>, may_be_untold: bool| {
        for protocol in Protocol::ALL {
            for port in PORTS {
                let packet = Packet {
                    from,
                    to,
                    protocol: protocol.name(),
                    port,
                };
                let plain = (before.passes(packet), after.passes(packet));
                changed += usize::from(plain.0 != plain.1);
                match told {
                    Some(change) => {
                        let sides = [&change.before, &change.after];
                        let [one, other] = sides.map(|it| it.contains(protocol, port));
                        assert_eq!((one, other), plain, "seed {seed}: {packet:?}");
                    }
                    None => assert!(
                        may_be_untold || plain.0 == plain.1,
                        "seed {seed}: {packet:?} changes and nothing is told"
                    ),
                }
            }
        }
    };
    for from in 0..after.pods.len() {
        for to in (0..after.pods.len()).filter(|to| *to != from) {
            let told = told.pods.get(&(from, to)).copied();
            ask(Place::Pod(from), Place::Pod(to), told, false);
        }
        for direction in Direction::BOTH {
            for address in ADDRESSES {
                let address: IpAddr = address.parse().expect("an address");
                let prefix = if address.is_ipv4() { 32 } else { 128 };
                let single = block(&format!("{address}/{prefix}"));
                let mut all = told.outside.iter();
                let told = all.find(|(own, towards, set, _)| {
                    *own == from && *towards == direction && single.is_within(set)
                });
                let told = told.map(|it| it.3);
                let (own, other) = (Place::Pod(from), Place::Address(address));
                // What becomes of IPv6 is left out where it is no other than what becomes of IPv4.
                match direction {
                    Direction::Ingress => ask(other, own, told, address.is_ipv6()),
                    Direction::Egress => ask(own, other, told, address.is_ipv6()),
                }
            }
        }
    }
    changed
}

#[test]
fn network_differences_tell_of_every_packet_what_became_of_it() {
    let mut changed = 0;
    for seed in 0..400 {
        let before = Random(seed).cluster();
        // The same pods, some of them with other labels, under other policies.
        let other = Random(seed + 1_000_000).cluster();
        let mut after = before.clone();
        after.policies = other.policies;
        after.policies.extend(before.policies.first().cloned());
        after.admin = other.admin;
        for (pod, other) in after.pods.iter_mut().zip(other.pods).take(2) {
            pod.labels = other.labels;
        }
        changed += hold_difference(seed, &before, &after);
        let pods = before.pods.len();
        let same = Difference::between(&Reach::of(world(&before)), &Reach::of(world(&before)));
        assert!(same.changes.is_empty() && pods > 0, "seed {seed}");
    }
    assert!(changed > 10_000, "only {changed} packets changed");
}
