use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::naming_once;

declare_rule! {
    /// A role allows to put containers into running pods.
    ///
    /// ## Why it matters
    /// A container that is added to a pod shares its network and, where it asks for it, its processes, whose files and
    /// environment hold what secrets they were given.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debugger
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/ephemeralcontainers]
    ///     verbs: [patch]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: debugger
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods/ephemeralcontainers]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/ephemeral-containers",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2025: K02", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let wanted = [(
        "",
        &["pods/ephemeralcontainers"][..],
        &["patch", "update"][..],
    )];
    for (granted, named) in naming_once(snapshot, context.of_access(), &wanted) {
        let (of_cluster, namespaced) = if granted.rule.is_named() {
            (Severity::Medium, Severity::Medium)
        } else {
            (Severity::High, Severity::High)
        };
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&format!(
                "verbs allow {}, which runs an image of any choice inside of pods that are there; {}; leave it out, and give it for the time of a search alone",
                named.told(),
                granted.holders()
            ));
    }
}
