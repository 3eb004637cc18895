use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to change or take away nodes.
    ///
    /// ## Why it matters
    /// Labels and taints say which pods come to a node: whoever writes them draws pods, and their secrets, to a node of
    /// their choice. Together with a right to end pods (high), pods are moved there at will.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: tainter
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes]
    ///     verbs: [patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: tainter
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Nodes lie outside of namespaces, so that a `Role` gives nothing of them. A role that no binding of the
    /// repository gives to anybody is one level less grave.
    "rbac/nodes-write",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [(
        "",
        &["nodes", "nodes/status"][..],
        &["update", "patch", "delete"][..],
    )];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        if !granted.is_of_cluster() {
            continue;
        }
        let moves = [
            ("", &["pods"][..], &["delete", "deletecollection"][..]),
            ("", &["pods/eviction"][..], &["create"][..]),
        ];
        let of_cluster = if granted.has_beside(&moves) {
            Severity::High
        } else {
            Severity::Medium
        };
        let namespaced = of_cluster;
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which decides which pods run where; {}; leave nodes to what runs the cluster",
                named.told(),
                granted.holders()
            ));
    }
}
