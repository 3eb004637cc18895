//! The ways into a cluster: Ingress objects and routes of a gateway, through Services, to workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::kustomization::LabelReach;
use crate::kubernetes::{Field, Object};
use crate::syntax::Node;

use super::connections::{Connections, Protocol};
use super::place::place;
use super::read::{added, landing, port_number, protocol};
use super::selector::{Labels, Selector};
use super::world::{Workload, World};

/// A port by its number or its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortRef {
    /// By its number.
    Number(u16),
    /// By its name.
    Name(Arc<str>),
}

/// A port of a Service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Its number.
    pub port: u16,
    /// Its protocol.
    pub protocol: Protocol,
    /// The port of the pods.
    pub target: PortRef,
}

/// A Service that selects pods.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The pods that it sends to.
    pub selector: Selector,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// True if it is reached from outside of the cluster by itself: a load balancer or a port of every node.
    pub is_open: bool,
    /// Where its name stands.
    pub at: Location,
}

/// What sends requests from outside to Services.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its kind: `Ingress` or a route.
    pub kind: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The Services that it sends to: namespace, name, and port.
    pub backends: Vec<(Arc<str>, Arc<str>, PortRef)>,
    /// Where its name stands.
    pub at: Location,
}

fn reference(node: Node<'_>) -> Option<PortRef> {
    match node.as_str() {
        Some(name) => Some(PortRef::Name(name.into())),
        None => port_number(node).map(PortRef::Number),
    }
}

/// A Service, if the object is one that selects pods.
#[must_use]
pub fn service(object: Object<'_>) -> Option<Service> {
    let kind = object.kind();
    if kind.name != "Service" || !kind.groups.contains(&"") {
        return None;
    }
    let entries = object.field(&["spec", "selector"]).node()?.entries();
    let written = entries.map(|it| (it.key.key_text().into(), it.value.key_text().into()));
    let labels: Labels = written
        .chain(added(object, LabelReach::Selectors))
        .collect();
    let selector = labels.iter().fold(Selector::all(), |all, (key, value)| {
        all.with_label(key, value)
    });
    if selector.is_all() {
        return None;
    }
    let ports = object.field(&["spec", "ports"]).items();
    let ports = ports.filter_map(|node| {
        let port = port_number(node.present("port")?)?;
        let target = node.present("targetPort").and_then(reference);
        Some(ServicePort {
            name: node.present("name").map(|name| name.key_text().into()),
            port,
            protocol: protocol(Field::follow(node, &["protocol"]))?,
            target: target.unwrap_or(PortRef::Number(port)),
        })
    });
    let kind = object.field(&["spec", "type"]).as_str();
    Some(Service {
        namespace: landing(object).into(),
        name: Arc::clone(&object.resource().name),
        selector,
        ports: ports.collect(),
        is_open: matches!(kind, Some("LoadBalancer" | "NodePort")),
        at: place(object, object.name_span()),
    })
}

/// What sends requests from outside, if the object does.
#[must_use]
pub fn entry(object: Object<'_>) -> Option<Entry> {
    let kind = object.kind();
    let mut backends = Vec::new();
    let is_ingress = kind.name == "Ingress" && kind.groups.contains(&"networking.k8s.io");
    let is_route =
        kind.name.ends_with("Route") && kind.groups.contains(&"gateway.networking.k8s.io");
    if is_ingress {
        let all = object.field(&["spec", "defaultBackend"]).node().into_iter();
        let old = object.field(&["spec", "backend"]).node().into_iter();
        let rules = object.field(&["spec", "rules"]).items();
        let paths = rules.flat_map(|rule| Field::follow(rule, &["http", "paths"]).items());
        let paths = paths.filter_map(|path| path.present("backend"));
        backends.extend(
            all.chain(old)
                .chain(paths)
                .filter_map(|node| backend(object, node)),
        );
    } else if is_route {
        let rules = object.field(&["spec", "rules"]).items();
        let targets = rules.flat_map(|rule| Field::follow(rule, &["backendRefs"]).items());
        backends.extend(targets.filter_map(|node| {
            let namespace = node.present("namespace").map(Node::key_text);
            Some((
                namespace.unwrap_or_else(|| landing(object)).into(),
                node.present("name")?.key_text().into(),
                reference(node.present("port")?)?,
            ))
        }));
    } else {
        return None;
    }
    Some(Entry {
        kind: kind.name.into(),
        namespace: landing(object).into(),
        name: Arc::clone(&object.resource().name),
        backends,
        at: place(object, object.name_span()),
    })
}

