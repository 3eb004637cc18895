use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming;

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
    /// Secrets of other API groups are other things. A role that no binding of the repository gives to anybody is one
    /// level less grave. What all resources of a group include is told by `rbac/wildcard`.
    "rbac/secrets-read",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.2", "CWE-522"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = ("", &["secrets"][..], &["list", "watch", "get"][..]);
    for (granted, named) in naming(snapshot, context.of_access(), &[wanted]) {
        let is_named = granted.rule.is_named();
        let of_system = granted.standing.is_some_and(|it| it.reaches("kube-system"));
        let (of_cluster, namespaced) = match (is_named, of_system) {
            (true, _) => (Severity::Low, Severity::Low),
            (false, true) => (Severity::High, Severity::High),
            (false, false) => (Severity::High, Severity::Medium),
        };
        let which = if is_named {
            "named secrets"
        } else {
            "all secrets"
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {} ({which}), which returns what they hold; {}; mount the secrets that are needed, or name them in resourceNames with get alone",
                named.told(),
                granted.holders()
            ));
    }
}
