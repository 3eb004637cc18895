use crate::network::world::{Peer, Rule};
use crate::rule::{Check, Context, Sayings, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A `NetworkPolicy` lets in the pods of every namespace.
    ///
    /// ## Why it matters
    /// An empty `namespaceSelector` without a `podSelector` means every pod of the cluster: of each team, and of
    /// whoever gets a namespace tomorrow.
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
    ///         - namespaceSelector: {}
    ///       ports: [{port: 8080}]
    /// ```
    ///
    /// ## Instead
    /// Name the namespaces, by the label that none of them can forge, or the pods of all of them.
    /// ```yaml good
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: payments, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: payments}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from:
    ///         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}
    ///         - namespaceSelector: {}
    ///           podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}
    ///       ports: [{port: 8080}]
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of what goes out, where DNS is asked for in this way, of ports that pods or Services call after metrics,
    /// and of rules that mean every address as well: `network-policy/allow-all` and `network-policy/any-address` are
    /// about these.
    "network-policy/any-namespace",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K05", "CWE-923"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut sayings = Sayings::default();
    for own in snapshot.network(&context.clusters).policies() {
        let rules = own.policy.ingress.iter().flatten();
        for rule in rules.filter(|rule| !rule.means_everybody()) {
            let every = |peer: &Peer| matches!(peer, Peer::Pods(pods) if pods.is_all());
            let peers = rule.peers.iter().flatten();
            let mut peers = peers.filter(|written| every(&written.peer)).peekable();
            // What serves metrics alone takes all Services and workloads to find out.
            if peers.peek().is_some() && own.is_for_metrics(rule) {
                sayings.refute_all(peers.map(|it| &it.at), &told(rule));
                continue;
            }
            for written in peers {
                sayings.add(
                    &written.at,
                    &told(rule),
                    Severity::Medium,
                    "from lets in every pod of every namespace; name the namespaces, by the label kubernetes.io/metadata.name, or the pods".to_owned(),
                    Vec::new(),
                );
            }
        }
    }
    sayings.tell(snapshot, sink);
}

/// What tells what one rule lets in from what others do.
fn told(rule: &Rule) -> String {
    rule.numbered().to_string()
}
