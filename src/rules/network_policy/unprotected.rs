use std::collections::BTreeMap;

use crate::network::world::Workload;
use crate::network::{Cluster, Direction};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// No policy selects a workload whose neighbours are guarded.
    ///
    /// ## Why it matters
    /// Where no policy selects a pod, everything comes in from everywhere. In a namespace in which others are guarded,
    /// that is mostly an oversight: a workload that came later, or one whose labels no policy asks for.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: api, image: "registry.example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop, labels: {app: cart}}
    /// spec: {containers: [{name: api, image: "registry.example.com/cart:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: payments, namespace: shop, labels: {app: payments}}
    /// spec: {containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]}
    /// # file: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: api, image: "registry.example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop, labels: {app: cart}}
    /// spec: {containers: [{name: api, image: "registry.example.com/cart:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: payments, namespace: shop, labels: {app: payments}}
    /// spec: {containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]}
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: guarded, namespace: shop}
    /// spec:
    ///   podSelector:
    ///     matchExpressions: [{key: app, operator: In, values: [cart, payments]}]
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Instead
    /// Keep a policy for all pods of the namespace, which no workload escapes, and allow what is needed beside it.
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: api, image: "registry.example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop, labels: {app: cart}}
    /// spec: {containers: [{name: api, image: "registry.example.com/cart:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: payments, namespace: shop, labels: {app: payments}}
    /// spec: {containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]}
    /// # file: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {containers: [{name: api, image: "registry.example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop, labels: {app: cart}}
    /// spec: {containers: [{name: api, image: "registry.example.com/cart:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: payments, namespace: shop, labels: {app: payments}}
    /// spec: {containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]}
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: default-deny, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Limits
    /// Told where more workloads of the namespace are guarded than not, so that a first policy is no reproach to all
    /// others. Nothing is said of Jobs that declare no port, of pods that share the network of their node, of what an
    /// `AdminNetworkPolicy` or its kin speaks of, and where policies of a network plugin (Cilium, Calico) are applied
    /// as well, as these are not analysed. What goes out is low, and told of one workload alone: most namespaces
    /// leave it open, and nobody comes in by it.
    "network-policy/unprotected",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CIS 1.12: 5.3.2", "OWASP K8s 2025: K05", "CWE-923"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for cluster in &snapshot.network(&context.clusters).clusters {
        for direction in Direction::BOTH {
            of_cluster(cluster, direction, &mut sayings);
        }
    }
    sayings.tell(snapshot, sink);
}

/// The workloads of a namespace: those that a policy selects, and those that none does.
#[derive(Default)]
struct Neighbours<'w> {
    guarded: usize,
    naked: Vec<&'w Workload>,
}

fn of_cluster(cluster: &Cluster, direction: Direction, sayings: &mut Sayings) {
    let reach = &cluster.reach;
    let mut namespaces: BTreeMap<&str, Neighbours<'_>> = BTreeMap::new();
    for (number, class) in reach.ends.classes.iter().enumerate() {
        let is_isolated = reach.is_isolated(number, direction);
        // Policies of the cluster may say of it what they like.
        let is_spoken_of = reach.policies(number, direction).next().is_some();
        let workloads = class
            .workloads
            .iter()
            .filter_map(|at| reach.world.workloads.get(*at));
        for workload in workloads {
            let own = namespaces.entry(&workload.namespace).or_default();
            if is_isolated {
                own.guarded += 1;
            }
            if is_spoken_of || class.is_exempt || !cluster.unanalysed.is_empty() {
                sayings.refute_in(&workload.namespace, &workload.at, direction.name());
            } else if direction == Direction::Egress || listens(workload) {
                own.naked.push(workload);
            }
        }
    }
    for (namespace, own) in namespaces {
        let (severity, is_odd, what) = match direction {
            Direction::Ingress => (
                Severity::Medium,
                own.guarded > own.naked.len(),
                "comes in from everywhere",
            ),
            Direction::Egress => (
                Severity::Low,
                own.guarded > 1 && own.naked.len() == 1,
                "may go out to everywhere",
            ),
        };
        for workload in own.naked.into_iter().filter(|_| is_odd) {
            let sentence = format!(
                "no NetworkPolicy selects these pods for {}, as it is done for most of namespace {namespace}, so that everything {what}; keep a policy that selects all pods of the namespace",
                direction.name().to_lowercase()
            );
            sayings.add_in(
                namespace,
                &workload.at,
                direction.name(),
                severity,
                sentence,
                Vec::new(),
            );
        }
    }
}

/// True if somebody may want to come in: what runs to an end and declares no port listens to nobody.
fn listens(workload: &Workload) -> bool {
    !(matches!(&*workload.kind, "Job" | "CronJob") && workload.declared.is_empty())
}
