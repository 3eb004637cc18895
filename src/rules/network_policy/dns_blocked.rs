use std::collections::BTreeMap;

use crate::finding::Location;
use crate::network::Direction;
use crate::network::connections::{Connections, Protocol};
use crate::network::ends::End;
use crate::network::notation::Named;
use crate::network::reach::Reach;
use crate::network::words::listed;
use crate::network::world::Workload;
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// Pods may go out to other pods, and not ask for their names.
    ///
    /// ## Why it matters
    /// Pods reach each other by the names of Services. What keeps them from asking for these, at port 53 over UDP,
    /// keeps them from all that the other rules allow, and the error that is seen is not one of a policy.
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
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - podSelector: {matchLabels: {app: payments}}
    ///       ports: [{port: 8080}]
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
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/web:1.4.2"}]
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - podSelector: {matchLabels: {app: payments}}
    ///       ports: [{port: 8080}]
    ///     - to:
    ///         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
    ///       ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
    /// ```
    ///
    /// ## Limits
    /// All policies of a workload count together, whoever wrote them. Nothing is said of pods that may go nowhere, nor
    /// of those that reach nothing but ranges of addresses. DNS is what is asked at UDP 53, wherever it is: a cache on the
    /// node (169.254.20.10) is as good as `kube-system`. A rule without ports lets them ask whom it names, except for
    /// workloads of these files that are no DNS: they declare no port 53, and are not called so. On `OpenShift` it is UDP 5353, and counts where the files hold no
    /// workload that is meant by it. TCP alone is not enough, as names are asked for over UDP first.
    "network-policy/dns-blocked",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

/// The port that names are asked for at.
const PORT: u16 = 53;

/// The port of the pods that answer on `OpenShift`, as its documentation has it (`dns-default` of `openshift-dns`). A policy
/// sees the port of the pod.
const OF_OPENSHIFT: u16 = 5353;

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for cluster in &snapshot.network(&context.clusters).clusters {
        let reach = &cluster.reach;
        let sets = reach.table.sets();
        // At the port of DNS, or at one that has a name over UDP.
        let asks =
            |set: &Connections| set.contains(Protocol::Udp, PORT) || set.has_named(Protocol::Udp);
        let asks: Vec<bool> = sets.iter().map(asks).collect();
        // Whoever names the port means DNS, wherever it is.
        let asks_by_name: Vec<bool> = sets.iter().map(asks_by_name).collect();
        let asks_elsewhere = sets
            .iter()
            .map(|set| set.contains(Protocol::Udp, OF_OPENSHIFT));
        let asks_elsewhere: Vec<bool> = asks_elsewhere.collect();
        let is_something: Vec<bool> = sets.iter().map(|set| !set.is_empty()).collect();
        let is_pod = |end: End| !matches!(end, End::Addresses(_));
        // Whose pods stand in these files is known, and they are no DNS for their port alone.
        let may_be_dns = |end: End| match end {
            End::Unknown(at) => !reach.is_held(at),
            End::Addresses(_) => true,
            End::Class(_) => false,
        };
        let is_dns = |end: End| match end {
            End::Class(at) => reach.ends.classes.get(at).is_some_and(|class| {
                let workloads = class.workloads.iter();
                let mut workloads = workloads.filter_map(|at| reach.world.workloads.get(*at));
                workloads.any(answers)
            }),
            end => may_be_dns(end),
        };
        let mut cut_off: BTreeMap<(&Location, &str), Vec<String>> = BTreeMap::new();
        for (number, class) in reach.ends.classes.iter().enumerate() {
            // What allows something is what a person would add to.
            let mut policies = reach.policies(number, Direction::Egress);
            let first = policies.find_map(|policy| Some(&policy.egress.as_ref()?.first()?.at));
            let Some(first) = first.filter(|_| reach.is_isolated(number, Direction::Egress)) else {
                continue;
            };
            let workloads = class.workloads.iter();
            let workloads = workloads.filter_map(|at| reach.world.workloads.get(*at));
            let mut workloads = workloads.peekable();
            let namespace = workloads.peek().map_or("", |workload| &*workload.namespace);
            let names = workloads.map(|workload| Named::workload(workload).to_string());
            if reaches(reach, number, &is_dns, &asks)
                || reaches(reach, number, &|_| true, &asks_by_name)
                || reaches(reach, number, &may_be_dns, &asks_elsewhere)
            {
                sayings.refute_in(namespace, first, "");
            } else if reaches(reach, number, &is_pod, &is_something) {
                cut_off.entry((first, namespace)).or_default().extend(names);
            }
        }
        for ((at, namespace), names) in cut_off {
            let sentence = format!(
                "egress lets {} out to other pods, and not to DNS over UDP, so that they find none of them by name; allow UDP and TCP 53 to where the DNS of the cluster is: mostly namespace kube-system, on OpenShift port 5353 of openshift-dns, with a cache on the node 169.254.20.10",
                listed(&names)
            );
            sayings.add_in(namespace, at, "", Severity::Medium, sentence, Vec::new());
        }
    }
    sayings.tell(snapshot, sink);
}

/// True if the port of DNS is named, and not in all ports of its protocol.
fn asks_by_name(set: &Connections) -> bool {
    let all = Connections::protocol(Protocol::Udp);
    let is_any = all.is_within(set);
    !is_any && (set.contains(Protocol::Udp, PORT) || set.has_named(Protocol::Udp))
}

/// True if pods may answer for names: they declare the port, they go by the label that every DNS of a cluster has, or they
/// are of the system.
fn answers(workload: &Workload) -> bool {
    let declares = |protocol| workload.declared.contains(protocol, PORT);
    declares(Protocol::Udp)
        || declares(Protocol::Tcp)
        || workload.declared.contains(Protocol::Udp, OF_OPENSHIFT)
        || workload
            .labels
            .get("k8s-app")
            .is_some_and(|app| app.contains("dns"))
        || workload.name.contains("dns")
        || &*workload.namespace == "kube-system"
}

/// True if workloads reach somebody, of those that count, by connections that do.
fn reaches(reach: &Reach, class: usize, is_meant: &dyn Fn(End) -> bool, counts: &[bool]) -> bool {
    (0..reach.ends.len()).any(|end| {
        let end = reach.ends.end(end);
        let number = reach.number_of_side(class, Direction::Egress, end);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        counts.get(number).copied().unwrap_or_default() && is_meant(end)
    })
}
