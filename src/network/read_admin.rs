//! Reads the policies of whoever runs the cluster.
//!
//! Source: the Network Policy API, `policy.networking.k8s.io`: `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy` of
//! `v1alpha1`, `ClusterNetworkPolicy` of `v1alpha2`. What is not known of these allows nothing, and denies or passes on
//! everything, as that API asks of whoever does not know a field.

use std::sync::Arc;

use crate::kubernetes::{Field, Object};
use crate::syntax::Node;

use super::addresses::Addresses;
use super::connections::{Connections, Protocol};
use super::place::{item, place};
use super::read::{addresses, port_number, selector};
use super::selector::Selector;
use super::world::{Action, Peer, Pods, Policy, Ports, Rule, Tier, WrittenPeer, WrittenPorts};

/// A policy of the cluster, if the object is one that is modelled.
#[must_use]
pub fn cluster_policy(object: Object<'_>) -> Option<Policy> {
    let kind = object.kind();
    if !kind.groups.contains(&"policy.networking.k8s.io") {
        return None;
    }
    let tier = match kind.name {
        "AdminNetworkPolicy" => Tier::Admin,
        "BaselineAdminNetworkPolicy" => Tier::Baseline,
        "ClusterNetworkPolicy" => match object.field(&["spec", "tier"]).as_str()? {
            "Admin" => Tier::Admin,
            "Baseline" => Tier::Baseline,
            _ => return None,
        },
        _ => return None,
    };
    let subject = object.field(&["spec", "subject"]);
    let about = subject.node().and_then(pods).unwrap_or_else(|| Pods {
        namespaces: Selector::none(),
        pods: Selector::none(),
    });
    let rules = |field: Field<'_>, peers: &str| -> Option<Vec<Rule>> {
        let rules = field.node()?.items();
        let rules = rules.filter_map(|node| rule(object, node, peers));
        Some(rules.collect())
    };
    Some(Policy {
        kind: kind.name.into(),
        namespace: None,
        name: Arc::clone(&object.resource().name),
        tier,
        priority: object.field(&["spec", "priority"]).as_int().unwrap_or(0),
        subject: about,
        ingress: rules(object.field(&["spec", "ingress"]), "from"),
        egress: rules(object.field(&["spec", "egress"]), "to"),
        at: place(object, object.name_span()),
        subject_at: place(object, subject.span()),
        types_at: None,
    })
}

/// The pods that `namespaces` or `pods` means; none where neither is there.
fn pods(node: Node<'_>) -> Option<Pods> {
    if let Some(namespaces) = selector(Field::follow(node, &["namespaces"])) {
        return Some(Pods {
            namespaces,
            pods: Selector::all(),
        });
    }
    let pods = node.present("pods")?;
    Some(Pods {
        namespaces: selector(Field::follow(pods, &["namespaceSelector"])).unwrap_or_default(),
        pods: selector(Field::follow(pods, &["podSelector"])).unwrap_or_default(),
    })
}

fn rule(object: Object<'_>, node: Node<'_>, peers: &str) -> Option<Rule> {
    let action = match Field::follow(node, &["action"]).as_str()? {
        "Allow" | "Accept" => Action::Allow,
        "Deny" => Action::Deny,
        "Pass" => Action::Pass,
        _ => return None,
    };
    let peers = node.present(peers).into_iter().flat_map(Node::items);
    let peers: Vec<WrittenPeer> = peers
        .flat_map(|node| {
            let all = peer(node, action).into_iter();
            all.map(move |peer| WrittenPeer {
                peer,
                at: item(object, node),
            })
        })
        .collect();
    let entries = |name: &str, meant: fn(Node<'_>) -> Option<Ports>| {
        let list = node.present(name)?.items();
        let entries = list.filter_map(|node| {
            Some(WrittenPorts {
                ports: meant(node).or_else(|| unknown_ports(action))?,
                at: item(object, node),
            })
        });
        Some(entries.collect())
    };
    Some(Rule {
        action,
        peers: Some(peers),
        ports: entries("ports", port).or_else(|| entries("protocols", protocol)),
        at: item(object, node),
    })
}

/// What is not known counts for all ports where that allows nothing, and for none where it would.
fn unknown_ports(action: Action) -> Option<Ports> {
    (action != Action::Allow).then(|| Ports::Numbers(Connections::all()))
}

fn peer(node: Node<'_>, action: Action) -> Vec<Peer> {
    if let Some(pods) = pods(node) {
        return vec![Peer::Pods(pods)];
    }
    if let Some(networks) = node.present("networks") {
        let all = networks.items().map(addresses);
        let all = all.fold(Addresses::default(), |all, it| all.union(&it));
        return vec![Peer::Addresses(all)];
    }
    // Nodes are no end here, and which addresses a name has is not known.
    if node.present("nodes").is_some() || node.present("domainNames").is_some() {
        return Vec::new();
    }
    if action == Action::Allow {
        return Vec::new();
    }
    vec![Peer::Pods(Pods::all()), Peer::Addresses(Addresses::all())]
}

/// An entry of `ports` of `v1alpha1`.
fn port(node: Node<'_>) -> Option<Ports> {
    // Unlike elsewhere, a number must say its protocol; what does not is taken for TCP all the same.
    let protocol = |node: Node<'_>| super::read::protocol(Field::follow(node, &["protocol"]));
    if let Some(number) = node.present("portNumber") {
        let port = port_number(number.get("port")?)?;
        return Ports::of_numbers(protocol(number)?, Some(port), None);
    }
    if let Some(range) = node.present("portRange") {
        let first = port_number(range.get("start")?)?;
        let last = port_number(range.get("end")?)?;
        return Ports::of_numbers(protocol(range)?, Some(first), Some(last));
    }
    let name = node.present("namedPort")?;
    Some(Ports::Named(None, name.key_text().into()))
}

/// An entry of `protocols` of `v1alpha2`.
fn protocol(node: Node<'_>) -> Option<Ports> {
    if let Some(name) = node.present("destinationNamedPort") {
        return Some(Ports::Named(None, name.key_text().into()));
    }
    let mut all = Protocol::ALL.into_iter();
    let (protocol, own) = all.find_map(|protocol| {
        let own = node.get(&protocol.name().to_ascii_lowercase())?;
        Some((protocol, own))
    })?;
    let Some(port) = own.present("destinationPort") else {
        return Ports::of_numbers(protocol, None, None);
    };
    if let Some(number) = port.present("number") {
        return Ports::of_numbers(protocol, Some(port_number(number)?), None);
    }
    let range = port.present("range")?;
    let first = port_number(range.get("start")?)?;
    let last = port_number(range.get("end")?)?;
    Ports::of_numbers(protocol, Some(first), Some(last))
}
