//! Reads `NetworkPolicy` objects and what else a world is made of.
//!
//! Source: the API reference of Kubernetes 1.37, `networking.k8s.io/v1`. Older groups had the same fields. What the API
//! server would refuse allows nothing here, so that it is never taken for more than it can be.

use std::sync::Arc;

use crate::kubernetes::kustomization::LabelReach;
use crate::kubernetes::{Field, Namespace, Object, Pod};
use crate::syntax::Node;

use super::addresses::Addresses;
use super::connections::{Connections, Protocol};
use super::label_places::LabelPlaces;
use super::place::{item, place, port_line};
use super::selector::{Labels, Selector};
use super::world::{
    self, Action, NamedPort, Peer, Pods, Policy, Ports, Rule, Tier, Workload, WrittenPeer,
    WrittenPorts, directions_in_force,
};

/// A label selector; none where it is not given. Null is the same as not given.
pub(super) fn selector(field: Field<'_>) -> Option<Selector> {
    let node = field.node()?;
    let mut selector = Selector::all();
    let labels = node.present("matchLabels").into_iter();
    for entry in labels.flat_map(Node::entries) {
        selector = selector.with_label(entry.key.key_text(), entry.value.key_text());
    }
    let expressions = node.present("matchExpressions").into_iter();
    for expression in expressions.flat_map(Node::items) {
        let text = |name: &str| expression.get(name).map(Node::key_text).unwrap_or_default();
        let values = expression.present("values").into_iter();
        let values: Vec<&str> = values.flat_map(Node::items).map(Node::key_text).collect();
        selector = selector.with_expression(text("key"), text("operator"), &values);
    }
    Some(selector)
}

/// The labels that kustomizations put on an object, as far as they reach so far into it and do not contradict each other.
pub(super) fn added(
    object: Object<'_>,
    reach: LabelReach,
) -> impl Iterator<Item = (Arc<str>, Arc<str>)> {
    let all = object.added_labels().iter();
    let added = all.filter(move |label| {
        let mut others = object.added_labels().iter();
        label.reach >= reach && !others.any(|it| it.key == label.key && it.value != label.value)
    });
    added.map(|label| (label.key.as_str().into(), label.value.as_str().into()))
}

/// A selector of pods, with what kustomizations add to it: only where it asks for labels by `matchLabels`.
fn pod_selector(object: Object<'_>, field: Field<'_>) -> Option<Selector> {
    let written = selector(field)?;
    let has_labels = field.node()?.present("matchLabels").is_some();
    let added = added(object, LabelReach::Selectors).filter(|_| has_labels);
    // What is written of the same label is overwritten.
    Some(added.fold(written, |selector, (key, value)| {
        let rest = selector.without(|own| *own == *key);
        rest.with_label(&key, &value)
    }))
}

/// The addresses of a range; none where it is no range.
pub(super) fn addresses(node: Node<'_>) -> Addresses {
    Addresses::of_cidr(node.key_text()).unwrap_or_default()
}

/// A port number; none where it is none that a connection can have.
pub(super) fn port_number(node: Node<'_>) -> Option<u16> {
    let number = u16::try_from(node.as_int()?).ok()?;
    (number > 0).then_some(number)
}

/// The protocol of a field; TCP where it is not given, none where it is no protocol.
pub(super) fn protocol(field: Field<'_>) -> Option<Protocol> {
    match field.node() {
        None => Some(Protocol::Tcp),
        Some(node) => Protocol::of(node.key_text()),
    }
}

/// The namespace that an object lands in; the one that `kubectl apply` takes where nothing says.
pub(super) fn landing(object: Object<'_>) -> &str {
    object.namespace().map_or("", |(namespace, _)| namespace)
}

/// True for the kind that every network plugin knows, in contrast to others of that name.
#[must_use]
pub fn is_network_policy(object: Object<'_>) -> bool {
    let kind = object.kind();
    kind.name == "NetworkPolicy" && kind.groups.contains(&"networking.k8s.io")
}

/// A policy, if the object is a `NetworkPolicy`.
#[must_use]
pub fn network_policy(object: Object<'_>) -> Option<Policy> {
    if !is_network_policy(object) {
        return None;
    }
    let own = landing(object);
    let subject = object.field(&["spec", "podSelector"]);
    let ingress = rules(object, object.field(&["spec", "ingress"]), "from", own);
    let egress = rules(object, object.field(&["spec", "egress"]), "to", own);
    let types = object.field(&["spec", "policyTypes"]);
    let written: Option<Vec<&str>> = types.node().map(|node| {
        let types = node.items();
        types.map(Node::key_text).collect()
    });
    let in_force = directions_in_force(written.as_deref(), !egress.is_empty());
    Some(Policy {
        kind: "NetworkPolicy".into(),
        namespace: Some(own.into()),
        name: Arc::clone(&object.resource().name),
        tier: Tier::Namespace,
        priority: 0,
        subject: Pods::of_namespace(own, pod_selector(object, subject).unwrap_or_default()),
        ingress: in_force.0.then_some(ingress),
        egress: in_force.1.then_some(egress),
        at: place(object, object.name_span()),
        subject_at: place(object, subject.span()),
        types_at: types.is_set().then(|| place(object, types.span())),
    })
}

