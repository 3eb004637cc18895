use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to write roles.
    ///
    /// ## Why it matters
    /// Rules that are added to a role count at once for everybody who has it. More than they hold themselves, writers
    /// add only with `escalate`, which the rule of that name is about.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: keeper
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [roles]
    ///     verbs: [create, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: keeper
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [roles]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// `create` with `resourceNames` has no effect, as such a request has no name, and nothing is said of it. A role
    /// that no binding of the repository gives to anybody is one level less grave.
    "rbac/roles-write",
    severity: Severity::Medium,
    other_severities: &[Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [(
        "rbac.authorization.k8s.io",
        &["clusterroles", "roles"][..],
        &["update", "patch", "create"][..],
    )];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        let (of_cluster, namespaced) = if granted.rule.is_named() {
            (Severity::Low, Severity::Low)
        } else {
            (Severity::Medium, Severity::Medium)
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which gives every right that its holder has to all who have the role, and more together with escalate; {}; leave roles to what deploys them",
                named.told(),
                granted.holders()
            ));
    }
}
