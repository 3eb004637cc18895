use crate::network::Direction;
use crate::network::in_cluster::InCluster;
use crate::network::notation::pods_text;
use crate::network::world::{Peer, Pods, WrittenPeer};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// Two peers stand side by side that read as one.
    ///
    /// ## Why it matters
    /// A `namespaceSelector` and a `podSelector` in two items of a list are alternatives: every pod of those
    /// namespaces, and those pods of the policy's own. In one item they mean those pods of those namespaces. One dash
    /// tells them apart.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
    ///         - podSelector: {matchLabels: {app: prometheus}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
    ///           podSelector: {matchLabels: {app: prometheus}}
    /// ```
    ///
    /// ## Limits
    /// Told of two items that are alone in their list, in this order, and not where a workload of the policy's own
    /// namespace has the labels: then alternatives make sense.
    "network-policy/alternative-peers",
    severity: Severity::Note,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for own in snapshot.network(&context.clusters).policies() {
        for direction in Direction::BOTH {
            let rules = own.policy.rules(direction).unwrap_or_default();
            for peers in rules.iter().filter_map(|rule| rule.peers.as_deref()) {
                let [first, second] = peers else {
                    continue;
                };
                if !reads_as_one(&own, first, second) {
                    continue;
                }
                let told = pods(second).map(pods_text).unwrap_or_default();
                if has_such(&own, second) {
                    sayings.refute(&second.at, &told);
                } else {
                    let related = vec![(
                        first.at.clone(),
                        "the item that it is an alternative to".to_owned(),
                    )];
                    sayings.add(
                        &second.at,
                        &told,
                        Severity::Note,
                        "podSelector is an item of its own, so that it means pods of the policy's own namespace, and the namespaceSelector above it means all pods of those namespaces; take away its dash if pods of those namespaces are meant".to_owned(),
                        related,
                    );
                }
            }
        }
    }
    sayings.tell(snapshot, sink);
}

fn pods(written: &WrittenPeer) -> Option<&Pods> {
    match &written.peer {
        Peer::Pods(pods) => Some(pods),
        Peer::Addresses(_) => None,
    }
}

/// True if the first one names namespaces alone, and the second one pods alone.
fn reads_as_one(own: &InCluster<'_>, first: &WrittenPeer, second: &WrittenPeer) -> bool {
    let (Some(namespaces), Some(pods)) = (pods(first), pods(second)) else {
        return false;
    };
    let is_own = |pods: &Pods| {
        let only = pods.namespaces.only_namespace();
        only.is_some_and(|only| **only == *own.namespace())
    };
    namespaces.pods.is_all()
        && !namespaces.namespaces.is_all()
        && !is_own(namespaces)
        && is_own(pods)
        && !pods.pods.is_all()
}

/// True if there are such pods beside the policy.
fn has_such(own: &InCluster<'_>, peer: &WrittenPeer) -> bool {
    let mut neighbours = own.neighbours();
    pods(peer).is_some_and(|pods| neighbours.any(|it| pods.pods.selects(&it.labels)))
}