/// A backend of an Ingress, in today's form and in that of `v1beta1`.
fn backend(object: Object<'_>, node: Node<'_>) -> Option<(Arc<str>, Arc<str>, PortRef)> {
    let own: Arc<str> = landing(object).into();
    if let Some(service) = node.present("service") {
        let port = service.present("port")?;
        let by_name = port
            .present("name")
            .map(|name| PortRef::Name(name.key_text().into()));
        let by_number = || port_number(port.present("number")?).map(PortRef::Number);
        let name = service.present("name")?.key_text().into();
        return Some((own, name, by_name.or_else(by_number)?));
    }
    let name = node.present("serviceName")?.key_text().into();
    Some((own, name, reference(node.present("servicePort")?)?))
}

/// The connections that a workload takes at a port of a Service.
fn at_port(workload: &Workload, port: &ServicePort) -> Connections {
    match &port.target {
        PortRef::Number(number) => Connections::range(port.protocol, *number, *number),
        PortRef::Name(name) => workload.named(Some(port.protocol), name),
    }
}

/// The workloads that a Service sends to, by number.
fn targets<'w>(
    world: &'w World,
    of_namespace: &'w BTreeMap<&Arc<str>, Vec<usize>>,
    service: &'w Service,
) -> impl Iterator<Item = (usize, &'w Workload)> {
    let own = of_namespace.get(&service.namespace).into_iter().flatten();
    let own = own.filter_map(|at| Some((*at, world.workloads.get(*at)?)));
    own.filter(|(_, workload)| service.selector.selects(&workload.labels))
}

fn by_namespace(world: &World) -> BTreeMap<&Arc<str>, Vec<usize>> {
    let mut of_namespace: BTreeMap<&Arc<str>, Vec<usize>> = BTreeMap::new();
    for (number, workload) in world.workloads.iter().enumerate() {
        of_namespace
            .entry(&workload.namespace)
            .or_default()
            .push(number);
    }
    of_namespace
}

/// What an ingress controller or a gateway sends to each workload, as far as policies let it.
#[must_use]
pub fn offered(world: &World) -> BTreeMap<usize, Connections> {
    let of_namespace = by_namespace(world);
    let services: BTreeMap<(&Arc<str>, &Arc<str>), &Service> = world
        .services
        .iter()
        .map(|service| ((&service.namespace, &service.name), service))
        .collect();
    let mut offered: BTreeMap<usize, Connections> = BTreeMap::new();
    let backends = world.entries.iter().flat_map(|entry| &entry.backends);
    let backends: BTreeSet<_> = backends.collect();
    for (namespace, name, port) in backends {
        let Some(service) = services.get(&(namespace, name)) else {
            continue;
        };
        let ports = service.ports.iter().filter(|own| match port {
            // ingress-nginx takes the number of a pod's port as well.
            PortRef::Number(number) => {
                own.port == *number || own.target == PortRef::Number(*number)
            }
            PortRef::Name(name) => own.name.as_ref() == Some(name),
        });
        let ports: Vec<&ServicePort> = ports.collect();
        for (number, workload) in targets(world, &of_namespace, service) {
            for port in &ports {
                let own = offered.entry(number).or_default();
                *own = own.union(&at_port(workload, port));
            }
        }
    }
    offered
}

/// What leads to each workload from outside: Ingress objects, routes, load balancers and ports of nodes.
#[must_use]
pub fn fronted(world: &World) -> BTreeMap<usize, Connections> {
    let mut all = opened(world);
    for (number, connections) in offered(world) {
        let own = all.entry(number).or_default();
        *own = own.union(&connections);
    }
    all
}

/// What Services that stand open to the outside send to each workload, as far as policies let it.
#[must_use]
pub fn opened(world: &World) -> BTreeMap<usize, Connections> {
    let of_namespace = by_namespace(world);
    let mut opened: BTreeMap<usize, Connections> = BTreeMap::new();
    for service in world.services.iter().filter(|service| service.is_open) {
        for (number, workload) in targets(world, &of_namespace, service) {
            for port in &service.ports {
                let own = opened.entry(number).or_default();
                *own = own.union(&at_port(workload, port));
            }
        }
    }
    opened
}
