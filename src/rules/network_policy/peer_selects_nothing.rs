use std::cell::LazyCell;

use crate::config::World;
use crate::network::ends::End;
use crate::network::meant::Mistake;
use crate::network::notation::{Named, pods_text};
use crate::network::reach::Reach;
use crate::network::world::{Direction, Peer, Pods};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::makers::Makers;

declare_rule! {
    /// A peer of a `NetworkPolicy` is no workload.
    ///
    /// ## Why it matters
    /// What a rule lets in or out is nobody, so that what is meant is cut off, or will be once its labels are repaired
    /// elsewhere. Most often a label is misspelt.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
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
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
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
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: gatway}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
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
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: payments}}
    ///   template:
    ///     metadata: {labels: {app: payments}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/payments:1.4.2"}]
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
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - podSelector: {matchLabels: {app: gateway}}
    /// ```
    ///
    /// ## Limits
    /// Only of peers in one namespace, whose labels count as in `network-policy/selects-nothing`: low where a workload of
    /// it has them but for a slip and with `kubernetes.world: closed`, a note where its workloads go by such labels with
    /// other values, and else nothing.
    "network-policy/peer-selects-nothing",
    severity: Severity::Low,
    other_severities: &[Severity::Note],
    references: &["OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    let makers = LazyCell::new(|| Makers::of(snapshot));
    let is_closed = context.world == World::Closed;
    for own in snapshot.network(&context.clusters).policies() {
        let reach = &own.cluster.reach;
        for direction in Direction::BOTH {
            let rules = own.policy.rules(direction).unwrap_or_default();
            for written in rules.iter().flat_map(|rule| rule.peers.iter().flatten()) {
                let Peer::Pods(pods) = &written.peer else {
                    continue;
                };
                let field = match direction {
                    Direction::Ingress => "from",
                    Direction::Egress => "to",
                };
                let told = format!("{field} {}", pods_text(pods));
                if is_somebody(reach, &written.peer) {
                    sayings.refute(&written.at, &told);
                    continue;
                }
                let namespace = named(pods);
                let meant = namespace.and_then(|namespace| own.meant(&pods.pods, namespace));
                let asked = pods_text(pods);
                let are_made = || namespace.is_some_and(|it| makers.reach(it, &own.policy.at.path));
                let mut related = Vec::new();
                let (severity, sentence) = match Mistake::of(meant, is_closed, are_made) {
                    Mistake::No => {
                        sayings.refute(&written.at, &told);
                        continue;
                    }
                    Mistake::Unknown => continue,
                    Mistake::Slip(workload, label) => {
                        let name = Named::workload(workload);
                        related.push((workload.at.clone(), format!("{name} has {label}")));
                        (
                            Severity::Low,
                            format!(
                                "{field} asks for {asked}, and no workload of these files is that, so that it lets nobody through; {name} has {label}: write the labels of the pods that are meant"
                            ),
                        )
                    }
                    Mistake::Certain => (
                        Severity::Low,
                        format!(
                            "{field} asks for {asked}, and no workload is that, so that it lets nobody through; write the labels of the pods that are meant"
                        ),
                    ),
                    Mistake::Likely => (
                        Severity::Note,
                        format!(
                            "{field} asks for {asked}, which no workload of these files is; where no such pods come from elsewhere, it lets nobody through, so make sure of the labels"
                        ),
                    ),
                };
                sayings.add(&written.at, &told, severity, sentence, related);
            }
        }
    }
    sayings.tell(snapshot, sink);
}

fn is_somebody(reach: &Reach, peer: &Peer) -> bool {
    let mut members = reach.ends.members_of(peer).iter();
    let is_all = matches!(peer, Peer::Pods(pods) if pods.is_all());
    is_all
        || members.any(|member| {
            let member = usize::try_from(*member).unwrap_or(usize::MAX);
            matches!(reach.ends.end(member), End::Class(_))
        })
}

/// The one namespace that pods are asked for in, by their labels.
fn named(pods: &Pods) -> Option<&str> {
    let only = pods.namespaces.only_namespace()?;
    let is_by_labels = !pods.pods.is_all() && pods.namespaces.without_namespace_name().is_all();
    is_by_labels.then_some(&**only)
}
