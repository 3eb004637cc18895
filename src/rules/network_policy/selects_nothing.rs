use crate::config::World;
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` selects no workload.
    ///
    /// ## Why it matters
    /// A policy that selects nothing protects nothing. Most often its labels are not those of the pods: they are
    /// misspelt, or the workload was renamed and the policy was not.
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
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payment}}
    ///   policyTypes: [Ingress]
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
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Limits
    /// Only where the files hold workloads of the namespace, and beside the policy where it names none, as others may be elsewhere; with `kubernetes.world:
    /// closed` in any case. Pods that an operator makes are not known. A change that leaves workloads without any
    /// policy is told by `network-policy/protection-removed`.
    "network-policy/selects-nothing",
    severity: Severity::Low,
    references: &["OWASP K8s 2025: K05"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for own in snapshot.network(&context.clusters).policies() {
        let (policy, selector) = (own.policy, &own.policy.subject.pods);
        if selector.is_all() || own.selected().next().is_some() {
            sayings.refute(&policy.subject_at, "");
        } else if own.knows_neighbours() || context.world == World::Closed {
            let sentence = if selector.is_none() {
                "podSelector can select nothing, so that the policy protects nothing; write what the labels of the pods are".to_owned()
            } else {
                format!(
                    "podSelector asks for {selector}, and no workload of namespace {} in these files has that, so that the policy protects nothing; write the labels of the pods that are meant",
                    own.namespace()
                )
            };
            sayings.add(&policy.subject_at, "", Severity::Low, sentence, Vec::new());
        }
    }
    sayings.tell(snapshot, sink);
}
