use crate::access::powers::Means;
use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to change Namespaces.
    ///
    /// ## Why it matters
    /// Labels of a Namespace say which level of Pod Security is kept there, and which policies select it: whoever
    /// changes them ends both.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: tenants
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [namespaces]
    ///     verbs: [patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: tenants
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [namespaces]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// A `Role` reaches the Namespace that it lies in, which is medium, and high where its holder may make pods there
    /// as well, which then take their node. Where `resourceNames` say which Namespaces are meant, it is the same. A
    /// role that no binding of the repository gives to anybody is one level less grave.
    "rbac/namespace-label",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["namespaces"], &["update", "patch"])],
    by: &[Means::Relabel],
    gravity: |it, goal| {
        let runs_there = goal.is_some();
        let all = if it.is_of_cluster() || runs_there {
            Severity::High
        } else {
            Severity::Medium
        };
        Some(if runs_there {
            all
        } else {
            it.or_named(all, Severity::Medium)
        })
    },
    lets: "which takes Pod Security and the policies that select by label from a namespace",
    instead: "leave the labels of Namespaces to what sets them up",
    ..Right::NONE
};
