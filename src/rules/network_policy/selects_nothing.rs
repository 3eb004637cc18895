use std::cell::LazyCell;

use crate::config::World;
use crate::network::meant::Mistake;
use crate::network::notation::Named;
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::makers::Makers;

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
    /// Files rarely hold all pods of a namespace. So it is low where a workload of the namespace has the labels but for a
    /// slip, and with `kubernetes.world: closed`; a note where the labels are those that its workloads go by, with
    /// other values; and else nothing is said: of labels that controllers set (`job-name`, `pod-template-hash`), of
    /// those of a release or of an operator, where a Service selects the same pods, where the files hold an object of
    /// the namespace that something makes pods of, of `kube-system` and its kin, and of workloads in other folders
    /// where nothing names the namespace. A change that leaves workloads without any policy is told by
    /// `network-policy/protection-removed`, which is high.
    "network-policy/selects-nothing",
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
        let (policy, selector) = (own.policy, &own.policy.subject.pods);
        let namespace = own.namespace();
        if selector.is_all() || own.selected().next().is_some() {
            sayings.refute(&policy.subject_at, "");
            continue;
        }
        let meant = own.meant(selector, namespace);
        let is_known = is_closed || meant.is_some();
        let are_made = || makers.reach(namespace, &policy.at.path);
        let mut related = Vec::new();
        let (severity, sentence) = match Mistake::of(meant, is_closed, are_made) {
            Mistake::No => {
                sayings.refute(&policy.subject_at, "");
                continue;
            }
            _ if selector.is_none() && is_known => (
                Severity::Low,
                "podSelector can select nothing, so that the policy protects nothing; write what the labels of the pods are".to_owned(),
            ),
            Mistake::Unknown => continue,
            Mistake::Slip(workload, label) => {
                let name = Named::workload(workload);
                related.push((workload.at.clone(), format!("{name} has {label}")));
                (
                    Severity::Low,
                    format!(
                        "podSelector asks for {selector}, and no workload of namespace {namespace} in these files has that, so that the policy protects nothing; {name} has {label}: write the labels of the pods that are meant"
                    ),
                )
            }
            Mistake::Certain => (
                Severity::Low,
                format!(
                    "podSelector asks for {selector}, and no workload of namespace {namespace} has that, so that the policy protects nothing; write the labels of the pods that are meant"
                ),
            ),
            Mistake::Likely => (
                Severity::Note,
                format!(
                    "podSelector asks for {selector}, which no workload of namespace {namespace} in these files has; where no such pods come from elsewhere, the policy protects nothing, so make sure of the labels"
                ),
            ),
        };
        sayings.add(&policy.subject_at, "", severity, sentence, related);
    }
    sayings.tell(snapshot, sink);
}
