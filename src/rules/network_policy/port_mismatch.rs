use crate::network::connections::{Connections, Protocol};
use crate::network::in_cluster::InCluster;
use crate::network::notation::Named;
use crate::network::words::listed;
use crate::network::world::{Ports, Workload};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` lets in at a port that its pods do not have.
    ///
    /// ## Why it matters
    /// A policy sees the port of the pod, not that of the Service. A rule for another one lets nobody in where somebody
    /// listens, and a name that no container gives to a port allows nothing at all.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2", ports: [{containerPort: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/gateway:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2", ports: [{containerPort: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/gateway:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: gateway}}
    ///       ports: [{port: 80}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2", ports: [{containerPort: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/gateway:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2", ports: [{containerPort: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: gateway, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: gateway}}
    ///   template:
    ///     metadata: {labels: {app: gateway}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/gateway:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: gateway}}
    ///       ports: [{port: 8080}]
    /// ```
    ///
    /// ## Limits
    /// A container may listen at ports that it does not declare: a number is told only where every workload that is
    /// selected declares ports and a Service has the number as its own or none of them has it. Ports that sidecars of a
    /// service mesh open are left out.
    "network-policy/port-mismatch",
    severity: Severity::Low,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

/// Ports that sidecars open, which are put into pods later: those of Linkerd and of Istio.
const OF_SIDECARS: [(u16, u16); 2] = [(4140, 4199), (15000, 15099)];

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for own in snapshot.network(&context.clusters).policies() {
        let workloads: Vec<&Workload> = own.reached().map(|(_, workload)| workload).collect();
        if workloads.is_empty() {
            continue;
        }
        for rule in own.policy.ingress.iter().flatten() {
            for entry in rule.ports.iter().flatten() {
                let (written, sentence) = match &entry.ports {
                    Ports::Named(protocol, name) => {
                        let written = format!("port {name}");
                        let has = |workload: &&Workload| {
                            let mut named = workload.named_ports.iter();
                            named.any(|port| {
                                port.name == *name && protocol.is_none_or(|it| it == port.protocol)
                            })
                        };
                        let sentence = (!workloads.iter().any(has)).then(|| {
                            let protocol = protocol.map_or("", Protocol::name);
                            format!("ports asks for the port {name} of {protocol}, which no container of {} has, so that it lets nobody in; name one that a container declares", names(&workloads))
                        });
                        (written, sentence)
                    }
                    Ports::Numbers(numbers) => {
                        (numbers.to_string(), of_number(&own, &workloads, numbers))
                    }
                };
                match sentence {
                    Some(sentence) => {
                        sayings.add(&entry.at, &written, Severity::Low, sentence, Vec::new());
                    }
                    None => sayings.refute(&entry.at, &written),
                }
            }
        }
    }
    sayings.tell(snapshot, sink);
}

/// What there is to say of one port by its number.
fn of_number(
    own: &InCluster<'_>,
    workloads: &[&Workload],
    numbers: &Connections,
) -> Option<String> {
    let (protocol, port) = numbers.only()?;
    let of_sidecar = OF_SIDECARS
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&port));
    let knows = |workload: &&Workload| {
        !workload.declared.is_empty() && !workload.declared.contains(protocol, port)
    };
    if of_sidecar || !workloads.iter().all(knows) {
        return None;
    }
    let mut services = own.cluster.reach.world.services.iter();
    let service = services.find(|service| {
        let mut ports = service.ports.iter();
        *service.namespace == *own.namespace()
            && workloads
                .iter()
                .any(|it| service.selector.selects(&it.labels))
            && ports.any(|own| own.port == port && own.protocol == protocol)
    });
    let all = workloads
        .iter()
        .fold(Connections::none(), |all, it| all.union(&it.declared));
    let why = service.map_or_else(String::new, |service| {
        format!(
            ": it is the port of Service {}, and policies see that of the pod",
            service.name
        )
    });
    Some(format!(
        "ports lets in at {numbers}, and the containers of {} declare {all}{why}; write the port of the container",
        names(workloads)
    ))
}

fn names(workloads: &[&Workload]) -> String {
    let names = workloads.iter();
    let names: Vec<String> = names.map(|it| Named::workload(it).to_string()).collect();
    listed(&names)
}
