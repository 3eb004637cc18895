use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

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
    /// A `Role` reaches the Namespace that it lies in, which is medium. A role that no binding of the repository gives
    /// to anybody is one level less grave.
    "rbac/namespace-label",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [("", &["namespaces"][..], &["update", "patch"][..])];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        let (of_cluster, namespaced) = if granted.rule.is_named() {
            (Severity::Medium, Severity::Medium)
        } else {
            (Severity::High, Severity::Medium)
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which takes Pod Security and the policies that select by label from a namespace; {}; leave the labels of Namespaces to what sets them up",
                named.told(),
                granted.holders()
            ));
    }
}
