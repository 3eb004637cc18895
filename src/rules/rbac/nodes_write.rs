use crate::rule::{Check, Right, Severity, declare_rule};
use crate::snapshot::granted::Wanted;

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
    /// Nodes lie outside of namespaces, so that a `Role` gives nothing of them. The right to end pods counts as well
    /// where it comes from another role. A role that no binding of the repository gives to anybody is one level less
    /// grave.
    "rbac/nodes-write",
    severity: Severity::Medium,
    other_severities: &[Severity::High, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[(
        "",
        &["nodes", "nodes/status"],
        &["update", "patch", "delete"],
    )],
    gravity: |it, _| {
        const MOVE: &[Wanted<'_>] = &[
            ("", &["pods"], &["delete", "deletecollection"]),
            ("", &["pods/eviction"], &["create"]),
        ];
        if !it.is_of_cluster() {
            return None;
        }
        Some(if it.given.has_beside(MOVE) {
            Severity::High
        } else {
            Severity::Medium
        })
    },
    lets: "which decides which pods run where",
    instead: "leave nodes to what runs the cluster",
    ..Right::NONE
};
