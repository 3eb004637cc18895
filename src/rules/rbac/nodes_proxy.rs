use crate::rule::{Check, Right, Severity, declare_rule};

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
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["nodes/proxy"], &["create", "get"])],
    is_told_each: true,
    gravity: |it, _| it.is_of_cluster().then_some(Severity::Critical),
    lets: "which reaches the kubelet past the API server and starts programs in every pod of a node",
    instead: "allow get on nodes/metrics, nodes/stats or nodes/log instead",
    ..Right::NONE
};
