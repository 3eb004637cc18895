use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming;

declare_rule! {
    /// A role allows to reach kubelets past the API server.
    ///
    /// ## Why it matters
    /// Through `nodes/proxy` a request gets to the API of the kubelet, which starts programs in every pod of the node.
    /// Neither admission nor the audit log sees what is done there. `get` is enough, as a websocket is opened by it.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: monitoring
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes/proxy]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Instead
    /// Kubernetes 1.33 and newer ask for the one part of the kubelet that is wanted.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: monitoring
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes/metrics, nodes/stats]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// Nodes lie outside of namespaces: what a `Role` says of them has no effect, and nothing is said of it. A role that
    /// no binding of the repository gives to anybody is one level less grave.
    "rbac/nodes-proxy",
    severity: Severity::Critical,
    other_severities: &[Severity::High],
    references: &["CIS 1.12: 5.1.10", "CWE-250"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = ("", &["nodes/proxy"][..], &["create", "get"][..]);
    for (granted, named) in naming(snapshot, context.of_access(), &[wanted]) {
        if !granted.is_of_cluster() {
            continue;
        }
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(Severity::Critical, Severity::Critical))
            .say(&format!(
                "verbs allow {}, which reaches the kubelet past the API server and starts programs in every pod of a node; {}; allow get on nodes/metrics, nodes/stats or nodes/log instead",
                named.told(),
                granted.holders()
            ));
    }
}