fn rules(object: Object<'_>, field: Field<'_>, peers: &str, own: &str) -> Vec<Rule> {
    let rules = field.items().map(|node| {
        // An empty list and none at all are the same: any.
        let list = |name: &str| {
            node.present(name)
                .filter(|list| list.items().next().is_some())
        };
        let peers = list(peers).map(|list| {
            let peers = list.items().map(|node| WrittenPeer {
                peer: peer(object, node, own),
                at: item(object, node),
            });
            peers.collect()
        });
        Rule {
            action: Action::Allow,
            peers,
            ports: list("ports").map(|list| {
                let entries = list.items().filter_map(|node| {
                    Some(WrittenPorts {
                        ports: ports(node)?,
                        at: port_line(object, node),
                    })
                });
                entries.collect()
            }),
            at: item(object, node),
        }
    });
    rules.collect()
}

fn peer(object: Object<'_>, node: Node<'_>, own: &str) -> Peer {
    let block = Field::follow(node, &["ipBlock"]);
    let namespaces = selector(Field::follow(node, &["namespaceSelector"]));
    let pods = pod_selector(object, Field::follow(node, &["podSelector"]));
    match (block.node(), namespaces, pods) {
        (Some(block), None, None) => {
            let cidr = block.get("cidr").map(addresses).unwrap_or_default();
            let except = block.present("except").into_iter().flat_map(Node::items);
            Peer::Addresses(except.fold(cidr, |left, node| left.minus(&addresses(node))))
        }
        (None, namespaces, pods) if namespaces.is_some() || pods.is_some() => {
            Peer::Pods(Pods::of_peer(own, namespaces, pods))
        }
        // Refused: neither may it be empty, nor both.
        _ => Peer::Addresses(Addresses::default()),
    }
}

fn ports(node: Node<'_>) -> Option<Ports> {
    let protocol = protocol(Field::follow(node, &["protocol"]))?;
    let end = node.present("endPort");
    let Some(port) = node.present("port") else {
        return Ports::of_numbers(protocol, None, None).filter(|_| end.is_none());
    };
    if let Some(name) = port.as_str() {
        return end
            .is_none()
            .then(|| Ports::Named(Some(protocol), name.into()));
    }
    let last = match end {
        Some(end) => Some(port_number(end)?),
        None => None,
    };
    Ports::of_numbers(protocol, Some(port_number(port)?), last)
}

/// A namespace, if the object is one.
#[must_use]
pub fn namespace(object: Object<'_>) -> Option<world::Namespace> {
    let namespace = Namespace::of(object)?;
    let field = object.field(&["metadata", "labels"]);
    let entries = || field.node().into_iter().flat_map(Node::entries);
    let labels =
        entries().map(|entry| (entry.key.key_text().into(), entry.value.key_text().into()));
    let labels: Labels = labels.chain(added(object, LabelReach::Metadata)).collect();
    let at = place(object, field.span());
    Some(world::Namespace {
        labels_at: LabelPlaces::of(object, entries(), LabelReach::Metadata),
        ..world::Namespace::new(namespace.name(), labels, Some(at))
    })
}

/// The workloads of an object: one for each of its pods' templates. Pods that something else made go by the name of that.
pub fn workloads(object: Object<'_>) -> impl Iterator<Item = Workload> {
    // It makes no pods until something else takes it up.
    let runs = object.kind().name != "PodTemplate";
    let owners = object.field(&["metadata", "ownerReferences"]);
    let is_controller =
        |owner: &Node<'_>| Field::follow(*owner, &["controller"]).as_bool() != Some(false);
    let resource = object.resource();
    let owner = owners.items().find(is_controller).and_then(|owner| {
        let kind = owner
            .present("kind")
            .map_or(&*resource.kind, Node::key_text);
        let name = owner.present("name")?.key_text();
        // A node owns the pods that its kubelet runs from files, which are no more alike for that.
        (kind != "Node").then_some((kind, name))
    });
    let (kind, name) = owner.unwrap_or((&resource.kind, &resource.name));
    let pods = object.pods().filter(move |_| runs);
    pods.map(move |pod| workload(object, pod, kind, name))
}

/// The labels that a Job gives its pods, with its name.
const JOB_NAMES: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

fn workload(object: Object<'_>, pod: Pod<'_>, kind: &str, name: &str) -> Workload {
    let mut named_ports = Vec::new();
    let mut declared = Connections::none();
    for container in pod.containers() {
        for port in container.ports() {
            let number = port.container_port().node().and_then(port_number);
            let (Some(number), Some(protocol)) = (number, protocol(port.protocol())) else {
                continue;
            };
            declared = declared.union(&Connections::range(protocol, number, number));
            if let Some(name) = port.name().as_str() {
                named_ports.push(NamedPort {
                    name: name.into(),
                    protocol,
                    port: number,
                });
            }
        }
    }
    let host_network = pod.host_network();
    let labels = Field::follow(pod.root(), &["metadata", "labels"]);
    let written = pod.labels().map(|(key, value)| (key.into(), value.into()));
    let reach = if object.kind().name == "Pod" {
        LabelReach::Metadata
    } else {
        LabelReach::Templates
    };
    let added = added(object, reach);
    // The pods of a Job go by its name.
    let is_job = object.kind().name == "Job" && !object.resource().name.is_empty();
    let set_later = JOB_NAMES.iter().filter(|_| is_job);
    let set_later = set_later.map(|key| (Arc::from(*key), Arc::clone(&object.resource().name)));
    Workload {
        kind: kind.into(),
        namespace: landing(object).into(),
        name: name.into(),
        labels: written.chain(added).chain(set_later).collect(),
        named_ports,
        declared,
        on_host: host_network
            .is_true()
            .then(|| place(object, host_network.span())),
        at: if pod.labels().next().is_some() {
            place(object, labels.span())
        } else {
            place(object, object.name_span())
        },
        labels_at: LabelPlaces::of(
            object,
            labels.node().into_iter().flat_map(Node::entries),
            reach,
        ),
    }
}
