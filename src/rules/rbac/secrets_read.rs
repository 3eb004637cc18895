use crate::access::powers::Means;
use crate::rule::{Check, Right, Severity, declare_rule};

declare_rule! {
    /// A role allows to read secrets.
    ///
    /// ## Why it matters
    /// Secrets hold the passwords and keys of everything that runs beside, and in the whole cluster (high) those of what
    /// runs the cluster itself. `list` and `watch` return what the secrets hold, not only their names. In one namespace
    /// it is medium; where `resourceNames` say which secrets are meant, low.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: config-reader
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps, secrets]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Instead
    /// Mount the one secret that is needed, which takes no right at all, or name it.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: config-reader
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Secrets of other API groups are other things. A secret that is named and that, as the repository shows, holds
    /// the token of a `ServiceAccount` which leads to the cluster is high. A role that no binding of the repository
    /// gives to anybody is one level less grave. What all resources of a group include is told by `rbac/wildcard`.
    "rbac/secrets-read",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.2", "CWE-522"],
    check: Check::Right(&RIGHT),
}

const RIGHT: Right = Right {
    wanted: &[("", &["secrets"], &["list", "watch", "get"])],
    is_told_each: true,
    by: &[Means::ReadToken],
    gravity: |it, goal| {
        let all = if it.is_of_cluster() || it.given.reaches_system() {
            Severity::High
        } else {
            Severity::Medium
        };
        let named = match goal {
            Some(_) => Severity::High,
            None => Severity::Low,
        };
        Some(it.or_named(all, named))
    },
    extent: (" (all secrets)", " (named secrets)"),
    lets: "which returns what they hold",
    instead: "mount the secrets that are needed, or name them in resourceNames with get alone",
    ..Right::NONE
};
