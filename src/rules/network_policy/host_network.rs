use crate::network::notation::Named;
use crate::network::words::listed;
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` selects pods that share the network of their node.
    ///
    /// ## Why it matters
    /// Such a pod has the addresses of its node. Most network plugins do not apply policies to it, so that what the
    /// policy denies passes all the same, and other policies cannot tell it from its node.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: agent}}
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       hostNetwork: true
    ///       containers: [{name: api, image: "registry.example.com/agent:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: agent}}
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       hostNetwork: true
    ///       containers: [{name: api, image: "registry.example.com/agent:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: agent}}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: agent}}
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/agent:1.4.2"}]
    /// # file: shop.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: agent}}
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       containers: [{name: api, image: "registry.example.com/agent:1.4.2"}]
    /// # file: policy.yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: agent, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: agent}}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Limits
    /// The API leaves it open what becomes of such pods. A policy for all pods of its namespace is meant for the
    /// others, and nothing is said of it.
    "network-policy/host-network",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K05", "CWE-923"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for own in snapshot.network(&context.clusters).policies() {
        let policy = own.policy;
        let selected = || own.selected().filter(|workload| workload.is_on_host());
        if policy.subject.pods.is_all() || selected().next().is_none() {
            continue;
        }
        let names: Vec<String> = selected()
            .map(|it| Named::workload(it).to_string())
            .collect();
        let related = selected().map(|it| (it.at.clone(), "it has hostNetwork: true".to_owned()));
        let sentence = format!(
            "podSelector selects {}, whose pods share the network of their node, where most network plugins apply no policy; take away hostNetwork, or guard the ports of the node",
            listed(&names)
        );
        sayings.add(
            &policy.subject_at,
            "",
            Severity::Medium,
            sentence,
            related.collect(),
        );
    }
    sayings.tell(snapshot, sink);
}
