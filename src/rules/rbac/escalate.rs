use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to write rights into roles that the writer does not hold.
    ///
    /// ## Why it matters
    /// The API server lets nobody write a right into a role without holding it, unless they may `escalate`. Who may, and
    /// may change a role that they are given, gives themselves every right there is; with `roles` of one namespace, every
    /// right in it (high).
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: role-keeper
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [clusterroles]
    ///     verbs: [get, list, escalate]
    /// ```
    ///
    /// ## Instead
    /// Give the writer of roles the rights that it hands on, and no more.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: role-keeper
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [clusterroles]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// A role that no binding of the repository gives to anybody is one level less grave. What all resources or all verbs
    /// of a group include is told by `rbac/wildcard`.
    "rbac/escalate",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium],
    references: &["CIS 1.12: 5.1.8", "CWE-269"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[(
        "rbac.authorization.k8s.io",
        &["clusterroles", "roles"],
        &["escalate"],
    )],
    is_told_each: true,
    gravity: |it, _| {
        Some(if it.is_of_cluster() || it.given.reaches_system() {
            Severity::Critical
        } else {
            Severity::High
        })
    },
    lets: "so that whoever may change such a role can write any right into it",
    instead: "leave escalate out, and give the writer the rights that it hands on",
    ..Right::NONE
};
